//! `/v1/chat/completions`.

use std::{collections::BTreeMap, fmt::Write as _};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use botserver_core::{Auth, Json, RequestContext};
use botstate::door::{Inbound, Piece, Place, Talk, Wish};
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    error::Refusal,
    openai::{
        answer::{self, Chunks, Head},
        messages::{self, Message},
        stop::Stop,
        tools::{self, Tool},
    },
    service::Gateway,
};

/// The longest name that a client may give a conversation.
const LONGEST_NAME: usize = 256;

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
    /// `auto` or `none`.
    #[serde(default)]
    #[schema(required = false)]
    tool_choice: Option<Value>,
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
    /// The form of the answer; `text` is given.
    #[serde(default)]
    #[schema(required = false)]
    response_format: Option<Value>,
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
    let (caller, bot) = gateway.enter(caller, &asked.model, &context).await?;
    refuse_unknown(&asked)?;
    let conversations = gateway.conversations()?;
    let tools = tools::read(asked.tools, asked.tool_choice.as_ref(), &bot)?;
    let stop = match asked.stop {
        None => Vec::new(),
        Some(Words::One(word)) => vec![word],
        Some(Words::Several(words)) if words.len() <= 4 => words,
        Some(Words::Several(_)) => return Err(Refusal::invalid("stop", "at most four words are taken")),
    };
    let said = messages::read(asked.messages)?;
    let name = asked
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.get("conversation"));
    let place = match name.map(|name| name.as_str().unwrap_or_default()) {
        None => Place::Passing { history: said.history },
        Some(name) if (1..=LONGEST_NAME).contains(&name.len()) => Place::Kept(conversations.named(&caller, &bot, name)),
        Some(_) => {
            return Err(Refusal::invalid(
                "metadata",
                format!("conversation must be a name of 1 to {LONGEST_NAME} bytes"),
            ));
        }
    };
    let head = Head {
        id: format!("chatcmpl-{}", Uuid::now_v7().simple()),
        created: gateway.clock.now().timestamp(),
        model: bot.name.clone(),
    };
    let inbound = Inbound {
        caller,
        bot,
        place,
        key: idempotency_key(&headers)?,
        content: said.content,
        channel: "api",
        locale: None,
        wish: Wish {
            tools,
            instructions: said.instructions,
            temperature: asked.temperature,
            max_tokens: asked.max_completion_tokens.or(asked.max_tokens),
        },
    };
    let talk = conversations.send(inbound).await?;
    let stop = Stop::new(stop);
    if asked.stream == Some(true) {
        let with_usage = asked.stream_options.and_then(|options| options.include_usage) == Some(true);
        stream_answer(talk, Chunks::new(head, with_usage), stop).await
    } else {
        whole_answer(talk, &head, stop).await
    }
}

/// The client's own name of the request: in a kept conversation a repeated one finds the first answer.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if (1..=128).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Refusal::invalid(
            "Idempotency-Key",
            "must have 1 to 128 visible characters",
        )),
    }
}

/// What would change the answer and is not done here is refused, rather than left out in silence.
fn refuse_unknown(asked: &Completion) -> Result<(), Refusal> {
    if asked.n.is_some_and(|n| n != 1) {
        return Err(Refusal::unsupported("n", "one answer is given: leave n out, or send 1"));
    }
    if asked.logprobs == Some(true) {
        return Err(Refusal::unsupported("logprobs", "odds of tokens are not known here"));
    }
    let format = asked.response_format.as_ref().and_then(|format| format.get("type"));
    if format.is_some_and(|kind| kind.as_str() != Some("text")) {
        return Err(Refusal::unsupported(
            "response_format",
            "answers are text: leave response_format out",
        ));
    }
    if asked
        .temperature
        .is_some_and(|temperature| !(0.0..=2.0).contains(&temperature))
    {
        return Err(Refusal::invalid("temperature", "must be 0 to 2"));
    }
    if [asked.max_tokens, asked.max_completion_tokens].contains(&Some(0)) {
        return Err(Refusal::invalid("max_tokens", "must be 1 or more"));
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

fn json(document: &Value) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], document.to_string()).into_response()
}

fn broken_off() -> Refusal {
    botlib::Problem::new(503, "server/unavailable", "The server is shutting down").into()
}

/// Streams an answer. It begins with the first piece, so that what fails before it is an error like any other.
async fn stream_answer(mut talk: Talk, chunks: Chunks, stop: Stop) -> Result<Response, Refusal> {
    let first = loop {
        match talk.next().await {
            Some(Piece::Failed(problem)) => return Err(Refusal::from(*problem)),
            Some(Piece::Citations(_) | Piece::Fault(_)) => {}
            Some(piece) => break piece,
            None => return Err(broken_off()),
        }
    };
    let state = Streaming {
        talk: Some(talk),
        ready: Some(first),
        chunks,
        stop,
        has_begun: false,
    };
    let body = stream::unfold(state, |mut state| async move {
        let bytes = state.next().await?;
        Some((Ok::<_, std::convert::Infallible>(bytes), state))
    });
    Ok(events(Body::from_stream(body)))
}

/// A body of server-sent events.
pub(super) fn events(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Proxies that gather would hold the words back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// An answer on its way. Dropping it stops the turn.
struct Streaming {
    /// Nothing once the end was sent.
    talk: Option<Talk>,
    ready: Option<Piece>,
    chunks: Chunks,
    stop: Stop,
    has_begun: bool,
}

impl Streaming {
    async fn next(&mut self) -> Option<Bytes> {
        let mut out = String::new();
        if !std::mem::replace(&mut self.has_begun, true) {
            out.push_str(&self.chunks.begin());
        }
        while out.is_empty() || self.ready.is_some() {
            let piece = match self.ready.take() {
                Some(piece) => Some(piece),
                None => self.talk.as_mut()?.next().await,
            };
            match piece {
                Some(Piece::Text(words)) => {
                    let words = self.stop.push(&words);
                    if let (true, Some(talk)) = (self.stop.is_over(), &self.talk) {
                        talk.stop();
                    }
                    if !words.is_empty() {
                        out.push_str(&self.chunks.text(&words));
                    }
                }
                Some(Piece::End(end)) => {
                    self.talk = None;
                    let rest = self.stop.finish();
                    if !rest.is_empty() {
                        out.push_str(&self.chunks.text(&rest));
                    }
                    let mut bytes = Vec::from(out);
                    bytes.extend_from_slice(&self.chunks.end(&end));
                    return Some(bytes.into());
                }
                Some(Piece::Failed(problem)) => {
                    self.talk = None;
                    // Writing into a text cannot fail.
                    let _ = write!(out, "data: {}\n\n", Refusal::from(*problem).document());
                    return Some(out.into());
                }
                Some(Piece::Citations(_) | Piece::Fault(_)) => {}
                None => return None,
            }
        }
        Some(out.into())
    }
}
