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

/// The longest answer asked for where neither the request nor the catalogue says one: the protocol demands a
/// number, and every model gives this many.
const LONGEST: u32 = 4096;

/// The bytes of a streaming request.
pub(super) fn encode(question: &Question<'_>, longest: Option<u32>) -> Result<Bytes, ModelError> {
    let Question { request, names, .. } = *question;
    let turns = Turns::of(&request.messages);
    let max_tokens = match (request.max_tokens, longest) {
        (Some(wanted), Some(longest)) => wanted.min(longest),
        (Some(wanted), None) => wanted,
        (None, longest) => longest.unwrap_or(LONGEST),
    };
    // Temperatures end at 1 here and at 2 elsewhere.
    let temperature = request.temperature.map(|temperature| temperature.min(1.0));
    let body = Body {
        model: question.model,
        max_tokens,
        system: turns.system.join("\n\n"),
        messages: turns
            .turns
            .iter()
            .map(|turn| Message {
                role: if turn.is_model { "assistant" } else { "user" },
                content: turn.parts.iter().map(|part| Block::new(*part, names)).collect(),
            })
            .collect(),
        tools: request.tools.iter().map(|tool| Tool::new(tool, names)).collect(),
        tool_choice: choice(&request.choice, names).filter(|_| question.habits & Habits::NO_CHOICE == 0),
        temperature: temperature.filter(|_| question.habits & Habits::NO_TEMPERATURE == 0),
        stream: true,
    };
    written(&body)
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    system: String,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    stream: bool,
}

fn choice(choice: &ToolChoice, names: &Names) -> Option<Value> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::Required => Some(json!({ "type": "any" })),
        ToolChoice::Named(name) => Some(json!({ "type": "tool", "name": names.wire(name) })),
    }
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Value,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: &'a str,
    },
}

#[derive(Serialize)]
struct Source<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    media_type: &'a str,
    data: &'a str,
}

impl<'a> Block<'a> {
    fn new(part: Part<'a>, names: &'a Names) -> Self {
        match part {
            Part::Text(text) => Self::Text { text },
            Part::Image(image) => Self::Image {
                source: Source {
                    kind: "base64",
                    media_type: &image.media_type,
                    data: &image.data,
                },
            },
            Part::Call(call) => Self::ToolUse {
                id: wire_id(&call.id),
                name: names.wire(&call.name),
                input: object_arguments(call),
            },
            Part::Result { call, content } => Self::ToolResult {
                tool_use_id: wire_id(&call.id),
                content,
            },
        }
    }
}

/// Ids come back from other providers, too; here they have letters, digits, `_` and `-`.
fn wire_id(id: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if id.chars().all(fits) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(id.chars().map(|c| if fits(c) { c } else { '_' }).collect())
}

#[derive(Serialize)]
struct Tool<'a> {
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: Cow<'a, Value>,
}

impl<'a> Tool<'a> {
    fn new(tool: &'a ToolSpec, names: &'a Names) -> Self {
        Self {
            name: names.wire(&tool.name),
            description: &tool.description,
            input_schema: if tool.parameters.is_object() {
                Cow::Borrowed(&tool.parameters)
            } else {
                Cow::Owned(json!({ "type": "object", "properties": {} }))
            },
        }
    }
}
