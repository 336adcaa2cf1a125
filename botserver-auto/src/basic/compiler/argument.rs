//! Arguments of keywords as values, the way that the shape promises them.

use std::borrow::Cow;

use botlib::Value;

use super::{Compiler, code::Op, filter::Bit};
use crate::basic::{
    program::Operand,
    tree::{Arg, Expr, ExprKind, Name, Piece, Step},
};

/// What becomes of the values that an argument needs.
enum Plan<'e> {
    One(&'e Expr),
    Many(&'e [Expr]),
    Bits(Vec<Bit<'e>>),
    Source(&'e str, &'e Expr),
    Fields(&'e [(Name, Expr)]),
    Named(&'e [Expr]),
    Value(Value),
}

impl Plan<'_> {
    fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::One(expr) | Self::Source(_, expr) => vec![expr],
            Self::Many(exprs) | Self::Named(exprs) => exprs.iter().collect(),
            Self::Bits(bits) => bits.iter().filter_map(Bit::value).collect(),
            Self::Fields(fields) => fields.iter().map(|(_, value)| value).collect(),
            Self::Value(_) => Vec::new(),
        }
    }
}

impl Compiler<'_> {
    /// The arguments of a keyword, computed in the order in which they are written.
    pub(super) fn arguments(&mut self, args: &[(String, Arg)]) -> Vec<(String, Operand)> {
        let plans: Vec<Plan<'_>> = args.iter().map(|(_, arg)| self.plan(arg)).collect();
        let exprs: Vec<&Expr> = plans.iter().flat_map(Plan::exprs).collect();
        let mut values = self.stable_ops(&exprs).into_iter();
        let mut operands = Vec::with_capacity(args.len());
        for ((name, _), plan) in args.iter().zip(&plans) {
            let taken: Vec<Op> = values.by_ref().take(plan.exprs().len()).collect();
            let op = self.planned(plan, taken);
            operands.push((name.clone(), self.operand(op)));
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
            Arg::Fields(fields) => Plan::Fields(fields),
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
                let mut entries = Vec::with_capacity(2 * fields.len());
                for ((name, _), value) in fields.iter().zip(values) {
                    entries.push(Op::Const(Value::text(name.text.as_str())));
                    entries.push(value);
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
