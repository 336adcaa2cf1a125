//! Statements that are calls of keywords: workflow steps, transactions, mail, deferred blocks. Lists of DIM.

use botlib::Value;
use botstate::keyword::Class;

use super::{Compiler, command::Target, unit::address};
use crate::basic::{
    program::Operand,
    tree::{Arg, Arith, Command, Dim, Expr, ExprKind, Name, Span, Stmt, StmtKind, Transaction, Unit, Work, WorkStep},
};

/// The expressions of a step.
pub(super) fn exprs(step: &WorkStep) -> Vec<&Expr> {
    let mut exprs = vec![&step.number];
    match &step.work {
        Work::Bot { bot, task } => exprs.extend([bot, task]),
        Work::Approval { from } => exprs.push(from),
        Work::Parallel(branches) => {
            for branch in branches {
                exprs.extend([&branch.bot, &branch.task]);
            }
        }
    }
    exprs.extend(&step.timeout);
    exprs
}

/// The keyword that performs the statement, if one does.
pub(crate) fn keyword(stmt: &StmtKind) -> Option<&'static str> {
    Some(match stmt {
        StmtKind::Mail { .. } => "SEND MAIL",
        StmtKind::Delay(_) => "STEP DELAY",
        StmtKind::Step(step) => match step.work {
            Work::Bot { .. } => "STEP BOT",
            Work::Approval { .. } => "STEP APPROVAL",
            Work::Parallel(_) => "STEP PARALLEL",
        },
        StmtKind::Transaction(transaction) => transaction.phrase(),
        StmtKind::Later { .. } => "SCHEDULE IN",
        StmtKind::Do1(Expr {
            kind: ExprKind::Command(command),
            ..
        }) if command.phrase == "SET SCHEDULE" => "SET SCHEDULE",
        _ => return None,
    })
}

/// The statement as a call of its keyword.
fn call(stmt: &Stmt) -> Option<Command> {
    let phrase = keyword(&stmt.kind)?;
    let one = |name: &str, expr: &Expr| (name.to_owned(), Arg::One(expr.clone()));
    let text = |text: &str| Expr::new(ExprKind::Text(text.to_owned()), stmt.span.clone());
    let (class, args) = match &stmt.kind {
        StmtKind::Mail { to, subject, body } => (
            Class::External,
            vec![one("to", to), one("subject", subject), one("body", body)],
        ),
        StmtKind::Delay(seconds) => (Class::Wait, vec![one("seconds", seconds)]),
        StmtKind::Step(step) => {
            let mut args = vec![one("number", &step.number)];
            match &step.work {
                Work::Bot { bot, task } => args.extend([one("bot", bot), one("task", task)]),
                Work::Approval { from } => args.push(one("from", from)),
                Work::Parallel(branches) => {
                    let branches = branches.iter().map(|branch| {
                        let fields = vec![
                            (text("name"), text(&branch.name)),
                            (text("bot"), branch.bot.clone()),
                            (text("task"), branch.task.clone()),
                        ];
                        Expr::new(ExprKind::Object(fields), stmt.span.clone())
                    });
                    args.push(("branches".to_owned(), Arg::Many(branches.collect())));
                }
            }
            args.extend(step.timeout.as_ref().map(|timeout| one("timeout", timeout)));
            args.extend(step.on_timeout.as_ref().map(|action| one("on_timeout", &text(action))));
            (Class::Wait, args)
        }
        StmtKind::Transaction(Transaction::Begin | Transaction::Commit | Transaction::Rollback) => {
            (Class::Write, Vec::new())
        }
        _ => return None,
    };
    Some(Command {
        phrase,
        class,
        args,
        elsewhere: None,
    })
}

impl Compiler<'_> {
    /// A statement that is a call of a keyword.
    pub(super) fn work(&mut self, stmt: &Stmt) {
        if let Some(command) = call(stmt) {
            self.command(&command, &Target::Nowhere);
        }
    }

    /// `SCHEDULE IN`: the keyword gets `seconds`, the section as `script`, and the block's variables as `args`.
    pub(super) fn later(&mut self, stmt: &Stmt, amount: &Expr, unit: Unit) {
        let Some(deferred) = self.deferrals.get(&address(stmt)).cloned() else {
            return;
        };
        let span = stmt.span.clone();
        let seconds = match unit {
            Unit::Seconds => amount.clone(),
            unit => {
                let factor = Expr::new(ExprKind::Int(unit.seconds()), span.clone());
                let chain = ExprKind::Chain(Box::new(amount.clone()), vec![(Arith::Multiply, factor)]);
                Expr::new(chain, amount.span.clone())
            }
        };
        let fields = deferred.captured.iter().map(|name| {
            let key = Expr::new(ExprKind::Text(name.clone()), span.clone());
            (key, Expr::new(ExprKind::Name(name.clone()), span.clone()))
        });
        let args = Expr::new(ExprKind::Object(fields.collect()), span.clone());
        let mut values = self.stable_ops(&[&seconds, &args]).into_iter();
        let mut operands = Vec::new();
        for name in ["seconds", "args"] {
            if let Some(op) = values.next() {
                operands.push((name.to_owned(), self.operand(op)));
            }
        }
        let script = Operand::Const(Value::text(deferred.section.as_str()));
        operands.insert(1, ("script".to_owned(), script));
        self.host("SCHEDULE IN", operands, None);
    }

    pub(super) fn dim(&mut self, dim: &Dim) {
        let variable = self.variable(&dim.name.text);
        let value = dim_value(dim);
        let op = self.op(&value);
        self.assign(&variable, op);
    }
}

/// What a variable of DIM begins with.
fn dim_value(dim: &Dim) -> Expr {
    let span = dim.name.span.clone();
    let expr = |kind: ExprKind| Expr::new(kind, span.clone());
    let zero = match dim.kind.as_deref() {
        Some("STRING" | "TEXT") => ExprKind::Text(String::new()),
        Some("INTEGER" | "INT" | "LONG" | "NUMBER" | "DOUBLE" | "FLOAT" | "SINGLE" | "DECIMAL" | "MONEY") => {
            ExprKind::Int(0)
        }
        Some("BOOLEAN" | "BOOL") => ExprKind::Bool(false),
        Some("ARRAY" | "LIST") => ExprKind::List(Vec::new()),
        Some("OBJECT" | "MAP") => ExprKind::Object(Vec::new()),
        Some(_) => ExprKind::Null,
        None if dim.name.text.ends_with('$') => ExprKind::Text(String::new()),
        None if dim.sizes.is_empty() => ExprKind::Null,
        None => ExprKind::Int(0),
    };
    let mut value = expr(zero);
    for size in dim.sizes.iter().rev() {
        let count = one_more(size);
        value = function("FILL", vec![value, count.clone()], &span);
        if dim.keep {
            let before = expr(ExprKind::Name(dim.name.text.clone()));
            let all = function("CONCAT", vec![before, value], &span);
            value = function("TAKE", vec![all, count], &span);
        }
    }
    value
}

/// The number of elements with indexes from 0 to `size`.
fn one_more(size: &Expr) -> Expr {
    let span = size.span.clone();
    if let ExprKind::Int(number) = size.kind {
        return Expr::new(ExprKind::Int(number.saturating_add(1)), span);
    }
    let one = Expr::new(ExprKind::Int(1), span.clone());
    Expr::new(ExprKind::Chain(Box::new(size.clone()), vec![(Arith::Add, one)]), span)
}

fn function(name: &str, args: Vec<Expr>, span: &Span) -> Expr {
    let name = Name {
        text: name.to_owned(),
        span: span.clone(),
    };
    Expr::new(ExprKind::Call(name, args), span.clone())
}
