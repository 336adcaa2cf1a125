//! Patterns of LIKE.

use crate::basic::value::Val;

/// A piece of a quoted or bare text: written in the filter, or a value in a hole of it.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Text(String),
    Value(Val),
}

/// What a text is compared with by LIKE: in any letter case, and without a wildcard anywhere inside.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Vec<Wild>);

/// A sign of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wild {
    /// Any characters, or none.
    Any,
    /// One character.
    One,
    /// This character.
    Char(char),
}

impl Pattern {
    /// The pattern of these pieces. Wildcards in a value count only when the value is the whole pattern: beside
    /// literal text it is looked for as it is.
    pub(super) fn new(pieces: &[Piece]) -> Self {
        let is_whole = pieces.len() == 1;
        let mut signs = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => signs.extend(lower(text).map(wild)),
                Piece::Value(value) => {
                    let text = value.print().unwrap_or_default();
                    if is_whole {
                        signs.extend(lower(&text).map(wild));
                    } else {
                        signs.extend(lower(&text).map(Wild::Char));
                    }
                }
            }
        }
        if !signs.iter().any(|sign| matches!(sign, Wild::Any | Wild::One)) {
            signs.insert(0, Wild::Any);
            signs.push(Wild::Any);
        }
        Self(signs)
    }

    /// Whether `text` has the shape.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = lower(text).collect();
        let (mut at, mut of) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while let Some(letter) = text.get(at) {
            match self.0.get(of) {
                Some(Wild::Any) => {
                    star = Some((of, at));
                    of += 1;
                }
                Some(Wild::One) => {
                    at += 1;
                    of += 1;
                }
                Some(Wild::Char(wanted)) if wanted == letter => {
                    at += 1;
                    of += 1;
                }
                _ => match &mut star {
                    Some((of_star, at_star)) => {
                        *at_star += 1;
                        at = *at_star;
                        of = *of_star + 1;
                    }
                    None => return false,
                },
            }
        }
        self.0
            .get(of..)
            .unwrap_or_default()
            .iter()
            .all(|sign| *sign == Wild::Any)
    }
}

fn lower(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}

fn wild(letter: char) -> Wild {
    match letter {
        '%' | '*' => Wild::Any,
        '_' | '?' => Wild::One,
        other => Wild::Char(other),
    }
}
