//! Functions for JSON.

use botlib::Value;

use super::{Function, arg, f};
use crate::basic::value::{Outcome, Val, from_value, misfit, to_value};

pub(super) const FUNCTIONS: &[Function] = &[
    f("JSON", 1, 1, to_json),
    f("TOJSON", 1, 1, to_json),
    f("TO_JSON", 1, 1, to_json),
    f("PARSE_JSON", 1, 1, parse),
    f("JSON_PARSE", 1, 1, parse),
];

#[expect(clippy::unnecessary_wraps, reason = "functions of the library share one signature")]
fn to_json(args: &[Val]) -> Outcome<Val> {
    Ok(Val::text(to_value(arg(args, 0)).to_json().to_string()))
}

fn parse(args: &[Val]) -> Outcome<Val> {
    let Val::Text(text) = arg(args, 0) else {
        return Ok(arg(args, 0).clone());
    };
    // Models like to put their JSON into a code fence.
    let text = text.trim();
    let inner = text
        .strip_prefix("```json")
        .or_else(|| text.strip_prefix("```"))
        .unwrap_or(text);
    let inner = inner.strip_suffix("```").unwrap_or(inner).trim();
    let json = serde_json::from_str(inner)
        .map_err(|error| misfit(format!("the text is not JSON: {error}")).hint("check the text with PRINT first"))?;
    from_value(Value::from_json(&json))
}
