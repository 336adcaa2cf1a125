//! `/v1/responses`, as far as a conversation goes.

use std::{collections::BTreeMap, fmt::Write as _};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::ConversationId;
use botserver_core::{Auth, Json, RequestContext};
use botstate::{
    door::{Inbound, Piece, Place, Talk, Wish},
    model::{ChatMessage, ToolCall},
};
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::chat::{events, idempotency_key};
use crate::{
    error::Refusal,
    openai::{
        messages::{self, Message, Role, Text},
        tools::{self, Tool},
    },
    service::Gateway,
};

/// What a client of the responses asks. Fields that this server does not know are ignored.
#[derive(Deserialize, ToSchema)]
pub(super) struct Ask {
    /// The bot's name.
    model: String,
    /// What is said: a text, or items of a talk.
    input: Input,
    /// Instructions that follow the bot's own.
    #[serde(default)]
    #[schema(required = false)]
    instructions: Option<String>,
    /// The response that this one goes on from: its conversation goes on.
    #[serde(default)]
    #[schema(required = false)]
    previous_response_id: Option<String>,
    /// A conversation that the client names, by text or as `{"id": …}`.
    #[serde(default)]
    #[schema(required = false)]
    conversation: Option<Value>,
    /// Whether the conversation is kept; true unless the client brings the talk so far itself.
    #[serde(default)]
    #[schema(required = false)]
    store: Option<bool>,
    /// Whether the answer comes as it is written.
    #[serde(default)]
    #[schema(required = false)]
    stream: Option<bool>,
    /// Functions of the client that the model may call.
    #[serde(default)]
    #[schema(required = false)]
    tools: Option<Vec<Tool>>,
    /// `auto` or `none`.
    #[serde(default)]
    #[schema(required = false)]
    tool_choice: Option<Value>,
    /// Randomness.
    #[serde(default)]
    #[schema(required = false, minimum = 0, maximum = 2)]
    temperature: Option<f32>,
    /// The longest answer, in tokens.
    #[serde(default, deserialize_with = "crate::whole::whole")]
    #[schema(required = false, minimum = 1, maximum = 1_000_000)]
    max_output_tokens: Option<u32>,
    /// What the client wants to read again in the response.
    #[serde(default)]
    #[schema(required = false)]
    metadata: Option<BTreeMap<String, Value>>,
}

/// What is said.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ResponseInput)]
enum Input {
    /// A text of the user.
    Whole(String),
    /// Items.
    Items(Vec<Item>),
}

/// An item of a talk.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ResponseItem)]
enum Item {
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
enum CallItem {
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

/// Lets a bot answer in a conversation.
#[utoipa::path(post, path = "/v1/responses", request_body = Ask, responses(
    (status = 200, description = "The answer, or what happens as server-sent events", content(
        (serde_json::Value = "application/json"), (String = "text/event-stream"))),
    (status = 400, description = "Something that is not understood", body = serde_json::Value),
    (status = 401, description = "No key", body = serde_json::Value),
    (status = 404, description = "No such bot for this caller", body = serde_json::Value),
    (status = 429, description = "Too many requests, or a budget is spent", body = serde_json::Value),
    (status = 502, description = "The model did not answer", body = serde_json::Value),
    (status = "default", description = "Any other failure", body = serde_json::Value),
))]
pub(super) async fn create_response(
    State(gateway): State<Gateway>,
    Auth(caller): Auth,
    request: RequestContext,
    headers: HeaderMap,
    Json(asked): Json<Ask>,
) -> Result<Response, Refusal> {
    let (caller, bot) = gateway.enter(caller, &asked.model, &request).await?;
    let conversations = gateway.conversations()?;
    let tools = tools::read(asked.tools, asked.tool_choice.as_ref(), &bot)?;
    let (mut instructions, history, content) = read(asked.input)?;
    if let Some(own) = asked.instructions {
        instructions.insert(0, own);
    }
    let named = match &asked.conversation {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name.as_str()),
        Some(other) => other.get("id").and_then(Value::as_str).or(Some("")),
    };
    let previous = asked.previous_response_id.as_deref();
    let place = match (previous, named) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid(
                "conversation",
                "give previous_response_id or conversation, not both",
            ));
        }
        (Some(id), None) => Place::Kept(kept(id).ok_or_else(|| {
            Refusal::invalid(
                "previous_response_id",
                "there is no such response whose conversation was kept",
            )
        })?),
        (None, Some(name)) if (1..=256).contains(&name.len()) => Place::Kept(conversations.named(&caller, &bot, name)),
        (None, Some(_)) => return Err(Refusal::invalid("conversation", "must be a name of 1 to 256 bytes")),
        // Who brings the talk so far keeps it, too; and a visitor without a token could never come back.
        (None, None)
            if asked.store == Some(false)
                || !history.is_empty()
                || matches!(caller.subject, botlib::Subject::Visitor(_)) =>
        {
            Place::Passing { history }
        }
        (None, None) => Place::Kept(ConversationId::new()),
    };
    let id = match &place {
        Place::Kept(conversation) => {
            format!("resp_{}{}", conversation.as_uuid().simple(), Uuid::now_v7().simple())
        }
        Place::Passing { .. } => format!("resp_{}", Uuid::now_v7().simple()),
    };
    let response = Shape {
        id,
        created_at: gateway.clock.now().timestamp(),
        model: bot.name.clone(),
        previous: asked.previous_response_id,
        metadata: json!(asked.metadata.unwrap_or_default()),
        store: matches!(place, Place::Kept(_)),
    };
    let inbound = Inbound {
        caller,
        bot,
        place,
        key: idempotency_key(&headers)?,
        content,
        channel: "api",
        locale: None,
        wish: Wish {
            tools,
            instructions: (!instructions.is_empty()).then(|| instructions.join("\n\n")),
            temperature: asked.temperature,
            max_tokens: asked.max_output_tokens,
        },
    };
    let talk = conversations.send(inbound).await?;
    if asked.stream == Some(true) {
        return stream_response(talk, response).await;
    }
    let end = talk.finish().await?;
    let document = response.document("completed", &response.output(&end.text, &end.calls), Some(&end));
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind)], document.to_string()).into_response())
}

/// The conversation that a response's id names.
fn kept(id: &str) -> Option<ConversationId> {
    let id = id.strip_prefix("resp_").filter(|id| id.len() == 64)?;
    Uuid::try_parse(id.get(..32)?).ok().map(ConversationId::from_uuid)
}

type Read = (Vec<String>, Vec<ChatMessage>, botstate::door::Content);

fn read(input: Input) -> Result<Read, Refusal> {
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
    Ok((
        said.instructions.into_iter().collect(),
        joined(said.history),
        said.content,
    ))
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

/// What stands in every form of one response.
struct Shape {
    id: String,
    created_at: i64,
    model: String,
    previous: Option<String>,
    metadata: Value,
    store: bool,
}

impl Shape {
    fn message(&self, text: &str, status: &str) -> Value {
        json!({
            "type": "message",
            "id": format!("msg_{}", self.id.trim_start_matches("resp_")),
            "status": status,
            "role": "assistant",
            "content": if status == "completed" { json!([text_part(text)]) } else { json!([]) },
        })
    }

    fn output(&self, text: &str, calls: &[ToolCall]) -> Vec<Value> {
        let message = (!text.is_empty() || calls.is_empty()).then(|| self.message(text, "completed"));
        message
            .into_iter()
            .chain(calls.iter().map(|call| call_item(call, "completed")))
            .collect()
    }

    fn document(&self, status: &str, output: &[Value], end: Option<&botstate::door::End>) -> Value {
        let usage = end.and_then(|end| end.usage).map(|usage| {
            let mut told = json!({
                "input_tokens": usage.input_tokens,
                "input_tokens_details": { "cached_tokens": usage.cached_tokens },
                "output_tokens": usage.output_tokens,
                "output_tokens_details": { "reasoning_tokens": usage.reasoning_tokens },
                "total_tokens": usage.input_tokens.saturating_add(usage.output_tokens),
            });
            crate::openai::answer::mark(&mut told, usage);
            told
        });
        let is_cut = end.is_some_and(|end| end.finish == botstate::model::Finish::Length);
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
            "text": { "format": { "type": "text" } },
            "tool_choice": "auto",
            "tools": [],
            "top_p": null,
            "truncation": "disabled",
            "usage": usage,
        })
    }
}

fn text_part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [] })
}

fn call_item(call: &ToolCall, status: &str) -> Value {
    json!({
        "type": "function_call",
        "id": format!("fc_{}", call.id),
        "call_id": call.id,
        "name": call.name,
        "arguments": if status == "completed" { call.arguments.as_str() } else { "" },
        "status": status,
    })
}

/// Streams a response. It begins with the first piece, so that what fails before it is an error like any other.
async fn stream_response(mut talk: Talk, shape: Shape) -> Result<Response, Refusal> {
    let first = loop {
        match talk.next().await {
            Some(Piece::Failed(problem)) => return Err(Refusal::from(*problem)),
            Some(Piece::Citations(_) | Piece::Fault(_)) => {}
            piece => break piece,
        }
    };
    let state = Streaming {
        talk: Some(talk),
        ready: first,
        shape,
        number: 0,
        has_begun: false,
        has_message: false,
    };
    let body = stream::unfold(state, |mut state| async move {
        let bytes = state.next().await?;
        Some((Ok::<_, std::convert::Infallible>(bytes), state))
    });
    Ok(events(Body::from_stream(body)))
}

/// A response on its way. Dropping it stops the turn.
struct Streaming {
    /// Nothing once the end was sent.
    talk: Option<Talk>,
    ready: Option<Piece>,
    shape: Shape,
    number: u64,
    has_begun: bool,
    has_message: bool,
}

impl Streaming {
    async fn next(&mut self) -> Option<Bytes> {
        let mut out = String::new();
        if !std::mem::replace(&mut self.has_begun, true) {
            let document = self.shape.document("in_progress", &[], None);
            self.event(&mut out, "response.created", json!({ "response": document }));
            self.event(&mut out, "response.in_progress", json!({ "response": document }));
        }
        while out.is_empty() || self.ready.is_some() {
            let piece = match self.ready.take() {
                Some(piece) => piece,
                None => self.talk.as_mut()?.next().await?,
            };
            match piece {
                Piece::Text(words) => {
                    self.begin_message(&mut out);
                    let id = self.message_id();
                    let data =
                        json!({ "item_id": id, "output_index": 0, "content_index": 0, "delta": words, "logprobs": [] });
                    self.event(&mut out, "response.output_text.delta", data);
                }
                Piece::End(end) => {
                    self.talk = None;
                    self.end(&mut out, &end);
                }
                Piece::Failed(problem) => {
                    self.talk = None;
                    let error = Refusal::from(*problem).document();
                    let error = error.get("error").cloned().unwrap_or_default();
                    self.event(&mut out, "error", error);
                }
                Piece::Citations(_) | Piece::Fault(_) => {}
            }
        }
        Some(out.into())
    }

    fn message_id(&self) -> String {
        format!("msg_{}", self.shape.id.trim_start_matches("resp_"))
    }

    fn begin_message(&mut self, out: &mut String) {
        if std::mem::replace(&mut self.has_message, true) {
            return;
        }
        let (item, id) = (self.shape.message("", "in_progress"), self.message_id());
        self.event(
            out,
            "response.output_item.added",
            json!({ "output_index": 0, "item": item }),
        );
        let data = json!({ "item_id": id, "output_index": 0, "content_index": 0, "part": text_part("") });
        self.event(out, "response.content_part.added", data);
    }

    fn end(&mut self, out: &mut String, end: &botstate::door::End) {
        if end.calls.is_empty() {
            self.begin_message(out);
        }
        if self.has_message {
            let (text, id) = (end.text.as_str(), self.message_id());
            let data = json!({ "item_id": id, "output_index": 0, "content_index": 0, "text": text, "logprobs": [] });
            self.event(out, "response.output_text.done", data);
            let data = json!({ "item_id": id, "output_index": 0, "content_index": 0, "part": text_part(text) });
            self.event(out, "response.content_part.done", data);
            let item = self.shape.message(text, "completed");
            self.event(
                out,
                "response.output_item.done",
                json!({ "output_index": 0, "item": item }),
            );
        }
        let before = usize::from(self.has_message);
        for (index, call) in end.calls.iter().enumerate() {
            let index = before + index;
            let (begun, done) = (call_item(call, "in_progress"), call_item(call, "completed"));
            let id = format!("fc_{}", call.id);
            self.event(
                out,
                "response.output_item.added",
                json!({ "output_index": index, "item": begun }),
            );
            let data = json!({ "item_id": id, "output_index": index, "delta": call.arguments });
            self.event(out, "response.function_call_arguments.delta", data);
            let data = json!({ "item_id": id, "output_index": index, "name": call.name, "arguments": call.arguments });
            self.event(out, "response.function_call_arguments.done", data);
            self.event(
                out,
                "response.output_item.done",
                json!({ "output_index": index, "item": done }),
            );
        }
        let output = self.shape.output(&end.text, &end.calls);
        let document = self.shape.document("completed", &output, Some(end));
        let name = match end.finish {
            botstate::model::Finish::Length => "response.incomplete",
            _ => "response.completed",
        };
        self.event(out, name, json!({ "response": document }));
    }

    fn event(&mut self, out: &mut String, name: &str, mut data: Value) {
        if let Some(data) = data.as_object_mut() {
            data.insert("type".to_owned(), name.into());
            data.insert("sequence_number".to_owned(), self.number.into());
        }
        self.number += 1;
        // Writing into a text cannot fail.
        let _ = write!(out, "event: {name}\ndata: {data}\n\n");
    }
}
