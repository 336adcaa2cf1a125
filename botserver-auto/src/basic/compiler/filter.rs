//! Filter texts: what the script writes is code, what it joins in is one value each. A variable that only ever holds
//! such texts is followed: beside it the script keeps the pieces that its text was joined from.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use botlib::Value;

use super::{
    Compiler,
    code::{Op, quote},
    names::{Variable, bodies, sets},
};
use crate::basic::tree::{Arith, Expr, ExprKind, Stmt, StmtKind};

/// Words after which a filter has a value.
const BEFORE_VALUES: [&str; 8] = ["LIKE", "ILIKE", "IN", "BETWEEN", "CONTAINS", "WITH", "IS", "NOT"];

/// A piece of a filter text.
pub(super) enum Bit<'e> {
    /// Code as it is written.
    Code(String),
    /// One value.
    Value(Cow<'e, Expr>),
    /// The pieces of a variable that is followed, by its key.
    Followed(String),
}

impl Bit<'_> {
    pub(super) fn value(&self) -> Option<&Expr> {
        match self {
            Self::Value(expr) => Some(expr),
            Self::Code(_) | Self::Followed(_) => None,
        }
    }
}

/// The variables to follow: those of `filtering`, and what these are joined from, that only texts are assigned to.
pub(super) fn followed(body: &[Stmt], filtering: &HashSet<String>) -> HashSet<String> {
    if filtering.is_empty() {
        return HashSet::new();
    }
    let (mut texts, mut others) = (HashMap::new(), HashSet::new());
    assignments(body, &mut texts, &mut others);
    let mut known: HashSet<String> = texts.keys().filter(|key| !others.contains(*key)).cloned().collect();
    // A variable that turns out to hold something else may be what made another one look like a text.
    loop {
        let wrong: Vec<String> = known
            .iter()
            .filter(|key| {
                !texts
                    .get(*key)
                    .is_some_and(|exprs| exprs.iter().all(|expr| is_text(expr, &known)))
            })
            .cloned()
            .collect();
        if wrong.is_empty() {
            break;
        }
        for key in wrong {
            known.remove(&key);
        }
    }
    let mut wanted: HashSet<String> = HashSet::new();
    let mut open: Vec<String> = filtering.iter().cloned().collect();
    while let Some(key) = open.pop() {
        if !known.contains(&key) || !wanted.insert(key.clone()) {
            continue;
        }
        let exprs = texts.get(&key).into_iter().flatten();
        for name in exprs.flat_map(|expr| super::super::parser::joined_names(expr)) {
            open.push(name.trim_end_matches('$').to_lowercase());
        }
    }
    wanted
}

/// What is assigned to each variable, and the variables that get values in another way.
fn assignments<'a>(body: &'a [Stmt], texts: &mut HashMap<String, Vec<&'a Expr>>, others: &mut HashSet<String>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Assign { target, value } if target.keys.is_empty() => {
                texts.entry(target.name.key()).or_default().push(value);
            }
            StmtKind::ForEach { name, .. } => {
                others.insert(name.key());
            }
            StmtKind::Procedure(procedure) => others.extend(procedure.params.iter().map(super::super::tree::Name::key)),
            _ => others.extend(sets(stmt)),
        }
        for body in bodies(stmt) {
            assignments(body, texts, others);
        }
    }
}

fn is_text(expr: &Expr, known: &HashSet<String>) -> bool {
    match &expr.kind {
        ExprKind::Text(_) | ExprKind::Template(_) => true,
        ExprKind::Name(name) => known.contains(&name.trim_end_matches('$').to_lowercase()),
        ExprKind::Chain(first, rest) => {
            let joins = rest
                .iter()
                .rev()
                .take_while(|(operator, _)| matches!(operator, Arith::Add | Arith::Concat));
            let whole = joins.clone().count() == rest.len();
            joins
                .clone()
                .any(|(operator, item)| *operator == Arith::Concat || is_text(item, known))
                || whole && is_text(first, known)
        }
        _ => false,
    }
}

/// Whether a value belongs after `code`: it ends with an operator, a quote, or in a list.
fn wants_value(code: &str) -> bool {
    let code = code.trim_end();
    if let Some(before) = code.strip_suffix('(') {
        return before.trim_end().to_ascii_uppercase().ends_with(" IN");
    }
    let word = code.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    code.ends_with(['=', '<', '>', '\'', '"', ',', '%'])
        || BEFORE_VALUES.iter().any(|end| word.eq_ignore_ascii_case(end))
}

impl Compiler<'_> {
    fn is_followed(&self, key: &str) -> bool {
        self.followed.contains(key) && self.builder.local(key).is_none()
    }

    /// The pieces of a text, if the expression is sure to be one.
    pub(super) fn bits<'e>(&self, expr: &'e Expr) -> Option<Vec<Bit<'e>>> {
        let mut bits = Vec::new();
        self.join(expr, &mut bits).then_some(bits)
    }

    /// Adds the pieces of `expr`; false when it may be something else than a text.
    fn join<'e>(&self, expr: &'e Expr, bits: &mut Vec<Bit<'e>>) -> bool {
        match &expr.kind {
            ExprKind::Text(text) => bits.push(Bit::Code(text.clone())),
            ExprKind::Template(items) => {
                for item in items {
                    self.join_one(item, bits);
                }
            }
            ExprKind::Name(name) => {
                let key = name.trim_end_matches('$').to_lowercase();
                if !self.is_followed(&key) {
                    return false;
                }
                bits.push(Bit::Followed(key));
            }
            ExprKind::Chain(first, rest) => return self.join_chain(expr, first, rest, bits),
            _ => return false,
        }
        true
    }

    /// Adds an item that is joined to a text.
    fn join_one<'e>(&self, item: &'e Expr, bits: &mut Vec<Bit<'e>>) {
        let value = matches!(bits.last(), Some(Bit::Code(code)) if wants_value(code));
        let named = matches!(item.kind, ExprKind::Name(_));
        if (value && named) || !self.join(item, bits) {
            bits.push(Bit::Value(Cow::Borrowed(item)));
        }
    }

    /// A chain: what stands before its first text is calculated and so one value.
    fn join_chain<'e>(
        &self,
        expr: &'e Expr,
        first: &'e Expr,
        rest: &'e [(Arith, Expr)],
        bits: &mut Vec<Bit<'e>>,
    ) -> bool {
        let joins = |operator: Arith| matches!(operator, Arith::Add | Arith::Concat);
        let calculated = rest
            .iter()
            .rposition(|(operator, _)| !joins(*operator))
            .map_or(0, |last| last + 1);
        let text = |item: &Expr| self.bits(item).is_some();
        let begins = if calculated == 0 && text(first) {
            Some(0)
        } else {
            (calculated..rest.len()).find(|index| {
                rest.get(*index)
                    .is_some_and(|(operator, item)| *operator == Arith::Concat || text(item))
            })
        };
        let Some(begins) = begins else { return false };
        if begins == 0 {
            self.join_one(first, bits);
        } else {
            let head = rest.get(..begins).unwrap_or_default().to_vec();
            let head = ExprKind::Chain(Box::new(first.clone()), head);
            bits.push(Bit::Value(Cow::Owned(Expr::new(head, expr.span.clone()))));
        }
        for (_, item) in rest.get(begins..).unwrap_or_default() {
            self.join_one(item, bits);
        }
        true
    }

    /// The list that handlers get: texts at even places, values between them.
    pub(super) fn parts(&mut self, bits: &[Bit<'_>], values: Vec<Op>) -> Op {
        let mut values = values.into_iter();
        let mut letters = String::new();
        let mut items = Vec::with_capacity(bits.len());
        for bit in bits {
            match bit {
                Bit::Code(text) => {
                    letters.push('t');
                    items.push(Op::Const(Value::text(text.as_str())));
                }
                Bit::Value(_) => {
                    letters.push('v');
                    items.push(values.next().unwrap_or(Op::Const(Value::Null)));
                }
                Bit::Followed(key) => {
                    letters.push('p');
                    let (pieces, variable) = (self.pieces(key), self.variable(key));
                    items.push(Op::Code(format!("o_pieces({}, {})", pieces.code, variable.code), false));
                }
            }
        }
        if let Some(list) = constant(&letters, &items) {
            return Op::Const(list);
        }
        Op::Code(format!("o_parts({}, [{}])", quote(&letters), self.texts(&items)), false)
    }

    /// The variable that keeps the pieces of a followed one; no script can spell it.
    fn pieces(&mut self, key: &str) -> Variable {
        let name = format!("{key}!");
        self.assigned.insert(name.clone());
        self.variable(&name)
    }

    /// The pieces of a text that is about to be assigned to a followed variable, and where they go.
    pub(super) fn follow<'e>(&mut self, name: &str, value: &'e Expr) -> Option<(Variable, Vec<Bit<'e>>)> {
        let key = name.trim_end_matches('$').to_lowercase();
        if !self.is_followed(&key) {
            return None;
        }
        let bits = self.bits(value)?;
        Some((self.pieces(&key), bits))
    }
}

/// The list when nothing in it has to be computed.
fn constant(letters: &str, items: &[Op]) -> Option<Value> {
    let mut list = vec![String::new()];
    let mut values = Vec::new();
    for (letter, item) in letters.chars().zip(items) {
        match (letter, item) {
            ('t', Op::Const(Value::Text(text))) => list.last_mut()?.push_str(text),
            ('v', Op::Const(value)) => {
                values.push(value.clone());
                list.push(String::new());
            }
            _ => return None,
        }
    }
    let mut texts = list.into_iter().map(Value::text);
    let mut all = vec![texts.next()?];
    for (value, text) in values.into_iter().zip(texts) {
        all.push(value);
        all.push(text);
    }
    Some(Value::List(all))
}
