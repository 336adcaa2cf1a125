//! HEAR in all its forms.

use botlib::wire::InputKind;

use super::{Kind, Parse, Parser};
use crate::basic::{
    grammar::nearest,
    tree::{Expr, Hear, StmtKind},
};

/// Names of types, with their aliases.
pub(super) const TYPES: [(&str, InputKind); 53] = [
    ("ANY", InputKind::Text),
    ("STRING", InputKind::Text),
    ("TEXT", InputKind::Text),
    ("EMAIL", InputKind::Email),
    ("DATE", InputKind::Date),
    ("NAME", InputKind::Name),
    ("INTEGER", InputKind::Integer),
    ("INT", InputKind::Integer),
    ("NUMBER", InputKind::Integer),
    ("FLOAT", InputKind::Float),
    ("DECIMAL", InputKind::Float),
    ("DOUBLE", InputKind::Float),
    ("BOOLEAN", InputKind::Boolean),
    ("BOOL", InputKind::Boolean),
    ("HOUR", InputKind::Hour),
    ("TIME", InputKind::Hour),
    ("MONEY", InputKind::Money),
    ("CURRENCY", InputKind::Money),
    ("AMOUNT", InputKind::Money),
    ("MOBILE", InputKind::Mobile),
    ("PHONE", InputKind::Mobile),
    ("TELEPHONE", InputKind::Mobile),
    ("ZIPCODE", InputKind::Zipcode),
    ("ZIP", InputKind::Zipcode),
    ("CEP", InputKind::Zipcode),
    ("POSTALCODE", InputKind::Zipcode),
    ("LANGUAGE", InputKind::Language),
    ("LANG", InputKind::Language),
    ("CPF", InputKind::Cpf),
    ("CNPJ", InputKind::Cnpj),
    ("URL", InputKind::Url),
    ("LINK", InputKind::Url),
    ("UUID", InputKind::Uuid),
    ("GUID", InputKind::Uuid),
    ("COLOR", InputKind::Color),
    ("COLOUR", InputKind::Color),
    ("CREDITCARD", InputKind::CreditCard),
    ("CARD", InputKind::CreditCard),
    ("PASSWORD", InputKind::Password),
    ("PASS", InputKind::Password),
    ("SECRET", InputKind::Password),
    ("IMAGE", InputKind::Image),
    ("PHOTO", InputKind::Image),
    ("PICTURE", InputKind::Image),
    ("VIDEO", InputKind::Video),
    ("AUDIO", InputKind::Audio),
    ("VOICE", InputKind::Audio),
    ("SOUND", InputKind::Audio),
    ("FILE", InputKind::File),
    ("DOCUMENT", InputKind::Document),
    ("DOC", InputKind::Document),
    ("PDF", InputKind::Document),
    ("MENU", InputKind::Menu),
];

impl Parser<'_> {
    /// After the word HEAR at the start of a statement.
    pub(super) fn hear_statement(&mut self) -> Parse<StmtKind> {
        let named = self.kind() == Kind::Word
            && !(self.is_word(0, "AS") && self.token_at(1).kind != Kind::Newline && !self.is_word(1, "AS"))
            && !(self.is_word(0, "WITH") && self.token_at(1).kind == Kind::Text);
        let into = if named { Some(self.target()?) } else { None };
        let mut hear = empty();
        if into.is_none() && self.kind() == Kind::Text {
            hear.prompt = Some(Box::new(self.expression()?));
        }
        self.hear_clauses(&mut hear, Self::expression)?;
        Ok(StmtKind::Hear { into, hear })
    }

    /// `WAIT FOR RESPONSE AS name TIMEOUT seconds`, after these three words: a HEAR that does not wait for ever.
    pub(super) fn wait_for_response(&mut self) -> Parse<StmtKind> {
        let mut hear = empty();
        let into = if self.take_word("AS") || self.take_word("INTO") {
            Some(self.target()?)
        } else {
            None
        };
        if self.take_word("TIMEOUT") {
            hear.timeout = Some(Box::new(self.without_commas(Self::expression)?));
        }
        Ok(StmtKind::Hear { into, hear })
    }

    /// `HEAR` as a value, unless the word is a variable here.
    pub(super) fn hear_value(&mut self) -> Parse<Option<Hear>> {
        let next = self.token_at(1);
        let ends = matches!(
            next.kind,
            Kind::Newline | Kind::End | Kind::Semicolon | Kind::Text | Kind::ParenEnd
        );
        let clause = next.kind == Kind::Word && (self.is_word(1, "AS") || self.is_word(1, "WITH"));
        if !ends && !clause {
            return Ok(None);
        }
        self.next();
        let mut hear = empty();
        if self.kind() == Kind::Text {
            hear.prompt = Some(Box::new(self.sum()?));
        }
        self.hear_clauses(&mut hear, Self::sum)?;
        Ok(Some(hear))
    }

    /// The clauses, whose values `value` reads: as an operand HEAR takes sums only, like keywords do.
    fn hear_clauses(&mut self, hear: &mut Hear, value: fn(&mut Self) -> Parse<Expr>) -> Parse<()> {
        loop {
            if self.take_word("AS") {
                self.hear_type(hear)?;
            } else if self.take_word("WITH") {
                self.skip_newlines_after_operator();
                hear.prompt = Some(Box::new(self.without_commas(value)?));
            } else if self.take_word("DEFAULT") {
                hear.default = Some(Box::new(self.without_commas(value)?));
            } else if self.take_word("TIMEOUT") {
                hear.timeout = Some(Box::new(self.without_commas(Self::sum)?));
            } else {
                return Ok(());
            }
        }
    }

    fn hear_type(&mut self, hear: &mut Hear) -> Parse<()> {
        let token = self.token();
        if token.kind == Kind::Word {
            let word = self.text_of(token).to_ascii_uppercase();
            let Some((_, kind)) = TYPES.iter().find(|(name, _)| *name == word) else {
                let error = self.error("B105", token.span(), format!("`{word}` is not a type that HEAR knows"));
                return Err(Box::new(match nearest(&word, TYPES.iter().map(|(name, _)| *name)) {
                    Some(name) => error.help(format!("did you mean `{name}`?")),
                    None => error.help("use TEXT, INTEGER, DATE, EMAIL, BOOLEAN, MENU or another type of the manual"),
                }));
            };
            self.next();
            hear.kind = *kind;
            if *kind == InputKind::Menu {
                self.hear_options(hear)?;
            } else if self.kind() == Kind::Text {
                hear.prompt = Some(Box::new(self.without_commas(Self::expression)?));
            }
            return Ok(());
        }
        self.hear_options(hear)?;
        // One text alone is a question, not a choice.
        if hear.options.len() == 1
            && !hear.open
            && let Some(question) = hear.options.pop()
        {
            hear.prompt = Some(Box::new(question));
            return Ok(());
        }
        hear.kind = InputKind::Menu;
        Ok(())
    }

    fn hear_options(&mut self, hear: &mut Hear) -> Parse<()> {
        loop {
            self.skip_newlines_after_operator();
            if self.take(Kind::Star) {
                hear.open = true;
            } else {
                let option: Expr = self.without_commas(Self::expression)?;
                hear.options.push(option);
            }
            if !self.take(Kind::Comma) {
                return Ok(());
            }
        }
    }
}

fn empty() -> Hear {
    Hear {
        kind: InputKind::Text,
        options: Vec::new(),
        open: false,
        prompt: None,
        default: None,
        timeout: None,
    }
}
