//! Expressions.

use botlib::Value;

use super::{
    Compiler,
    code::Op,
    command::Target,
    effects::{children, is_volatile},
    names::Variable,
};
use crate::basic::{
    library, path,
    program::{Instr, Operand},
    tree::{Arith, Compare, Expr, ExprKind, Name, Step},
};

/// More operands than this are grouped, so that Rhai does not nest too deep.
const GROUP: usize = 8;

/// Names that stand for a function when the script does not use them as variables.
const BARE: [&str; 8] = ["now", "today", "rnd", "pi", "timestamp", "uuid", "guid", "now_utc"];

impl Compiler<'_> {
    /// The value of an expression. What waits inside it is done by instructions that come before.
    pub(super) fn op(&mut self, expr: &Expr) -> Op {
        match &expr.kind {
            ExprKind::Null | ExprKind::Broken => Op::Const(Value::Null),
            ExprKind::Bool(flag) => Op::Const(Value::Bool(*flag)),
            ExprKind::Int(number) => Op::Const(Value::Int(*number)),
            ExprKind::Decimal(number) => Op::Const(Value::Decimal(*number)),
            ExprKind::Text(text) => Op::Const(Value::text(text.as_str())),
            ExprKind::Name(name) => self.named(name),
            ExprKind::Error => Op::Variable(self.error_variable()),
            ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Coalesce(items)
                if items.iter().skip(1).any(|item| self.effects.of(item)) =>
            {
                self.short_circuit(expr, items)
            }
            ExprKind::Choose(condition, yes, no) => self.choose(expr, condition, yes, no),
            ExprKind::Call(name, args) => self.call(expr, name, args),
            ExprKind::Command(command) => self.command(command, &Target::Temporary),
            ExprKind::Script(name, args) => self.script(name, args, &Target::Temporary),
            ExprKind::Hear(hear) => {
                let into = self.builder.temporary();
                self.hear(hear, Some(&into));
                Op::Variable(into)
            }
            ExprKind::Path(base, steps) => self.path(base, steps),
            _ => {
                let ops = self.ops(&children(expr));
                self.combine(expr, &ops)
            }
        }
    }

    /// Values of expressions that are evaluated one after the other: what stands before a wait is kept in
    /// temporary variables until it is needed.
    pub(super) fn ops(&mut self, exprs: &[&Expr]) -> Vec<Op> {
        let last = exprs.iter().rposition(|expr| self.effects.of(expr));
        let mut ops = Vec::with_capacity(exprs.len());
        for (index, expr) in exprs.iter().enumerate() {
            let op = self.op(expr);
            let early = last.is_some_and(|last| index < last);
            ops.push(if early { self.keep(op) } else { op });
        }
        ops
    }

    /// The value in a temporary variable, unless it is a constant.
    pub(super) fn keep(&mut self, op: Op) -> Op {
        if matches!(op, Op::Const(_)) {
            return op;
        }
        let into = self.builder.temporary();
        self.assign(&into, op);
        Op::Variable(into)
    }

    /// Sets a variable by an instruction.
    pub(super) fn assign(&mut self, into: &Variable, op: Op) {
        let value = self.operand(op);
        if let Some(slot) = into.slot {
            self.builder.emit(Instr::Set { into: slot, value });
        }
    }

    fn named(&mut self, name: &str) -> Op {
        let key = name.trim_end_matches('$').to_lowercase();
        if !self.is_variable(&key) {
            if BARE.contains(&key.as_str()) {
                return Op::Code(format!("f_{key}()"), false);
            }
            match key.as_str() {
                "error" | "err" => return Op::Variable(self.error_variable()),
                "error_message" => {
                    let error = self.error_variable();
                    return Op::Code(format!("o_get({}, \"message\")", error.code), false);
                }
                _ => {}
            }
        }
        Op::Variable(self.variable(&key))
    }

    /// AND, OR and `??` with a wait on the right side.
    fn short_circuit(&mut self, expr: &Expr, items: &[Expr]) -> Op {
        let result = self.builder.temporary();
        let end = self.builder.label();
        for (index, item) in items.iter().enumerate() {
            let op = self.op(item);
            let op = if matches!(expr.kind, ExprKind::And(_)) {
                Op::Code(self.truth(&op), true)
            } else {
                op
            };
            self.assign(&result, op);
            if index + 1 < items.len() {
                let (test, when) = match expr.kind {
                    ExprKind::And(_) => (result.code.clone(), false),
                    ExprKind::Or(_) => (format!("o_true({})", result.code), true),
                    _ => (format!("!o_null({})", result.code), true),
                };
                let condition = self.operand(Op::Code(test, true));
                self.builder.emit(Instr::JumpIf {
                    condition,
                    when,
                    to: end,
                });
            }
        }
        self.builder.place(end);
        Op::Variable(result)
    }

    fn choose(&mut self, _expr: &Expr, condition: &Expr, yes: &Expr, no: &Expr) -> Op {
        if !self.effects.of(yes) && !self.effects.of(no) {
            let condition = if self.effects.of(condition) {
                let op = self.op(condition);
                self.truth(&op)
            } else {
                self.condition(condition)
            };
            let (yes, no) = (self.op(yes), self.op(no));
            return Op::Code(
                format!("if {condition} {{ {} }} else {{ {} }}", self.text(&yes), self.text(&no)),
                false,
            )
            .wrapped();
        }
        let result = self.builder.temporary();
        let (otherwise, end) = (self.builder.label(), self.builder.label());
        self.jump_unless(condition, otherwise);
        let op = self.op(yes);
        self.assign(&result, op);
        self.builder.emit(Instr::Jump(end));
        self.builder.place(otherwise);
        let op = self.op(no);
        self.assign(&result, op);
        self.builder.place(end);
        Op::Variable(result)
    }

    /// Jumps to `to` unless the condition holds.
    pub(super) fn jump_unless(&mut self, condition: &Expr, to: u32) {
        let operand = self.condition_operand(condition);
        self.builder.jump_unless(operand, to);
    }

    /// A condition for an instruction, which takes any value for true or false.
    pub(super) fn condition_operand(&mut self, condition: &Expr) -> Operand {
        let op = match &condition.kind {
            ExprKind::Or(_) if !self.effects.of(condition) => Op::Code(self.condition(condition), true),
            _ => self.op(condition),
        };
        self.operand(op)
    }

    /// An expression without effects as a condition of Rhai.
    pub(super) fn condition(&mut self, expr: &Expr) -> String {
        let operator = match &expr.kind {
            ExprKind::Or(_) => "||",
            ExprKind::And(_) => "&&",
            _ => {
                let op = self.op(expr);
                return self.truth(&op);
            }
        };
        let terms: Vec<String> = children(expr).into_iter().map(|item| self.condition(item)).collect();
        grouped(&terms, operator)
    }

    fn call(&mut self, expr: &Expr, name: &Name, args: &[Expr]) -> Op {
        let key = name.key();
        if self.effects.is_procedure(&key) {
            return self.call_procedure(name, args, &Target::Temporary);
        }
        if let ("iif" | "if", [condition, yes, no]) = (key.as_str(), args) {
            return self.choose(expr, condition, yes, no);
        }
        if key == "err_number" && args.is_empty() {
            let error = self.error_variable();
            return Op::Code(format!("o_get({}, \"number\")", error.code), false);
        }
        let Some(function) = library::find(&name.text) else {
            let message = format!("there is no function {}", name.text.to_uppercase());
            return Op::Code(format!("o_fault({})", super::code::quote(&message)), false);
        };
        let ops = self.ops(&args.iter().collect::<Vec<_>>());
        if args.len() < function.min || args.len() > function.max {
            let message = super::super::check::arity(function, args.len());
            return Op::Code(format!("o_fault({})", super::code::quote(&message)), false);
        }
        self.function(function.name, &ops)
    }

    fn function(&mut self, name: &str, ops: &[Op]) -> Op {
        let texts = self.texts(ops);
        let name = name.to_ascii_lowercase();
        if ops.len() > crate::basic::engine::MAX_ARGS {
            return Op::Code(format!("p_{name}([{texts}])"), false);
        }
        Op::Code(format!("f_{name}({texts})"), false)
    }

    /// Members, elements and methods.
    fn path(&mut self, base: &Expr, steps: &[Step]) -> Op {
        let mut exprs = vec![base];
        exprs.extend(steps.iter().flat_map(Step::exprs));
        let mut ops = self.ops(&exprs).into_iter();
        let mut value = ops.next().unwrap_or(Op::Const(Value::Null));
        let mut keys: Vec<Op> = Vec::new();
        for step in steps {
            match step {
                Step::Member(name) => keys.push(Op::Const(Value::text(name.text.as_str()))),
                Step::Index(_) => keys.extend(ops.next()),
                Step::Method(name, args) => {
                    let args: Vec<Op> = ops.by_ref().take(args.len()).collect();
                    value = self.method(value, &std::mem::take(&mut keys), name, args);
                }
            }
        }
        self.get(value, &keys)
    }

    fn get(&mut self, value: Op, keys: &[Op]) -> Op {
        if keys.is_empty() {
            return value;
        }
        let base = self.text(&value);
        let texts = self.texts(keys);
        let code = if keys.len() <= 2 {
            format!("o_get({base}, {texts})")
        } else {
            format!("o_path({base}, [{texts}])")
        };
        Op::Code(code, false)
    }

    fn method(&mut self, value: Op, keys: &[Op], name: &Name, args: Vec<Op>) -> Op {
        let known = path::METHODS
            .iter()
            .find(|(method, _)| name.text.eq_ignore_ascii_case(method));
        if let Some((_, method)) = known {
            let root = match value {
                Op::Variable(variable) => variable,
                other => match self.keep(other) {
                    Op::Variable(variable) => variable,
                    _ => self.builder.temporary(),
                },
            };
            let code = format!(
                "m_{method}({}, [{}], [{}])",
                root.code,
                self.texts(keys),
                self.texts(&args)
            );
            return Op::Code(code, false);
        }
        let value = self.get(value, keys);
        let mut all = vec![value];
        all.extend(args);
        match library::method(&name.text) {
            Some(function) if all.len() >= function.min && all.len() <= function.max => {
                self.function(function.name, &all)
            }
            Some(function) => {
                let message = super::super::check::arity(function, all.len());
                Op::Code(format!("o_fault({})", super::code::quote(&message)), false)
            }
            None => {
                let message = format!("values have no method {}", name.text);
                Op::Code(format!("o_fault({})", super::code::quote(&message)), false)
            }
        }
    }

    /// The value of an operator from the values of its operands.
    fn combine(&mut self, expr: &Expr, ops: &[Op]) -> Op {
        let mut text = |index: usize| ops.get(index).map(|op| self.text(op)).unwrap_or_default();
        match &expr.kind {
            ExprKind::Template(_) => Op::Code(format!("o_text([{}])", self.texts(ops)), false),
            ExprKind::List(_) => {
                let constants = ops.iter().map(|op| {
                    if let Op::Const(value) = op {
                        Some(value.clone())
                    } else {
                        None
                    }
                });
                match constants.collect::<Option<Vec<Value>>>() {
                    Some(items) if !items.is_empty() => Op::Const(Value::List(items)),
                    _ => Op::Code(format!("o_list([{}])", self.texts(ops)), false),
                }
            }
            ExprKind::Object(_) => Op::Code(format!("o_map([{}])", self.texts(ops)), false),
            ExprKind::Not(_) => {
                let truth = ops.first().map(|op| self.truth(op)).unwrap_or_default();
                Op::Code(format!("!({truth})"), true)
            }
            ExprKind::Negate(_) => Op::Code(format!("o_neg({})", text(0)), false),
            ExprKind::IsNull(_) => Op::Code(format!("o_null({})", text(0)), true),
            ExprKind::IsEmpty(_) => Op::Code(format!("o_empty({})", text(0)), true),
            ExprKind::Between(..) => Op::Code(format!("o_between({}, {}, {})", text(0), text(1), text(2)), true),
            ExprKind::Compare(_, operator, _) => {
                let (left, right) = (text(0), text(1));
                Op::Code(comparison(*operator, &left, &right), true)
            }
            ExprKind::Chain(_, rest) => self.chain(rest.iter().map(|(operator, _)| *operator), ops),
            ExprKind::And(_) => {
                let truths: Vec<String> = ops.iter().map(|op| self.truth(op)).collect();
                Op::Code(grouped(&truths, "&&"), true)
            }
            ExprKind::Or(_) if ops.iter().all(is_boolean) => {
                let truths: Vec<String> = ops.iter().map(|op| self.truth(op)).collect();
                Op::Code(grouped(&truths, "||"), true)
            }
            ExprKind::Or(_) => Op::Code(self.first(ops, "o_true"), false),
            ExprKind::Coalesce(_) => Op::Code(self.first(ops, "!o_null"), false),
            ExprKind::Format(_, None) => Op::Code(format!("f_format({})", text(0)), false),
            ExprKind::Format(_, Some(_)) => Op::Code(format!("o_format({}, {})", text(0), text(1)), false),
            _ => Op::Const(Value::Null),
        }
    }

    /// The first operand that passes `test`, else the last.
    fn first(&mut self, ops: &[Op], test: &str) -> String {
        match ops {
            [] => "()".to_owned(),
            [only] => self.text(only),
            _ => {
                let (left, right) = ops.split_at(ops.len() / 2);
                let (name, left, right) = (self.fresh("r"), self.first(left, test), self.first(right, test));
                format!("{{ let {name} = {left}; if {test}({name}) {{ {name} }} else {{ {right} }} }}")
            }
        }
    }

    fn chain(&mut self, operators: impl Iterator<Item = Arith>, ops: &[Op]) -> Op {
        let letters: String = operators.map(letter).collect();
        let texts = self.texts(ops);
        let code = match letters.as_str() {
            "+" => format!("o_add({texts})"),
            "-" => format!("o_sub({texts})"),
            "&" => format!("o_cat({texts})"),
            "*" => format!("o_mul({texts})"),
            "/" => format!("o_div({texts})"),
            "%" => format!("o_mod({texts})"),
            "^" => format!("o_pow({texts})"),
            _ => format!("o_chain(\"{letters}\", [{texts}])"),
        };
        Op::Code(code, false)
    }

    /// A value that stays the same when it is asked for again, after a restart for example.
    pub(super) fn stable(&mut self, expr: &Expr, op: Op) -> Op {
        if is_volatile(expr) { self.keep(op) } else { op }
    }
}

impl Op {
    /// Code that is a statement of Rhai as well, made an expression in any place.
    fn wrapped(self) -> Self {
        match self {
            Self::Code(code, boolean) => Self::Code(format!("{{ {code} }}"), boolean),
            other => other,
        }
    }
}

fn is_boolean(op: &Op) -> bool {
    matches!(op, Op::Code(_, true) | Op::Const(Value::Bool(_)))
}

fn letter(operator: Arith) -> char {
    match operator {
        Arith::Add => '+',
        Arith::Subtract => '-',
        Arith::Concat => '&',
        Arith::Multiply => '*',
        Arith::Divide => '/',
        Arith::Modulo => '%',
        Arith::Power => '^',
    }
}

/// The comparison of two operands in Rhai.
pub(super) fn comparison(operator: Compare, left: &str, right: &str) -> String {
    let (name, negated) = match operator {
        Compare::Equal => ("o_eq", false),
        Compare::NotEqual => ("o_ne", false),
        Compare::Less => ("o_lt", false),
        Compare::LessEqual => ("o_le", false),
        Compare::Greater => ("o_gt", false),
        Compare::GreaterEqual => ("o_ge", false),
        Compare::In => ("o_in", false),
        Compare::NotIn => ("o_in", true),
        Compare::Like => ("o_like", false),
        Compare::NotLike => ("o_like", true),
        Compare::Contains => ("o_has", false),
        Compare::NotContains => ("o_has", true),
        Compare::StartsWith => ("o_starts", false),
        Compare::EndsWith => ("o_ends", false),
    };
    format!("{}{name}({left}, {right})", if negated { "!" } else { "" })
}

/// Terms with `operator` between them, as a tree that is as flat as it can be.
fn grouped(terms: &[String], operator: &str) -> String {
    if terms.len() <= GROUP {
        return format!("({})", terms.join(&format!(" {operator} ")));
    }
    let (left, right) = terms.split_at(terms.len() / 2);
    format!("({} {operator} {})", grouped(left, operator), grouped(right, operator))
}
