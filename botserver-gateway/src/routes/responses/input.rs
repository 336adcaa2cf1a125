//! What a client of the responses says.

use botstate::model::ChatMessage;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    error::Refusal,
    openai::messages::{self, Message, Role, Said, Text},
};

/// What is said.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ResponseInput)]
pub(super) enum Input {
    /// A text of the user.
    Whole(String),
    /// Items.
    Items(Vec<Item>),
}

/// An item of a talk.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ResponseItem)]
pub(super) enum Item {
    /// A call of a tool, or its result.
    Call(CallItem),
    /// A message.
    Message {
        /// Who said it.
        role: Role,
        /// The text, or its parts.
        content: Text,
    },
}

/// A call of a tool, or its result.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ResponseCallItem)]
pub(super) enum CallItem {
    /// The model called a function.
    FunctionCall {
        /// The id of the call.
        call_id: String,
        /// The function.
        name: String,
        /// Its arguments, as JSON in a text.
        arguments: String,
    },
    /// What the function gave.
    FunctionCallOutput {
        /// The id of the call.
        call_id: String,
        /// The result.
        output: Text,
    },
}

/// Parts what a client says into instructions, what was said before, and what is said now.
pub(super) fn read(input: Input) -> Result<Said, Refusal> {
    let items = match input {
        Input::Whole(text) => vec![Item::Message {
            role: Role::User,
            content: Text::Whole(text),
        }],
        Input::Items(items) => items,
    };
    let messages = items.into_iter().map(|item| match item {
        Item::Message { role, content } => Message {
            role,
            content: Some(content),
            tool_calls: None,
            tool_call_id: None,
        },
        Item::Call(CallItem::FunctionCall {
            call_id,
            name,
            arguments,
        }) => Message {
            role: Role::Assistant,
            content: None,
            tool_calls: Some(vec![messages::Called {
                id: call_id,
                function: messages::Function { name, arguments },
            }]),
            tool_call_id: None,
        },
        Item::Call(CallItem::FunctionCallOutput { call_id, output }) => Message {
            role: Role::Tool,
            content: Some(output),
            tool_calls: None,
            tool_call_id: Some(call_id),
        },
    });
    let said = messages::read(messages.collect())?;
    Ok(Said {
        history: joined(said.history),
        ..said
    })
}

/// What an assistant said and called in items of their own is one message for a model.
fn joined(history: Vec<ChatMessage>) -> Vec<ChatMessage> {
    let mut out: Vec<ChatMessage> = Vec::with_capacity(history.len());
    for message in history {
        match (out.last_mut(), message) {
            (Some(ChatMessage::Assistant { calls, .. }), ChatMessage::Assistant { content, calls: more })
                if content.is_empty() =>
            {
                calls.extend(more);
            }
            (_, message) => out.push(message),
        }
    }
    out
}
