//! Changes that mend or tidy a document.

use serde_json::{Map, Value as Json, json};

use super::workspace::File;
use crate::{
    basic::{self, Diagnostic},
    mounted::Language,
};

/// The answer to `textDocument/formatting`: one change of the lines that are not in the canonical form. A script with
/// errors stays as it is; its problems are shown anyway.
pub(super) fn format(language: &Language, file: &File) -> Json {
    let old = file.text.as_str();
    let Ok(new) = basic::format_source(old, language.grammar()) else {
        return json!([]);
    };
    if new == old {
        return json!([]);
    }
    // Lines that stay are left alone, so that the pointer and breakpoints stay where they are.
    let before: usize = old
        .split_inclusive('\n')
        .zip(new.split_inclusive('\n'))
        .take_while(|(a, b)| a == b)
        .map(|(line, _)| line.len())
        .sum();
    let (old_rest, new_rest) = (
        old.get(before..).unwrap_or_default(),
        new.get(before..).unwrap_or_default(),
    );
    let after: usize = old_rest
        .split_inclusive('\n')
        .rev()
        .zip(new_rest.split_inclusive('\n').rev())
        .take_while(|(a, b)| a == b)
        .map(|(line, _)| line.len())
        .sum();
    let fresh = new_rest.get(..new_rest.len() - after).unwrap_or_default();
    json!([{ "range": file.text.range(&(before..old.len() - after)), "newText": fresh }])
}

/// The answer to `textDocument/codeAction`: what the problems in a range propose to write instead.
pub(super) fn actions(file: &File, range: &Json) -> Json {
    let (start, end) = (file.text.offset(&range["start"]), file.text.offset(&range["end"]));
    let here = file
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.span.start <= end && start <= diagnostic.span.end);
    let mends = here.filter_map(|diagnostic| {
        let proposed = diagnostic.help.as_deref()?.strip_prefix("did you mean `")?;
        let proposed = proposed.split('`').next()?;
        let span = replaced(file, diagnostic, proposed);
        let mut changes = Map::new();
        changes.insert(
            file.uri.clone(),
            json!([{ "range": file.text.range(&span), "newText": proposed }]),
        );
        Some(json!({
            "title": format!("Write {proposed}"),
            "kind": "quickfix",
            "isPreferred": true,
            "edit": { "changes": changes },
        }))
    });
    mends.collect()
}

/// What a proposal takes the place of: for a phrase as many words as it has.
fn replaced(file: &File, diagnostic: &Diagnostic, proposed: &str) -> std::ops::Range<usize> {
    let start = diagnostic.span.start;
    let text = file.text.as_str();
    if diagnostic.code == "B223" {
        // The quotes stay.
        let quoted = text
            .get(diagnostic.span.clone())
            .is_some_and(|text| text.starts_with('"'));
        return if quoted {
            start + 1..diagnostic.span.end - 1
        } else {
            diagnostic.span.clone()
        };
    }
    let mut end = diagnostic.span.end;
    for _ in proposed.split(' ').skip(1) {
        let rest = text.get(end..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let word = rest
            .get(blanks..)
            .unwrap_or_default()
            .chars()
            .take_while(|c| c.is_alphanumeric())
            .map(char::len_utf8)
            .sum::<usize>();
        end += blanks + word;
    }
    start..end
}
