//! The form that a client wants the answer to have.

use botstate::{
    door::End,
    model::{AnswerFormat, Finish},
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::schema;
use crate::error::Refusal;

/// Bytes that a schema may have: it is part of the prompt.
const LARGEST: usize = 64 << 10;

/// The form of an answer, as chat completions ask for it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ResponseFormat {
    /// Any text.
    Text,
    /// One JSON object.
    JsonObject,
    /// JSON that a schema describes.
    JsonSchema {
        /// The schema and its name.
        json_schema: Described,
    },
}

/// What a client of the responses wants of the answer's text.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = ResponseText)]
pub(crate) struct ResponseText {
    /// Its form.
    #[serde(default)]
    #[schema(required = false)]
    format: Option<TextFormat>,
}

/// The form of an answer, as responses ask for it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ResponseTextFormat)]
enum TextFormat {
    /// Any text.
    Text,
    /// One JSON object.
    JsonObject,
    /// JSON that a schema describes.
    JsonSchema(Described),
}

/// A schema and its name.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = AnswerSchema)]
pub(crate) struct Described {
    /// What the schema is called.
    #[schema(pattern = "^[a-zA-Z0-9_-]{1,64}$")]
    name: String,
    /// What the answer is for.
    #[serde(default)]
    #[schema(required = false)]
    description: Option<String>,
    /// The JSON schema.
    #[schema(value_type = Object)]
    schema: Value,
    /// Whether the provider shall see to it that nothing else comes.
    #[serde(default)]
    #[schema(required = false)]
    strict: Option<bool>,
}

/// A form as the client named it, and what the model is told of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) format: AnswerFormat,
    pub(crate) instructions: Option<String>,
}

/// The form that a client of chat completions wants.
pub(crate) fn of_chat(format: Option<ResponseFormat>) -> Result<Wanted, Refusal> {
    match format {
        None | Some(ResponseFormat::Text) => Ok(Wanted::default()),
        Some(ResponseFormat::JsonObject) => Ok(object()),
        Some(ResponseFormat::JsonSchema { json_schema }) => described(json_schema, "response_format"),
    }
}

/// The form that a client of the responses wants.
pub(crate) fn of_response(text: Option<ResponseText>) -> Result<Wanted, Refusal> {
    match text.and_then(|text| text.format) {
        None | Some(TextFormat::Text) => Ok(Wanted::default()),
        Some(TextFormat::JsonObject) => Ok(object()),
        Some(TextFormat::JsonSchema(described)) => self::described(described, "text.format"),
    }
}

fn object() -> Wanted {
    Wanted {
        format: AnswerFormat::Json,
        instructions: Some(
            "Answer with one JSON object and nothing else: no words around it, no code fence.".to_owned(),
        ),
    }
}

fn described(form: Described, param: &str) -> Result<Wanted, Refusal> {
    let is_name = (1..=64).contains(&form.name.len())
        && form
            .name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if !is_name {
        return Err(Refusal::invalid(
            param,
            "the name of the schema must have 1 to 64 letters, digits, _ and -",
        ));
    }
    let text = form.schema.to_string();
    if !form.schema.is_object() || text.len() > LARGEST {
        return Err(Refusal::invalid(
            param,
            format!("the schema must be an object of {LARGEST} bytes at most"),
        ));
    }
    let purpose = form
        .description
        .map(|purpose| format!(" What it is for: {purpose}"))
        .unwrap_or_default();
    Ok(Wanted {
        instructions: Some(format!(
            "Answer with JSON and nothing else: no words around it, no code fence. It has to fit this JSON schema:\n\
             {text}{purpose}"
        )),
        format: AnswerFormat::Schema {
            name: form.name,
            schema: form.schema,
            is_strict: form.strict,
        },
    })
}

/// The form as responses repeat it.
pub(crate) fn told(format: &AnswerFormat) -> Value {
    match format {
        AnswerFormat::Text => json!({ "type": "text" }),
        AnswerFormat::Json => json!({ "type": "json_object" }),
        AnswerFormat::Schema {
            name,
            schema,
            is_strict,
        } => json!({
            "type": "json_schema",
            "name": name,
            "schema": schema,
            "strict": is_strict.unwrap_or(false),
            "description": null,
        }),
    }
}

/// Looks whether an answer has its form, and takes a fence away that a model put around it. Calls of tools, and what
/// was cut off, are not looked at: clients see what they are by how they ended.
///
/// # Errors
/// When it has not: nobody gets anything else under the name of what was asked for.
pub(crate) fn check(format: &AnswerFormat, end: &mut End) -> Result<(), Refusal> {
    if *format == AnswerFormat::Text || !end.calls.is_empty() || end.finish != Finish::Stop {
        return Ok(());
    }
    let text = unfenced(&end.text);
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return Err(Refusal::formless("it is not JSON"));
    };
    match format {
        AnswerFormat::Json if !document.is_object() => return Err(Refusal::formless("it is no JSON object")),
        AnswerFormat::Schema { schema, .. } => schema::check(schema, &document)
            .map_err(|mismatch| Refusal::formless(&format!("{} {}", mismatch.place, mismatch.reason)))?,
        AnswerFormat::Json | AnswerFormat::Text => {}
    }
    if text.len() != end.text.len() {
        end.text = text.to_owned();
    }
    Ok(())
}

/// A text without the fence of Markdown around all of it.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inner = text
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
        .and_then(|rest| rest.split_once('\n'));
    inner.map_or(text, |(_, inner)| inner.trim())
}

#[cfg(test)]
mod tests {
    use botlib::{TurnId, Value as Given};

    use super::*;

    fn end(text: &str) -> End {
        End {
            turn: TurnId::new(),
            text: text.to_owned(),
            calls: Vec::new(),
            finish: Finish::Stop,
            usage: None,
            value: Given::Null,
            is_waiting: false,
            input: None,
            citations: Vec::new(),
            fault: None,
        }
    }

    #[test]
    fn answers_have_their_form_or_are_refused() {
        let schema = AnswerFormat::Schema {
            name: "n".to_owned(),
            schema: json!({ "type": "object", "required": ["a"] }),
            is_strict: None,
        };
        for (format, text, shown) in [
            (&AnswerFormat::Text, "words", Some("words")),
            (&AnswerFormat::Json, r#" {"a":1} "#, Some(r#"{"a":1}"#)),
            (&AnswerFormat::Json, "```json\n{\"a\":1}\n```", Some(r#"{"a":1}"#)),
            (&AnswerFormat::Json, "[1]", None),
            (&AnswerFormat::Json, "Here it is: {}", None),
            (&schema, r#"{"a":1}"#, Some(r#"{"a":1}"#)),
            (&schema, r#"{"b":1}"#, None),
        ] {
            let mut end = end(text);

            let checked = check(format, &mut end);

            assert_eq!(checked.is_ok().then_some(end.text.as_str()), shown, "{text}");
        }
    }

    #[test]
    fn what_was_cut_off_is_shown_as_it_is() {
        let mut end = end("{\"a\":");
        end.finish = Finish::Length;

        assert_eq!(check(&AnswerFormat::Json, &mut end), Ok(()));
    }
}
