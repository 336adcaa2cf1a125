//! `/v1/chat/completions`.

mod stream;

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use botserver_core::{Auth, Json, RequestContext};
use botstate::door::{Piece, Place, Talk};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use self::stream::stream_answer;
use super::turn::{Asked, Manner, broken_off, json};
use crate::{
    error::Refusal,
    openai::{
        answer::{self, Chunks, Head},
        format::{self, ResponseFormat},
        messages::{self, Message},
        stop::Stop,
        tools::{Choice, Tool},
    },
    service::Gateway,
};

/// What a client of chat completions asks. Fields that this server does not know are ignored.
#[derive(Deserialize, ToSchema)]
pub(super) struct Completion {
    /// The bot's name.
    model: String,
    /// The talk so far, and what is said now.
    #[schema(min_items = 1)]
    messages: Vec<Message>,
    /// Whether the answer comes as it is written.
    #[serde(default)]
    #[schema(required = false)]
    stream: Option<bool>,
    /// What a stream tells besides the answer.
    #[serde(default)]
    #[schema(required = false)]
    stream_options: Option<StreamOptions>,
    /// Functions of the client that the model may call; the client runs them and sends the results.
    #[serde(default)]
    #[schema(required = false)]
    tools: Option<Vec<Tool>>,
    /// Whether the model has to call one of the client's functions.
    #[serde(default)]
    #[schema(required = false)]
    tool_choice: Option<Choice>,
    /// Words at which the answer ends; at most four.
    #[serde(default)]
    #[schema(required = false)]
    stop: Option<Words>,
    /// Randomness.
    #[serde(default)]
    #[schema(required = false, minimum = 0, maximum = 2)]
    temperature: Option<f32>,
    /// The longest answer, in tokens.
    #[serde(default, deserialize_with = "crate::whole::whole")]
    #[schema(required = false, minimum = 1, maximum = 1_000_000)]
    max_tokens: Option<u32>,
    /// The same by its newer name.
    #[serde(default, deserialize_with = "crate::whole::whole")]
    #[schema(required = false, minimum = 1, maximum = 1_000_000)]
    max_completion_tokens: Option<u32>,
    /// Answers wanted; one is given.
    #[serde(default, deserialize_with = "crate::whole::whole")]
    #[schema(required = false, minimum = 1, maximum = 1)]
    n: Option<u32>,
    /// The form of the answer. One that has not the form is refused, so nothing is streamed before its end.
    #[serde(default)]
    #[schema(required = false)]
    response_format: Option<ResponseFormat>,
    /// Whether odds of tokens are wanted; there are none.
    #[serde(default)]
    #[schema(required = false)]
    logprobs: Option<bool>,
    /// `conversation` names a conversation that the server keeps: then only what is new counts of the messages.
    #[serde(default)]
    #[schema(required = false)]
    metadata: Option<BTreeMap<String, Value>>,
}

/// What a stream tells besides the answer.
#[derive(Deserialize, ToSchema)]
struct StreamOptions {
    /// Whether its end tells what the answer cost.
    #[serde(default)]
    #[schema(required = false)]
    include_usage: Option<bool>,
}

/// One word, or several.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = StopWords)]
enum Words {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// Lets a bot answer.
#[utoipa::path(post, path = "/v1/chat/completions", request_body = Completion, responses(
    (status = 200, description = "The answer, or its pieces as server-sent events", content(
        (serde_json::Value = "application/json"), (String = "text/event-stream"))),
    (status = 400, description = "Something that is not understood", body = serde_json::Value),
    (status = 401, description = "No key", body = serde_json::Value),
    (status = 404, description = "No such bot for this caller", body = serde_json::Value),
    (status = 429, description = "Too many requests, or a budget is spent", body = serde_json::Value),
    (status = 502, description = "The model did not answer", body = serde_json::Value),
    (status = "default", description = "Any other failure", body = serde_json::Value),
))]
pub(super) async fn create_completion(
    State(gateway): State<Gateway>,
    Auth(caller): Auth,
    context: RequestContext,
    headers: HeaderMap,
    Json(asked): Json<Completion>,
) -> Result<Response, Refusal> {
    let entered = Asked::enter(&gateway, caller, &asked.model, &context, &headers).await?;
    refuse_unknown(&asked)?;
    let stop = match asked.stop {
        None => Vec::new(),
        Some(Words::One(word)) => vec![word],
        Some(Words::Several(words)) if words.len() <= 4 => words,
        Some(Words::Several(_)) => return Err(Refusal::invalid("stop", "at most four words are taken")),
    };
    let said = messages::read(asked.messages)?;
    let wish = entered.wish(Manner {
        tools: asked.tools,
        choice: asked.tool_choice,
        form: format::of_chat(asked.response_format)?,
        instructions: said.instructions.into_iter().collect(),
        temperature: asked.temperature,
        max_tokens: asked.max_completion_tokens.or(asked.max_tokens),
    })?;
    let name = asked
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.get("conversation"));
    let place = match name {
        None => Place::Passing { history: said.history },
        Some(name) => entered.named(name.as_str().unwrap_or_default(), "metadata")?,
    };
    let head = Head {
        id: format!("chatcmpl-{}", Uuid::now_v7().simple()),
        created: entered.created,
        model: entered.bot.name.clone(),
    };
    let talk = entered.send(place, said.content, wish).await?;
    let stop = Stop::new(stop);
    if asked.stream == Some(true) {
        let with_usage = asked.stream_options.and_then(|options| options.include_usage) == Some(true);
        stream_answer(talk, Chunks::new(head, with_usage), stop).await
    } else {
        whole_answer(talk, &head, stop).await
    }
}

/// What would change the answer and is not done here is refused, rather than left out in silence.
fn refuse_unknown(asked: &Completion) -> Result<(), Refusal> {
    if asked.n.is_some_and(|n| n != 1) {
        return Err(Refusal::unsupported("n", "one answer is given: leave n out, or send 1"));
    }
    if asked.logprobs == Some(true) {
        return Err(Refusal::unsupported(
            "logprobs",
            "odds of tokens are not known here: leave logprobs out",
        ));
    }
    Ok(())
}

async fn whole_answer(mut talk: Talk, head: &Head, mut stop: Stop) -> Result<Response, Refusal> {
    let mut text = String::new();
    while let Some(piece) = talk.next().await {
        match piece {
            Piece::Text(words) => {
                text.push_str(&stop.push(&words));
                if stop.is_over() {
                    talk.stop();
                }
            }
            Piece::Failed(problem) => return Err(Refusal::from(*problem)),
            Piece::End(end) => {
                text.push_str(&stop.finish());
                return Ok(json(&answer::whole(head, &end, &text)));
            }
            Piece::Citations(_) | Piece::Fault(_) => {}
        }
    }
    Err(broken_off())
}
