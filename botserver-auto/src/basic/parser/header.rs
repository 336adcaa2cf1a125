//! PARAM and DESCRIPTION.

use super::{Kind, Parse, Parser};
use crate::basic::{
    lexer::unescape,
    tree::{Expr, ExprKind, Param},
};

/// Words that name the type of a PARAM.
pub(super) const TYPES: [&str; 34] = [
    "STRING", "TEXT", "INTEGER", "INT", "NUMBER", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", "BOOL", "ARRAY", "LIST",
    "OBJECT", "MAP", "DATE", "DATETIME", "EMAIL", "PHONE", "MOBILE", "MONEY", "NAME", "FILE", "QRCODE", "URL", "UUID",
    "GUID", "TIME", "HOUR", "CPF", "CNPJ", "COLOR", "LANGUAGE", "ZIPCODE", "ANY",
];

impl Parser<'_> {
    /// After the word PARAM.
    pub(super) fn params(&mut self) -> Parse<Vec<Param>> {
        let mut params = vec![self.param()?];
        while self.take(Kind::Comma) {
            params.push(self.param()?);
        }
        Ok(params)
    }

    fn param(&mut self) -> Parse<Param> {
        let name = self.name("a parameter's name")?;
        let mut param = Param {
            name,
            kind: "STRING".to_owned(),
            example: None,
            choices: Vec::new(),
            description: None,
            optional: false,
            default: None,
        };
        loop {
            let Some(word) = self.word() else { return Ok(param) };
            let token = self.token();
            match word.to_ascii_uppercase().as_str() {
                "AS" => {
                    self.next();
                    self.param_type(&mut param)?;
                }
                "LIKE" => {
                    self.next();
                    param.example = Some(self.without_commas(Self::sum)?);
                    self.skip_broken_example();
                }
                "ENUM" => {
                    self.next();
                    let list = self.without_commas(Self::postfix)?;
                    param.choices = match list.kind {
                        ExprKind::List(items) => items,
                        _ => return Err(self.error("B106", list.span, "ENUM takes a list such as `[\"a\", \"b\"]`")),
                    };
                }
                "DESCRIPTION" => {
                    self.next();
                    let token = self.expect(Kind::Text, "a text")?;
                    param.description = Some(self.plain_text(token));
                }
                "OPTIONAL" => {
                    self.next();
                    param.optional = true;
                }
                "REQUIRED" => {
                    self.next();
                    param.optional = false;
                }
                "DEFAULT" => {
                    self.next();
                    // A sum, so that a LIKE behind it is the clause and no comparison.
                    param.default = Some(self.without_commas(Self::sum)?);
                }
                _ => {
                    let error = self.error("B106", token.span(), format!("`{word}` is not a clause of PARAM"));
                    return Err(Box::new(error.help(
                        "clauses are AS type, LIKE example, ENUM [..], DESCRIPTION \"…\", OPTIONAL, REQUIRED, DEFAULT value",
                    )));
                }
            }
        }
    }

    fn param_type(&mut self, param: &mut Param) -> Parse<()> {
        if self.kind() == Kind::Text {
            let mut choices = vec![self.without_commas(Self::postfix)?];
            while self.kind() == Kind::Comma && self.token_at(1).kind == Kind::Text {
                self.next();
                choices.push(self.without_commas(Self::postfix)?);
            }
            // One text is a description, several are the values that are allowed.
            match (choices.len(), choices.pop()) {
                (
                    1,
                    Some(Expr {
                        kind: ExprKind::Text(text),
                        ..
                    }),
                ) => param.description = Some(text),
                (_, Some(last)) => {
                    choices.push(last);
                    param.choices = choices;
                }
                _ => {}
            }
            return Ok(());
        }
        let name = self.name("a type")?;
        let kind = name.text.to_ascii_uppercase();
        if !TYPES.contains(&kind.as_str()) {
            let warning = self.warning(
                "B202",
                name.span.clone(),
                format!("the type `{}` is unknown", name.text),
            );
            self.warn(warning.label("taken as STRING"));
        }
        param.kind = kind;
        Ok(())
    }

    /// Examples with quotes inside quotes end early; what is left up to the next clause is no reason to refuse
    /// a tool.
    fn skip_broken_example(&mut self) {
        let clause = |parser: &Self| {
            ["AS", "LIKE", "ENUM", "DESCRIPTION", "OPTIONAL", "REQUIRED", "DEFAULT"]
                .iter()
                .any(|word| parser.is_word(0, word))
        };
        let start = self.token_at(0).start;
        let mut skipped = false;
        while !self.at_end() && self.kind() != Kind::Comma && !clause(self) {
            self.next();
            skipped = true;
        }
        if skipped {
            let warning = self.warning("B203", self.since(start), "this part of the example is left out");
            self.warn(warning.help("write a quote inside a text as `\\\"`"));
        }
    }

    /// After the word DESCRIPTION: a text, or the rest of the line as it is.
    pub(super) fn description(&mut self) -> Parse<String> {
        let token = self.token();
        if token.kind == Kind::Text {
            self.next();
            if self.at_end() {
                return Ok(self.plain_text(token));
            }
        } else if self.at_end() {
            return Err(self.expected("a text"));
        }
        self.skip_line();
        let span = self.since(token.start);
        let text = self
            .text
            .get(span.clone())
            .unwrap_or_default()
            .trim()
            .trim_matches('"')
            .to_owned();
        let warning = self.warning("B204", span, "this description is not one text in quotes");
        self.warn(warning.help("write `DESCRIPTION \"…\"`, a quote inside as `\\\"`"));
        Ok(text)
    }

    fn plain_text(&self, token: super::Token) -> String {
        let quoted = self.text_of(token);
        unescape(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default())
    }
}
