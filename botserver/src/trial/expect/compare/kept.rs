//! Files of the bot, and what is planned.

use botserver_tasks::Planned;
use chrono::SecondsFormat;
use serde_json::Value;

use crate::trial::{
    diff,
    expect::{Content, Like, Plan},
    pattern::{has, text},
};

/// How a file differs; `came` is its text or its rows, null when there is no such file.
pub(super) fn file(path: &str, wanted: &Content, came: &Value, found: &mut Vec<String>) {
    match (wanted, came) {
        (Content::Absent, Value::Null) => {}
        (Content::Absent, came) => {
            found.push(format!("there is a file {path}\n{}", diff::shown(&[text(came)])));
        }
        (_, Value::Null) => found.push(format!("there is no file {path}")),
        (Content::Rows(rows), came) => {
            let wanted = Value::Array(rows.clone());
            if !has(&wanted, came) {
                found.push(format!("the rows of {path} differ\n{}", diff::values(&wanted, came)));
            }
        }
        (Content::Text(wanted), came) => exactly(path, wanted, &text(came), found),
        (Content::Like(wanted), came) => like(path, wanted, &text(came), found),
    }
}

fn exactly(path: &str, wanted: &str, came: &str, found: &mut Vec<String>) {
    let lines = |text: &str| text.trim().lines().map(str::to_owned).collect::<Vec<_>>();
    let (wanted, came) = (lines(wanted), lines(came));
    if wanted != came {
        found.push(format!("the file {path} differs\n{}", diff::lists(&wanted, &came)));
    }
}

fn like(path: &str, wanted: &Like, came: &str, found: &mut Vec<String>) {
    let shown = || diff::shown(&[came.trim().to_owned()]);
    for text in wanted.exactly.iter().flat_map(|texts| &texts.0) {
        exactly(path, text, came, found);
    }
    for part in wanted.contains.0.iter().filter(|part| !came.contains(part.trim())) {
        found.push(format!("the file {path} does not contain {part:?}\n{}", shown()));
    }
    for pattern in wanted.matches.0.iter().filter(|pattern| !pattern.is_match(came)) {
        let pattern = pattern.as_str();
        found.push(format!("the file {path} does not match {pattern:?}\n{}", shown()));
    }
    let mut rest = came;
    for part in &wanted.in_order.0 {
        let Some((_, after)) = rest.split_once(part.trim()) else {
            found.push(format!(
                "{part:?} is not in the file {path}, or not after what stands before it\n{}",
                shown()
            ));
            break;
        };
        rest = after;
    }
    for part in wanted.never.0.iter().filter(|part| came.contains(part.trim())) {
        found.push(format!("{part:?} is in the file {path}\n{}", shown()));
    }
}

/// Everything that is planned must be expected once, and the other way round; the order says nothing.
pub(super) fn schedules(expected: &[Plan], came: &[Planned], found: &mut Vec<String>) {
    let mut left: Vec<&Planned> = came.iter().collect();
    let mut is_all = true;
    for wanted in expected {
        match left.iter().position(|planned| is_wanted(wanted, planned)) {
            Some(place) => {
                left.remove(place);
            }
            None => is_all = false,
        }
    }
    if is_all && left.is_empty() {
        return;
    }
    // Only what the test names is shown of each, else lines would differ that are as expected.
    let wish = |plan: &Plan| line(&plan.script, plan.when.as_deref(), plan.next);
    let mut wanted: Vec<String> = expected.iter().map(wish).collect();
    let shows_next = expected.iter().any(|plan| plan.next.is_some());
    let mut shown: Vec<String> = came
        .iter()
        .map(|planned| {
            line(
                &planned.script,
                Some(&planned.when),
                planned.next.filter(|_| shows_next),
            )
        })
        .collect();
    wanted.sort();
    shown.sort();
    found.push(format!("schedules differ\n{}", diff::lists(&wanted, &shown)));
}

fn is_wanted(wanted: &Plan, planned: &Planned) -> bool {
    wanted.script.eq_ignore_ascii_case(&planned.script)
        && wanted.when.as_ref().is_none_or(|when| *when == planned.when)
        && wanted.next.is_none_or(|next| Some(next) == planned.next)
}

fn line(script: &str, when: Option<&str>, next: Option<chrono::DateTime<chrono::Utc>>) -> String {
    let when = when.map_or_else(|| "at any time".to_owned(), |when| format!("{when:?}"));
    let next = next.map(|next| format!(", next {}", next.to_rfc3339_opts(SecondsFormat::Secs, true)));
    format!("{script} {when}{}", next.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize as _;
    use serde_json::json;

    use super::*;

    fn differences(wanted: &Value, came: &Value) -> String {
        let mut found = Vec::new();
        file("a.txt", &Content::deserialize(wanted).unwrap(), came, &mut found);
        found.join("\n")
    }

    #[test]
    fn a_file_is_as_expected_or_the_difference_is_shown() {
        for (wanted, came) in [
            (json!(null), json!(null)),
            (json!("tea"), json!("tea\n")),
            (
                json!({ "contains": "te", "matches": "^t.a$", "never": "cake" }),
                json!("tea"),
            ),
            (json!([{ "name": "tea" }]), json!([{ "name": "tea", "price": 2 }])),
            (json!(2), json!("2")),
        ] {
            assert_eq!(differences(&wanted, &came), "");
        }

        insta::assert_snapshot!(differences(&json!("tea\ncake"), &json!("tea\npie\n")), @r"
        the file a.txt differs
          tea
        - cake
        + pie
        ");
        insta::assert_snapshot!(differences(&json!("tea"), &json!(null)), @"there is no file a.txt");
        insta::assert_snapshot!(differences(&json!({ "in_order": ["b", "a"] }), &json!("ab")), @r#"
        "a" is not in the file a.txt, or not after what stands before it
        + ab
        "#);
        insta::assert_snapshot!(differences(&json!(null), &json!("tea")), @r"
        there is a file a.txt
        + tea
        ");
    }

    #[test]
    fn what_is_planned_is_compared_as_a_whole() {
        let planned = |script: &str, when: &str| Planned {
            script: script.to_owned(),
            when: when.to_owned(),
            next: None,
        };
        let plan = |script: &str, when: Option<&str>| Plan {
            script: script.to_owned(),
            when: when.map(str::to_owned),
            next: None,
        };
        let came = [planned("a", "0 9 * * *"), planned("b", "every day at 9am")];
        let mut found = Vec::new();

        schedules(&[plan("b", None), plan("A", Some("0 9 * * *"))], &came, &mut found);
        assert_eq!(found, Vec::<String>::new());

        schedules(&[plan("a", Some("0 8 * * *"))], &came, &mut found);
        insta::assert_snapshot!(found.join("\n"), @r#"
        schedules differ
        - a "0 8 * * *"
        + a "0 9 * * *"
        + b "every day at 9am"
        "#);
    }
}
