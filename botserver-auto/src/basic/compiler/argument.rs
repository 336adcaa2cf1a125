//! Arguments of keywords as values, the way that the shape promises them.

use std::borrow::Cow;

use botlib::Value;

use super::{Compiler, code::Op, filter::Bit};
use crate::basic::{
    program::Operand,
    tree::{Arg, Arith, Expr, ExprKind, Name, Piece, Step},
};
use crate::filter::is_function as is_formula_function;

/// What becomes of the values that an argument needs.
enum Plan<'e> {
    One(&'e Expr),
    Many(&'e [Expr]),
    Bits(Vec<Bit<'e>>),
    Source(&'e str, &'e Expr),
    /// Assignments; null for now where a column is computed with.
    Fields(Vec<(&'e Name, Option<&'e Expr>)>),
    /// Assignments some of which compute with columns: names with the pieces of their formulas, and what the columns
    /// are where rows have none of that name.
    Computed(Vec<(&'e Name, Vec<Bit<'e>>)>),
    Named(&'e [Expr]),
    Value(Value),
}

impl Plan<'_> {
    fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::One(expr) | Self::Source(_, expr) => vec![expr],
            Self::Many(exprs) | Self::Named(exprs) => exprs.iter().collect(),
            Self::Bits(bits) => bits.iter().filter_map(Bit::value).collect(),
            Self::Fields(fields) => fields.iter().filter_map(|(_, value)| *value).collect(),
            Self::Computed(fields) => fields
                .iter()
                .flat_map(|(_, bits)| bits.iter().filter_map(Bit::value))
                .collect(),
            Self::Value(_) => Vec::new(),
        }
    }
}

impl Compiler<'_> {
    /// The arguments of a keyword, computed in the order in which they are written.
    pub(super) fn arguments(&mut self, args: &[(String, Arg)]) -> Vec<(String, Operand)> {
        let mut plans: Vec<Plan<'_>> = args.iter().map(|(_, arg)| self.plan(arg)).collect();
        let mut names: Vec<&str> = args.iter().map(|(name, _)| name.as_str()).collect();
        for (_, arg) in args {
            if let Arg::Fields(fields, columns) = arg
                && !columns.is_empty()
            {
                plans.push(Plan::Computed(computed(fields, columns)));
                names.push("computed");
            }
        }
        let exprs: Vec<&Expr> = plans.iter().flat_map(Plan::exprs).collect();
        let mut values = self.stable_ops(&exprs).into_iter();
        let mut operands = Vec::with_capacity(args.len());
        for (name, plan) in names.into_iter().zip(&plans) {
            let taken: Vec<Op> = values.by_ref().take(plan.exprs().len()).collect();
            let op = self.planned(plan, taken);
            operands.push((name.to_owned(), self.operand(op)));
        }
        operands
    }

    fn plan<'e>(&self, arg: &'e Arg) -> Plan<'e> {
        match arg {
            Arg::One(expr) => Plan::One(expr),
            Arg::Many(exprs) => Plan::Many(exprs),
            Arg::Filter(expr) => Plan::Bits(self.bits(expr).unwrap_or_else(|| vec![Bit::Value(Cow::Borrowed(expr))])),
            Arg::Pieces(pieces) => Plan::Bits(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Code(text) => Bit::Code(text.clone()),
                        Piece::Hole(expr) => Bit::Value(Cow::Borrowed(expr)),
                    })
                    .collect(),
            ),
            Arg::Source(name, value) => Plan::Source(name, value),
            Arg::Fields(fields, columns) => {
                let later =
                    |value: &Expr| !matches!(value.kind, ExprKind::Name(_)) && formula_of(value, columns).is_some();
                let field = |(name, value): &'e (Name, Expr)| (name, (!later(value)).then_some(value));
                Plan::Fields(fields.iter().map(field).collect())
            }
            Arg::Named(exprs) => Plan::Named(exprs),
            Arg::Words(text) => Plan::Value(Value::text(text.as_str())),
            Arg::Flag => Plan::Value(Value::Bool(true)),
        }
    }

    fn planned(&mut self, plan: &Plan<'_>, values: Vec<Op>) -> Op {
        match plan {
            Plan::One(_) => values.into_iter().next().unwrap_or(Op::Const(Value::Null)),
            Plan::Many(_) => self.list(&values),
            Plan::Bits(bits) => self.parts(bits, values),
            Plan::Source(name, _) => {
                let mut entries = vec![Op::Const(Value::text("name")), Op::Const(Value::text(*name))];
                entries.push(Op::Const(Value::text("value")));
                entries.extend(values);
                self.object(&entries)
            }
            Plan::Fields(fields) => {
                let mut values = values.into_iter();
                let mut entries = Vec::with_capacity(2 * fields.len());
                for (name, value) in fields {
                    let value = value.and_then(|_| values.next());
                    entries.push(Op::Const(Value::text(name.text.as_str())));
                    entries.push(value.unwrap_or(Op::Const(Value::Null)));
                }
                self.object(&entries)
            }
            Plan::Computed(fields) => {
                let mut values = values.into_iter();
                let mut entries = Vec::with_capacity(2 * fields.len());
                for (name, bits) in fields {
                    let count = bits.iter().filter_map(Bit::value).count();
                    let taken = values.by_ref().take(count).collect();
                    entries.push(Op::Const(Value::text(name.text.as_str())));
                    entries.push(self.parts(bits, taken));
                }
                self.object(&entries)
            }
            Plan::Named(exprs) => {
                let mut items = Vec::with_capacity(exprs.len());
                for (expr, value) in exprs.iter().zip(values) {
                    let name = called(expr).map_or(Value::Null, Value::text);
                    let entries = [
                        Op::Const(Value::text("name")),
                        Op::Const(name),
                        Op::Const(Value::text("value")),
                        value,
                    ];
                    items.push(self.object(&entries));
                }
                self.list(&items)
            }
            Plan::Value(value) => Op::Const(value.clone()),
        }
    }

    fn list(&mut self, items: &[Op]) -> Op {
        let constants = items.iter().map(|op| {
            if let Op::Const(value) = op {
                Some(value.clone())
            } else {
                None
            }
        });
        match constants.collect::<Option<Vec<Value>>>() {
            Some(items) => Op::Const(Value::List(items)),
            None => Op::Code(format!("o_list([{}])", self.texts(items)), false),
        }
    }

    fn object(&mut self, entries: &[Op]) -> Op {
        Op::Code(format!("o_map([{}])", self.texts(entries)), false)
    }
}

/// Names that an expression computes with, in lower case; members of something and what keywords take are none.
pub(crate) fn names_in(expr: &Expr, names: &mut Vec<String>) {
    match &expr.kind {
        ExprKind::Name(name) => names.push(name.trim_end_matches('$').to_lowercase()),
        ExprKind::Negate(inner) => names_in(inner, names),
        ExprKind::Chain(first, rest) => {
            names_in(first, names);
            for (_, operand) in rest {
                names_in(operand, names);
            }
        }
        ExprKind::Call(name, args) if is_formula_function(&name.text) => {
            for arg in args {
                names_in(arg, names);
            }
        }
        _ => {}
    }
}

/// The assignments that compute with columns, as pieces of formulas.
fn computed<'e>(fields: &'e [(Name, Expr)], columns: &[String]) -> Vec<(&'e Name, Vec<Bit<'e>>)> {
    let mut found = Vec::new();
    for (name, value) in fields {
        if let Some(bits) = formula_of(value, columns) {
            found.push((name, bits));
        }
    }
    found
}

/// A value that reads columns, as the pieces of a formula.
fn formula_of<'e>(value: &'e Expr, columns: &[String]) -> Option<Vec<Bit<'e>>> {
    let mut bits = Vec::new();
    (reads(value, columns) && formula(value, columns, &mut bits).is_some()).then_some(bits)
}

fn reads(expr: &Expr, columns: &[String]) -> bool {
    let mut names = Vec::new();
    names_in(expr, &mut names);
    names.iter().any(|name| columns.contains(name))
}

/// Writes an expression over columns as code with values in it; nothing when formulas cannot say it.
fn formula<'e>(expr: &'e Expr, columns: &[String], bits: &mut Vec<Bit<'e>>) -> Option<()> {
    fn code(bits: &mut Vec<Bit<'_>>, text: &str) {
        match bits.last_mut() {
            Some(Bit::Code(before)) => before.push_str(text),
            _ => bits.push(Bit::Code(text.to_owned())),
        }
    }
    if !reads(expr, columns) {
        bits.push(Bit::Value(Cow::Borrowed(expr)));
        return Some(());
    }
    match &expr.kind {
        ExprKind::Name(name) => code(bits, name.trim_end_matches('$')),
        ExprKind::Negate(inner) => {
            code(bits, "(0 - ");
            formula(inner, columns, bits)?;
            code(bits, ")");
        }
        ExprKind::Chain(first, rest) => {
            code(bits, "(");
            formula(first, columns, bits)?;
            for (operator, operand) in rest {
                let sign = match operator {
                    Arith::Add => " + ",
                    Arith::Subtract => " - ",
                    Arith::Multiply => " * ",
                    Arith::Divide => " / ",
                    Arith::Concat | Arith::Modulo | Arith::Power => return None,
                };
                code(bits, sign);
                formula(operand, columns, bits)?;
            }
            code(bits, ")");
        }
        ExprKind::Call(name, args) => {
            code(bits, &format!("{}(", name.text.to_uppercase()));
            for (index, arg) in args.iter().enumerate() {
                if index > 0 {
                    code(bits, ", ");
                }
                formula(arg, columns, bits)?;
            }
            code(bits, ")");
        }
        _ => return None,
    }
    Some(())
}

/// What a value is called: its variable, or the last of its members.
fn called(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.trim_end_matches('$')),
        ExprKind::Path(_, steps) => match steps.last()? {
            Step::Member(name) => Some(&name.text),
            Step::Index(_) | Step::Method(..) => None,
        },
        _ => None,
    }
}
