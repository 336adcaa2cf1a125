//! Values: literals, names, calls, members, lists, objects.

use rust_decimal::Decimal;

use super::{Kind, Parse, Parser, expression::is_operator_word};
use crate::basic::{
    library,
    tree::{Expr, ExprKind, Name, Step},
};

impl Parser<'_> {
    /// A value with the members, elements and methods that follow it.
    pub(super) fn postfix(&mut self) -> Parse<Expr> {
        let start = self.start();
        let first = self.token();
        let list = self.is_list(first);
        let base = self.primary()?;
        let list = list && matches!(base.kind, ExprKind::Name(_));
        let mut steps = Vec::new();
        loop {
            let token = self.token_at(0);
            match token.kind {
                Kind::Dot | Kind::QuestionDot => {
                    self.next();
                    let name = self.name("a member's name")?;
                    let calls = self.token_at(0).kind == Kind::Paren && !self.token_at(0).spaced;
                    steps.push(if calls {
                        Step::Method(name, self.call_arguments()?)
                    } else {
                        Step::Member(name)
                    });
                }
                Kind::Bracket if !token.spaced => {
                    self.next();
                    let index = self.bracketed(Self::expression)?;
                    self.close(Kind::BracketEnd, "`]`")?;
                    steps.push(Step::Index(index));
                }
                Kind::Paren if list && steps.is_empty() && !token.spaced => {
                    steps.extend(self.list_indexes()?.into_iter().map(Step::Index));
                }
                // A chain of methods may go on on the next line.
                Kind::Newline
                    if matches!(self.token_at(1).kind, Kind::Dot) && !steps.is_empty() && self.brackets > 0 =>
                {
                    self.next();
                }
                _ => break,
            }
        }
        if steps.is_empty() {
            return Ok(base);
        }
        Ok(Expr::new(ExprKind::Path(Box::new(base), steps), self.since(start)))
    }

    /// Arguments in parentheses.
    pub(super) fn call_arguments(&mut self) -> Parse<Vec<Expr>> {
        self.expect(Kind::Paren, "`(`")?;
        let args = self.bracketed(|parser| parser.items(Kind::ParenEnd))?;
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).copied();
        if let Some(comma) = last.filter(|token| token.kind == Kind::Comma) {
            let warning = self.warning("B275", comma.span(), "a value is missing after this comma");
            self.warn(warning.help("write the value, or take the comma away"));
        }
        self.close(Kind::ParenEnd, "`)`")?;
        Ok(args)
    }

    /// The indexes of an element, `a(0)` or `a(1, 2)`.
    pub(super) fn list_indexes(&mut self) -> Parse<Vec<Expr>> {
        let token = self.token_at(0);
        let indexes = self.call_arguments()?;
        if indexes.is_empty() {
            let error = self.error("B100", token.span(), "the index is missing");
            return Err(Box::new(error.help("write which element is meant, such as `a(0)`")));
        }
        Ok(indexes)
    }

    /// Expressions with commas between them up to `end`; the last comma may be superfluous.
    fn items(&mut self, end: Kind) -> Parse<Vec<Expr>> {
        let mut items = Vec::new();
        while self.kind() != end {
            items.push(self.expression()?);
            if !self.take(Kind::Comma) {
                break;
            }
        }
        Ok(items)
    }

    fn primary(&mut self) -> Parse<Expr> {
        let token = self.token();
        let kind = match token.kind {
            Kind::Number => {
                self.next();
                number(self.text_of(token))
            }
            Kind::Text => {
                self.next();
                self.quoted_text(token)
            }
            Kind::Paren => {
                self.next();
                let inner = self.bracketed(Self::expression)?;
                self.close(Kind::ParenEnd, "`)`")?;
                return Ok(inner);
            }
            Kind::Bracket => {
                self.next();
                let items = self.bracketed(|parser| parser.items(Kind::BracketEnd))?;
                self.close(Kind::BracketEnd, "`]`")?;
                ExprKind::List(items)
            }
            Kind::Brace | Kind::HashBrace => {
                self.next();
                let fields = self.bracketed(Self::fields)?;
                self.close(Kind::BraceEnd, "`}`")?;
                ExprKind::Object(fields)
            }
            Kind::Word => return self.word_value(),
            _ => return Err(self.expected("a value")),
        };
        Ok(Expr::new(kind, self.place(token.start..self.since(token.start).end)))
    }

    fn fields(&mut self) -> Parse<Vec<(Expr, Expr)>> {
        let mut fields = Vec::new();
        while self.kind() != Kind::BraceEnd {
            let token = self.token();
            let key = match token.kind {
                Kind::Word | Kind::Number => {
                    self.next();
                    Expr::new(ExprKind::Text(self.text_of(token).to_owned()), self.place(token.span()))
                }
                Kind::Text => {
                    self.next();
                    Expr::new(self.quoted_text(token), self.place(token.span()))
                }
                Kind::Bracket => {
                    self.next();
                    let key = self.bracketed(Self::expression)?;
                    self.close(Kind::BracketEnd, "`]`")?;
                    key
                }
                _ => return Err(self.expected("a field's name")),
            };
            let value = if self.take(Kind::Colon) || self.take(Kind::Equal) {
                self.expression()?
            } else if token.kind == Kind::Word {
                // `{ name }` is short for `{ name: name }`.
                Expr::new(ExprKind::Name(self.text_of(token).to_owned()), self.place(token.span()))
            } else {
                return Err(self.expected("`:`"));
            };
            fields.push((key, value));
            if !self.take(Kind::Comma) {
                break;
            }
        }
        Ok(fields)
    }

    fn word_value(&mut self) -> Parse<Expr> {
        let token = self.token();
        let word = self.text_of(token);
        let upper = word.to_ascii_uppercase();
        let next = self.token_at(1);
        let called = next.kind == Kind::Paren && !next.spaced;
        let member = next.kind == Kind::QuestionDot
            || next.kind == Kind::Dot && !self.is_dotted(1)
            || next.kind == Kind::Bracket && !next.spaced
            || called && self.is_list(token);
        if member {
            return Ok(self.variable());
        }
        if !called && let Some(value) = self.named_value(&upper)? {
            return Ok(value);
        }
        if upper == "IS" && self.is_word(1, "NUMERIC") && self.token_at(2).kind == Kind::Paren {
            let start = self.start();
            self.at += 2;
            let name = Name {
                text: "ISNUMERIC".to_owned(),
                span: self.since(start),
            };
            let args = self.call_arguments()?;
            return Ok(Expr::new(ExprKind::Call(name, args), self.since(start)));
        }
        if let Some(matched) = self.phrase()
            && (matched.words > 1
                || self.begins_argument(1)
                || self.begins_query(&matched)
                || called && !library::is_function(word))
        {
            return self.nest(|parser| parser.command(&matched, false));
        }
        if called {
            return self.function();
        }
        if next.kind == Kind::Paren && (library::is_function(word) || self.procedures.contains(&word.to_lowercase())) {
            return self.function();
        }
        if library::is_command(&upper) && self.begins_argument(1) {
            return self.library_command();
        }
        if is_operator_word(word) && upper != "LAST" && upper != "AT" && upper != "DEFAULT" && upper != "LIMIT" {
            let structural = ["AND", "OR", "THEN", "ELSE", "IS", "IN", "LIKE", "MOD"].contains(&upper.as_str());
            if structural {
                return Err(self.expected("a value"));
            }
        }
        Ok(self.variable())
    }

    fn variable(&mut self) -> Expr {
        let token = self.next();
        Expr::new(ExprKind::Name(self.text_of(token).to_owned()), self.place(token.span()))
    }

    fn function(&mut self) -> Parse<Expr> {
        let start = self.start();
        let name = self.name("a function's name")?;
        let args = self.call_arguments()?;
        Ok(Expr::new(ExprKind::Call(name, args), self.since(start)))
    }

    /// `DATEADD today, "days", n`: a function of the library without parentheses.
    fn library_command(&mut self) -> Parse<Expr> {
        let start = self.start();
        let name = self.name("a function's name")?;
        let args = if self.commas {
            self.comma_list()?
        } else {
            vec![self.expression()?]
        };
        Ok(Expr::new(ExprKind::Call(name, args), self.since(start)))
    }

    /// Whether a name with a dot before it, such as `.Products`, stands `ahead`.
    pub(super) fn is_dotted(&self, ahead: usize) -> bool {
        let (dot, name) = (self.token_at(ahead), self.token_at(ahead + 1));
        dot.kind == Kind::Dot && dot.spaced && name.kind == Kind::Word && !name.spaced
    }

    /// R4: whether the token `ahead` can begin an argument of a command without parentheses.
    pub(super) fn begins_argument(&self, ahead: usize) -> bool {
        let token = self.token_at(ahead);
        match token.kind {
            Kind::Text | Kind::Number | Kind::HashBrace => true,
            Kind::Dot => self.is_dotted(ahead),
            Kind::Brace | Kind::Bracket => token.spaced,
            Kind::Word => {
                let word = self.text_of(token);
                let negated = word.eq_ignore_ascii_case("NOT") && self.negated_operator(ahead + 1);
                !is_operator_word(word) && !negated
            }
            _ => false,
        }
    }

    fn negated_operator(&self, ahead: usize) -> bool {
        ["IN", "LIKE", "ILIKE", "CONTAINS", "BETWEEN"]
            .iter()
            .any(|word| self.is_word(ahead, word))
    }

    /// Words with a meaning of their own as values.
    fn named_value(&mut self, upper: &str) -> Parse<Option<Expr>> {
        let start = self.start();
        let kind = match upper {
            "TRUE" => self.taken(1, ExprKind::Bool(true)),
            "FALSE" => self.taken(1, ExprKind::Bool(false)),
            "NULL" => self.taken(1, ExprKind::Null),
            "NEW" | "CREATE" if self.is_word(1, "OBJECT") || self.is_word(1, "MAP") => {
                self.taken(2, ExprKind::Object(Vec::new()))
            }
            "NEW" | "CREATE" if self.is_word(1, "ARRAY") || self.is_word(1, "LIST") => {
                self.taken(2, ExprKind::List(Vec::new()))
            }
            "ERROR" if self.is_word(1, "MESSAGE") => {
                let member = Name {
                    text: "message".to_owned(),
                    span: self.place(self.token_at(1).span()),
                };
                let error = Expr::new(ExprKind::Error, self.place(self.token_at(0).span()));
                self.taken(2, ExprKind::Path(Box::new(error), vec![Step::Member(member)]))
            }
            "JSON" if self.is_word(1, "PARSE") => {
                self.next();
                let token = self.next();
                let name = Name {
                    text: "PARSE_JSON".to_owned(),
                    span: self.place(token.span()),
                };
                let argument = self.expression()?;
                ExprKind::Call(name, vec![argument])
            }
            // A name of two words in scripts of the earlier system.
            "CONTINUATION" if self.is_word(1, "TOKEN") => {
                self.taken(2, ExprKind::Name("continuation_token".to_owned()))
            }
            "HEAR" => match self.hear_value()? {
                Some(hear) => ExprKind::Hear(Box::new(hear)),
                None => return Ok(None),
            },
            "FORMAT" if self.begins_argument(1) || self.is_word(2, "AS") || self.token_at(1).kind == Kind::Paren => {
                self.format()?
            }
            "CALL" if self.begins_argument(1) => {
                self.next();
                return self.call().map(Some);
            }
            _ => return Ok(None),
        };
        Ok(Some(Expr::new(kind, self.since(start))))
    }

    fn taken(&mut self, tokens: usize, kind: ExprKind) -> ExprKind {
        self.at += tokens;
        kind
    }

    /// `FORMAT value AS "pattern"`, binding tighter than operators (R7).
    fn format(&mut self) -> Parse<ExprKind> {
        self.next();
        let value = self.nest(Self::postfix)?;
        let pattern = if self.take_word("AS") {
            if self.is_word(0, "JSON") {
                self.next();
                let name = Name {
                    text: "TOJSON".to_owned(),
                    span: value.span.clone(),
                };
                return Ok(ExprKind::Call(name, vec![value]));
            }
            Some(Box::new(self.nest(Self::postfix)?))
        } else if self.commas && self.take(Kind::Comma) {
            Some(Box::new(self.nest(Self::postfix)?))
        } else {
            None
        };
        Ok(ExprKind::Format(Box::new(value), pattern))
    }
}

/// A number as it is written; one with too many digits stays text.
fn number(text: &str) -> ExprKind {
    if let Ok(number) = text.parse() {
        return ExprKind::Int(number);
    }
    text.parse::<Decimal>()
        .map_or_else(|_| ExprKind::Text(text.to_owned()), ExprKind::Decimal)
}
