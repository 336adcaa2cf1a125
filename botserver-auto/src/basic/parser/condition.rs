//! Conditions over columns, `WHERE email = email AND total > limit * 2`: what stands on the left of a comparison is a
//! column, what stands on the right is a value.

use super::{Kind, Parse, Parser};
use crate::basic::tree::{Arg, Arith, Compare, Expr, ExprKind, Piece};

/// Code and values in the order in which they are written.
#[derive(Debug, Default)]
pub(super) struct Pieces(pub(super) Vec<Piece>);

impl Pieces {
    /// Adds a word of code, with a blank before it where one belongs.
    pub(super) fn code(&mut self, word: &str) {
        let tight = word.starts_with([')', ',']);
        match self.0.last_mut() {
            Some(Piece::Code(text)) => {
                if !tight && !text.is_empty() && !text.ends_with(['(', ' ']) {
                    text.push(' ');
                }
                text.push_str(word);
            }
            Some(Piece::Hole(_)) if !tight => self.0.push(Piece::Code(format!(" {word}"))),
            _ => self.0.push(Piece::Code(word.to_owned())),
        }
    }

    /// Adds code right after what is there.
    pub(super) fn glue(&mut self, word: &str) {
        match self.0.last_mut() {
            Some(Piece::Code(text)) => text.push_str(word),
            _ => self.0.push(Piece::Code(word.to_owned())),
        }
    }

    pub(super) fn hole(&mut self, value: Expr) {
        if let Some(Piece::Code(text)) = self.0.last_mut()
            && !text.is_empty()
            && !text.ends_with(['(', ' '])
        {
            text.push(' ');
        }
        self.0.push(Piece::Hole(value));
    }

    fn append(&mut self, others: Self) {
        for piece in others.0 {
            match (self.0.last(), piece) {
                (Some(Piece::Code(_)), Piece::Code(text)) => self.code(&text),
                (_, piece) => self.0.push(piece),
            }
        }
    }
}

impl Parser<'_> {
    /// A condition over columns, or a filter text.
    pub(super) fn condition(&mut self) -> Parse<Arg> {
        if self.at_end() {
            return Err(self.expected("a condition"));
        }
        if let Some(text) = self.filter_text() {
            return Ok(Arg::Filter(text));
        }
        let mut pieces = Pieces::default();
        self.without_commas(|parser| parser.any_of(&mut pieces))?;
        Ok(Arg::Pieces(pieces.0))
    }

    /// The whole condition as a text that the script joins, if it is one.
    fn filter_text(&mut self) -> Option<Expr> {
        let token = self.token();
        let begins = match token.kind {
            Kind::Text | Kind::Paren => true,
            Kind::Word => self.sets(self.text_of(token)),
            _ => false,
        };
        if !begins {
            return None;
        }
        let parsed = self.attempt(|parser| {
            let expr = parser.without_commas(Self::expression)?;
            if parser.is_text(&expr) {
                Ok(expr)
            } else {
                Err(parser.expected("a filter text"))
            }
        });
        parsed.ok()
    }

    fn is_text(&self, expr: &Expr) -> bool {
        let literal = |expr: &Expr| matches!(expr.kind, ExprKind::Text(_) | ExprKind::Template(_));
        match &expr.kind {
            ExprKind::Text(_) | ExprKind::Template(_) => true,
            ExprKind::Name(name) => self.sets(name),
            ExprKind::Chain(first, rest) => {
                let joins = |(operator, _): &(Arith, Expr)| matches!(operator, Arith::Add | Arith::Concat);
                rest.iter().all(joins) && (literal(first) || rest.iter().any(|(_, item)| literal(item)))
            }
            ExprKind::Choose(_, yes, no) => self.is_text(yes) && self.is_text(no),
            _ => false,
        }
    }

    fn any_of(&mut self, pieces: &mut Pieces) -> Parse<()> {
        self.all_of(pieces)?;
        while self.connects("OR", Kind::OrOr) {
            pieces.code("OR");
            self.skip_newlines_after_operator();
            self.all_of(pieces)?;
        }
        Ok(())
    }

    fn all_of(&mut self, pieces: &mut Pieces) -> Parse<()> {
        self.none_of(pieces)?;
        while self.connects("AND", Kind::AndAnd) {
            pieces.code("AND");
            self.skip_newlines_after_operator();
            self.none_of(pieces)?;
        }
        Ok(())
    }

    /// Takes AND or OR, which may begin the next line.
    fn connects(&mut self, word: &str, sign: Kind) -> bool {
        if self.take(sign) || self.take_word(word) {
            return true;
        }
        let at = self.at;
        if self.token_at(0).kind == Kind::Newline {
            self.skip_newlines();
            if !self.is_assignment(0) && self.take_word(word) {
                return true;
            }
            self.at = at;
        }
        false
    }

    fn none_of(&mut self, pieces: &mut Pieces) -> Parse<()> {
        if self.take(Kind::Bang) || self.take_word("NOT") {
            pieces.code("NOT");
            return self.nest(|parser| parser.none_of(pieces));
        }
        if self.kind() == Kind::Paren
            && let Ok(group) = self.attempt(Self::group)
        {
            pieces.code("(");
            pieces.append(group);
            pieces.code(")");
            return Ok(());
        }
        self.nest(|parser| parser.column(pieces, false))?;
        self.test(pieces)
    }

    /// A condition in parentheses, unless these only group what is compared.
    fn group(&mut self) -> Parse<Pieces> {
        self.next();
        let mut group = Pieces::default();
        self.bracketed(|parser| parser.any_of(&mut group))?;
        self.close(Kind::ParenEnd, "`)`")?;
        let ends = self.at_end()
            || match self.kind() {
                Kind::ParenEnd | Kind::Comma | Kind::AndAnd | Kind::OrOr | Kind::BraceEnd | Kind::BracketEnd => true,
                Kind::Word => ![
                    "IS", "IN", "NOT", "LIKE", "ILIKE", "BETWEEN", "CONTAINS", "STARTS", "ENDS", "MOD",
                ]
                .iter()
                .any(|word| self.is_word(0, word)),
                _ => false,
            };
        if ends {
            Ok(group)
        } else {
            Err(self.expected("AND or OR"))
        }
    }

    /// What follows a column: a comparison, or nothing.
    fn test(&mut self, pieces: &mut Pieces) -> Parse<()> {
        const NULLS: [(&[&str], &str); 4] = [
            (&["IS", "NOT", "NULL"], "IS NOT NULL"),
            (&["IS", "NULL"], "IS NULL"),
            (&["IS", "NOT", "EMPTY"], "IS NOT EMPTY"),
            (&["IS", "EMPTY"], "IS EMPTY"),
        ];
        for (words, code) in NULLS {
            if self.take_words(words) {
                pieces.code(code);
                return Ok(());
            }
        }
        for (words, code) in [(&["NOT", "BETWEEN"][..], "NOT BETWEEN"), (&["BETWEEN"], "BETWEEN")] {
            if self.take_words(words) {
                pieces.code(code);
                pieces.hole(self.sum()?);
                if !self.take(Kind::AndAnd) && !self.take_word("AND") {
                    return Err(self.expected("AND"));
                }
                pieces.code("AND");
                pieces.hole(self.sum()?);
                return Ok(());
            }
        }
        let Some(operator) = self.comparison_operator() else {
            return Ok(());
        };
        self.skip_newlines_after_operator();
        pieces.code(sign(operator));
        if matches!(operator, Compare::In | Compare::NotIn) && self.take(Kind::Paren) {
            let items = self.bracketed(Self::comma_list)?;
            self.close(Kind::ParenEnd, "`)`")?;
            pieces.code("(");
            for (index, item) in items.into_iter().enumerate() {
                if index > 0 {
                    pieces.code(",");
                }
                pieces.hole(item);
            }
            pieces.code(")");
            return Ok(());
        }
        pieces.hole(self.sum()?);
        Ok(())
    }

    /// What is compared: a column, or a calculation with columns.
    fn column(&mut self, pieces: &mut Pieces, inside: bool) -> Parse<()> {
        self.term(pieces, inside)?;
        loop {
            let operator = match self.kind() {
                Kind::Plus => "+",
                Kind::Minus => "-",
                Kind::Star => "*",
                Kind::Slash => "/",
                Kind::Percent => "%",
                Kind::Word if self.is_word(0, "MOD") => "MOD",
                _ => return Ok(()),
            };
            self.next();
            pieces.code(operator);
            self.skip_newlines_after_operator();
            self.term(pieces, inside)?;
        }
    }

    fn term(&mut self, pieces: &mut Pieces, inside: bool) -> Parse<()> {
        let token = self.token();
        match token.kind {
            Kind::Number => {
                self.next();
                pieces.code(self.text_of(token));
            }
            Kind::Text => {
                self.next();
                match self.quoted_text(token) {
                    ExprKind::Text(text) if !inside && is_column(&text) => pieces.code(&text),
                    kind => pieces.hole(Expr::new(kind, self.place(token.span()))),
                }
            }
            Kind::Star if inside => {
                self.next();
                pieces.code("*");
            }
            Kind::Paren => {
                self.next();
                pieces.code("(");
                self.bracketed(|parser| parser.column(pieces, inside))?;
                self.close(Kind::ParenEnd, "`)`")?;
                pieces.code(")");
            }
            Kind::Word => self.column_name(pieces)?,
            _ => return Err(self.expected("a column")),
        }
        Ok(())
    }

    /// A name with members, or a function of columns.
    fn column_name(&mut self, pieces: &mut Pieces) -> Parse<()> {
        let token = self.next();
        pieces.code(self.text_of(token));
        while self.token_at(0).kind == Kind::Dot && self.token_at(1).kind == Kind::Word {
            self.next();
            let member = self.next();
            pieces.glue(".");
            pieces.glue(self.text_of(member));
        }
        if self.token_at(0).kind != Kind::Paren || self.token_at(0).spaced {
            return Ok(());
        }
        self.next();
        pieces.glue("(");
        self.bracketed(|parser| {
            while parser.kind() != Kind::ParenEnd {
                parser.column(pieces, true)?;
                if !parser.take(Kind::Comma) {
                    break;
                }
                pieces.code(",");
            }
            Ok(())
        })?;
        self.close(Kind::ParenEnd, "`)`")?;
        pieces.code(")");
        Ok(())
    }
}

fn is_column(text: &str) -> bool {
    let letter = |c: char| c.is_alphabetic() || c == '_';
    text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_numeric() || c == '.')
}

/// The operator as filters write it.
fn sign(operator: Compare) -> &'static str {
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
