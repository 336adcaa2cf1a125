//! What responses look like.

use botstate::{
    door::End,
    model::{Finish, ToolCall},
};
use serde_json::{Value, json};

use crate::openai::answer::mark;

/// What stands in every form of one response.
pub(super) struct Shape {
    pub(super) id: String,
    pub(super) created_at: i64,
    pub(super) model: String,
    pub(super) previous: Option<String>,
    pub(super) metadata: Value,
    pub(super) store: bool,
    /// The form of the answer, as the client wanted it.
    pub(super) format: Value,
    /// Which tools it was to call.
    pub(super) choice: Value,
}

impl Shape {
    /// The item of the bot's words.
    pub(super) fn message(&self, text: &str, status: &str) -> Value {
        json!({
            "type": "message",
            "id": self.message_id(),
            "status": status,
            "role": "assistant",
            "content": if status == "completed" { json!([text_part(text)]) } else { json!([]) },
        })
    }

    /// The id of that item.
    pub(super) fn message_id(&self) -> String {
        format!("msg_{}", self.id.trim_start_matches("resp_"))
    }

    /// Everything that the bot said and called.
    pub(super) fn output(&self, text: &str, calls: &[ToolCall]) -> Vec<Value> {
        let message = (!text.is_empty() || calls.is_empty()).then(|| self.message(text, "completed"));
        message
            .into_iter()
            .chain(calls.iter().map(|call| call_item(call, "completed")))
            .collect()
    }

    /// The whole response.
    pub(super) fn document(&self, status: &str, output: &[Value], end: Option<&End>) -> Value {
        let usage = end.and_then(|end| end.usage).map(|usage| {
            let mut told = json!({
                "input_tokens": usage.input_tokens,
                "input_tokens_details": { "cached_tokens": usage.cached_tokens },
                "output_tokens": usage.output_tokens,
                "output_tokens_details": { "reasoning_tokens": usage.reasoning_tokens },
                "total_tokens": usage.input_tokens.saturating_add(usage.output_tokens),
            });
            mark(&mut told, usage);
            told
        });
        let is_cut = end.is_some_and(|end| end.finish == Finish::Length);
        json!({
            "id": self.id,
            "object": "response",
            "created_at": self.created_at,
            "status": if is_cut { "incomplete" } else { status },
            "error": null,
            "incomplete_details": is_cut.then(|| json!({ "reason": "max_output_tokens" })),
            "instructions": null,
            "metadata": self.metadata,
            "model": self.model,
            "output": output,
            "parallel_tool_calls": true,
            "previous_response_id": self.previous,
            "store": self.store,
            "temperature": null,
            "text": { "format": self.format },
            "tool_choice": self.choice,
            "tools": [],
            "top_p": null,
            "truncation": "disabled",
            "usage": usage,
        })
    }
}

/// A part of the bot's words.
pub(super) fn text_part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [] })
}

/// The item of a call.
pub(super) fn call_item(call: &ToolCall, status: &str) -> Value {
    json!({
        "type": "function_call",
        "id": format!("fc_{}", call.id),
        "call_id": call.id,
        "name": call.name,
        "arguments": if status == "completed" { call.arguments.as_str() } else { "" },
        "status": status,
    })
}
