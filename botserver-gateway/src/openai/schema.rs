//! JSON against a JSON schema, as far as schemas of answers go.
//!
//! What the vocabulary of JSON Schema 2020-12 says about types, values, objects, lists, texts and numbers is looked at,
//! with references inside the schema. What is not known says nothing, as the standard wants it; a provider that knows
//! more has looked already.

use serde_json::{Map, Value};

/// How deep references and schemas may go: a schema may refer to itself.
const DEEPEST: usize = 64;

/// Why a document does not fit its schema: the place and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) place: String,
    pub(crate) reason: String,
}

/// Looks whether a document fits.
///
/// # Errors
/// The first thing that does not.
pub(crate) fn check(schema: &Value, document: &Value) -> Result<(), Mismatch> {
    Checker { root: schema }.check(schema, document, &mut Vec::new(), 0)
}

struct Checker<'a> {
    root: &'a Value,
}

fn wrong(path: &[String], reason: impl Into<String>) -> Result<(), Mismatch> {
    let place: String = path.iter().flat_map(|step| ["/", step]).collect();
    Err(Mismatch {
        place: if place.is_empty() { "/".to_owned() } else { place },
        reason: reason.into(),
    })
}

impl Checker<'_> {
    fn check(&self, schema: &Value, document: &Value, path: &mut Vec<String>, depth: usize) -> Result<(), Mismatch> {
        if depth > DEEPEST {
            return wrong(path, "is nested too deeply");
        }
        let schema = match schema {
            Value::Bool(false) => return wrong(path, "must not be there"),
            Value::Object(schema) => schema,
            _ => return Ok(()),
        };
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let Some(found) = reference.strip_prefix('#').and_then(|place| self.root.pointer(place)) else {
                return wrong(path, format!("is described by {reference}, which is not in the schema"));
            };
            self.check(found, document, path, depth + 1)?;
        }
        if let Some(kinds) = schema.get("type") {
            let is_of = |kind: &Value| kind.as_str().is_some_and(|kind| is_a(document, kind));
            let fits = kinds
                .as_array()
                .map_or_else(|| is_of(kinds), |kinds| kinds.iter().any(is_of));
            if !fits {
                return wrong(path, format!("must be of the type {kinds}"));
            }
        }
        if let Some(all) = schema.get("enum").and_then(Value::as_array)
            && !all.iter().any(|one| is_equal(one, document))
        {
            return wrong(path, "must be one of the values that are allowed");
        }
        if let Some(only) = schema.get("const")
            && !is_equal(only, document)
        {
            return wrong(path, format!("must be {only}"));
        }
        self.combined(schema, document, path, depth)?;
        match document {
            Value::Object(object) => self.object(schema, object, path, depth),
            Value::Array(list) => self.list(schema, list, path, depth),
            Value::String(text) => length(schema, text, path),
            Value::Number(number) => bounds(schema, number.as_f64().unwrap_or(f64::NAN), path),
            Value::Bool(_) | Value::Null => Ok(()),
        }
    }

    fn combined(
        &self,
        schema: &Map<String, Value>,
        document: &Value,
        path: &mut Vec<String>,
        depth: usize,
    ) -> Result<(), Mismatch> {
        let list = |name: &str| schema.get(name).and_then(Value::as_array);
        for part in list("allOf").into_iter().flatten() {
            self.check(part, document, path, depth + 1)?;
        }
        if let Some(any) = list("anyOf")
            && !any
                .iter()
                .any(|part| self.check(part, document, path, depth + 1).is_ok())
        {
            return wrong(path, "fits none of the forms that are allowed");
        }
        if let Some(one) = list("oneOf") {
            let fitting = one
                .iter()
                .filter(|part| self.check(part, document, path, depth + 1).is_ok());
            if fitting.count() != 1 {
                return wrong(path, "must fit exactly one of the forms that are allowed");
            }
        }
        match schema.get("not") {
            Some(not) if self.check(not, document, path, depth + 1).is_ok() => {
                wrong(path, "has a form that is not allowed")
            }
            _ => Ok(()),
        }
    }

    fn object(
        &self,
        schema: &Map<String, Value>,
        object: &Map<String, Value>,
        path: &mut Vec<String>,
        depth: usize,
    ) -> Result<(), Mismatch> {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if !object.contains_key(name) {
                return wrong(path, format!("needs {name}"));
            }
        }
        count(schema, ("minProperties", "maxProperties"), object.len(), "fields", path)?;
        let known = schema.get("properties").and_then(Value::as_object);
        let patterns = schema.contains_key("patternProperties");
        for (name, value) in object {
            let own = known.and_then(|known| known.get(name));
            // Patterns of names are not read, so with them nobody knows what is additional.
            let own = own.or_else(|| schema.get("additionalProperties").filter(|_| !patterns));
            if let Some(own) = own {
                path.push(name.clone());
                self.check(own, value, path, depth + 1)?;
                path.pop();
            }
        }
        Ok(())
    }

    fn list(
        &self,
        schema: &Map<String, Value>,
        list: &[Value],
        path: &mut Vec<String>,
        depth: usize,
    ) -> Result<(), Mismatch> {
        count(schema, ("minItems", "maxItems"), list.len(), "items", path)?;
        let first = schema.get("prefixItems").and_then(Value::as_array);
        for (place, item) in list.iter().enumerate() {
            let own = first.and_then(|first| first.get(place)).or_else(|| schema.get("items"));
            if let Some(own) = own {
                path.push(place.to_string());
                self.check(own, item, path, depth + 1)?;
                path.pop();
            }
        }
        let is_set = schema.get("uniqueItems").and_then(Value::as_bool) == Some(true);
        let mut rest = list;
        while let (true, [item, others @ ..]) = (is_set, rest) {
            if others.iter().any(|other| is_equal(other, item)) {
                return wrong(path, "must not have an item twice");
            }
            rest = others;
        }
        Ok(())
    }
}

fn is_a(document: &Value, kind: &str) -> bool {
    match kind {
        "object" => document.is_object(),
        "array" => document.is_array(),
        "string" => document.is_string(),
        "boolean" => document.is_boolean(),
        "null" => document.is_null(),
        "number" => document.is_number(),
        // `1.0` is an integer to JSON Schema.
        "integer" => document.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    }
}

/// Numbers are equal by what they are worth.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() == 0.0,
        _ => one == other,
    }
}

fn count(
    schema: &Map<String, Value>,
    (least, most): (&str, &str),
    count: usize,
    what: &str,
    path: &[String],
) -> Result<(), Mismatch> {
    let bound = |name: &str| {
        schema
            .get(name)
            .and_then(Value::as_u64)
            .and_then(|bound| usize::try_from(bound).ok())
    };
    if bound(least).is_some_and(|least| count < least) || bound(most).is_some_and(|most| count > most) {
        return wrong(path, format!("has {count} {what}, which is not allowed"));
    }
    Ok(())
}

fn length(schema: &Map<String, Value>, text: &str, path: &[String]) -> Result<(), Mismatch> {
    count(
        schema,
        ("minLength", "maxLength"),
        text.chars().count(),
        "characters",
        path,
    )
}

fn bounds(schema: &Map<String, Value>, number: f64, path: &[String]) -> Result<(), Mismatch> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let is_out = bound("minimum").is_some_and(|least| number < least)
        || bound("maximum").is_some_and(|most| number > most)
        || bound("exclusiveMinimum").is_some_and(|least| number <= least)
        || bound("exclusiveMaximum").is_some_and(|most| number >= most);
    if is_out {
        return wrong(path, "is out of bounds");
    }
    let step = bound("multipleOf").filter(|step| *step > 0.0);
    // Steps such as 0.1 have no exact form, so nearly whole is whole.
    if step.is_some_and(|step| ((number / step) - (number / step).round()).abs() > 1e-9) {
        return wrong(path, "is not a multiple of what it must be");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_fit_or_the_first_mistake_is_told() {
        let person = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "minLength": 1 },
                "age": { "type": ["integer", "null"], "minimum": 0 },
                "tags": { "type": "array", "items": { "enum": ["a", "b"] }, "maxItems": 2, "uniqueItems": true },
                "friend": { "anyOf": [{ "$ref": "#" }, { "type": "null" }] },
                "half": { "multipleOf": 0.5, "exclusiveMaximum": 3 },
            },
            "required": ["name"],
            "additionalProperties": false,
        });
        for (document, place) in [
            (json!({ "name": "Ana" }), None),
            (
                json!({ "name": "Ana", "age": 3.0, "tags": ["a", "b"], "half": 2.5 }),
                None,
            ),
            (
                json!({ "name": "Ana", "friend": { "name": "Rui", "friend": null } }),
                None,
            ),
            (json!([]), Some("/")),
            (json!({}), Some("/")),
            (json!({ "name": "" }), Some("/name")),
            (json!({ "name": "Ana", "age": -1 }), Some("/age")),
            (json!({ "name": "Ana", "age": 1.5 }), Some("/age")),
            (json!({ "name": "Ana", "tags": ["c"] }), Some("/tags/0")),
            (json!({ "name": "Ana", "tags": ["a", "a"] }), Some("/tags")),
            (json!({ "name": "Ana", "friend": { "age": 1 } }), Some("/friend")),
            (json!({ "name": "Ana", "half": 0.3 }), Some("/half")),
            (json!({ "name": "Ana", "half": 3 }), Some("/half")),
            (json!({ "name": "Ana", "other": 1 }), Some("/other")),
        ] {
            let found = check(&person, &document).err().map(|mismatch| mismatch.place);
            assert_eq!(found.as_deref(), place, "{document}");
        }
    }

    #[test]
    fn forms_are_combined_and_references_end() {
        let one = json!({ "oneOf": [{ "type": "integer" }, { "minimum": 5 }], "not": { "const": 4 } });
        for (document, fits) in [
            (json!(3), true),
            (json!(4), false),
            (json!(7), false),
            (json!(7.5), true),
        ] {
            assert_eq!(check(&one, &document).is_ok(), fits, "{document}");
        }
        let endless = json!({ "$defs": { "a": { "$ref": "#/$defs/a" } }, "$ref": "#/$defs/a" });
        assert!(check(&endless, &json!(1)).is_err());
        assert!(check(&json!({ "$ref": "https://example.org/x" }), &json!(1)).is_err());
    }
}
