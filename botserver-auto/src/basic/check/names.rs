//! Names: variables, functions, scripts, tools.

use std::ops::Range;

use super::{AMBIENT, Checker, arity};
use crate::basic::{
    grammar::nearest,
    library,
    tree::{Arg, Command, Expr, ExprKind, Name, Step, StmtKind},
};

/// Units of DATEADD and DATEDIFF.
const UNITS: [&str; 30] = [
    "day", "days", "d", "week", "weeks", "w", "ww", "hour", "hours", "h", "hh", "minute", "minutes", "min", "mi", "n",
    "second", "seconds", "sec", "s", "ss", "month", "months", "m", "mm", "year", "years", "y", "yy", "yyyy",
];

impl Checker<'_> {
    pub(super) fn name(&mut self, name: &str, span: &Range<usize>) {
        let key = name.trim_end_matches('$').to_lowercase();
        let known = self.assigned.contains(&key)
            || self.locals.contains(&key)
            || AMBIENT.contains(&key.as_str())
            || self.known.names.iter().any(|other| other.eq_ignore_ascii_case(&key));
        // In a script that could not be read whole, the assignment may be in what was left out.
        if known || self.parsed.has_errors() || self.parsed.partial || !self.reported.insert(key.clone()) {
            return;
        }
        let field = self.fields.iter().find(|(field, _)| *field == key);
        let help = match field {
            Some((_, object)) => Some(format!("it is a field of a WITH block: write `{object}.{name}`")),
            None => {
                nearest(&key, self.assigned.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"))
            }
        };
        let diagnostic = self.warn("B220", span, format!("{name} is never assigned"));
        "reads as NULL".clone_into(&mut diagnostic.label);
        diagnostic.help = help;
    }

    pub(super) fn call(&mut self, name: &Name, args: &[Expr]) {
        let given = args.len();
        if name.text.eq_ignore_ascii_case("err_number") {
            return;
        }
        if self.parsed.procedures.contains(&name.key()) {
            self.procedure_call(name, given);
            return;
        }
        match library::find(&name.text) {
            Some(function) if given < function.min || given > function.max => {
                let title = arity(function, given);
                "fails when it is reached".clone_into(&mut self.warn("B221", &name.span, title).label);
            }
            Some(function) => self.dates(function.name, name, args),
            None if self.parsed.partial => {}
            None => {
                let procedures = self.parsed.procedures.iter().map(String::as_str);
                let names = library::all().map(|function| function.name);
                let near = nearest(&name.text, procedures.chain(names)).map(str::to_uppercase);
                let diagnostic = self.warn("B221", &name.span, format!("there is no function or SUB {}", name.text));
                "fails when it is reached".clone_into(&mut diagnostic.label);
                diagnostic.help = near.map(|near| format!("did you mean `{near}`?"));
            }
        }
    }

    fn procedure_call(&mut self, name: &Name, given: usize) {
        let wanted = self.parsed.body.iter().find_map(|stmt| match &stmt.kind {
            StmtKind::Procedure(procedure) if procedure.name.key() == name.key() => Some(procedure.params.len()),
            _ => None,
        });
        if let Some(wanted) = wanted.filter(|wanted| given < *wanted) {
            let title = format!("{} takes {wanted} arguments, not {given}", name.text);
            "the others are NULL".clone_into(&mut self.warn("B268", &name.span, title).label);
        }
    }

    /// Units, and the order of arguments.
    fn dates(&mut self, function: &str, name: &Name, args: &[Expr]) {
        let unit = |expr: Option<&Expr>| match expr.map(|expr| &expr.kind) {
            Some(ExprKind::Text(text)) => Some(UNITS.contains(&text.trim().to_lowercase().as_str())),
            _ => None,
        };
        let units: Vec<Option<bool>> = (0..3).map(|index| unit(args.get(index))).collect();
        let (canonical, wanted) = match function {
            "DATEADD" => (2, "DATEADD(date, number, \"unit\")"),
            "DATEDIFF" => (0, "DATEDIFF(\"unit\", first, second)"),
            _ => return,
        };
        if args.len() != 3 {
            return;
        }
        let at = units.iter().position(|unit| *unit == Some(true));
        match at {
            Some(at) if at != canonical => {
                let title = format!("{function} is written {wanted}");
                let diagnostic = self.warn("B251", &name.span, title);
                "the arguments are in another order, which is understood".clone_into(&mut diagnostic.label);
            }
            None if units.get(canonical) == Some(&Some(false)) => {
                let Some(expr) = args.get(canonical) else { return };
                let written = self.parsed.source().slice(expr.span.clone()).to_owned();
                let diagnostic = self.warn("B270", &expr.span, format!("{written} is no unit of time"));
                diagnostic.help = Some("units are second, minute, hour, day, week, month, year".to_owned());
            }
            _ => {}
        }
    }

    pub(super) fn script(&mut self, script: &Expr) {
        let (ExprKind::Text(name), Some(scripts)) = (&script.kind, &self.known.scripts) else {
            return;
        };
        if name.starts_with('/') {
            return;
        }
        let key = script_key(name);
        if scripts.contains(&key) {
            return;
        }
        let near = nearest(&key, scripts.iter().map(String::as_str)).map(str::to_owned);
        let diagnostic = self.warn("B223", &script.span, format!("the package has no script {name}"));
        "fails when it is reached".clone_into(&mut diagnostic.label);
        diagnostic.help = near.map(|near| format!("did you mean `{near}.bas`?"));
    }

    pub(super) fn command(&mut self, command: &Command, span: &Range<usize>) {
        if let Some(service) = command.elsewhere {
            let phrase = command.phrase;
            let title = format!("this server has no {service}, so {phrase} fails when it is reached");
            self.warn("B230", span, title).help = Some("put it between TRY and CATCH, or take it away".to_owned());
        }
        let first = command.args.first().and_then(|(_, arg)| arg.exprs().into_iter().next());
        if let ("ADD TOOL" | "USE TOOL" | "ADD SUGGESTION TOOL", Some(first)) = (command.phrase, first) {
            self.tool(first);
        }
        if let Some(ExprKind::Command(inner)) = first.map(|first| &first.kind) {
            let longer = inner.phrase.strip_prefix(command.phrase);
            if longer.is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')) {
                self.warn("B276", span, format!("{} stands twice here", command.phrase))
                    .help = Some("take one of them away".to_owned());
            }
        }
        self.table(command);
        self.prompt(command);
        let archive = first
            .is_some_and(|first| matches!(&first.kind, ExprKind::Text(text) if text.to_lowercase().ends_with(".zip")));
        if command.phrase == "COMPRESS" && archive {
            let diagnostic = self.warn("B252", span, "COMPRESS is written `COMPRESS files, \"archive.zip\"`");
            "the arguments are in another order, which is understood".clone_into(&mut diagnostic.label);
        }
        for (_, arg) in &command.args {
            if let Arg::Named(values) = arg {
                self.unnamed(values);
            }
            // A bare name may be a table or a column of a query, which nobody assigns.
            let column = command.phrase == "SELECT" && matches!(arg, Arg::Fields(..));
            if !matches!(arg, Arg::Source(..)) && !column {
                let outer = self.locals.len();
                if let Arg::Fields(_, columns) = arg {
                    self.locals.extend(columns.iter().cloned());
                }
                arg.exprs().into_iter().for_each(|expr| self.expr(expr));
                self.locals.truncate(outer);
            }
        }
    }

    /// A table whose name looks like one that the package declares.
    fn table(&mut self, command: &Command) {
        let Some(tables) = self.known.tables.as_ref().filter(|tables| !tables.is_empty()) else {
            return;
        };
        let source = command.args.iter().find_map(|(_, arg)| match arg {
            Arg::Source(name, value) => Some((name.as_str(), value)),
            _ => None,
        });
        // A text in quotes is a source as well, wherever the keyword takes one.
        let literal = command.args.first().and_then(|(name, arg)| match (name.as_str(), arg) {
            ("table" | "source" | "src" | "t", Arg::One(value)) => match &value.kind {
                ExprKind::Text(text) => Some((text.as_str(), value)),
                _ => None,
            },
            _ => None,
        });
        let Some((name, value)) = source.or(literal) else {
            return;
        };
        let key = name.trim_start_matches('.').to_lowercase();
        if key.contains(['.', '/', ' ']) || tables.contains(&key) || self.assigned.contains(&key) {
            return;
        }
        if let Some(near) = nearest(&key, tables.iter().map(String::as_str)).map(str::to_owned) {
            let diagnostic = self.warn("B278", &value.span, format!("the package declares no table {name}"));
            diagnostic.help = Some(format!("did you mean `{near}`?"));
        }
    }

    /// `SAVE "t", name, 5`: columns are called like the variables, and a value that is none takes the column at its place.
    fn unnamed(&mut self, values: &[Expr]) {
        let named = |value: &&Expr| match &value.kind {
            ExprKind::Name(_) => true,
            ExprKind::Path(_, steps) => matches!(steps.last(), Some(Step::Member(_))),
            _ => false,
        };
        // `UPDATE "t", id, "field", value` names the column itself.
        let pair = matches!(
            values,
            [
                Expr {
                    kind: ExprKind::Text(_),
                    ..
                },
                _
            ]
        );
        if pair || values.len() < 2 || !values.iter().any(|value| named(&value)) {
            return;
        }
        if let Some(value) = values.iter().find(|value| !named(value)) {
            self.warn(
                "B258",
                &value.span,
                "this value has no name, so it takes the column at its place",
            )
            .help = Some("assign it to a variable that is called like the column, or save an object".to_owned());
        }
    }

    fn tool(&mut self, tool: &Expr) {
        let (ExprKind::Text(name), Some(scripts)) = (&tool.kind, &self.known.scripts) else {
            return;
        };
        let key = script_key(name);
        if key.is_empty() || scripts.contains(&key) {
            return;
        }
        let near = nearest(&key, scripts.iter().map(String::as_str)).map(str::to_owned);
        let diagnostic = self.warn("B261", &tool.span, format!("the package has no tool {name}"));
        diagnostic.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write {key}.bas with a DESCRIPTION, or take the line away"),
        });
    }

    pub(super) fn methods(&mut self, steps: &[Step]) {
        for step in steps {
            if let Step::Method(name, _) = step
                && library::method(&name.text).is_none()
                && !is_mutation(&name.text)
            {
                let near = nearest(&name.text, library::all().map(|function| function.name)).map(str::to_lowercase);
                let diagnostic = self.warn("B222", &name.span, format!("values have no method {}", name.text));
                "fails when it is reached".clone_into(&mut diagnostic.label);
                diagnostic.help = near.map(|near| format!("did you mean `{near}`?"));
            }
        }
    }
}

/// Whether a method changes the value that it is called on.
pub(super) fn is_mutation(name: &str) -> bool {
    crate::basic::path::METHODS
        .iter()
        .any(|(method, _)| name.eq_ignore_ascii_case(method))
}

/// A script's name as packages know it.
fn script_key(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".bas").unwrap_or(name).to_owned()
}
