//! `/v1/responses`, as far as a conversation goes.

mod document;
mod input;
mod stream;

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use botlib::{ConversationId, Subject};
use botserver_core::{Auth, Json, RequestContext};
use botstate::door::Place;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use self::{document::Shape, input::Input, stream::stream_response};
use super::turn::{self, Asked, Manner};
use crate::{
    error::Refusal,
    openai::{
        format::{self, ResponseText},
        tools::{self, Choice, Tool},
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
    /// Whether the model has to call one of the client's functions.
    #[serde(default)]
    #[schema(required = false)]
    tool_choice: Option<Choice>,
    /// The form of the answer. One that has not the form is refused, so nothing is streamed before its end.
    #[serde(default)]
    #[schema(required = false)]
    text: Option<ResponseText>,
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
    let entered = Asked::enter(&gateway, caller, &asked.model, &request, &headers).await?;
    let said = input::read(asked.input)?;
    let wish = entered.wish(Manner {
        tools: asked.tools,
        choice: asked.tool_choice,
        form: format::of_response(asked.text)?,
        instructions: asked.instructions.into_iter().chain(said.instructions).collect(),
        temperature: asked.temperature,
        max_tokens: asked.max_output_tokens,
    })?;
    let named = match &asked.conversation {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name.as_str()),
        Some(other) => other.get("id").and_then(Value::as_str).or(Some("")),
    };
    let place = match (asked.previous_response_id.as_deref(), named) {
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
        (None, Some(name)) => entered.named(name, "conversation")?,
        // Who brings the talk so far keeps it, too; and a visitor without a token could never come back.
        (None, None)
            if asked.store == Some(false)
                || !said.history.is_empty()
                || matches!(entered.caller.subject, Subject::Visitor(_)) =>
        {
            Place::Passing { history: said.history }
        }
        (None, None) => Place::Kept(ConversationId::new()),
    };
    let id = match &place {
        Place::Kept(conversation) => {
            format!("resp_{}{}", conversation.as_uuid().simple(), Uuid::now_v7().simple())
        }
        Place::Passing { .. } => format!("resp_{}", Uuid::now_v7().simple()),
    };
    let shape = Shape {
        id,
        created_at: entered.created,
        model: entered.bot.name.clone(),
        previous: asked.previous_response_id,
        metadata: json!(asked.metadata.unwrap_or_default()),
        store: matches!(place, Place::Kept(_)),
        format: format::told(&wish.format),
        choice: tools::told(&wish.choice),
    };
    let talk = entered.send(place, said.content, wish).await?;
    if asked.stream == Some(true) {
        return stream_response(talk, shape).await;
    }
    let end = talk.finish().await?;
    let output = shape.output(&end.text, &end.calls);
    Ok(turn::json(&shape.document("completed", &output, Some(&end))))
}

/// The conversation that a response's id names.
fn kept(id: &str) -> Option<ConversationId> {
    let id = id.strip_prefix("resp_").filter(|id| id.len() == 64)?;
    Uuid::try_parse(id.get(..32)?).ok().map(ConversationId::from_uuid)
}
