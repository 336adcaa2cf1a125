//! What could be written at a place.

use botstate::keyword::{Class, Registry};
use serde_json::{Value as Json, json};

use super::{
    columns::{self, hole, last_word, open_text},
    workspace::{File, Folder},
};
use crate::{
    basic::{GROUPS, WORDS, hear_types, param_types},
    manual,
};

/// Kinds of the protocol.
mod kind {
    pub(super) const FUNCTION: u8 = 3;
    pub(super) const FIELD: u8 = 5;
    pub(super) const VARIABLE: u8 = 6;
    pub(super) const CLASS: u8 = 7;
    pub(super) const STRUCT: u8 = 22;
    pub(super) const KEYWORD: u8 = 14;
    pub(super) const FILE: u8 = 17;
    pub(super) const MODULE: u8 = 9;
}

/// What is being written.
#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    /// The first words of a statement.
    Statement(&'a str),
    /// A value; the word that was begun.
    Value(&'a str),
    /// After PARAM … AS.
    ParamType(&'a str),
    /// After HEAR … AS.
    HearType(&'a str),
    /// Inside a text that names a script or tool.
    Script(&'a str),
    /// Inside a text that names a table.
    Table(&'a str),
    /// Inside a text that names a prompt.
    Prompt(&'a str),
    /// After CALL: a SUB.
    Procedure(&'a str),
    /// Inside any other text, or a comment.
    Nothing,
}

/// The answer to `textDocument/completion`.
pub(super) fn complete(registry: &Registry, folder: &Folder, file: &File, offset: usize) -> Json {
    let before = file.text.line_before(offset);
    let mut list = List {
        items: Vec::new(),
        range: Json::Null,
    };
    if let Some(place) = columns::place(before, file.text.line_after(offset)) {
        let text = file.text.as_str().get(..offset).unwrap_or_default();
        let found = columns::columns(&place, folder, text);
        list.range = file.text.range(&(offset - place.written.len()..offset));
        for (name, detail) in &found {
            list.plain(name, kind::FIELD, detail);
        }
        if place.is_only && !found.is_empty() {
            return Json::Array(list.items);
        }
    }
    let place = place(before);
    let written = match &place {
        Place::Statement(text)
        | Place::Value(text)
        | Place::ParamType(text)
        | Place::HearType(text)
        | Place::Script(text)
        | Place::Table(text)
        | Place::Prompt(text)
        | Place::Procedure(text) => *text,
        Place::Nothing => return Json::Array(list.items),
    };
    list.range = file.text.range(&(offset - written.len()..offset));
    match place {
        Place::Statement(_) => {
            list.statements();
            list.keywords(registry, false);
            list.procedures(file, "");
            list.variables(file, offset, " = ");
        }
        Place::Value(_) => {
            list.variables(file, offset, "");
            list.procedures(file, "()");
            list.functions();
            list.keywords(registry, true);
        }
        Place::ParamType(_) => list.words(param_types(), kind::CLASS),
        Place::HearType(_) => list.words(hear_types(), kind::CLASS),
        Place::Script(_) => {
            let tools_only = before.to_ascii_uppercase().contains("TOOL");
            for script in folder.files.values().filter(|script| !tools_only || script.is_tool()) {
                let detail = script.outline.description.clone().unwrap_or_default();
                list.plain(&script.name, kind::FILE, &detail);
            }
        }
        Place::Table(_) => {
            for name in tables(folder) {
                list.plain(&name, kind::STRUCT, "table");
            }
        }
        Place::Prompt(_) => {
            for prompt in folder.prompts() {
                list.plain(&prompt.name, kind::FILE, &prompt.description);
            }
        }
        Place::Procedure(_) => {
            list.procedures(file, "");
            for script in folder.files.values() {
                list.plain(&format!("\"{}.bas\"", script.name), kind::MODULE, "script");
            }
        }
        Place::Nothing => {}
    }
    Json::Array(list.items)
}

/// Names of tables and data files that the package's scripts name.
fn tables(folder: &Folder) -> Vec<String> {
    let mut names: Vec<String> = folder
        .files
        .values()
        .flat_map(|file| &file.outline.occurrences)
        .filter(|one| one.named == crate::basic::Named::Table)
        .map(|one| one.key.clone())
        .filter(|name| !name.is_empty())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// What is being written at the end of `before`, the start of a line.
fn place(before: &str) -> Place<'_> {
    if let Some((outside, inside)) = open_text(before) {
        if let Some(code) = hole(inside) {
            return Place::Value(last_word(code));
        }
        let lead = outside.trim().to_ascii_uppercase();
        let words: Vec<&str> = lead.split_whitespace().collect();
        let is = |word: &str| words.contains(&word);
        let direct = lead.ends_with(|c: char| c.is_ascii_alphabetic());
        return match words.last().copied() {
            Some("TOOL" | "CALL" | "SUB" | "INCLUDE") if direct => Place::Script(inside),
            Some("PROMPT") if direct && (is("USE") || is("RUN")) => Place::Prompt(inside),
            Some(
                "FIND" | "SAVE" | "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "INTO" | "FROM" | "AGGREGATE" | "PIVOT",
            ) if direct && !is("TALK") => Place::Table(inside),
            _ => Place::Nothing,
        };
    }
    let line = before.trim_start();
    let upper = line.to_ascii_uppercase();
    let starts = |word: &str| {
        upper
            .strip_prefix(word)
            .is_some_and(|rest| rest.starts_with([' ', '\t']))
    };
    if line.starts_with(['\'', '#']) || starts("REM") || line.starts_with("//") || starts("DESCRIPTION") {
        return Place::Nothing;
    }
    let word = last_word(line);
    let lead = upper.get(..upper.len() - word.len()).unwrap_or_default().trim_end();
    if lead.ends_with(" AS") && starts("PARAM") {
        return Place::ParamType(word);
    }
    if lead.ends_with(" AS") && (starts("HEAR") || upper.contains(" HEAR ")) {
        return Place::HearType(word);
    }
    if lead == "CALL" || lead.ends_with(" CALL") {
        return Place::Procedure(word);
    }
    // Words only, from the start of the statement: THEN and ELSE begin one as well.
    let begin = [" THEN ", " ELSE "]
        .iter()
        .filter_map(|word| upper.rfind(word).map(|at| at + word.len()))
        .max()
        .unwrap_or(0);
    let statement = line.get(begin..).unwrap_or_default();
    if statement.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ' ') {
        return Place::Statement(statement.trim_start());
    }
    if lead.ends_with('.') {
        return Place::Nothing;
    }
    Place::Value(word)
}

struct List {
    items: Vec<Json>,
    range: Json,
}

impl List {
    fn item(&mut self, label: &str, kind: u8, detail: &str, insert: &str, snippet: bool, docs: Option<String>) {
        let mut item = json!({
            "label": label,
            "kind": kind,
            "detail": detail,
            "filterText": label,
            "insertTextFormat": if snippet { 2 } else { 1 },
            "textEdit": { "range": self.range, "newText": insert },
        });
        if let Some(docs) = docs {
            item["documentation"] = json!({ "kind": "markdown", "value": docs });
        }
        self.items.push(item);
    }

    fn plain(&mut self, label: &str, kind: u8, detail: &str) {
        self.item(label, kind, detail, label, false, None);
    }

    fn words(&mut self, words: impl Iterator<Item = &'static str>, kind: u8) {
        for word in words {
            self.plain(word, kind, "");
        }
    }

    fn statements(&mut self) {
        for word in WORDS {
            self.item(word.phrase, kind::KEYWORD, word.summary, word.snippet, true, None);
        }
    }

    /// Keywords; as values those that give one.
    fn keywords(&mut self, registry: &Registry, values: bool) {
        for (keyword, shapes) in registry.iter() {
            if values && matches!(keyword.class, Class::Write | Class::Wait) {
                continue;
            }
            let Some(shape) = shapes.first() else { continue };
            let insert = manual::snippet(keyword.phrase, shape);
            let docs = Some(manual::keyword_page(keyword, shapes));
            self.item(keyword.phrase, kind::KEYWORD, keyword.summary, &insert, true, docs);
        }
    }

    fn functions(&mut self) {
        for doc in GROUPS.iter().flat_map(|group| group.functions) {
            let insert = if doc.signature.is_empty() {
                format!("{}()", doc.name)
            } else {
                format!("{}($0)", doc.name)
            };
            let detail = format!("{}({})", doc.name, doc.signature);
            let docs = Some(manual::function_page(doc));
            self.item(doc.name, kind::FUNCTION, &detail, &insert, true, docs);
        }
    }

    fn procedures(&mut self, file: &File, call: &str) {
        for procedure in &file.outline.procedures {
            let detail = format!("{}({})", procedure.name, procedure.params.join(", "));
            let insert = if call.is_empty() || procedure.params.is_empty() {
                format!("{}{call}", procedure.name)
            } else {
                format!("{}($0)", procedure.name)
            };
            self.item(&procedure.name, kind::FUNCTION, &detail, &insert, true, None);
        }
    }

    fn variables(&mut self, file: &File, offset: usize, after: &str) {
        let written = |key: &str| {
            let place = file
                .outline
                .occurrences
                .iter()
                .find(|one| one.key == key && one.named == crate::basic::Named::Variable);
            place
                .and_then(|one| file.text.as_str().get(one.span.clone()))
                .unwrap_or(key)
                .to_owned()
        };
        for key in file.outline.variables_at(offset) {
            let name = written(key);
            self.item(
                &name,
                kind::VARIABLE,
                "variable",
                &format!("{name}{after}"),
                false,
                None,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_known_by_what_stands_before_it() {
        assert_eq!(place("  ADD SU"), Place::Statement("ADD SU"));
        assert_eq!(place("IF x THEN TA"), Place::Statement("TA"));
        assert_eq!(place("x = LE"), Place::Value("LE"));
        assert_eq!(place("TALK \"a ${na"), Place::Value("na"));
        assert_eq!(place("TALK \"hello"), Place::Nothing);
        assert_eq!(place("PARAM day AS DA"), Place::ParamType("DA"));
        assert_eq!(place("HEAR day AS "), Place::HearType(""));
        assert_eq!(place("ADD TOOL \"bo"), Place::Script("bo"));
        assert_eq!(place("rows = FIND \"cu"), Place::Table("cu"));
        assert_eq!(place("title = RUN PROMPT \"ti"), Place::Prompt("ti"));
        assert_eq!(place("' a comment"), Place::Nothing);
    }
}
