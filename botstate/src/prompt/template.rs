//! Texts with holes.

use std::ops::Range;

/// A text with names in it that stand for values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    /// The name in lower case.
    Hole(String),
}

/// What stands between `${` and `}` in a text that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The bytes of the text from `$` to `}`.
    pub span: Range<usize>,
    /// The name in lower case; or why it is none.
    pub name: Result<String, String>,
}

impl Template {
    /// A text without anything.
    pub(super) const EMPTY: Self = Self(Vec::new());

    /// Reads a text: `${name}` is a hole, `\${` stands for `${` itself. What is between the braces is a name and
    /// nothing else, so nothing can be computed. Holes that are no names stay in the text as they are.
    pub fn parse(text: &str) -> (Self, Vec<Hole>) {
        let (mut pieces, mut holes, mut plain) = (Vec::new(), Vec::new(), String::new());
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| rest.find("${")) {
            let start = at + found;
            let before = text.get(at..start).unwrap_or_default();
            if let Some(before) = before.strip_suffix('\\') {
                plain.push_str(before);
                plain.push_str("${");
                at = start + 2;
                continue;
            }
            plain.push_str(before);
            let inner = text.get(start + 2..).unwrap_or_default();
            // A brace of a later paragraph closes nothing.
            let Some((name, _)) = inner.split_once('}').filter(|(name, _)| !name.contains('\n')) else {
                let name = Err("`${` is never closed".to_owned());
                holes.push(Hole {
                    span: start..start + 2,
                    name,
                });
                plain.push_str("${");
                at = start + 2;
                continue;
            };
            let span = start..start + name.len() + 3;
            let name = name.trim();
            at = span.end;
            if is_name(name) {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                let name = name.to_lowercase();
                pieces.push(Piece::Hole(name.clone()));
                holes.push(Hole { span, name: Ok(name) });
            } else {
                plain.push_str(text.get(span.clone()).unwrap_or_default());
                let why = format!("{name:?} is not the name of a variable, and prompts compute nothing");
                holes.push(Hole { span, name: Err(why) });
            }
        }
        plain.push_str(text.get(at..).unwrap_or_default());
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        (Self(pieces), holes)
    }

    /// The text with values in the holes. They go in as they are and are never read again.
    pub fn fill(&self, values: &[(String, String)]) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Hole(name) => {
                    let value = values.iter().find(|(known, _)| known == name);
                    text.push_str(value.map_or("", |(_, value)| value.as_str()));
                }
            }
        }
        text
    }
}

/// Whether a text can be the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    begins
        && text.len() <= 64
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
