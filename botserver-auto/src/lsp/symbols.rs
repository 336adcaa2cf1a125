//! What is in a document: its parameters, SUBs, variables, and what can be folded.

use std::collections::HashSet;

use serde_json::{Value as Json, json};

use super::workspace::File;
use crate::basic::{Named, Role};

/// The answer to `textDocument/documentSymbol`.
pub(super) fn symbols(file: &File) -> Json {
    const FUNCTION: u8 = 12;
    const VARIABLE: u8 = 13;
    const FIELD: u8 = 8;
    const STRUCT: u8 = 23;
    let outline = &file.outline;
    let mut found = Vec::new();
    for param in &outline.params {
        let range = file.text.range(&param.span);
        found.push(json!({
            "name": param.name, "detail": param.kind, "kind": FIELD, "range": range, "selectionRange": range,
        }));
    }
    for procedure in &outline.procedures {
        found.push(json!({
            "name": procedure.name,
            "detail": format!("({})", procedure.params.join(", ")),
            "kind": FUNCTION,
            "range": file.text.range(&procedure.span),
            "selectionRange": file.text.range(&procedure.name_span),
        }));
    }
    let mut seen: HashSet<&str> = HashSet::new();
    for one in &outline.occurrences {
        let kind = match one.named {
            Named::Variable if one.role == Role::Write && one.scope.is_none() => VARIABLE,
            Named::Table if one.role.defines() => STRUCT,
            _ => continue,
        };
        let is_param = outline
            .params
            .iter()
            .any(|param| param.name.eq_ignore_ascii_case(&one.key));
        if is_param || !seen.insert(one.key.as_str()) {
            continue;
        }
        let range = file.text.range(&one.span);
        let name = file.text.as_str().get(one.span.clone()).unwrap_or(&one.key);
        found.push(json!({ "name": name, "kind": kind, "range": range, "selectionRange": range }));
    }
    Json::Array(found)
}

/// The answer to `textDocument/foldingRange`: blocks by their first and last words, and runs of comments.
pub(super) fn folds(file: &File) -> Json {
    let mut open: Vec<usize> = Vec::new();
    let mut found = Vec::new();
    for (number, line) in file.text.as_str().lines().enumerate() {
        let line = line.trim();
        let upper = line.to_ascii_uppercase();
        let mut words = upper.split_whitespace();
        let first = words.next().unwrap_or_default();
        let second = words.next().unwrap_or_default();
        let closes =
            matches!(first, "NEXT" | "WEND" | "LOOP" | "ENDIF" | "ENDSUB") || first == "END" && !second.is_empty();
        let opens = match first {
            "IF" => upper.ends_with("THEN") || upper.ends_with('{'),
            "FOR" | "WHILE" | "DO" | "SELECT" | "SWITCH" | "SUB" | "FUNCTION" | "TRY" | "BEGIN" | "TABLE" => true,
            "WITH" => !second.is_empty(),
            "ON" => upper.ends_with(" DO"),
            _ => false,
        };
        if closes {
            if let Some(start) = open.pop()
                && number > start + 1
            {
                found.push(json!({ "startLine": start, "endLine": number - 1 }));
            }
        } else if opens && (first == "FOR" || !upper.contains(" = ")) {
            open.push(number);
        }
    }
    Json::Array(found)
}
