//! Expressions, with the brackets that they need and no others.

use botlib::wire::InputKind;

use super::Printer;
use super::layout::{Bracket, Doc};
use super::statement::is_bare;
use crate::basic::{
    library,
    parser::is_operator_word,
    tree::{Arith, Compare, Expr, ExprKind, Hear, Step},
};

/// How strongly operators bind; a weaker one inside a stronger one needs brackets.
pub(super) mod rank {
    pub(in crate::basic::print) const WHOLE: u8 = 0;
    pub(super) const EITHER: u8 = 1;
    pub(super) const BOTH: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARE: u8 = 4;
    pub(in crate::basic::print) const SUM: u8 = 5;
    pub(super) const PRODUCT: u8 = 6;
    pub(super) const POWER: u8 = 7;
    pub(super) const UNARY: u8 = 8;
    pub(in crate::basic::print) const POSTFIX: u8 = 9;
}

/// What may follow an expression, which decides whether a keyword may stand there without brackets: its last
/// argument takes all the arithmetic that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// The end of the line or of the brackets around it, or a word of a statement.
    Open,
    /// A clause of a statement or of another keyword, whose word a keyword here could take for its own.
    Clause,
    /// A comparison, AND or OR.
    Weak,
    /// Arithmetic or a member.
    Tight,
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    /// Whether a keyword may take a list with commas.
    pub(super) commas: bool,
    pub(super) tail: Tail,
}

impl At {
    /// A whole value of a statement.
    pub(super) const LINE: Self = Self {
        commas: true,
        tail: Tail::Open,
    };
    /// A whole value with commas around it.
    pub(super) const ITEM: Self = Self {
        commas: false,
        tail: Tail::Open,
    };

    pub(super) const fn before(self, tail: Tail) -> Self {
        Self { tail, ..self }
    }
}

impl Printer<'_> {
    /// An expression with commas or brackets around it.
    pub(super) fn whole(&mut self, expr: &Expr) -> Doc {
        self.expr(expr, rank::WHOLE, At::ITEM)
    }

    /// An expression where at least operators of `least` may stand without brackets.
    pub(super) fn expr(&mut self, expr: &Expr, least: u8, at: At) -> Doc {
        let greedy = match &expr.kind {
            ExprKind::Command(command) => match self.called(command, at) {
                Some(doc) => return doc,
                None => match at.tail {
                    Tail::Open => false,
                    Tail::Weak => self.is_greedy(command),
                    Tail::Clause | Tail::Tight => true,
                },
            },
            // A menu takes all that follows with commas.
            ExprKind::Hear(hear) if hear.kind == InputKind::Menu => at.tail != Tail::Open || !at.commas,
            ExprKind::Script(..) | ExprKind::Hear(_) => at.tail != Tail::Open,
            ExprKind::Format(_, None) => at.tail == Tail::Clause,
            _ => false,
        };
        if greedy || rank_of(&expr.kind) < least {
            let inner = self.bare(expr, At::ITEM);
            return Doc::Bracket(Bracket {
                open: "(",
                docs: vec![inner],
                close: ")",
                tall: false,
                hug: true,
            });
        }
        self.bare(expr, at)
    }

    fn bare(&mut self, expr: &Expr, at: At) -> Doc {
        match &expr.kind {
            ExprKind::Null => Doc::text("NULL"),
            ExprKind::Bool(true) => Doc::text("TRUE"),
            ExprKind::Bool(false) => Doc::text("FALSE"),
            ExprKind::Int(number) => Doc::Text(number.to_string()),
            ExprKind::Decimal(number) => Doc::Text(number.to_string()),
            ExprKind::Text(text) => Doc::Text(self.quoted(text, &expr.span)),
            ExprKind::Template(pieces) => self.template(pieces, &expr.span),
            ExprKind::Name(name) => Doc::text(name.clone()),
            ExprKind::Path(base, steps) => self.path(base, steps, expr),
            ExprKind::Call(name, args) => {
                let name = if library::is_function(&name.text) {
                    name.text.to_uppercase()
                } else {
                    name.text.clone()
                };
                let args = self.arguments(args, expr.span.end);
                Doc::Cat(vec![Doc::Text(name), args])
            }
            ExprKind::Not(inner) => self.not(inner, at),
            ExprKind::Negate(inner) => {
                let inner = self.expr(inner, rank::UNARY, at.before(Tail::Tight));
                Doc::Cat(vec![Doc::text("-"), inner])
            }
            ExprKind::Chain(first, rest) => self.chain(first, rest, at),
            ExprKind::Compare(left, operator, right) => self.comparison(left, *operator, right, at),
            ExprKind::Between(value, low, high) => self.between("BETWEEN", value, low, high, at),
            ExprKind::IsNull(value) => self.test(value, "IS NULL", at),
            ExprKind::IsEmpty(value) => self.test(value, "IS EMPTY", at),
            ExprKind::And(items) => self.joined(items, "AND", rank::NOT, at),
            ExprKind::Or(items) => self.joined(items, "OR", rank::BOTH, at),
            ExprKind::Coalesce(items) => self.joined(items, "??", rank::BOTH, at),
            ExprKind::Choose(condition, yes, no) => {
                let mut docs = vec![
                    self.expr(condition, rank::EITHER, at.before(Tail::Weak)),
                    Doc::text(" ?"),
                ];
                self.gap(&mut docs, Some(Doc::Line), yes.span.start);
                docs.push(self.expr(yes, rank::EITHER, at.before(Tail::Weak)));
                docs.push(Doc::text(" :"));
                self.gap(&mut docs, Some(Doc::Line), no.span.start);
                docs.push(self.expr(no, rank::WHOLE, at));
                Doc::Group { docs, hug: false }
            }
            ExprKind::List(items) => self.list(items, expr.span.end),
            ExprKind::Object(fields) => self.object(fields, expr),
            ExprKind::Format(value, pattern) => {
                let mut docs = vec![Doc::text("FORMAT "), self.formatted(value, at)];
                if let Some(pattern) = pattern {
                    docs.push(Doc::text(" AS "));
                    docs.push(self.formatted(pattern, at));
                }
                Doc::Cat(docs)
            }
            ExprKind::Command(command) => self.command(command, false, at),
            ExprKind::Hear(hear) => self.hear_value(hear),
            ExprKind::Script(script, args) => self.script_call(script, args, at),
            ExprKind::Error => Doc::text("ERROR"),
            ExprKind::Broken => Doc::text(self.slice(&expr.span).to_owned()),
        }
    }

    /// A value or a pattern of FORMAT, which takes neither operators nor words that could be clauses.
    fn formatted(&mut self, expr: &Expr, at: At) -> Doc {
        let comment = self.next_comment;
        let doc = self.expr(expr, rank::POSTFIX, at.before(Tail::Tight));
        let clear = doc
            .first()
            .is_some_and(|first| !is_operator_word(first) && !first.starts_with("FORMAT "));
        if clear {
            return doc;
        }
        self.next_comment = comment;
        let inner = self.whole(expr);
        Doc::Cat(vec![Doc::text("("), inner, Doc::text(")")])
    }

    fn path(&mut self, base: &Expr, steps: &[Step], expr: &Expr) -> Doc {
        // `GET "order.total"` is a path for the parser and stays what its author wrote.
        if self.slice(&base.span).starts_with('"') && matches!(base.kind, ExprKind::Name(_)) {
            let written = self.slice(&base.span).to_owned();
            return Doc::Cat(vec![Doc::text("GET "), Doc::Text(written)]);
        }
        let plain = matches!(
            base.kind,
            ExprKind::Name(_) | ExprKind::Call(..) | ExprKind::List(_) | ExprKind::Object(_) | ExprKind::Error
        );
        let base = if plain || matches!(base.kind, ExprKind::Command(_)) {
            self.expr(base, rank::POSTFIX, At::LINE.before(Tail::Tight))
        } else {
            let inner = self.whole(base);
            Doc::Cat(vec![Doc::text("("), inner, Doc::text(")")])
        };
        let mut docs = vec![base];
        for step in steps {
            match step {
                Step::Member(name) => docs.push(Doc::Text(format!(".{}", name.text))),
                Step::Index(index) => {
                    docs.push(Doc::text("["));
                    docs.push(self.whole(index));
                    docs.push(Doc::text("]"));
                }
                Step::Method(name, args) => {
                    docs.push(Doc::Text(format!(".{}", name.text)));
                    docs.push(self.arguments(args, expr.span.end));
                }
            }
        }
        Doc::Cat(docs)
    }

    fn not(&mut self, inner: &Expr, at: At) -> Doc {
        match &inner.kind {
            ExprKind::IsNull(value) => self.test(value, "IS NOT NULL", at),
            ExprKind::IsEmpty(value) => self.test(value, "IS NOT EMPTY", at),
            ExprKind::Between(value, low, high) => self.between("NOT BETWEEN", value, low, high, at),
            _ => {
                let inner = self.expr(inner, rank::NOT, at);
                Doc::Cat(vec![Doc::text("NOT "), inner])
            }
        }
    }

    fn test(&mut self, value: &Expr, words: &str, at: At) -> Doc {
        let value = self.expr(value, rank::SUM, at.before(Tail::Weak));
        Doc::Cat(vec![value, Doc::Text(format!(" {words}"))])
    }

    fn between(&mut self, words: &str, value: &Expr, low: &Expr, high: &Expr, at: At) -> Doc {
        Doc::Cat(vec![
            self.expr(value, rank::SUM, at.before(Tail::Weak)),
            Doc::Text(format!(" {words} ")),
            self.expr(low, rank::SUM, at.before(Tail::Weak)),
            Doc::text(" AND "),
            self.expr(high, rank::SUM, at),
        ])
    }

    fn chain(&mut self, first: &Expr, rest: &[(Arith, Expr)], at: At) -> Doc {
        let least = rest
            .first()
            .map_or(rank::UNARY, |(operator, _)| rank_of_arith(*operator) + 1);
        let mut docs = vec![self.expr(first, least, at.before(Tail::Tight))];
        for (index, (operator, operand)) in rest.iter().enumerate() {
            docs.push(Doc::Text(format!(" {}", arith(*operator))));
            self.gap(&mut docs, Some(Doc::Line), operand.span.start);
            let tail = if index + 1 == rest.len() { at.tail } else { Tail::Tight };
            docs.push(self.expr(operand, least, at.before(tail)));
        }
        Doc::Fill(docs)
    }

    fn comparison(&mut self, left: &Expr, operator: Compare, right: &Expr, at: At) -> Doc {
        let mut docs = vec![
            self.expr(left, rank::SUM, at.before(Tail::Weak)),
            Doc::Text(format!(" {}", compare(operator))),
        ];
        self.gap(&mut docs, Some(Doc::Line), right.span.start);
        // What begins with a bracket after IN is a list.
        let listed = matches!(operator, Compare::In | Compare::NotIn)
            && !matches!(
                right.kind,
                ExprKind::List(_)
                    | ExprKind::Name(_)
                    | ExprKind::Call(..)
                    | ExprKind::Text(_)
                    | ExprKind::Int(_)
                    | ExprKind::Decimal(_)
            );
        docs.push(if listed {
            let inner = self.whole(right);
            Doc::Cat(vec![Doc::text("("), inner, Doc::text(")")])
        } else {
            self.expr(right, rank::SUM, at)
        });
        Doc::Fill(docs)
    }

    fn joined(&mut self, items: &[Expr], word: &str, least: u8, at: At) -> Doc {
        let mut docs = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                docs.push(Doc::Text(format!(" {word}")));
                self.gap(&mut docs, Some(Doc::Line), item.span.start);
            }
            let tail = if index + 1 == items.len() { at.tail } else { Tail::Weak };
            docs.push(self.expr(item, least, at.before(tail)));
        }
        Doc::Fill(docs)
    }

    /// Arguments in parentheses, which end at `end`.
    pub(super) fn arguments(&mut self, args: &[Expr], end: usize) -> Doc {
        let (docs, tall) = self.items(args, end);
        Doc::Bracket(Bracket {
            open: "(",
            docs,
            close: ")",
            tall,
            hug: true,
        })
    }

    fn list(&mut self, items: &[Expr], end: usize) -> Doc {
        let (docs, tall) = self.items(items, end);
        Doc::Bracket(Bracket {
            open: "[",
            docs,
            close: "]",
            tall,
            hug: items.len() == 1,
        })
    }

    fn items(&mut self, items: &[Expr], end: usize) -> (Vec<Doc>, bool) {
        let mut docs = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let line = (index > 0).then_some(Doc::Line);
            self.gap(&mut docs, line, item.span.start);
            let item = self.whole(item);
            docs.push(item);
            if index + 1 < items.len() {
                docs.push(Doc::text(","));
            }
        }
        let tall = self.gap_before_end(&mut docs, end);
        (docs, tall)
    }

    fn object(&mut self, fields: &[(Expr, Expr)], expr: &Expr) -> Doc {
        // An author who puts the first field on a line of its own wants them all there.
        let first = fields.first().map_or(0, |(key, _)| key.span.start);
        let mut tall = self
            .source
            .get(expr.span.start..first)
            .is_some_and(|opening| opening.contains('\n'));
        let mut docs = Vec::new();
        for (index, (key, value)) in fields.iter().enumerate() {
            let line = (index > 0).then_some(Doc::Line);
            self.gap(&mut docs, line, key.span.start);
            let mut field = vec![self.key(key), Doc::text(": ")];
            field.push(self.whole(value));
            if index + 1 < fields.len() {
                field.push(Doc::text(","));
            }
            docs.push(Doc::Cat(field));
        }
        tall |= self.gap_before_end(&mut docs, expr.span.end);
        Doc::Bracket(Bracket {
            open: "{",
            docs,
            close: "}",
            tall,
            hug: false,
        })
    }

    fn hear_value(&mut self, hear: &Hear) -> Doc {
        // The word alone is a variable in most places.
        let mut docs = vec![Doc::text(if is_bare(hear) { "HEAR AS TEXT" } else { "HEAR" })];
        self.hear(hear, false, rank::SUM, &mut docs);
        Doc::Cat(docs)
    }

    /// `CALL "script"` with its arguments.
    pub(super) fn script_call(&mut self, script: &Expr, args: &[Expr], at: At) -> Doc {
        let tail = if args.is_empty() { at.tail } else { Tail::Open };
        let mut docs = vec![Doc::text("CALL "), self.expr(script, rank::SUM, At::ITEM.before(tail))];
        for (index, arg) in args.iter().enumerate() {
            docs.push(Doc::text(","));
            self.gap(&mut docs, Some(Doc::Line), arg.span.start);
            let tail = if index + 1 == args.len() { at.tail } else { Tail::Open };
            docs.push(self.expr(arg, rank::WHOLE, At::ITEM.before(tail)));
        }
        Doc::Group { docs, hug: true }
    }
}

fn rank_of(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Choose(..) => rank::WHOLE,
        ExprKind::Or(_) | ExprKind::Coalesce(_) => rank::EITHER,
        ExprKind::And(_) => rank::BOTH,
        ExprKind::Not(inner) => match inner.kind {
            ExprKind::IsNull(_) | ExprKind::IsEmpty(_) | ExprKind::Between(..) => rank::COMPARE,
            _ => rank::NOT,
        },
        ExprKind::Compare(..) | ExprKind::Between(..) | ExprKind::IsNull(_) | ExprKind::IsEmpty(_) => rank::COMPARE,
        ExprKind::Chain(_, rest) => rest.first().map_or(rank::SUM, |(operator, _)| rank_of_arith(*operator)),
        ExprKind::Negate(_) => rank::UNARY,
        ExprKind::Int(number) if *number < 0 => rank::UNARY,
        ExprKind::Decimal(number) if number.is_sign_negative() => rank::UNARY,
        _ => rank::POSTFIX,
    }
}

fn rank_of_arith(operator: Arith) -> u8 {
    match operator {
        Arith::Add | Arith::Subtract | Arith::Concat => rank::SUM,
        Arith::Multiply | Arith::Divide | Arith::Modulo => rank::PRODUCT,
        Arith::Power => rank::POWER,
    }
}

fn arith(operator: Arith) -> &'static str {
    match operator {
        Arith::Add => "+",
        Arith::Subtract => "-",
        Arith::Concat => "&",
        Arith::Multiply => "*",
        Arith::Divide => "/",
        Arith::Modulo => "MOD",
        Arith::Power => "^",
    }
}

/// How an operator that compares is written.
pub(super) fn compare(operator: Compare) -> &'static str {
    match operator {
        Compare::Equal => "=",
        Compare::NotEqual => "<>",
        Compare::Less => "<",
        Compare::LessEqual => "<=",
        Compare::Greater => ">",
        Compare::GreaterEqual => ">=",
        Compare::In => "IN",
        Compare::NotIn => "NOT IN",
        Compare::Like => "LIKE",
        Compare::NotLike => "NOT LIKE",
        Compare::Contains => "CONTAINS",
        Compare::NotContains => "NOT CONTAINS",
        Compare::StartsWith => "STARTS WITH",
        Compare::EndsWith => "ENDS WITH",
    }
}
