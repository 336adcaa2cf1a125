//! Requests to the outside and questions to the model.

use crate::trial::{
    diff,
    expect::{HttpCall, ModelCall, Tools},
    outcome::{Asked, Fetched},
    pattern::{fits, has, is},
};

pub(super) fn fetched(expected: &[HttpCall], came: &[Fetched], found: &mut Vec<String>) {
    let is_all =
        expected.len() == came.len() && expected.iter().zip(came).all(|(wanted, call)| is_wanted(wanted, call));
    if is_all {
        return;
    }
    let expected: Vec<String> = expected.iter().map(wish).collect();
    let came: Vec<String> = came.iter().map(ToString::to_string).collect();
    found.push(format!(
        "requests to the outside differ\n{}",
        diff::lists(&expected, &came)
    ));
}

fn is_wanted(wanted: &HttpCall, call: &Fetched) -> bool {
    let has_headers = wanted.headers.iter().all(|(name, pattern)| {
        let header = call.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        header.is_some_and(|(_, value)| fits(pattern, value))
    });
    let method = wanted.method.as_ref();
    method.is_none_or(|method| method.eq_ignore_ascii_case(&call.method))
        && wanted.url.as_ref().is_none_or(|url| fits(url, &call.url))
        && wanted.body.as_ref().is_none_or(|body| is(body, &call.body))
        && has_headers
}

fn wish(call: &HttpCall) -> String {
    let method = call.method.as_deref().unwrap_or("*");
    let url = call.url.as_deref().unwrap_or("*");
    let headers = call.headers.iter().map(|(name, value)| format!(" {name}: {value}"));
    let body = call.body.as_ref().map_or_else(String::new, |body| format!(" {body}"));
    format!("{method} {url}{body}{}", headers.collect::<String>())
}

pub(super) fn asked(expected: &[ModelCall], came: &[Asked], found: &mut Vec<String>) {
    if expected.len() != came.len() {
        let questions: Vec<String> = came.iter().map(Asked::question).collect();
        let (times, wanted) = (came.len(), expected.len());
        found.push(format!(
            "the model was asked {times} times and not {wanted}\n{}",
            diff::shown(&questions)
        ));
        return;
    }
    for (number, (wanted, call)) in expected.iter().zip(came).enumerate() {
        let which = format!("question {} to the model", number + 1);
        let (question, texts) = (call.question(), call.texts());
        for part in wanted.asks.0.iter().filter(|part| !question.contains(part.trim())) {
            let shown = diff::shown(std::slice::from_ref(&question));
            found.push(format!("{which} does not ask {part:?}\n{shown}"));
        }
        let is_in = |part: &str| texts.iter().any(|text| text.contains(part.trim()));
        for part in wanted.contains.0.iter().filter(|part| !is_in(part)) {
            found.push(format!("{which} does not contain {part:?}\n{}", diff::shown(&texts)));
        }
        for part in wanted.never.0.iter().filter(|part| is_in(part)) {
            found.push(format!("{which} contains {part:?}\n{}", diff::shown(&texts)));
        }
    }
}

pub(super) fn tools(expected: &Tools, came: &[Asked], found: &mut Vec<String>) {
    let Some(last) = came.last() else {
        found.push("no tools were offered, because the model was not asked\n".to_owned());
        return;
    };
    let offered = last.tools();
    match expected {
        Tools::Names(names) => {
            let sorted = |names: Vec<String>| {
                let mut names = names;
                names.sort();
                names
            };
            let (wanted, shown) = (sorted(names.clone()), sorted(offered.keys().cloned().collect()));
            if wanted != shown {
                found.push(format!("tools differ\n{}", diff::lists(&wanted, &shown)));
            }
        }
        Tools::Schemas(schemas) => {
            for (name, wanted) in schemas {
                match offered.get(name) {
                    Some(schema) if has(wanted, schema) => {}
                    Some(schema) => found.push(format!("the tool {name} differs\n{}", diff::values(wanted, schema))),
                    None => found.push(format!("the tool {name} was not offered\n")),
                }
            }
        }
    }
}
