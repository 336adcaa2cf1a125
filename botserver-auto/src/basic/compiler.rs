//! From the tree to a [`Program`].
//!
//! Statements without a wait or an effect become Rhai source, as long runs of them as there are, whole loops
//! too. What waits, and the control flow around it, becomes instructions; keywords inside expressions are
//! hoisted to temporary variables in the order in which they are evaluated.

mod argument;
mod code;
mod command;
mod effects;
mod expression;
mod filter;
mod jump;
mod names;
mod pure;
mod routine;
mod statement;
mod unit;
mod visit;
mod work;

use std::collections::HashSet;

use botlib::Value;
use rust_decimal::Decimal;

use super::{
    diagnostic::{Diagnostic, Severity},
    parser::Parsed,
    program::{Code, Global, Instr, Program, Routine},
    schema::ParamSpec,
    tree::{Expr, ExprKind, Param, Procedure, Span, Stmt, StmtKind},
};
pub(crate) use argument::names_in;
use code::Op;
use effects::Effects;
pub(crate) use effects::{children, is_volatile};
pub(crate) use names::{assigned, bodies};
use routine::Builder;
use unit::{Deferrals, Section};
pub use unit::{Unit, unit};
pub(crate) use unit::{ends, sections, stem};
pub(crate) use visit::{exprs, places};
pub(crate) use work::keyword;

/// How a script is compiled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Keeps every statement apart, so that a [`Trace`](super::Trace) hears of each line. The program computes the same,
    /// more slowly.
    pub trace: bool,
}

/// Compiles a script, its sections left out; [`unit()`] gives all programs of a file.
///
/// # Errors
/// All errors of the file, those of [`super::parse`] included.
pub fn compile(parsed: &Parsed) -> Result<Program, Vec<Diagnostic>> {
    compile_with(parsed, Options::default())
}

/// Compiles a script in a way of the caller's choice.
///
/// # Errors
/// As [`compile`].
pub fn compile_with(parsed: &Parsed, options: Options) -> Result<Program, Vec<Diagnostic>> {
    unit(parsed, options).map(|unit| unit.main)
}

/// The error of EXIT FOR, BREAK or CONTINUE outside of such a loop.
pub(crate) fn no_loop(parsed: &Parsed, stmt: &Stmt, again: bool) -> Diagnostic {
    let title = if again {
        "there is no loop to continue"
    } else {
        "there is no such loop to leave"
    };
    Diagnostic::new(parsed.source(), "B131", Severity::Error, stmt.span.clone(), title)
        .help("put it inside the loop; EXIT alone ends the script")
}

/// The name of a variable of a SUB or loop, by its name in generated code; none for those that nobody named.
pub(crate) fn local_name(code: &str) -> Option<String> {
    let (number, key) = code.strip_prefix('l')?.split_once('_')?;
    let counted = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    counted.then(|| names::demangle(key))
}

struct Compiler<'a> {
    parsed: &'a Parsed,
    section: &'a Section<'a>,
    deferrals: &'a Deferrals,
    jumps: jump::Jumps,
    /// Whether the script itself is being compiled, not a procedure of it.
    outermost: bool,
    options: Options,
    effects: Effects,
    procedures: Vec<&'a Procedure>,
    /// Names that are assigned somewhere, in lower case.
    assigned: HashSet<String>,
    /// Variables of filter texts whose pieces are kept.
    followed: HashSet<String>,
    globals: Vec<Global>,
    constants: Vec<Decimal>,
    codes: Vec<Code>,
    diagnostics: Vec<Diagnostic>,
    /// Whether `ON ERROR RESUME NEXT` is used, so that statements must stay apart.
    resumes: bool,
    /// The procedure that is being compiled.
    builder: Builder,
    /// Counts names that generated code declares.
    fresh: u32,
}

impl<'a> Compiler<'a> {
    fn new(parsed: &'a Parsed, section: &'a Section<'a>, deferrals: &'a Deferrals, options: Options) -> Self {
        let mut procedures = Vec::new();
        collect_procedures(&parsed.body, &mut procedures);
        let names = procedures.iter().map(|procedure| procedure.name.key()).collect();
        let mut assigned: HashSet<String> = section.given.iter().cloned().collect();
        names::assigned(section.body, &mut assigned);
        for procedure in &procedures {
            names::assigned(&procedure.body, &mut assigned);
        }
        Self {
            parsed,
            section,
            deferrals,
            options,
            jumps: jump::Jumps::default(),
            outermost: true,
            effects: Effects::new(names),
            procedures,
            assigned,
            followed: filter::followed(&parsed.body, &parsed.filtering),
            globals: Vec::new(),
            constants: Vec::new(),
            codes: Vec::new(),
            diagnostics: Vec::new(),
            resumes: names::resumes(&parsed.body),
            builder: Builder::default(),
            fresh: 0,
        }
    }

    fn program(&mut self) -> Program {
        let params = self.header();
        let section = self.section;
        self.labels(section.body);
        self.statements(section.body);
        self.outcome();
        let mut routines = vec![self.finish("")];
        self.outermost = false;
        for procedure in self.procedures.clone() {
            routines.push(self.procedure(procedure));
        }
        for name in &section.given {
            self.variable(name);
        }
        let source = self.parsed.source();
        let mut program = Program::new(
            source.name().to_owned(),
            source.text().to_owned(),
            names::description(section.body),
            params,
            std::mem::take(&mut self.globals),
            std::mem::take(&mut self.constants),
            std::mem::take(&mut self.codes),
            routines,
        );
        program.section.clone_from(&section.name);
        program.given.clone_from(&section.given);
        program.files = source.files().to_vec();
        program
    }

    /// What a script that answers a request returns at its end: the variable `result`, else a map of its variables
    /// `result_…`.
    fn outcome(&mut self) -> bool {
        if !self.section.webhook || !self.outermost {
            return false;
        }
        let value = if self.assigned.contains("result") {
            let variable = self.variable("result");
            Op::Variable(variable)
        } else {
            let prefix = "result_";
            let mut names: Vec<String> = self
                .assigned
                .iter()
                .filter(|name| name.starts_with(prefix))
                .cloned()
                .collect();
            names.sort();
            if names.is_empty() {
                return false;
            }
            let mut entries = Vec::new();
            for name in names {
                let field = name.get(prefix.len()..).unwrap_or_default();
                entries.push(Op::Const(Value::text(field)));
                entries.push(Op::Variable(self.variable(&name)));
            }
            Op::Code(format!("o_map([{}])", self.texts(&entries)), false)
        };
        let value = self.operand(value);
        self.builder.emit(Instr::Return(value));
        true
    }

    /// Parameters: their schema, and code that gives them their defaults.
    fn header(&mut self) -> Vec<ParamSpec> {
        let mut lines = Vec::new();
        collect_params(self.section.body, &mut lines);
        let mut specs: Vec<ParamSpec> = Vec::new();
        for param in lines {
            if specs
                .iter()
                .any(|spec| spec.name.eq_ignore_ascii_case(&param.name.text))
            {
                continue;
            }
            self.builder.line = self.line(&param.name.span);
            let variable = self.variable(&param.name.text);
            if let Some(default) = &param.default {
                self.default(&variable, default);
            }
            specs.push(ParamSpec {
                name: param.name.text.clone(),
                kind: param.kind.clone(),
                description: param.description.clone(),
                example: param.example.as_ref().and_then(constant),
                choices: param.choices.iter().filter_map(constant).collect(),
                required: !param.optional && param.default.is_none(),
                default: param.default.as_ref().and_then(constant),
            });
        }
        specs
    }

    fn procedure(&mut self, procedure: &'a Procedure) -> Routine {
        self.builder = Builder::default();
        for param in &procedure.params {
            self.builder.declare(&param.key());
        }
        self.builder.params = procedure.params.len();
        self.labels(&procedure.body);
        self.statements(&procedure.body);
        self.finish(&procedure.name.text)
    }

    fn finish(&mut self, name: &str) -> Routine {
        std::mem::take(&mut self.builder).finish(name, self.resumes)
    }

    fn line(&self, span: &Span) -> u32 {
        self.parsed.source().coded_line(span.start)
    }

    fn error(&mut self, code: &'static str, span: &Span, title: impl Into<String>, help: &str) {
        let diagnostic = Diagnostic::new(self.parsed.source(), code, Severity::Error, span.clone(), title);
        self.diagnostics.push(diagnostic.help(help));
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.fresh += 1;
        format!("{prefix}{}", self.fresh)
    }
}

fn collect_procedures<'a>(body: &'a [Stmt], found: &mut Vec<&'a Procedure>) {
    for stmt in body {
        if let StmtKind::Procedure(procedure) = &stmt.kind {
            found.push(procedure);
        }
    }
}

/// `PARAM` lines, wherever they stand: existing scripts put some into a SUB.
fn collect_params<'a>(body: &'a [Stmt], found: &mut Vec<&'a Param>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Param(params) => found.extend(params),
            StmtKind::Procedure(procedure) => collect_params(&procedure.body, found),
            _ => {}
        }
    }
}

/// The value of an expression that is one already.
fn constant(expr: &Expr) -> Option<Value> {
    Some(match &expr.kind {
        ExprKind::Null => Value::Null,
        ExprKind::Bool(flag) => Value::Bool(*flag),
        ExprKind::Int(number) => Value::Int(*number),
        ExprKind::Decimal(number) => Value::Decimal(*number),
        ExprKind::Text(text) => Value::text(text.as_str()),
        ExprKind::List(items) => Value::List(items.iter().map(constant).collect::<Option<_>>()?),
        _ => return None,
    })
}
