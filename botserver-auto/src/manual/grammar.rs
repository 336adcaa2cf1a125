//! The grammar by which editors colour scripts.

use std::collections::BTreeSet;

use botstate::keyword::Registry;
use serde_json::json;

use crate::basic::{GROUPS, WORDS};

/// Words of statements and clauses that are no phrase of their own.
const STRUCTURE: &str = "THEN|END IF|ENDIF|END FOR|NEXT|TO|STEP|IN|DO|LOOP|WEND|END WHILE|UNTIL|END SELECT|END SWITCH|\
                         DEFAULT|END SUB|END FUNCTION|END WITH|END TRY|END|AS|LIKE|ENUM|OPTIONAL|REQUIRED|LABEL|GOTO|\
                         DIM|INCLUDE|TABLE|END TABLE|END ON|EXIT WHILE|EXIT DO|EXIT LOOP|EXIT SUB|REM";

/// Words between values.
const OPERATORS: &str = "AND|OR|NOT|MOD|IS|BETWEEN|CONTAINS|STARTS WITH|ENDS WITH|ILIKE";

/// The `TextMate` grammar, as JSON text.
pub(crate) fn text_mate(registry: &Registry) -> String {
    let keywords = alternatives(registry.iter().map(|(keyword, _)| keyword.phrase));
    let statements = alternatives(
        WORDS
            .iter()
            .map(|word| word.phrase)
            .chain(STRUCTURE.split('|').map(str::trim)),
    );
    let functions = alternatives(GROUPS.iter().flat_map(|group| group.functions).map(|doc| doc.name));
    let hole = json!({
        "name": "meta.interpolation.basic",
        "begin": "\\$\\{",
        "end": "\\}",
        "beginCaptures": { "0": { "name": "punctuation.definition.interpolation.begin.basic" } },
        "endCaptures": { "0": { "name": "punctuation.definition.interpolation.end.basic" } },
        "patterns": [{ "include": "#expression" }],
    });
    let block = |words: &str| {
        json!({
            "name": "string.unquoted.block.basic",
            "begin": format!("(?i)^\\s*(BEGIN\\s+{words})\\b.*$"),
            "end": format!("(?i)^\\s*(END\\s+{words})\\b"),
            "beginCaptures": { "1": { "name": "keyword.control.basic" } },
            "endCaptures": { "1": { "name": "keyword.control.basic" } },
            "patterns": [{ "include": "#hole" }],
        })
    };
    let grammar = json!({
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "BASIC dialog",
        "scopeName": "source.botserver-basic",
        "fileTypes": ["bas"],
        "patterns": [
            { "include": "#comment" },
            block("TALK"),
            block("SYSTEM\\s+PROMPT"),
            block("MAIL"),
            {
                "match": "(?i)^\\s*(SUB|FUNCTION)\\s+([\\p{L}_][\\p{L}\\p{N}_]*\\$?)",
                "captures": {
                    "1": { "name": "storage.type.function.basic" },
                    "2": { "name": "entity.name.function.basic" },
                },
            },
            {
                "match": "(?i)^\\s*(PARAM)\\s+([\\p{L}_][\\p{L}\\p{N}_]*\\$?)(?:\\s+(AS)\\s+([A-Za-z]+))?",
                "captures": {
                    "1": { "name": "storage.type.basic" },
                    "2": { "name": "variable.parameter.basic" },
                    "3": { "name": "keyword.other.basic" },
                    "4": { "name": "support.type.basic" },
                },
            },
            { "match": "^\\s*([\\p{L}_][\\p{L}\\p{N}_]*)\\s*:\\s*$", "captures": { "1": { "name": "entity.name.label.basic" } } },
            { "include": "#expression" },
        ],
        "repository": {
            "comment": {
                "patterns": [
                    { "name": "comment.line.rem.basic", "match": "(?i)^\\s*REM(\\s.*)?$" },
                    { "name": "comment.line.hash.basic", "match": "^\\s*#(?![{]).*$" },
                    { "name": "comment.line.slashes.basic", "match": "(?<!:)//.*$" },
                    { "name": "comment.line.apostrophe.basic", "match": "(?<![=(,\\[+{:]\\s?)'.*$" },
                ],
            },
            "hole": hole,
            "expression": {
                "patterns": [
                    { "include": "#string" },
                    { "include": "#comment" },
                    // A word before `=`, `.` or `[` is a variable, whatever it is called.
                    {
                        "match": "(?i)^\\s*(?:(LET|SET)\\s+)?([\\p{L}_][\\p{L}\\p{N}_]*\\$?)(?=\\s*=|[.\\[])",
                        "captures": {
                            "1": { "name": "keyword.other.basic" },
                            "2": { "name": "variable.other.basic" },
                        },
                    },
                    { "name": "support.function.basic", "match": format!("(?i)(?<![.\\w])({functions})(?=\\()") },
                    { "name": "support.function.keyword.basic", "match": format!("(?i)(?<![.\\w])({keywords})(?![\\w(]|\\s*[=.])") },
                    { "name": "keyword.control.basic", "match": format!("(?i)(?<![.\\w])({statements})(?![\\w(.])") },
                    { "name": "keyword.operator.word.basic", "match": format!("(?i)(?<![.\\w])({})(?!\\w)", alternatives(OPERATORS.split('|'))) },
                    { "name": "constant.language.basic", "match": "(?i)(?<![.\\w])(TRUE|FALSE|NULL)(?!\\w)" },
                    { "name": "constant.numeric.basic", "match": "(?<![\\w.])[0-9]+(\\.[0-9]+)?(?!\\w)" },
                    { "name": "keyword.operator.basic", "match": "<>|<=|>=|==|!=|&&|\\|\\||\\?\\?|\\?\\.|[-+*/^%&=<>?]" },
                    { "name": "variable.other.basic", "match": "[\\p{L}_][\\p{L}\\p{N}_]*\\$?" },
                ],
            },
            "string": {
                "patterns": [
                    {
                        "name": "string.quoted.double.basic",
                        "begin": "\"",
                        "end": "\"",
                        "patterns": [
                            { "name": "constant.character.escape.basic", "match": "\\\\." },
                            { "name": "variable.other.template.basic", "match": "\\{\\{[^}]*\\}\\}" },
                            { "include": "#hole" },
                        ],
                    },
                    { "name": "string.quoted.single.basic", "match": "(?<=[=(,\\[+{:]|[=(,\\[+{:]\\s)'[^'\\n]*'" },
                ],
            },
        },
    });
    let mut text = serde_json::to_string_pretty(&grammar).unwrap_or_default();
    text.push('\n');
    text
}

/// Phrases as alternatives of a pattern, longer ones first, with any blanks or underscores between their words.
fn alternatives<'a>(phrases: impl Iterator<Item = &'a str>) -> String {
    let mut phrases: Vec<&str> = phrases.collect::<BTreeSet<_>>().into_iter().collect();
    phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.split(' ').count()));
    let patterns: Vec<String> = phrases
        .iter()
        .map(|phrase| phrase.split_whitespace().collect::<Vec<_>>().join("[\\s_]+"))
        .collect();
    patterns.join("|")
}
