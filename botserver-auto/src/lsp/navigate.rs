//! Where things are made and used, and what they are called.

use serde_json::{Map, Value as Json, json};

use super::{
    server::Refusal,
    workspace::{File, Folder},
};
use crate::{
    basic::{Named, Occurrence},
    mounted::Language,
};

/// The answer to `textDocument/definition`.
pub(super) fn definition(folder: &Folder, file: &File, offset: usize) -> Json {
    let Some(one) = file.outline.at(offset) else {
        return Json::Null;
    };
    match one.named {
        Named::Variable | Named::Procedure | Named::Label => match file.outline.definition(one) {
            Some(found) => location(file, found),
            None => Json::Null,
        },
        Named::Script => match folder.script(&one.key) {
            Some(script) => json!({ "uri": script.uri, "range": script.text.range(&(0..0)) }),
            None => Json::Null,
        },
        Named::Table => table(folder, &one.key).unwrap_or(Json::Null),
        Named::Function | Named::Keyword | Named::Event => Json::Null,
    }
}

/// Where a table is declared.
fn table(folder: &Folder, name: &str) -> Option<Json> {
    folder.files.values().find_map(|file| {
        let declares = |one: &&Occurrence| one.named == Named::Table && one.role.defines() && one.key == name;
        let one = file.outline.occurrences.iter().find(declares)?;
        Some(location(file, one))
    })
}

fn location(file: &File, one: &Occurrence) -> Json {
    json!({ "uri": file.uri, "range": file.text.range(&one.span) })
}

/// The answer to `textDocument/references`. Scripts and tables are looked for in the whole package.
pub(super) fn references(folder: &Folder, file: &File, offset: usize, declared: bool) -> Json {
    let Some(one) = file.outline.at(offset) else {
        return json!([]);
    };
    let everywhere = !matches!(one.named, Named::Variable | Named::Procedure | Named::Label);
    let definition = file.outline.definition(one);
    let mut found = Vec::new();
    for other in folder
        .files
        .values()
        .filter(|other| everywhere || other.uri == file.uri)
    {
        for place in other.outline.same_as(one) {
            if declared || everywhere || definition != Some(place) {
                found.push(location(other, place));
            }
        }
    }
    Json::Array(found)
}

/// The answer to `textDocument/documentHighlight`.
pub(super) fn highlights(file: &File, offset: usize) -> Json {
    let Some(one) = file.outline.at(offset) else {
        return json!([]);
    };
    let marks = file.outline.same_as(one).map(|place| {
        let kind = if place.role.defines() { 3 } else { 2 };
        json!({ "range": file.text.range(&place.span), "kind": kind })
    });
    marks.collect()
}

/// The answer to `textDocument/prepareRename`.
pub(super) fn renameable(file: &File, offset: usize) -> Result<Json, Refusal> {
    let one = target(file, offset)?;
    Ok(json!({
        "range": file.text.range(&one.span),
        "placeholder": file.text.as_str().get(one.span.clone()).unwrap_or(&one.key),
    }))
}

fn target(file: &File, offset: usize) -> Result<&Occurrence, Refusal> {
    let one = file.outline.at(offset);
    let Some(one) = one.filter(|one| matches!(one.named, Named::Variable | Named::Procedure | Named::Label)) else {
        return Err(Refusal::failed(
            "only variables, parameters, SUBs, FUNCTIONs and labels can be renamed",
        ));
    };
    if file.outline.definition(one).is_none() {
        return Err(Refusal::failed(format!(
            "{} is not assigned in this script, so it cannot be renamed here",
            one.key
        )));
    }
    Ok(one)
}

/// The answer to `textDocument/rename`.
pub(super) fn rename(language: &Language, file: &File, offset: usize, name: &str) -> Result<Json, Refusal> {
    let one = target(file, offset)?;
    legal(language, file, one, name)?;
    let edits = file.outline.same_as(one).map(|place| {
        let written = file.text.as_str().get(place.span.clone()).unwrap_or_default();
        let text = if place.short {
            format!("{written}: {name}")
        } else {
            name.to_owned()
        };
        json!({ "range": file.text.range(&place.span), "newText": text })
    });
    let mut changes = Map::new();
    changes.insert(file.uri.clone(), edits.collect());
    Ok(json!({ "changes": changes }))
}

/// Whether `name` can be what `one` is called from now on.
fn legal(language: &Language, file: &File, one: &Occurrence, name: &str) -> Result<(), Refusal> {
    let body = name.strip_suffix('$').unwrap_or(name);
    let mut letters = body.chars();
    let first = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !first || !letters.all(|c| c.is_alphanumeric() || c == '_') {
        return Err(Refusal::failed(format!(
            "{name:?} is no name: write a letter or _, then letters, digits and _"
        )));
    }
    if language.is_reserved(body) {
        return Err(Refusal::failed(format!(
            "{name} is a word of the language: use another name"
        )));
    }
    let key = body.to_lowercase();
    let taken = file
        .outline
        .occurrences
        .iter()
        .any(|other| other.named == one.named && other.key == key && other.key != one.key);
    if taken {
        return Err(Refusal::failed(format!(
            "{name} is used in this script already: use another name"
        )));
    }
    Ok(())
}
