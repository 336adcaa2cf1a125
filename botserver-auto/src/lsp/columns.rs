//! Columns of tables where they could be written: after a row and its point, in filters, and in rows that are saved.

use super::workspace::Folder;
use crate::basic::FieldDef;

/// Words after which the name of a table stands.
const LEADS: [&str; 14] = [
    "FIND",
    "FIND ALL",
    "SAVE",
    "INSERT",
    "INSERT INTO",
    "UPDATE",
    "DELETE",
    "DELETE FROM",
    "MERGE",
    "FROM",
    "JOIN",
    "AGGREGATE",
    "SEARCH",
    "INTO",
];
/// Words after which a column may stand where no text is open.
const BEFORE: [&str; 8] = ["WHERE", "AND", "OR", "SET", "BY", "SELECT", "NOT", "ON"];
/// How many variables are followed to the table that their rows come from.
const STEPS: usize = 8;

/// A place where a column may stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// The column that was begun.
    pub(super) written: &'a str,
    owner: Owner,
    /// Whether nothing else may stand there.
    pub(super) is_only: bool,
}

/// Whose column.
#[derive(Debug, PartialEq, Eq)]
enum Owner {
    Table(String),
    /// The table that the rows of a variable come from, or one of that name.
    Variable(String),
}

/// The place at the end of `before`, the start of a line that goes on with `after`.
pub(super) fn place<'a>(before: &'a str, after: &str) -> Option<Place<'a>> {
    let opened = open_text(before);
    let code = match opened {
        Some((_, inside)) => hole(inside),
        None => Some(before),
    };
    let text = code.unwrap_or(before);
    let written = last_word(text);
    let lead = text.get(..text.len() - written.len()).unwrap_or_default();
    if let Some(owner) = lead.strip_suffix("?.").or_else(|| lead.strip_suffix('.')) {
        let name = last_word(owner.trim_end_matches(|c: char| c == ']' || c == '[' || c.is_ascii_digit()));
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        return is_name.then(|| Place {
            written,
            owner: Owner::Variable(name.to_lowercase()),
            is_only: true,
        });
    }
    let table = match code {
        // Inside of a text only those of tables that were named before it, or by a SELECT in it.
        None => {
            let (outside, inside) = opened?;
            selected(inside, after).or_else(|| named(outside))?
        }
        Some(code) => {
            let table = selected(code, after).or_else(|| named(code))?;
            let lead = lead.trim_end();
            let word = last_word(lead).to_ascii_uppercase();
            let is_key = lead.ends_with(['{', ',']) && lead.matches('{').count() > lead.matches('}').count();
            if !is_key && !BEFORE.contains(&word.as_str()) {
                return None;
            }
            table
        }
    };
    Some(Place {
        written,
        owner: Owner::Table(table),
        is_only: code.is_none(),
    })
}

/// The columns that may stand at a place, each with what its table says of it. `text` is the script up to the place.
pub(super) fn columns(place: &Place<'_>, folder: &Folder, text: &str) -> Vec<(String, String)> {
    match &place.owner {
        Owner::Table(table) => of_table(folder, table),
        Owner::Variable(name) => match source(name, text) {
            Some(table) => of_table(folder, &table),
            None => of_table(folder, name),
        },
    }
}

/// The columns of a table that the package declares, each with what is said of it; none of any other.
pub(super) fn of_table(folder: &Folder, name: &str) -> Vec<(String, String)> {
    let mut declared = folder.files.values().flat_map(super::workspace::File::tables);
    let table = declared.find(|table| table.name.eq_ignore_ascii_case(name));
    let columns = table.iter().flat_map(|table| {
        let fields = table.fields.iter();
        fields.map(|field| (field.name.clone(), detail(field, &table.name)))
    });
    columns.collect()
}

fn detail(field: &FieldDef, table: &str) -> String {
    let mut words = vec![format!("{:?}", field.kind).to_lowercase()];
    for (is, word) in [
        (field.key, "key"),
        (field.not_null, "not null"),
        (field.unique, "unique"),
    ] {
        if is {
            words.push(word.to_owned());
        }
    }
    if let Some(other) = &field.references {
        words.push(format!("of {}", other.table));
    }
    format!("{} of {table}", words.join(", "))
}

/// The table that the rows of a variable come from, by the last line before that gives it some.
fn source(name: &str, text: &str) -> Option<String> {
    let mut wanted = name.to_owned();
    let lines: Vec<&str> = text.lines().collect();
    let mut end = lines.len();
    for _ in 0..STEPS {
        let (at, value) = lines.get(..end)?.iter().enumerate().rev().find_map(|(at, line)| {
            let value = assigned(line, &wanted)?;
            Some((at, value))
        })?;
        if let Some(table) = named(value) {
            return Some(table);
        }
        // A row of other rows, such as in FOR EACH row IN rows.
        let other = value.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        wanted = other.into_iter().find(|word| !word.is_empty())?.to_lowercase();
        end = at;
    }
    None
}

/// What a line gives a variable: the right side of an assignment, or the rows of a loop.
fn assigned<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let line = line.trim();
    let upper = line.to_ascii_uppercase();
    let is = |word: &str| word.trim().trim_end_matches('$').eq_ignore_ascii_case(name);
    if let Some(rest) = upper.strip_prefix("FOR EACH ") {
        let (variable, rows) = rest.split_once(" IN ")?;
        return if is(variable) {
            line.get(line.len() - rows.len()..)
        } else {
            None
        };
    }
    let (left, right) = line.split_once('=')?;
    let left = left.trim();
    let left = left
        .strip_prefix("LET ")
        .or_else(|| left.strip_prefix("let "))
        .unwrap_or(left);
    is(left).then_some(right)
}

/// The table after the last word that wants one, if something follows it already.
fn named(code: &str) -> Option<String> {
    let upper = code.to_ascii_uppercase();
    let found = LEADS.iter().filter_map(|lead| {
        let at = upper.rfind(lead)?;
        let end = at + lead.len();
        let is_word = |c: Option<char>| c.is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
        let before = upper.get(..at)?.chars().next_back();
        let after = upper.get(end..)?.chars().next();
        (is_word(before) && is_word(after)).then_some(end)
    });
    let rest = code.get(found.max()?..)?.trim_start();
    let (name, follows) = if let Some(quoted) = rest.strip_prefix('"') {
        quoted.split_once('"')?
    } else {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        rest.split_at_checked(end)?
    };
    (!name.is_empty() && !follows.is_empty() || rest.starts_with('"')).then(|| name.to_lowercase())
}

/// The table of a SELECT whose columns are being written; its FROM may stand behind them.
fn selected(code: &str, after: &str) -> Option<String> {
    let upper = code.to_ascii_uppercase();
    let select = upper.rfind("SELECT ")?;
    let rest = code.get(select..)?;
    if rest.to_ascii_uppercase().contains(" FROM ") {
        return named(&format!("{rest} "));
    }
    let at = after.to_ascii_uppercase().find("FROM ")?;
    named(&format!("{} ", after.get(at..)?.trim_end_matches(['"', ')'])))
}

/// The line before and after the quote of a text that is open at its end.
pub(super) fn open_text(line: &str) -> Option<(&str, &str)> {
    let mut open = None;
    let mut letters = line.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if open.is_some() => {
                letters.next();
            }
            '"' => open = if open.is_some() { None } else { Some(at) },
            _ => {}
        }
    }
    let at = open?;
    Some((line.get(..at)?, line.get(at + 1..)?))
}

/// The code of the `${` that is open at the end of a text.
pub(super) fn hole(inside: &str) -> Option<&str> {
    let code = inside.get(inside.rfind("${")? + 2..)?;
    (!code.contains('}')).then_some(code)
}

/// The word at the end of a text.
pub(super) fn last_word(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || *c == '_')
        .last()
        .map_or(text.len(), |(at, _)| at);
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(before: &str, after: &str) -> Option<String> {
        place(before, after).map(|place| match place.owner {
            Owner::Table(name) => format!("{name} {}", place.written),
            Owner::Variable(name) => format!("{name}. {}", place.written),
        })
    }

    #[test]
    fn columns_stand_after_rows_in_filters_and_in_rows_that_are_saved() {
        for (before, after, wanted) in [
            ("TALK customer.na", "", Some("customer. na")),
            ("TALK \"Dear ${customer.", "}\"", Some("customer. ")),
            ("TALK rows[0].c", "", Some("rows. c")),
            ("rows = FIND \"customers\", \"na", "\"", Some("customers na")),
            (
                "rows = FIND \"customers\", \"city = 'x' AND na",
                "",
                Some("customers na"),
            ),
            ("rows = FIND customers WHERE ", "", Some("customers ")),
            ("SAVE \"customers\", { na", " }", Some("customers na")),
            ("SAVE \"customers\", { name: \"Ada\", ci", "", Some("customers ci")),
            ("rows = QUERY \"SELECT na", " FROM customers\"", Some("customers na")),
            (
                "rows = QUERY \"SELECT name FROM customers WHERE ci",
                "\"",
                Some("customers ci"),
            ),
            ("UPDATE customers SET ", "", Some("customers ")),
            ("rows = FIND \"cust", "", None),
            ("TALK \"a price of 2.", "", None),
            ("x = 2.", "", None),
            ("TALK \"hello na", "", None),
        ] {
            assert_eq!(owner(before, after).as_deref(), wanted, "{before}");
        }
    }

    #[test]
    fn rows_are_followed_to_their_table() {
        let script = "all = FIND \"customers\", \"city = 'x'\"\nFOR EACH one IN all\n  LET first = one\n";

        assert_eq!(source("first", script).as_deref(), Some("customers"));
        assert_eq!(source("other", script), None);
        assert_eq!(
            source("x", "FOR EACH x IN (FIND \"orders\")\n").as_deref(),
            Some("orders")
        );
    }
}
