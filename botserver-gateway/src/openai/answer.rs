//! Answers of chat completions, whole and in pieces.

use std::fmt::Write as _;

use botstate::{
    door::End,
    model::{Finish, ToolCall, Usage},
};
use bytes::Bytes;
use serde_json::{Value, json};

/// What stands in every piece of one answer.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) model: String,
}

/// The word for why an answer ended.
pub(crate) fn finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::ToolCalls => "tool_calls",
        Finish::Length => "length",
        Finish::Filtered => "content_filter",
    }
}

/// What an answer cost.
pub(crate) fn usage(usage: Option<Usage>) -> Value {
    usage.map_or(Value::Null, |usage| {
        let mut told = json!({
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens.saturating_add(usage.output_tokens),
            "prompt_tokens_details": { "cached_tokens": usage.cached_tokens },
            "completion_tokens_details": { "reasoning_tokens": usage.reasoning_tokens },
        });
        mark(&mut told, usage);
        told
    })
}

/// Says so where the answer had been given before. These clients leave alone what they do not know.
pub(crate) fn mark(told: &mut Value, usage: Usage) {
    if let (true, Some(told)) = (usage.cached, told.as_object_mut()) {
        told.insert("cached".to_owned(), true.into());
    }
}

fn calls(calls: &[ToolCall]) -> Vec<Value> {
    calls
        .iter()
        .enumerate()
        .map(|(index, call)| {
            json!({
                "index": index,
                "id": call.id,
                "type": "function",
                "function": { "name": call.name, "arguments": call.arguments },
            })
        })
        .collect()
}

/// A whole answer, with its text as it may be shown.
pub(crate) fn whole(head: &Head, end: &End, text: &str) -> Value {
    let has_calls = !end.calls.is_empty();
    let content = if has_calls && text.is_empty() {
        Value::Null
    } else {
        text.into()
    };
    let mut message = serde_json::Map::new();
    message.insert("role".to_owned(), "assistant".into());
    message.insert("content".to_owned(), content);
    message.insert("refusal".to_owned(), Value::Null);
    if has_calls {
        let mut calls = calls(&end.calls);
        for call in calls.iter_mut().filter_map(Value::as_object_mut) {
            call.shift_remove("index");
        }
        message.insert("tool_calls".to_owned(), calls.into());
    }
    if !end.citations.is_empty() {
        message.insert("citations".to_owned(), json!(end.citations));
    }
    json!({
        "id": head.id,
        "object": "chat.completion",
        "created": head.created,
        "model": head.model,
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish(end.finish) }],
        "usage": usage(end.usage),
    })
}

/// Makes the events of one stream. What is the same in all of them is written once.
pub(crate) struct Chunks {
    /// Everything before `delta`.
    before: String,
    head: Head,
    with_usage: bool,
}

impl Chunks {
    pub(crate) fn new(head: Head, with_usage: bool) -> Self {
        let Head { id, created, model } = &head;
        let before = format!(
            "data: {{\"id\":{},\"object\":\"chat.completion.chunk\",\"created\":{created},\"model\":{},\"choices\":[{{\
             \"index\":0,\"logprobs\":null,\"delta\":",
            Value::from(id.as_str()),
            Value::from(model.as_str())
        );
        Self {
            before,
            head,
            with_usage,
        }
    }

    fn chunk(&self, delta: &str, finish: &str) -> String {
        let usage = if self.with_usage { ",\"usage\":null" } else { "" };
        format!("{}{delta},\"finish_reason\":{finish}}}]{usage}}}\n\n", self.before)
    }

    /// The beginning.
    pub(crate) fn begin(&self) -> String {
        self.chunk(r#"{"role":"assistant","content":""}"#, "null")
    }

    /// The next words.
    pub(crate) fn text(&self, text: &str) -> String {
        self.chunk(&format!("{{\"content\":{}}}", Value::from(text)), "null")
    }

    /// What comes after the words, to the end of the stream.
    pub(crate) fn end(&self, end: &End) -> Bytes {
        let mut out = String::new();
        if !end.calls.is_empty() {
            out.push_str(&self.chunk(&json!({ "tool_calls": calls(&end.calls) }).to_string(), "null"));
        }
        if !end.citations.is_empty() {
            out.push_str(&self.chunk(&json!({ "citations": end.citations }).to_string(), "null"));
        }
        out.push_str(&self.chunk("{}", &format!("\"{}\"", finish(end.finish))));
        if self.with_usage {
            let last = json!({
                "id": self.head.id,
                "object": "chat.completion.chunk",
                "created": self.head.created,
                "model": self.head.model,
                "choices": [],
                "usage": usage(end.usage),
            });
            // Writing into a text cannot fail.
            let _ = write!(out, "data: {last}\n\n");
        }
        out.push_str("data: [DONE]\n\n");
        out.into()
    }
}
