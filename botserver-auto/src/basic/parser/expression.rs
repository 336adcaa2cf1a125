//! Operators, weakest first.

use super::{Kind, Parse, Parser};
use crate::basic::tree::{Arith, Compare, Expr, ExprKind};

/// Words that stand between or before values and so never begin an argument.
const OPERATOR_WORDS: [&str; 36] = [
    "AND",
    "OR",
    "IS",
    "IN",
    "LIKE",
    "ILIKE",
    "BETWEEN",
    "CONTAINS",
    "STARTS",
    "ENDS",
    "MOD",
    "THEN",
    "ELSE",
    "DO",
    "TO",
    "STEP",
    "AS",
    "WITH",
    "BY",
    "FROM",
    "WHERE",
    "AT",
    "USING",
    "DEFAULT",
    "TIMEOUT",
    "LIMIT",
    "ORDER",
    "OFFSET",
    "LAST",
    "EXPIRES",
    "INTO",
    "EVENTS",
    "RECURSIVE",
    "ELSEIF",
    "LOOP",
    "UNTIL",
];

/// Whether `word` is an operator or a clause word.
pub(crate) fn is_operator_word(word: &str) -> bool {
    OPERATOR_WORDS.iter().any(|other| other.eq_ignore_ascii_case(word))
}

impl Parser<'_> {
    /// A whole expression.
    pub(super) fn expression(&mut self) -> Parse<Expr> {
        self.nest(|parser| {
            let start = parser.start();
            let condition = parser.alternative()?;
            if !parser.take(Kind::Question) {
                return Ok(condition);
            }
            parser.skip_newlines_after_operator();
            let yes = parser.expression()?;
            parser.expect(Kind::Colon, "`:`")?;
            parser.skip_newlines_after_operator();
            let no = parser.expression()?;
            let kind = ExprKind::Choose(Box::new(condition), Box::new(yes), Box::new(no));
            Ok(Expr::new(kind, parser.since(start)))
        })
    }

    /// OR, `||` and `??`.
    pub(super) fn alternative(&mut self) -> Parse<Expr> {
        let start = self.start();
        let mut left = self.conjunction()?;
        loop {
            let coalesce = match self.kind() {
                Kind::OrOr => false,
                Kind::Coalesce => true,
                Kind::Word if self.is_word(0, "OR") => false,
                _ => return Ok(left),
            };
            self.next();
            self.skip_newlines_after_operator();
            let right = self.conjunction()?;
            left = match (left.kind, coalesce) {
                (ExprKind::Or(mut items), false) if left.span.start == start => {
                    items.push(right);
                    Expr::new(ExprKind::Or(items), self.since(start))
                }
                (ExprKind::Coalesce(mut items), true) if left.span.start == start => {
                    items.push(right);
                    Expr::new(ExprKind::Coalesce(items), self.since(start))
                }
                (kind, _) => {
                    self.deepen(left.span.clone())?;
                    let items = vec![Expr::new(kind, left.span), right];
                    let kind = if coalesce {
                        ExprKind::Coalesce(items)
                    } else {
                        ExprKind::Or(items)
                    };
                    Expr::new(kind, self.since(start))
                }
            };
        }
    }

    /// Refuses chains of ever changing operators, whose tree would be too deep to walk.
    fn deepen(&mut self, span: std::ops::Range<usize>) -> Parse<()> {
        let written = self.text.get(span).unwrap_or_default();
        let changes = written.matches("??").count();
        if changes > 16 {
            return self.nest(|parser| Err(parser.expected("a shorter expression")));
        }
        Ok(())
    }

    fn conjunction(&mut self) -> Parse<Expr> {
        let start = self.start();
        let first = self.negation()?;
        if !self.at_and() {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.at_and() {
            self.next();
            self.skip_newlines_after_operator();
            items.push(self.negation()?);
        }
        Ok(Expr::new(ExprKind::And(items), self.since(start)))
    }

    fn at_and(&mut self) -> bool {
        self.kind() == Kind::AndAnd || self.kind() == Kind::Word && self.is_word(0, "AND")
    }

    fn negation(&mut self) -> Parse<Expr> {
        let start = self.start();
        let word = self.kind() == Kind::Word
            && self.is_word(0, "NOT")
            && !matches!(self.token_at(1).kind, Kind::Dot | Kind::QuestionDot | Kind::Equal);
        if self.kind() != Kind::Bang && !word {
            return self.comparison();
        }
        self.next();
        let inner = self.nest(Self::negation)?;
        Ok(Expr::new(ExprKind::Not(Box::new(inner)), self.since(start)))
    }

    fn comparison(&mut self) -> Parse<Expr> {
        let start = self.start();
        let mut left = self.sum()?;
        for _ in 0..16 {
            if let Some(negated) = self.is_test(&["IS", "NOT", "NULL"], &["IS", "NULL"]) {
                left = self.negate_if(negated, ExprKind::IsNull(Box::new(left)), start);
            } else if let Some(negated) = self.is_test(&["IS", "NOT", "EMPTY"], &["IS", "EMPTY"]) {
                left = self.negate_if(negated, ExprKind::IsEmpty(Box::new(left)), start);
            } else if let Some(negated) = self.is_test(&["NOT", "BETWEEN"], &["BETWEEN"]) {
                let low = self.sum()?;
                if !self.at_and() {
                    return Err(self.expected("AND"));
                }
                self.next();
                let high = self.sum()?;
                left = self.negate_if(
                    negated,
                    ExprKind::Between(Box::new(left), Box::new(low), Box::new(high)),
                    start,
                );
            } else if let Some(operator) = self.comparison_operator() {
                self.skip_newlines_after_operator();
                let right = match operator {
                    Compare::In | Compare::NotIn => self.members()?,
                    _ => self.sum()?,
                };
                left = Expr::new(
                    ExprKind::Compare(Box::new(left), operator, Box::new(right)),
                    self.since(start),
                );
            } else {
                return Ok(left);
            }
        }
        Err(self.expected("a shorter comparison"))
    }

    /// Whether the longer (negated) or the shorter words are here; takes them.
    fn is_test(&mut self, negated: &[&str], plain: &[&str]) -> Option<bool> {
        if self.kind() != Kind::Word {
            return None;
        }
        if self.take_words(negated) {
            return Some(true);
        }
        self.take_words(plain).then_some(false)
    }

    fn negate_if(&self, negated: bool, kind: ExprKind, start: usize) -> Expr {
        let span = self.since(start);
        let expr = Expr::new(kind, span.clone());
        if negated {
            Expr::new(ExprKind::Not(Box::new(expr)), span)
        } else {
            expr
        }
    }

    pub(super) fn comparison_operator(&mut self) -> Option<Compare> {
        let operator = match self.kind() {
            Kind::Equal | Kind::EqualEqual => Compare::Equal,
            Kind::NotEqual => Compare::NotEqual,
            Kind::Less => Compare::Less,
            Kind::LessEqual => Compare::LessEqual,
            Kind::Greater => Compare::Greater,
            Kind::GreaterEqual => Compare::GreaterEqual,
            Kind::Word => return self.word_operator(),
            _ => return None,
        };
        self.next();
        Some(operator)
    }

    fn word_operator(&mut self) -> Option<Compare> {
        const WORDS: [(&[&str], Compare); 11] = [
            (&["NOT", "IN"], Compare::NotIn),
            (&["IN"], Compare::In),
            (&["NOT", "LIKE"], Compare::NotLike),
            (&["NOT", "ILIKE"], Compare::NotLike),
            (&["LIKE"], Compare::Like),
            (&["ILIKE"], Compare::Like),
            (&["NOT", "CONTAINS"], Compare::NotContains),
            (&["CONTAINS"], Compare::Contains),
            (&["STARTS", "WITH"], Compare::StartsWith),
            (&["ENDS", "WITH"], Compare::EndsWith),
            (&["IS", "IN"], Compare::In),
        ];
        WORDS
            .iter()
            .find(|(words, _)| self.take_words(words))
            .map(|(_, operator)| *operator)
    }

    /// What stands after IN: a list in parentheses, or a value.
    fn members(&mut self) -> Parse<Expr> {
        let start = self.start();
        if self.kind() != Kind::Paren {
            return self.sum();
        }
        self.next();
        let mut items = self.bracketed(Self::comma_list)?;
        self.close(Kind::ParenEnd, "`)`")?;
        if items.len() == 1
            && let Some(only) = items.pop()
        {
            // `x IN ("a")` and `x IN (list)`: membership in a lone text is equality, which a list of it gives.
            if !matches!(only.kind, ExprKind::Text(_) | ExprKind::Int(_) | ExprKind::Decimal(_)) {
                return Ok(only);
            }
            items.push(only);
        }
        Ok(Expr::new(ExprKind::List(items), self.since(start)))
    }

    /// `+`, `-` and `&`.
    pub(super) fn sum(&mut self) -> Parse<Expr> {
        let operator = |parser: &mut Self| match parser.kind() {
            Kind::Plus => Some(Arith::Add),
            Kind::Minus => Some(Arith::Subtract),
            Kind::Ampersand => Some(Arith::Concat),
            _ => None,
        };
        self.chain(operator, Self::product)
    }

    fn product(&mut self) -> Parse<Expr> {
        let operator = |parser: &mut Self| match parser.kind() {
            Kind::Star => Some(Arith::Multiply),
            Kind::Slash => Some(Arith::Divide),
            Kind::Percent => Some(Arith::Modulo),
            Kind::Word if parser.is_word(0, "MOD") => Some(Arith::Modulo),
            _ => None,
        };
        self.chain(operator, Self::power)
    }

    fn power(&mut self) -> Parse<Expr> {
        self.chain(
            |parser| (parser.kind() == Kind::Caret).then_some(Arith::Power),
            Self::unary,
        )
    }

    fn chain(
        &mut self,
        operator: impl Fn(&mut Self) -> Option<Arith>,
        operand: impl Fn(&mut Self) -> Parse<Expr>,
    ) -> Parse<Expr> {
        let start = self.start();
        let first = operand(self)?;
        let Some(mut next) = operator(self) else {
            return Ok(first);
        };
        let mut rest = Vec::new();
        loop {
            self.next();
            self.skip_newlines_after_operator();
            rest.push((next, operand(self)?));
            match operator(self) {
                Some(operator) => next = operator,
                None => return Ok(Expr::new(ExprKind::Chain(Box::new(first), rest), self.since(start))),
            }
        }
    }

    fn unary(&mut self) -> Parse<Expr> {
        let start = self.start();
        match self.kind() {
            Kind::Minus => {
                self.next();
                let inner = self.nest(Self::unary)?;
                let kind = match inner.kind {
                    ExprKind::Int(number) => ExprKind::Int(-number),
                    ExprKind::Decimal(number) => ExprKind::Decimal(-number),
                    _ => ExprKind::Negate(Box::new(inner)),
                };
                Ok(Expr::new(kind, self.since(start)))
            }
            Kind::Plus => {
                let sign = self.next();
                let warning = self.warning("B274", sign.span(), "this `+` joins nothing");
                self.warn(warning.help("write the value that stands before it, or take the `+` away"));
                self.nest(Self::unary)
            }
            _ => self.postfix(),
        }
    }
}
