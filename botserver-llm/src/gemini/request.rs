//! The body of a request.

use std::borrow::Cow;

use botstate::{
    dialog::ToolSpec,
    model::{AnswerFormat, ModelError, ToolChoice},
};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::client::{Habits, Names, Part, Question, Turns, object_arguments, written};

/// What stands for the signature of a call that another model made: models from Gemini 3 on refuse calls
/// without any, and Google's guide to thought signatures names this text for conversations from elsewhere.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// The bytes of a streaming request.
pub(super) fn encode(question: &Question<'_>) -> Result<Bytes, ModelError> {
    let Question { request, names, .. } = *question;
    let turns = Turns::of(&request.messages);
    let needs_signature = question.model.contains("gemini-3");
    let declarations: Vec<_> = request.tools.iter().map(|tool| Declaration::new(tool, names)).collect();
    // Functions and a form of the answer do not go together here.
    let format = Some(&request.format)
        .filter(|format| **format != AnswerFormat::Text && declarations.is_empty())
        .filter(|_| question.habits & Habits::NO_FORMAT == 0);
    let body = Body {
        system_instruction: (!turns.system.is_empty()).then(|| Content {
            role: None,
            parts: turns.system.iter().copied().map(WirePart::text).collect(),
        }),
        contents: turns
            .turns
            .iter()
            .map(|turn| Content {
                role: Some(if turn.is_model { "model" } else { "user" }),
                parts: parts(&turn.parts, names, needs_signature),
            })
            .collect(),
        tools: (!declarations.is_empty())
            .then_some(Tools {
                function_declarations: declarations,
            })
            .into_iter()
            .collect(),
        tool_config: choice(&request.choice, names).filter(|_| question.habits & Habits::NO_CHOICE == 0),
        generation_config: GenerationConfig {
            response_mime_type: format.map(|_| "application/json"),
            response_json_schema: format.and_then(|format| match format {
                AnswerFormat::Schema { schema, .. } => Some(schema),
                AnswerFormat::Json | AnswerFormat::Text => None,
            }),
            temperature: request
                .temperature
                .filter(|_| question.habits & Habits::NO_TEMPERATURE == 0),
            max_output_tokens: request.max_tokens,
        },
    };
    written(&body)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Value>,
    generation_config: GenerationConfig<'a>,
}

fn choice(choice: &ToolChoice, names: &Names) -> Option<Value> {
    let calling = match choice {
        ToolChoice::Auto => return None,
        ToolChoice::Required => json!({ "mode": "ANY" }),
        ToolChoice::Named(name) => json!({ "mode": "ANY", "allowedFunctionNames": [names.wire(name)] }),
    };
    Some(json!({ "functionCallingConfig": calling }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: Vec<WirePart<'a>>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct WirePart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inline_data: Option<InlineData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_response: Option<FunctionResponse<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InlineData<'a> {
    mime_type: &'a str,
    data: &'a str,
}

#[derive(Serialize)]
struct FunctionCall<'a> {
    name: Cow<'a, str>,
    args: Value,
}

#[derive(Serialize)]
struct FunctionResponse<'a> {
    name: Cow<'a, str>,
    response: Value,
}

impl<'a> WirePart<'a> {
    fn text(text: &'a str) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }
}

/// The parts of a turn. Of several calls only the first has a signature.
fn parts<'a>(parts: &[Part<'a>], names: &'a Names, needs_signature: bool) -> Vec<WirePart<'a>> {
    let mut called = false;
    let mut wire = Vec::with_capacity(parts.len());
    for part in parts {
        wire.push(match *part {
            Part::Text(text) => WirePart::text(text),
            Part::Image(image) => WirePart {
                inline_data: Some(InlineData {
                    mime_type: &image.media_type,
                    data: &image.data,
                }),
                ..WirePart::default()
            },
            Part::Call(call) => {
                let first = !std::mem::replace(&mut called, true);
                let unsigned = (first && needs_signature).then_some(UNSIGNED);
                WirePart {
                    function_call: Some(FunctionCall {
                        name: names.wire(&call.name),
                        args: object_arguments(call),
                    }),
                    thought_signature: call.signature.as_deref().or(unsigned),
                    ..WirePart::default()
                }
            }
            Part::Result { call, content } => WirePart {
                function_response: Some(FunctionResponse {
                    name: names.wire(&call.name),
                    response: response(content),
                }),
                ..WirePart::default()
            },
        });
    }
    wire
}

/// Results are objects here.
fn response(content: &str) -> Value {
    serde_json::from_str(content)
        .ok()
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({ "result": content }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: Cow<'a, str>,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<&'a Value>,
}

impl<'a> Declaration<'a> {
    fn new(tool: &'a ToolSpec, names: &'a Names) -> Self {
        Self {
            name: names.wire(&tool.name),
            description: &tool.description,
            parameters_json_schema: Some(&tool.parameters).filter(|schema| schema.is_object()),
        }
    }
}
