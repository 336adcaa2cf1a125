//! `SELECT … FROM …` as a value: a query up to the end of the logical line.

use super::{Kind, Parse, Parser, condition::Pieces};
use crate::basic::tree::{Arg, Expr, ExprKind, Name};

/// Words that may begin a line that goes on with a query.
const CONTINUES: [&str; 17] = [
    "FROM", "WHERE", "JOIN", "LEFT", "RIGHT", "INNER", "OUTER", "FULL", "CROSS", "GROUP", "ORDER", "HAVING", "LIMIT",
    "OFFSET", "UNION", "AND", "OR",
];

impl Parser<'_> {
    /// The query's code with its values, and the names in it that the script sets.
    pub(super) fn query(&mut self) -> Parse<(Arg, Arg)> {
        let mut pieces = Pieces::default();
        let mut rows: Vec<(Name, Expr)> = Vec::new();
        let mut depth = 0_usize;
        let mut before: Option<Kind> = None;
        let mut alias = false;
        loop {
            if self.token_at(0).kind == Kind::Newline && self.query_goes_on(depth, before) {
                self.skip_newlines();
                continue;
            }
            let token = self.token();
            match token.kind {
                Kind::ParenEnd | Kind::BraceEnd | Kind::BracketEnd if depth == 0 => break,
                Kind::ParenEnd => depth -= 1,
                Kind::Paren => depth += 1,
                Kind::Word => self.query_name(token, before, &mut rows),
                _ if self.at_end() => break,
                _ => {}
            }
            self.next();
            let written = self.text_of(token);
            if token.kind == Kind::Text && !alias && (written.starts_with('"') || written.contains("${")) {
                let value = self.quoted_text(token);
                pieces.hole(Expr::new(value, self.place(token.span())));
            } else if token.spaced {
                pieces.code(written);
            } else {
                pieces.glue(written);
            }
            alias = token.kind == Kind::Word && written.eq_ignore_ascii_case("AS");
            before = Some(token.kind);
        }
        if before.is_none() {
            return Err(self.expected("a query"));
        }
        Ok((Arg::Pieces(pieces.0), Arg::Fields(rows, Vec::new())))
    }

    /// Keeps a name that the script sets; members of something are columns.
    fn query_name(&self, token: super::Token, before: Option<Kind>, rows: &mut Vec<(Name, Expr)>) {
        let text = self.text_of(token);
        let member = before == Some(Kind::Dot);
        let calls = self.token_at(1).kind == Kind::Paren && !self.token_at(1).spaced;
        // A clause is none, whatever the script calls its variables: `FOR EACH order … SELECT … ORDER BY`. After an
        // operator a value stands: `WHERE price < limit`.
        let compared = matches!(
            before,
            Some(
                Kind::Equal
                    | Kind::EqualEqual
                    | Kind::NotEqual
                    | Kind::Less
                    | Kind::LessEqual
                    | Kind::Greater
                    | Kind::GreaterEqual
                    | Kind::Plus
                    | Kind::Minus
                    | Kind::Slash
            )
        );
        let clause = match text.to_ascii_uppercase().as_str() {
            "ORDER" | "GROUP" => self.is_word(1, "BY"),
            word => !compared && CONTINUES.contains(&word),
        };
        if member
            || calls
            || clause
            || !self.sets(text)
            || rows.iter().any(|(name, _)| name.text.eq_ignore_ascii_case(text))
        {
            return;
        }
        let span = self.place(token.span());
        let value = Expr::new(ExprKind::Name(text.to_owned()), span.clone());
        let name = Name {
            text: text.to_owned(),
            span,
        };
        rows.push((name, value));
    }

    /// Whether the next line belongs to the query.
    fn query_goes_on(&self, depth: usize, before: Option<Kind>) -> bool {
        let operator = matches!(
            before,
            Some(
                Kind::Comma
                    | Kind::Plus
                    | Kind::Minus
                    | Kind::Star
                    | Kind::Slash
                    | Kind::Equal
                    | Kind::NotEqual
                    | Kind::Less
                    | Kind::LessEqual
                    | Kind::Greater
                    | Kind::GreaterEqual
            )
        );
        let mut ahead = 0;
        while self.token_at(ahead).kind == Kind::Newline {
            ahead += 1;
        }
        if self.token_at(ahead).kind == Kind::End {
            return false;
        }
        let clause = CONTINUES.iter().any(|word| self.is_word(ahead, word)) && !self.is_assignment(ahead);
        depth > 0 || operator || clause
    }
}
