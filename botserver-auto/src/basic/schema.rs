//! `PARAM` lines as JSON schema, and arguments against them.

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, FaultKind};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map as JsonMap, Value as Json, json};

use super::{dates, hear, number, program::Program};

/// A parameter of a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParamSpec {
    /// Its name, as the script writes it.
    pub name: String,
    /// Its type in capitals, such as `STRING` or `DATE`.
    pub kind: String,
    /// What it means.
    pub description: Option<String>,
    /// An example, from `LIKE`.
    pub example: Option<Value>,
    /// The values that are allowed; empty when any is.
    pub choices: Vec<Value>,
    /// Whether a model or client must give it.
    pub required: bool,
    /// What it is when nobody gives it, as far as that is a constant.
    pub default: Option<Value>,
}

/// The JSON schema of the arguments.
pub(crate) fn schema(params: &[ParamSpec]) -> Json {
    let properties: JsonMap<String, Json> = params
        .iter()
        .map(|param| (param.name.clone(), Json::Object(property(param))))
        .collect();
    let required: Vec<&str> = params
        .iter()
        .filter(|param| param.required)
        .map(|param| param.name.as_str())
        .collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn property(param: &ParamSpec) -> JsonMap<String, Json> {
    let mut property = JsonMap::new();
    let mut set = |name: &str, value: Json| {
        property.insert(name.to_owned(), value);
    };
    let (kind, format) = json_type(&param.kind);
    set("type", json!(kind));
    if let Some(format) = format {
        set("format", json!(format));
    }
    if kind == "array" {
        set("items", json!({}));
    }
    if let Some(description) = &param.description {
        set("description", json!(description));
    }
    if !param.choices.is_empty() {
        set("enum", param.choices.iter().map(Value::to_json).collect());
    }
    if let Some(example) = &param.example {
        set("examples", json!([example.to_json()]));
    }
    if let Some(default) = &param.default {
        set("default", default.to_json());
    }
    property
}

fn json_type(kind: &str) -> (&'static str, Option<&'static str>) {
    match kind {
        "INTEGER" | "INT" => ("integer", None),
        "NUMBER" | "FLOAT" | "DOUBLE" | "DECIMAL" | "MONEY" => ("number", None),
        "BOOLEAN" | "BOOL" => ("boolean", None),
        "ARRAY" | "LIST" => ("array", None),
        "OBJECT" | "MAP" => ("object", None),
        "DATE" => ("string", Some("date")),
        "DATETIME" => ("string", Some("date-time")),
        "TIME" | "HOUR" => ("string", Some("time")),
        "EMAIL" => ("string", Some("email")),
        "URL" | "FILE" => ("string", Some("uri")),
        "UUID" | "GUID" => ("string", Some("uuid")),
        _ => ("string", None),
    }
}

/// Checks and converts what a model or a client gave for a script's parameters.
///
/// # Errors
/// [`FaultKind::Argument`] naming every argument that is missing, unknown or does not fit.
pub fn check_arguments(program: &Program, args: &Json) -> Result<Map, Fault> {
    let empty = JsonMap::new();
    let given = match args {
        Json::Object(given) => given,
        Json::Null => &empty,
        _ => return Err(Fault::new(FaultKind::Argument, "the arguments must be a JSON object")),
    };
    let mut problems = Vec::new();
    let mut values = Map::new();
    for param in &program.params {
        let found = given
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&param.name))
            .map(|(_, value)| value);
        match found.filter(|value| !value.is_null()) {
            Some(value) => match convert(param, value) {
                Ok(value) => values.insert(param.name.clone(), value),
                Err(problem) => problems.push(format!("{} {problem}", param.name)),
            },
            None => match &param.default {
                Some(default) => values.insert(param.name.clone(), default.clone()),
                None if param.required => problems.push(format!("{} is missing", param.name)),
                None => {}
            },
        }
    }
    for name in given.keys() {
        if !program.params.iter().any(|param| param.name.eq_ignore_ascii_case(name)) {
            problems.push(format!("{name} is not a parameter"));
        }
    }
    if problems.is_empty() {
        return Ok(values);
    }
    let known: Vec<&str> = program.params.iter().map(|param| param.name.as_str()).collect();
    Err(Fault::new(
        FaultKind::Argument,
        format!("{}: {}", program.name, problems.join("; ")),
    )
    .hint(format!(
        "the parameters are {}",
        if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        }
    )))
}

/// The value that fits a parameter, or why there is none, as in `must be a date, not "x"`.
pub(crate) fn convert(param: &ParamSpec, given: &Json) -> Result<Value, String> {
    let value = Value::from_json(given);
    let text = match &value {
        Value::Text(text) => Some(text.trim().to_owned()),
        Value::Int(_) | Value::Decimal(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let wanted = |what: &str| format!("must be {what}, not {}", shown(given));
    let converted = match json_type(&param.kind).0 {
        "integer" => {
            let number = text
                .as_deref()
                .and_then(number::parse)
                .ok_or_else(|| wanted("a whole number"))?;
            match number.decimal() {
                whole if whole.is_integer() => Value::Int(
                    number
                        .round()
                        .ok_or_else(|| wanted("a whole number of at most 18 digits"))?,
                ),
                _ => return Err(wanted("a whole number")),
            }
        }
        "number" => {
            let text = text.ok_or_else(|| wanted("a number"))?;
            let amount = number::parse(&text)
                .map(number::Number::decimal)
                .or_else(|| hear::amount(&text));
            Value::Decimal(amount.ok_or_else(|| wanted("a number"))?)
        }
        "boolean" => match text.map(|text| text.to_lowercase()).as_deref() {
            Some("true" | "yes" | "1" | "on" | "sim" | "sí") => Value::Bool(true),
            Some("false" | "no" | "0" | "off" | "não" | "nao") => Value::Bool(false),
            _ => return Err(wanted("true or false")),
        },
        "array" | "object" => match value {
            Value::List(_) | Value::Map(_) => value,
            Value::Text(text) => match serde_json::from_str(&text).map(|json| Value::from_json(&json)) {
                Ok(parsed @ (Value::List(_) | Value::Map(_))) => parsed,
                _ => return Err(wanted("a list, an object or JSON text of one")),
            },
            _ => return Err(wanted("a list or an object")),
        },
        _ if param.kind == "DATE" => Value::Date(day(&text.unwrap_or_default()).ok_or_else(|| wanted("a date"))?),
        _ if param.kind == "EMAIL" => {
            let text = text.unwrap_or_default();
            Value::Text(hear::email(&text).ok_or_else(|| wanted("a mail address"))?)
        }
        _ => Value::Text(text.ok_or_else(|| wanted("a text"))?),
    };
    let loosely = |choice: &Value| choice.to_string().eq_ignore_ascii_case(&converted.to_string());
    if param.choices.is_empty() {
        return Ok(converted);
    }
    param
        .choices
        .iter()
        .find(|choice| loosely(choice))
        .cloned()
        .ok_or_else(|| {
            let choices: Vec<String> = param.choices.iter().map(ToString::to_string).collect();
            wanted(&format!("one of {}", choices.join(", ")))
        })
}

fn day(text: &str) -> Option<NaiveDate> {
    dates::parse_day(text).or_else(|| text.get(..10).and_then(dates::parse_day))
}

fn shown(given: &Json) -> String {
    given.to_string().chars().take(40).collect()
}
