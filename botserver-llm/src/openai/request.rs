//! The body of a request.

use std::borrow::Cow;

use botstate::{
    dialog::ToolSpec,
    model::{AnswerFormat, ChatMessage, Image, ModelError, ToolCall, ToolChoice},
};
use bytes::Bytes;
use serde::{Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Quirks;
use crate::client::{Habits, Names, Question, hex, readable_arguments, written};

/// Letters and digits of a short id.
const SHORT_ID: usize = 9;

/// The bytes of a streaming request.
pub(super) fn encode(question: &Question<'_>, quirks: Quirks) -> Result<Bytes, ModelError> {
    let Question { request, names, .. } = *question;
    let has = |habit: u8| question.habits & habit != 0;
    let body = Body {
        model: question.model,
        messages: request
            .messages
            .iter()
            .map(|message| Message::new(message, names, quirks))
            .collect(),
        tools: request.tools.iter().map(|tool| Tool::new(tool, names)).collect(),
        tool_choice: choice(&request.choice, names).filter(|_| !has(Habits::NO_CHOICE)),
        response_format: format(&request.format).filter(|_| !has(Habits::NO_FORMAT)),
        temperature: request.temperature.filter(|_| !has(Habits::NO_TEMPERATURE)),
        max_tokens: request.max_tokens.filter(|_| !has(Habits::COMPLETION_TOKENS)),
        max_completion_tokens: request.max_tokens.filter(|_| has(Habits::COMPLETION_TOKENS)),
        stream: true,
        stream_options: (!quirks.usage_unasked && !has(Habits::NO_USAGE))
            .then_some(StreamOptions { include_usage: true }),
    };
    written(&body)
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

fn choice(choice: &ToolChoice, names: &Names) -> Option<Value> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::Required => Some("required".into()),
        ToolChoice::Named(name) => Some(json!({ "type": "function", "function": { "name": names.wire(name) } })),
    }
}

fn format(format: &AnswerFormat) -> Option<Value> {
    match format {
        AnswerFormat::Text => None,
        AnswerFormat::Json => Some(json!({ "type": "json_object" })),
        AnswerFormat::Schema {
            name,
            schema,
            is_strict,
        } => {
            let mut described = json!({ "name": name, "schema": schema });
            if let (Some(strict), Some(described)) = (is_strict, described.as_object_mut()) {
                described.insert("strict".to_owned(), (*strict).into());
            }
            Some(json!({ "type": "json_schema", "json_schema": described }))
        }
    }
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    /// Null beside calls: some providers refuse an empty text and some a missing one.
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<Cow<'a, str>>,
}

/// Plain text where there are no pictures, since some servers know nothing else.
enum Content<'a> {
    Text(&'a str),
    Parts(&'a str, &'a [Image]),
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Parts(text, images) => {
                let mut parts = serializer.serialize_seq(None)?;
                if !text.is_empty() {
                    parts.serialize_element(&json!({ "type": "text", "text": text }))?;
                }
                for image in *images {
                    let url = format!("data:{};base64,{}", image.media_type, image.data);
                    parts.serialize_element(&json!({ "type": "image_url", "image_url": { "url": url } }))?;
                }
                parts.end()
            }
        }
    }
}

impl<'a> Message<'a> {
    fn new(message: &'a ChatMessage, names: &'a Names, quirks: Quirks) -> Self {
        let plain = |role, content| Self {
            role,
            content: Some(Content::Text(content)),
            tool_calls: Vec::new(),
            tool_call_id: None,
        };
        match message {
            ChatMessage::System { content } => plain("system", content),
            ChatMessage::User { content, images } if images.is_empty() => plain("user", content),
            ChatMessage::User { content, images } => Self {
                content: Some(Content::Parts(content, images)),
                ..plain("user", "")
            },
            ChatMessage::Assistant { content, calls } => Self {
                role: "assistant",
                content: (calls.is_empty() || !content.is_empty()).then_some(Content::Text(content)),
                tool_calls: calls.iter().map(|call| Call::new(call, names, quirks)).collect(),
                tool_call_id: None,
            },
            ChatMessage::Tool { call_id, content } => Self {
                tool_call_id: Some(wire_id(call_id, quirks)),
                ..plain("tool", content)
            },
        }
    }
}

#[derive(Serialize)]
struct Call<'a> {
    id: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: CallFunction<'a>,
}

/// The id as the server takes it: the same short one for the same id.
fn wire_id(id: &str, quirks: Quirks) -> Cow<'_, str> {
    let fits = id.len() == SHORT_ID && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !quirks.short_ids || fits {
        return Cow::Borrowed(id);
    }
    Cow::Owned(hex(&Sha256::digest(id.as_bytes())).chars().take(SHORT_ID).collect())
}

#[derive(Serialize)]
struct CallFunction<'a> {
    name: Cow<'a, str>,
    arguments: &'a str,
}

impl<'a> Call<'a> {
    fn new(call: &'a ToolCall, names: &'a Names, quirks: Quirks) -> Self {
        Self {
            id: wire_id(&call.id, quirks),
            kind: "function",
            function: CallFunction {
                name: names.wire(&call.name),
                arguments: readable_arguments(call),
            },
        }
    }
}

#[derive(Serialize)]
struct Tool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: ToolFunction<'a>,
}

#[derive(Serialize)]
struct ToolFunction<'a> {
    name: Cow<'a, str>,
    description: &'a str,
    parameters: Cow<'a, serde_json::Value>,
}

impl<'a> Tool<'a> {
    fn new(tool: &'a ToolSpec, names: &'a Names) -> Self {
        let parameters = if tool.parameters.is_object() {
            Cow::Borrowed(&tool.parameters)
        } else {
            Cow::Owned(json!({ "type": "object", "properties": {} }))
        };
        let function = ToolFunction {
            name: names.wire(&tool.name),
            description: &tool.description,
            parameters,
        };
        Self {
            kind: "function",
            function,
        }
    }
}
