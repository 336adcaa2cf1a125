//! What a word means.

use botstate::keyword::Registry;
use serde_json::{Value as Json, json};

use super::{
    columns,
    document::Text,
    workspace::{File, Folder},
};
use crate::{
    basic::{self, Named, Occurrence, Role, WORDS},
    manual,
};

/// The answer to `textDocument/hover`.
pub(super) fn hover(registry: &Registry, folder: &Folder, file: &File, offset: usize) -> Json {
    let occurrence = file.outline.at(offset);
    let found = occurrence.and_then(|one| Some((one.span.clone(), about(registry, folder, file, one)?)));
    let found = found.or_else(|| column(folder, file, offset));
    let found = found.or_else(|| word(registry, &file.text, offset));
    match found {
        Some((span, text)) => json!({
            "contents": { "kind": "markdown", "value": text },
            "range": file.text.range(&span),
        }),
        None => Json::Null,
    }
}

fn about(registry: &Registry, folder: &Folder, file: &File, one: &Occurrence) -> Option<String> {
    match one.named {
        Named::Keyword => {
            let (keyword, shapes) = registry.iter().find(|(keyword, _)| keyword.phrase == one.key)?;
            Some(manual::keyword_page(keyword, shapes))
        }
        Named::Function => basic::function_doc(&one.key).map(manual::function_page),
        Named::Procedure => {
            let procedure = file.outline.procedure(&one.key)?;
            let whole = file.text.as_str().get(procedure.span.clone()).unwrap_or_default();
            let line = whole.lines().next().unwrap_or_default().trim();
            Some(format!(
                "```basic\n{line}\n```\n\n{}",
                comment_above(&file.text, procedure.span.start)
            ))
        }
        Named::Script => {
            let script = folder.script(&one.key)?;
            let params: Vec<String> = script
                .outline
                .params
                .iter()
                .map(|param| {
                    let meaning = param.description.as_deref().map(|text| format!(": {text}"));
                    format!("- `{}` {}{}", param.name, param.kind, meaning.unwrap_or_default())
                })
                .collect();
            let what = if script.is_tool() { "tool" } else { "script" };
            let description = script.outline.description.clone().unwrap_or_default();
            Some(format!(
                "**{}.bas** ({what})\n\n{description}\n\n{}",
                script.name,
                params.join("\n")
            ))
        }
        Named::Table => {
            let columns = columns::of_table(folder, &one.key);
            let lines: Vec<String> = columns
                .iter()
                .map(|(name, detail)| format!("- `{name}` {detail}"))
                .collect();
            let kind = if lines.is_empty() {
                "table or data file"
            } else {
                "table"
            };
            Some(format!("**{}** ({kind})\n\n{}", one.key, lines.join("\n")))
        }
        Named::Label => Some(format!("**{}:** (label)", one.key)),
        Named::Event => Some(format!("**{}** (event or endpoint)", one.key)),
        Named::Variable => Some(variable(file, one)),
    }
}

/// A column of a table whose rows a variable holds, or that a filter is about.
fn column(folder: &Folder, file: &File, offset: usize) -> Option<(std::ops::Range<usize>, String)> {
    let after = file.text.line_after(offset);
    let length = after
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(after.len());
    let end = offset + length;
    let place = columns::place(file.text.line_before(end), file.text.line_after(end))?;
    let known = columns::columns(&place, folder, file.text.as_str().get(..end)?);
    let (name, detail) = known
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(place.written))?;
    Some((end - place.written.len()..end, format!("**{name}**: {detail}")))
}

fn variable(file: &File, one: &Occurrence) -> String {
    if let Some(param) = file
        .outline
        .params
        .iter()
        .find(|param| one.scope.is_none() && param.name.trim_end_matches('$').eq_ignore_ascii_case(&one.key))
    {
        let meaning = param.description.clone().unwrap_or_default();
        return format!("```basic\nPARAM {} AS {}\n```\n\n{meaning}", param.name, param.kind);
    }
    let name = file.text.as_str().get(one.span.clone()).unwrap_or(&one.key);
    match file.outline.definition(one) {
        Some(first) => {
            let kind = match first.role {
                Role::Argument => "parameter of a SUB or FUNCTION",
                Role::Loop => "variable of a loop",
                _ => "variable",
            };
            let start = file.text.line_before(first.span.start).len();
            let begin = first.span.start - start;
            let rest = file.text.as_str().get(begin..).unwrap_or_default();
            let line = rest.lines().next().unwrap_or_default().trim();
            format!("**{name}** ({kind})\n\n```basic\n{line}\n```")
        }
        None => format!("**{name}**: never assigned here; it is set by what surrounds the script, or null"),
    }
}

/// The comment lines right above a place.
fn comment_above(text: &Text, offset: usize) -> String {
    let before = text.as_str().get(..offset).unwrap_or_default();
    let mut lines: Vec<&str> = Vec::new();
    for line in before.lines().rev().skip(usize::from(!before.ends_with('\n'))) {
        let line = line.trim();
        let Some(comment) = line.strip_prefix('\'').or_else(|| line.strip_prefix("REM ")) else {
            break;
        };
        lines.push(comment.trim());
    }
    lines.reverse();
    lines.join("\n")
}

/// A statement or keyword that the tree does not note: the longest phrase around the place.
fn word(registry: &Registry, text: &Text, offset: usize) -> Option<(std::ops::Range<usize>, String)> {
    let begin = offset - text.line_before(offset).len();
    let rest = text.as_str().get(begin..)?;
    let line = rest.lines().next().unwrap_or_default();
    let mut words: Vec<(usize, &str)> = Vec::new();
    let mut quoted = false;
    let mut start = None;
    for (at, letter) in line.char_indices().chain([(line.len(), ' ')]) {
        if letter == '"' {
            quoted = !quoted;
        }
        let inside = !quoted && (letter.is_alphanumeric() || letter == '_');
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((from, line.get(from..at)?));
                start = None;
            }
            _ => {}
        }
    }
    let at = offset - begin;
    let here = words
        .iter()
        .position(|(from, word)| *from <= at && at <= from + word.len())?;
    (0..=here)
        .filter_map(|first| {
            let mut longest = (here..words.len().min(first + 6)).rev();
            longest.find_map(|last| {
                let pieces: Vec<&str> = words.get(first..=last)?.iter().map(|(_, word)| *word).collect();
                let phrase = pieces.join(" ").to_ascii_uppercase();
                let page = page(registry, &phrase)?;
                let (from, _) = words.get(first)?;
                let (to, word) = words.get(last)?;
                Some((begin + from..begin + to + word.len(), page))
            })
        })
        .max_by_key(|(span, _)| span.len())
}

fn page(registry: &Registry, phrase: &str) -> Option<String> {
    let keyword = registry.iter().find(|(keyword, _)| keyword.phrase == phrase);
    let end = phrase.strip_prefix("END ").unwrap_or(phrase);
    let begin = match end {
        "NEXT" => "FOR EACH",
        "WEND" => "WHILE",
        "LOOP" => "DO",
        "ENDIF" | "THEN" => "IF",
        "SELECT" => "SELECT CASE",
        other => other,
    };
    let word = WORDS.iter().find(|word| word.phrase == phrase || word.phrase == begin);
    keyword
        .map(|(keyword, shapes)| manual::keyword_page(keyword, shapes))
        .or_else(|| word.map(manual::word_page))
}

/// The answer to `textDocument/signatureHelp`: the function or SUB whose parentheses are open.
pub(super) fn signature(file: &File, offset: usize) -> Json {
    let before = file.text.line_before(offset);
    let (mut depth, mut commas, mut quoted) = (0_i32, 0_usize, false);
    let mut open = None;
    for (at, letter) in before.char_indices().rev() {
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => {}
            ')' | ']' | '}' => depth += 1,
            '(' if depth == 0 => {
                open = Some(at);
                break;
            }
            '(' | '[' | '{' => depth -= 1,
            ',' if depth == 0 => commas += 1,
            _ => {}
        }
    }
    let name = open.and_then(|at| {
        let lead = before.get(..at)?;
        let from = lead
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |at| at + 1);
        lead.get(from..).filter(|name| !name.is_empty())
    });
    let Some(name) = name else { return Json::Null };
    let known = file.outline.procedure(&name.to_lowercase());
    let (label, params, docs) = if let Some(procedure) = known {
        (procedure.name.clone(), procedure.params.clone(), String::new())
    } else if let Some(doc) = basic::function_doc(&name.to_ascii_uppercase()) {
        let params = doc.signature.replace(['[', ']'], "");
        let params = params
            .split(',')
            .map(|param| param.trim().to_owned())
            .filter(|param| !param.is_empty());
        (doc.name.to_owned(), params.collect(), doc.summary.to_owned())
    } else {
        return Json::Null;
    };
    let active = commas.min(params.len().saturating_sub(1));
    let parameters: Vec<Json> = params.iter().map(|param| json!({ "label": param })).collect();
    json!({
        "signatures": [{
            "label": format!("{label}({})", params.join(", ")),
            "documentation": { "kind": "markdown", "value": docs },
            "parameters": parameters,
        }],
        "activeSignature": 0,
        "activeParameter": active,
    })
}
