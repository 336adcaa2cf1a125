//! What chat completions and responses have in common: who asks whom, where it belongs, and what the model may do.

use std::sync::Arc;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use botlib::Caller;
use botserver_core::RequestContext;
use botstate::{
    dialog::Bot,
    door::{Content, Conversations, Inbound, Piece, Place, Talk, Wish},
    model::AnswerFormat,
};
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    error::Refusal,
    openai::{
        format::{self, Wanted},
        tools::{self, Choice, Tool},
    },
    service::Gateway,
};

/// The longest name that a client may give a conversation.
const LONGEST_NAME: usize = 256;

/// A request whose caller and bot are known.
pub(super) struct Asked {
    pub(super) caller: Caller,
    pub(super) bot: Arc<Bot>,
    /// When it was asked, in seconds since 1970.
    pub(super) created: i64,
    conversations: Arc<dyn Conversations>,
    /// The client's own name of the request: in a kept conversation a repeated one finds the first answer.
    key: Option<String>,
}

/// What a client asks of the model, in either form.
pub(super) struct Manner {
    pub(super) tools: Option<Vec<Tool>>,
    pub(super) choice: Option<Choice>,
    pub(super) form: Wanted,
    pub(super) instructions: Vec<String>,
    pub(super) temperature: Option<f32>,
    pub(super) max_tokens: Option<u32>,
}

impl Asked {
    /// Lets a request in.
    pub(super) async fn enter(
        gateway: &Gateway,
        caller: Caller,
        model: &str,
        context: &RequestContext,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
        let (caller, bot) = gateway.enter(caller, model, context).await?;
        Ok(Self {
            caller,
            bot,
            created: gateway.clock.now().timestamp(),
            conversations: gateway.conversations()?,
            key: idempotency_key(headers)?,
        })
    }

    /// The conversation that the client calls `name`.
    pub(super) fn named(&self, name: &str, param: &str) -> Result<Place, Refusal> {
        if !(1..=LONGEST_NAME).contains(&name.len()) {
            return Err(Refusal::invalid(
                param,
                format!("conversation must be a name of 1 to {LONGEST_NAME} bytes"),
            ));
        }
        Ok(Place::Kept(self.conversations.named(&self.caller, &self.bot, name)))
    }

    /// What is asked of the model.
    pub(super) fn wish(&self, manner: Manner) -> Result<Wish, Refusal> {
        let Manner {
            tools,
            choice,
            form,
            mut instructions,
            temperature,
            max_tokens,
        } = manner;
        if temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
            return Err(Refusal::invalid("temperature", "must be 0 to 2"));
        }
        if max_tokens == Some(0) {
            return Err(Refusal::invalid("max_tokens", "must be 1 or more"));
        }
        let (tools, choice) = tools::read(tools, choice, &self.bot)?;
        instructions.extend(form.instructions);
        Ok(Wish {
            tools,
            choice,
            format: form.format,
            instructions: (!instructions.is_empty()).then(|| instructions.join("\n\n")),
            temperature,
            max_tokens,
        })
    }

    /// Puts the input in its line. An answer that has to have a form is waited for and looked at.
    pub(super) async fn send(self, place: Place, content: Content, wish: Wish) -> Result<Talk, Refusal> {
        let form = wish.format.clone();
        let inbound = Inbound {
            caller: self.caller,
            bot: self.bot,
            place,
            key: self.key,
            content,
            channel: "api",
            locale: None,
            wish,
        };
        let talk = self.conversations.send(inbound).await?;
        match form {
            AnswerFormat::Text => Ok(talk),
            form => formed(talk, &form).await,
        }
    }
}

/// Waits for an answer, looks at its form, and gives it as if it came now.
async fn formed(talk: Talk, form: &AnswerFormat) -> Result<Talk, Refusal> {
    let conversation = talk.conversation;
    let mut end = talk.finish().await?;
    format::check(form, &mut end)?;
    let (sender, pieces) = mpsc::unbounded_channel();
    // The receiver is at hand, so neither can fail.
    if !end.text.is_empty() {
        let _ = sender.send(Piece::Text(end.text.clone()));
    }
    let _ = sender.send(Piece::End(Box::new(end)));
    Ok(Talk::new(conversation, pieces, CancellationToken::new()))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
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

/// The first piece that an answer shows; nothing when it broke off without a word. A stream begins with it, so that
/// what fails before it is an error like any other.
pub(super) async fn first_piece(talk: &mut Talk) -> Result<Piece, Refusal> {
    loop {
        match talk.next().await {
            Some(Piece::Failed(problem)) => return Err(Refusal::from(*problem)),
            Some(Piece::Citations(_) | Piece::Fault(_)) => {}
            Some(piece) => return Ok(piece),
            None => return Err(broken_off()),
        }
    }
}

/// The server stops.
pub(super) fn broken_off() -> Refusal {
    botlib::Problem::new(503, "server/unavailable", "The server is shutting down").into()
}

/// A document.
pub(super) fn json(document: &Value) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], document.to_string()).into_response()
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
