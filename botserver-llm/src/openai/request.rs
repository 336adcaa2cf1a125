//! The body of a request.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use botstate::{
    dialog::ToolSpec,
    model::{ChatMessage, ChatRequest, ModelError, ToolCall},
};
use bytes::Bytes;
use serde::{Serialize, de::IgnoredAny};
use serde_json::json;

/// The largest body sent: more than the longest context of any provider holds.
const LARGEST: usize = 16 << 20;

/// The longest name of a tool that providers take.
const LONGEST_NAME: usize = 64;

/// What was learnt about a model: parameters that it wants otherwise than most.
#[derive(Debug, Default)]
pub(super) struct Habits(AtomicU8);

impl Habits {
    const NO_USAGE: u8 = 1;
    const COMPLETION_TOKENS: u8 = 2;
    const NO_TEMPERATURE: u8 = 4;

    /// What is known now.
    pub(super) fn now(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    /// Learns from a refusal of a request that was made as `used` says; whether another try can go better.
    pub(super) fn adapt(&self, used: u8, error: &ModelError) -> bool {
        let ModelError::Refused {
            status: 400 | 422,
            reason,
            ..
        } = error
        else {
            return false;
        };
        let says = |word: &str| reason.contains(word);
        let learnt = if says("stream_options") {
            Self::NO_USAGE
        } else if says("max_completion_tokens") {
            Self::COMPLETION_TOKENS
        } else if says("temperature") && ["nsupported", "not support", "deprecated"].into_iter().any(says) {
            Self::NO_TEMPERATURE
        } else {
            return false;
        };
        self.0.fetch_or(learnt, Ordering::Relaxed);
        used & learnt == 0
    }
}

/// Names of tools in the provider's alphabet, and back.
#[derive(Debug, Clone)]
pub(super) struct Names(Arc<[(String, String)]>);

impl Names {
    /// The names of `tools`, no two of them equal.
    pub(super) fn of(tools: &[ToolSpec]) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::with_capacity(tools.len());
        for tool in tools {
            let plain = sanitised(&tool.name);
            let mut wire = plain.to_string();
            let mut count = 1;
            while pairs.iter().any(|(taken, _)| *taken == wire) {
                count += 1;
                let suffix = format!("_{count}");
                wire = plain.chars().take(LONGEST_NAME - suffix.len()).collect();
                wire.push_str(&suffix);
            }
            pairs.push((wire, tool.name.clone()));
        }
        Self(pairs.into())
    }

    /// The name as the provider reads it.
    fn wire<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        let known = self.0.iter().find(|(_, original)| original == name);
        known.map_or_else(|| sanitised(name), |(wire, _)| Cow::Borrowed(wire.as_str()))
    }

    /// The name as we know it; a model may also invent one.
    pub(super) fn original(&self, wire: String) -> String {
        self.0
            .iter()
            .find(|(known, _)| *known == wire)
            .map_or(wire, |(_, original)| original.clone())
    }
}

fn sanitised(name: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(fits) {
        return Cow::Borrowed(name);
    }
    let name: String = name
        .chars()
        .map(|c| if fits(c) { c } else { '_' })
        .take(LONGEST_NAME)
        .collect();
    if name.is_empty() {
        Cow::Borrowed("tool")
    } else {
        Cow::Owned(name)
    }
}

/// The bytes of a streaming request.
pub(super) fn encode(model: &str, request: &ChatRequest, names: &Names, habits: u8) -> Result<Bytes, ModelError> {
    let has = |habit: u8| habits & habit != 0;
    let body = Body {
        model,
        messages: request
            .messages
            .iter()
            .map(|message| Message::new(message, names))
            .collect(),
        tools: request.tools.iter().map(|tool| Tool::new(tool, names)).collect(),
        temperature: request.temperature.filter(|_| !has(Habits::NO_TEMPERATURE)),
        max_tokens: request.max_tokens.filter(|_| !has(Habits::COMPLETION_TOKENS)),
        max_completion_tokens: request.max_tokens.filter(|_| has(Habits::COMPLETION_TOKENS)),
        stream: true,
        stream_options: (!has(Habits::NO_USAGE)).then_some(StreamOptions { include_usage: true }),
    };
    let bytes = serde_json::to_vec(&body).map_err(|error| ModelError::NotAsked {
        reason: format!("the request cannot be written: {error}"),
    })?;
    if bytes.len() > LARGEST {
        let (size, largest) = (bytes.len() >> 20, LARGEST >> 20);
        return Err(ModelError::NotAsked {
            reason: format!("the conversation has {size} MiB and at most {largest} MiB are sent"),
        });
    }
    Ok(bytes.into())
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
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

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    /// Null beside calls: some providers refuse an empty text and some a missing one.
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

impl<'a> Message<'a> {
    fn new(message: &'a ChatMessage, names: &'a Names) -> Self {
        let plain = |role, content| Self {
            role,
            content: Some(content),
            tool_calls: Vec::new(),
            tool_call_id: None,
        };
        match message {
            ChatMessage::System { content } => plain("system", content),
            ChatMessage::User { content, .. } => plain("user", content),
            ChatMessage::Assistant { content, calls } => Self {
                role: "assistant",
                content: (calls.is_empty() || !content.is_empty()).then_some(content),
                tool_calls: calls.iter().map(|call| Call::new(call, names)).collect(),
                tool_call_id: None,
            },
            ChatMessage::Tool { call_id, content } => Self {
                tool_call_id: Some(call_id),
                ..plain("tool", content)
            },
        }
    }
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: CallFunction<'a>,
}

#[derive(Serialize)]
struct CallFunction<'a> {
    name: Cow<'a, str>,
    arguments: &'a str,
}

impl<'a> Call<'a> {
    fn new(call: &'a ToolCall, names: &'a Names) -> Self {
        // A model may have written arguments that are not JSON. Some providers read them again and would
        // refuse the whole conversation for ever.
        let readable = serde_json::from_str::<IgnoredAny>(&call.arguments).is_ok();
        let arguments = if readable { call.arguments.as_str() } else { "{}" };
        Self {
            id: &call.id,
            kind: "function",
            function: CallFunction {
                name: names.wire(&call.name),
                arguments,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str) -> ToolSpec {
        ToolSpec {
            name: name.to_owned(),
            description: String::new(),
            parameters: serde_json::Value::Null,
        }
    }

    #[test]
    fn names_outside_the_alphabet_stay_distinct_and_come_back() {
        let names = Names::of(&[
            tool("place order"),
            tool("place_order"),
            tool("preço"),
            tool(&"x".repeat(80)),
        ]);

        let wire: Vec<_> = names.0.iter().map(|(wire, _)| wire.as_str()).collect();

        assert_eq!(wire, ["place_order", "place_order_2", "pre_o", &"x".repeat(64)]);
        assert_eq!(names.original("place_order_2".to_owned()), "place_order");
        assert_eq!(names.original("pre_o".to_owned()), "preço");
        assert_eq!(names.original("invented".to_owned()), "invented");
    }

    #[test]
    fn a_conversation_that_is_too_large_is_not_sent() {
        let content = "x".repeat(LARGEST);
        let request = ChatRequest {
            messages: vec![ChatMessage::user(content)],
            ..ChatRequest::default()
        };

        let error = encode("m", &request, &Names::of(&[]), 0).unwrap_err();

        assert_eq!(
            error.to_string(),
            "the model cannot be asked: the conversation has 16 MiB and at most 16 MiB are sent"
        );
    }
}
