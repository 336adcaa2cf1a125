//! The parts of a query as tokens, so that it can be cut where its words stand.

use std::ops::Range;

use botlib::Value;
use botstate::dialog::Fault;

use super::fault;

/// Characters that the literal parts may have together.
const LONGEST: usize = 64 << 10;

#[derive(Debug, Clone)]
enum Sign {
    Char(char),
    Hole(Value),
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A name or a word of SQL.
    Word(String),
    /// A text or a name in quotes, without them.
    Quoted(String),
    /// A value.
    Hole(Value),
    /// Any other character.
    Char(char),
}

/// A piece of the query.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Parentheses that are open around it.
    pub(super) depth: usize,
    /// Where it stands among the signs.
    place: Range<usize>,
}

impl Token {
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(text) if text.eq_ignore_ascii_case(word))
    }

    pub(super) fn is_char(&self, sign: char) -> bool {
        self.kind == Kind::Char(sign)
    }

    /// The name that it is: bare or in quotes.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(text) | Kind::Quoted(text) => Some(text),
            _ => None,
        }
    }
}

/// The query as tokens.
#[derive(Debug)]
pub(super) struct Scan {
    signs: Vec<Sign>,
    pub(super) tokens: Vec<Token>,
}

impl Scan {
    pub(super) fn new(parts: &Value) -> Result<Self, Fault> {
        let mut signs = Vec::new();
        let single = [parts.clone()];
        let parts = match parts {
            Value::List(parts) => parts.as_slice(),
            _ => &single,
        };
        for (place, part) in parts.iter().enumerate() {
            match part {
                Value::Text(text) if place % 2 == 0 => signs.extend(text.chars().map(Sign::Char)),
                value => signs.push(Sign::Hole(value.clone())),
            }
            if signs.len() > LONGEST {
                return Err(fault(format!("a query may have {LONGEST} characters at most")));
            }
        }
        let mut scan = Self {
            signs,
            tokens: Vec::new(),
        };
        scan.read()?;
        Ok(scan)
    }

    fn char(&self, at: usize) -> Option<char> {
        match self.signs.get(at) {
            Some(Sign::Char(sign)) => Some(*sign),
            _ => None,
        }
    }

    fn read(&mut self) -> Result<(), Fault> {
        let (mut at, mut depth) = (0, 0_usize);
        while let Some(sign) = self.signs.get(at).cloned() {
            let start = at;
            at += 1;
            let kind = match sign {
                Sign::Hole(value) => Kind::Hole(value),
                Sign::Char(sign) if sign.is_whitespace() => continue,
                Sign::Char(quote @ ('\'' | '"' | '`')) => {
                    let mut text = String::new();
                    loop {
                        match self.signs.get(at) {
                            Some(Sign::Char(sign)) if *sign == quote => {
                                at += 1;
                                if self.char(at) != Some(quote) {
                                    break;
                                }
                                text.push(quote);
                            }
                            Some(Sign::Char(sign)) => text.push(*sign),
                            Some(Sign::Hole(value)) => text.push_str(&value.to_string()),
                            None => return Err(fault("a text in the query never ends")),
                        }
                        at += 1;
                    }
                    Kind::Quoted(text)
                }
                Sign::Char(sign) if sign.is_alphabetic() || sign == '_' => {
                    let mut word = sign.to_string();
                    while let Some(next) = self.char(at).filter(|c| c.is_alphanumeric() || "_$".contains(*c)) {
                        word.push(next);
                        at += 1;
                    }
                    Kind::Word(word)
                }
                Sign::Char('(') => {
                    depth += 1;
                    Kind::Char('(')
                }
                Sign::Char(')') => {
                    depth = depth
                        .checked_sub(1)
                        .ok_or_else(|| fault("a parenthesis in the query was never opened"))?;
                    Kind::Char(')')
                }
                Sign::Char(sign) => Kind::Char(sign),
            };
            // The parentheses themselves stand outside of what they hold.
            let inner = usize::from(kind == Kind::Char('('));
            self.tokens.push(Token {
                kind,
                depth: depth - inner,
                place: start..at,
            });
        }
        if depth > 0 {
            return Err(fault("a parenthesis in the query is not closed"));
        }
        Ok(())
    }

    pub(super) fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    /// The tokens in `range` as parts again, each range in `replaced` as the name that stands for it.
    pub(super) fn parts(&self, range: &Range<usize>, replaced: &[(Range<usize>, String)]) -> Vec<Value> {
        let mut at = range.start;
        let mut before: Option<usize> = None;
        let mut pieces: Vec<Sign> = Vec::new();
        while at < range.end {
            if let Some((skipped, name)) = replaced.iter().find(|(skipped, _)| skipped.start == at) {
                pieces.extend(format!(" {name} ").chars().map(Sign::Char));
                at = skipped.end;
                before = None;
                continue;
            }
            if let Some(token) = self.tokens.get(at) {
                if before.is_some_and(|end| end < token.place.start) {
                    pieces.push(Sign::Char(' '));
                }
                pieces.extend(self.signs.get(token.place.clone()).unwrap_or_default().iter().cloned());
                before = Some(token.place.end);
            }
            at += 1;
        }
        join(pieces)
    }
}

/// Signs as texts at even and values at odd places.
fn join(signs: Vec<Sign>) -> Vec<Value> {
    let mut parts = Vec::new();
    let mut text = String::new();
    for sign in signs {
        match sign {
            Sign::Char(sign) => text.push(sign),
            Sign::Hole(value) => {
                parts.push(Value::Text(std::mem::take(&mut text)));
                parts.push(value);
            }
        }
    }
    parts.push(Value::Text(text));
    parts
}
