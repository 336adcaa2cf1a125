//! The body of a request.

use std::borrow::Cow;

use botstate::{
    dialog::ToolSpec,
    model::{ModelError, ToolChoice},
};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::client::{Habits, Names, Part, Question, Turns, object_arguments, written};

/// What stands where a tool gave nothing back: texts must not be empty here.
const NOTHING: &str = "(nothing)";

/// The bytes of a streaming request.
pub(super) fn encode(question: &Question<'_>) -> Result<Bytes, ModelError> {
    let Question { request, names, .. } = *question;
    let turns = Turns::of(&request.messages);
    let temperature = request.temperature.map(|temperature| temperature.min(1.0));
    // Calls in the history are refused where no tool is on offer.
    let tools: Vec<_> = request.tools.iter().map(|tool| Tool::new(tool, names)).collect();
    let body = Body {
        system: turns.system.iter().map(|text| json!({ "text": text })).collect(),
        messages: turns
            .turns
            .iter()
            .map(|turn| Message {
                role: if turn.is_model { "assistant" } else { "user" },
                content: turn
                    .parts
                    .iter()
                    .map(|part| block(*part, names, !tools.is_empty()))
                    .collect(),
            })
            .collect(),
        tool_config: (!tools.is_empty()).then(|| ToolConfig {
            tools,
            tool_choice: choice(&request.choice, names).filter(|_| question.habits & Habits::NO_CHOICE == 0),
        }),
        inference_config: InferenceConfig {
            max_tokens: request.max_tokens,
            temperature: temperature.filter(|_| question.habits & Habits::NO_TEMPERATURE == 0),
        },
    };
    written(&body)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Value>,
    messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    inference_config: InferenceConfig,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
}

#[derive(Serialize)]
struct Message {
    role: &'static str,
    content: Vec<Value>,
}

fn block(part: Part<'_>, names: &Names, has_tools: bool) -> Value {
    match part {
        Part::Text(text) => json!({ "text": text }),
        Part::Image(image) => {
            let format = image.media_type.strip_prefix("image/").unwrap_or(&image.media_type);
            json!({ "image": { "format": format, "source": { "bytes": image.data } } })
        }
        Part::Call(call) if has_tools => json!({ "toolUse": {
            "toolUseId": wire_id(&call.id), "name": names.wire(&call.name), "input": object_arguments(call),
        } }),
        Part::Call(call) => json!({ "text": format!("(called {} with {})", call.name, call.arguments) }),
        Part::Result { call, content } if has_tools => {
            let content = if content.is_empty() { NOTHING } else { content };
            json!({ "toolResult": { "toolUseId": wire_id(&call.id), "content": [{ "text": content }] } })
        }
        Part::Result { call, content } => json!({ "text": format!("({} gave {content})", call.name) }),
    }
}

/// Ids come back from other providers, too; here they have at most 64 letters, digits, `_` and `-`.
fn wire_id(id: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    id.chars().map(|c| if fits(c) { c } else { '_' }).take(64).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
}

fn choice(choice: &ToolChoice, names: &Names) -> Option<Value> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::Required => Some(json!({ "any": {} })),
        ToolChoice::Named(name) => Some(json!({ "tool": { "name": names.wire(name) } })),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tool<'a> {
    tool_spec: Spec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: Value,
}

impl<'a> Tool<'a> {
    fn new(tool: &'a ToolSpec, names: &'a Names) -> Self {
        let schema = if tool.parameters.is_object() {
            tool.parameters.clone()
        } else {
            json!({ "type": "object", "properties": {} })
        };
        Self {
            tool_spec: Spec {
                name: names.wire(&tool.name),
                description: &tool.description,
                input_schema: json!({ "json": schema }),
            },
        }
    }
}
