//! Shapes of keywords as authors read and write them.

use std::fmt::Write as _;

use botstate::keyword::{Part, Shape};

/// A form of a keyword: `SET BOT MEMORY key, value`.
pub(crate) fn form(phrase: &str, shape: &Shape) -> String {
    let mut text = phrase.to_owned();
    parts(&shape.0, &mut text);
    text
}

fn parts(parts_of: &[Part], text: &mut String) {
    for part in parts_of {
        match part {
            Part::Word(word) if word == "," => text.push(','),
            Part::Word(word) => spaced(text, word),
            Part::Optional(inner) => {
                let mut within = String::new();
                parts(inner, &mut within);
                let within = within.trim_start();
                // A comma belongs to what it follows: `url[, body]`.
                let joined = within.starts_with(',');
                let _ = if joined {
                    write!(text, "[{within}]")
                } else {
                    write!(text, " [{within}]")
                };
            }
            other => spaced(text, &argument(other)),
        }
    }
}

fn spaced(text: &mut String, word: &str) {
    if !text.is_empty() && !text.ends_with([' ', '[']) {
        text.push(' ');
    }
    text.push_str(word);
}

/// An argument as it is written.
fn argument(part: &Part) -> String {
    let name = part.name().unwrap_or_default();
    match part {
        Part::Rest(_) | Part::Named(_) => format!("{name}, …"),
        Part::Fields(_) => "field = value, …".to_owned(),
        _ => name.to_owned(),
    }
}

/// What an editor inserts for a form: places to fill in where its arguments are, what may be missing left out.
pub(crate) fn snippet(phrase: &str, shape: &Shape) -> String {
    let mut text = phrase.to_owned();
    let mut place = 0;
    for part in &shape.0 {
        let mut fill = |text: &mut String, hint: &str| {
            place += 1;
            spaced(text, &format!("${{{place}:{hint}}}"));
        };
        match part {
            Part::Word(word) if word == "," => text.push(','),
            Part::Word(word) => spaced(&mut text, word),
            Part::Optional(_) => {}
            Part::Fields(_) => {
                fill(&mut text, "field");
                spaced(&mut text, "=");
                fill(&mut text, "value");
            }
            Part::Filter(name) => {
                place += 1;
                spaced(&mut text, &format!("\"${{{place}:{name}}}\""));
            }
            other => fill(&mut text, other.name().unwrap_or("value")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_read_as_authors_write_them() {
        let read = |shape: &str| form("FIND", &Shape::parse(shape));

        assert_eq!(read("@table, %filter"), "FIND table, filter");
        assert_eq!(read("url[, body...]"), "FIND url[, body, …]");
        assert_eq!(
            read("table [WHERE ?condition] [LIMIT n]"),
            "FIND table [WHERE condition] [LIMIT n]"
        );
        assert_eq!(read("name = value"), "FIND name = value");
        assert_eq!(read(""), "FIND");
    }

    #[test]
    fn snippets_have_a_place_for_each_argument() {
        let shape = Shape::parse("key AS label[, more]");

        assert_eq!(
            snippet("ADD SUGGESTION", &shape),
            "ADD SUGGESTION ${1:key} AS ${2:label}"
        );
        assert_eq!(
            snippet("FIND", &Shape::parse("@table, %filter")),
            "FIND ${1:table}, \"${2:filter}\""
        );
    }
}
