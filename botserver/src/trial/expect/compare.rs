//! How what came differs from what was expected.

mod calls;
mod kept;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Expect, Like, PageEvent, Remembered, Said, Texts};
use crate::trial::{
    diff,
    outcome::Outcome,
    pattern::{has, is},
};

/// Everything in which `outcome` differs from what is expected, each with what belongs to it on lines of its own.
pub(crate) fn compare(expect: &Expect, outcome: &Outcome) -> Vec<String> {
    let mut found = Vec::new();
    // Why something went wrong comes before what came of it.
    sentences("fault", expect.fault.as_ref(), &outcome.faults, &mut found);
    sentences("refused", expect.refused.as_ref(), &outcome.refused, &mut found);
    match &expect.said {
        Some(Said::Exactly(texts)) => exactly(texts, &outcome.said, &mut found),
        Some(Said::Like(like)) => said(like, &outcome.said, &mut found),
        None => {}
    }
    if let Some(expected) = &expect.suggestions {
        let shown: Vec<String> = outcome.suggestions.iter().map(|chip| chip.text.clone()).collect();
        if expected.0 != shown {
            found.push(format!("suggestions differ\n{}", diff::lists(&expected.0, &shown)));
        }
    }
    if let Some(expected) = &expect.waiting {
        waiting(expected, outcome, &mut found);
    }
    if let Some(expected) = &expect.returns
        && !is(expected, &outcome.returns)
    {
        found.push(format!("returns differs\n{}", diff::values(expected, &outcome.returns)));
    }
    if let Some(expected) = &expect.memory {
        remembered(expected, &outcome.memory, &mut found);
    }
    for (table, wanted) in expect.rows.iter().flatten() {
        let wanted = Value::Array(wanted.iter().cloned().map(Value::Object).collect());
        let came = outcome.rows.get(table).unwrap_or(&Value::Null);
        if !has(&wanted, came) {
            found.push(format!("the rows of {table} differ\n{}", diff::values(&wanted, came)));
        }
    }
    for (path, wanted) in expect.files.iter().flatten() {
        kept::file(
            path,
            wanted,
            outcome.files.get(path).unwrap_or(&Value::Null),
            &mut found,
        );
    }
    if let Some(expected) = &expect.schedules {
        kept::schedules(expected, &outcome.schedules, &mut found);
    }
    if let Some(expected) = &expect.http {
        calls::fetched(expected, &outcome.http, &mut found);
    }
    if let Some(expected) = &expect.model {
        calls::asked(expected, &outcome.model, &mut found);
    }
    if let Some(expected) = &expect.tools {
        calls::tools(expected, &outcome.model, &mut found);
    }
    if let Some(expected) = &expect.page {
        page(expected, &outcome.page, &mut found);
    }
    found
}

/// Faults and refusals: each that came must be expected, and each that is expected must come.
fn sentences(name: &str, expected: Option<&Texts>, came: &[String], found: &mut Vec<String>) {
    let expected = expected.map(|texts| texts.0.as_slice()).unwrap_or_default();
    for wanted in expected {
        if !came.iter().any(|text| text.contains(wanted)) {
            found.push(format!("no {name} says {wanted:?}\n{}", diff::shown(came)));
        }
    }
    if expected.is_empty() {
        found.extend(came.iter().map(|text| format!("{name}: {text}")));
    }
}

fn exactly(expected: &[String], came: &[String], found: &mut Vec<String>) {
    let trimmed = |texts: &[String]| texts.iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>();
    let (expected, came) = (trimmed(expected), trimmed(came));
    if expected != came {
        found.push(format!("said differs\n{}", diff::lists(&expected, &came)));
    }
}

fn said(like: &Like, came: &[String], found: &mut Vec<String>) {
    if let Some(texts) = &like.exactly {
        exactly(&texts.0, came, found);
    }
    for part in &like.contains.0 {
        if !came.iter().any(|text| text.contains(part.trim())) {
            found.push(format!(
                "nothing that was said contains {part:?}\n{}",
                diff::shown(came)
            ));
        }
    }
    for pattern in &like.matches.0 {
        if !came.iter().any(|text| pattern.is_match(text)) {
            let pattern = pattern.as_str();
            found.push(format!(
                "nothing that was said matches {pattern:?}\n{}",
                diff::shown(came)
            ));
        }
    }
    let all = came.join("\n");
    let mut rest = all.as_str();
    for part in &like.in_order.0 {
        let Some((_, after)) = rest.split_once(part.trim()) else {
            found.push(format!(
                "{part:?} was not said, or not after what stands before it\n{}",
                diff::shown(came)
            ));
            break;
        };
        rest = after;
    }
    for part in &like.never.0 {
        if came.iter().any(|text| text.contains(part.trim())) {
            found.push(format!("{part:?} was said\n{}", diff::shown(came)));
        }
    }
}

fn waiting(expected: &Value, outcome: &Outcome, found: &mut Vec<String>) {
    let kind = outcome.input.as_ref().map(|input| input.kind.name());
    let is_so = match expected {
        Value::Bool(wanted) => *wanted == kind.is_some(),
        Value::String(wanted) => kind == Some(wanted.as_str()),
        _ => false,
    };
    if !is_so {
        let came = kind.map_or_else(|| "false".to_owned(), |kind| format!("{kind:?}"));
        found.push(format!("waiting is {came} and not {expected}\n"));
    }
}

fn remembered(expected: &Remembered, came: &BTreeMap<String, Value>, found: &mut Vec<String>) {
    let places: [(&str, &Map<String, Value>); 3] = [
        ("bot", &expected.bot),
        ("user", &expected.user),
        ("session", &expected.session),
    ];
    for (place, wanted) in places {
        for (key, wanted) in wanted {
            let value = came.get(&format!("{place} {key}")).unwrap_or(&Value::Null);
            // A key that nobody set reads as an empty text.
            let is_nothing = wanted.is_null() && (value.is_null() || value == "");
            if !is_nothing && !is(wanted, value) {
                found.push(format!(
                    "the memory of the {place} differs in {key:?}\n{}",
                    diff::values(wanted, value)
                ));
            }
        }
    }
}

fn page(expected: &[PageEvent], came: &[(String, Value)], found: &mut Vec<String>) {
    let all = expected.len() == came.len()
        && expected.iter().zip(came).all(|(wanted, (event, data))| {
            wanted.event == *event && wanted.data.as_ref().is_none_or(|wanted| has(wanted, data))
        });
    if all {
        return;
    }
    let wish = |one: &PageEvent| match &one.data {
        Some(data) => format!("{} {data}", one.event),
        None => one.event.clone(),
    };
    let expected: Vec<String> = expected.iter().map(wish).collect();
    let came: Vec<String> = came.iter().map(|(event, data)| format!("{event} {data}")).collect();
    found.push(format!(
        "what the page is told differs\n{}",
        diff::lists(&expected, &came)
    ));
}
