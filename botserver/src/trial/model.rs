//! The model: a server that speaks the true protocol and answers what the test has written down.

use std::{net::Ipv4Addr, sync::Arc};

use anyhow::Context as _;
use axum::{Router, body::Body, extract::State, response::Response, routing::post};
use botstate::Lifecycle;
use http::{StatusCode, header};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{file::ModelAnswer, outcome::Asked};

/// The name of its only model.
pub(crate) const NAME: &str = "test";

/// A running model. It outlives the server, as a true one does.
pub(crate) struct Model {
    url: String,
    script: Arc<Script>,
    lifecycle: Lifecycle,
    serving: tokio::task::JoinHandle<()>,
}

/// What it answers, and what it was asked.
#[derive(Debug, Default)]
struct Script(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    /// The answers, and how often each was given.
    answers: Vec<(ModelAnswer, u32)>,
    asked: Vec<Asked>,
    /// Questions without an answer.
    unanswered: Vec<String>,
    rounds: usize,
}

impl Model {
    pub(crate) async fn start(answers: &[ModelAnswer]) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("could not start the model of the tests")?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let script = Arc::new(Script(Mutex::new(Told {
            answers: answers.iter().map(|answer| (answer.clone(), 0)).collect(),
            ..Told::default()
        })));
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .with_state(Arc::clone(&script));
        let lifecycle = Lifecycle::new();
        let serving = lifecycle.spawn(async move {
            // It only ends when the listener fails, and then whoever asks hears of it.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            url,
            script,
            lifecycle,
            serving,
        })
    }

    /// The base address, as `llm_url` takes it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The questions since the last time, and those among them that nothing answers.
    pub(crate) fn take(&self) -> (Vec<Asked>, Vec<String>) {
        let mut told = self.script.0.lock();
        (std::mem::take(&mut told.asked), std::mem::take(&mut told.unanswered))
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.lifecycle.stopping().cancel();
        self.serving.abort();
    }
}

async fn complete(State(script): State<Arc<Script>>, body: String) -> Response {
    let Ok(body) = serde_json::from_str::<Value>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is not JSON");
    };
    let asked = Asked(body);
    let question = asked.question();
    let mut told = script.0.lock();
    let found = told.answers.iter_mut().find(|(answer, given)| {
        let fits = answer.when.as_ref().is_none_or(|when| question.contains(when.as_str()));
        fits && (answer.always || *given == 0)
    });
    let answer = found.map(|(answer, given)| {
        *given += 1;
        answer.clone()
    });
    told.asked.push(asked);
    told.rounds += 1;
    let Some(answer) = answer else {
        told.unanswered.push(question);
        return refuse(StatusCode::BAD_REQUEST, "the test has no answer under `model` to this");
    };
    if let Some(status) = answer.fail {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return refuse(status, "the test lets the model fail");
    }
    let mut response = Response::new(Body::from(events(&answer, told.rounds)));
    let mime = header::HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, mime);
    response
}

fn refuse(status: StatusCode, message: &str) -> Response {
    let error = json!({ "error": { "message": message, "type": "test", "code": status.as_u16() } });
    let mut response = Response::new(Body::from(error.to_string()));
    *response.status_mut() = status;
    let mime = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, mime);
    response
}

/// An answer as server-sent events, word by word.
fn events(answer: &ModelAnswer, round: usize) -> String {
    let said = answer.say.clone().unwrap_or_default();
    let mut deltas = vec![json!({ "role": "assistant", "content": "" })];
    deltas.extend(said.split_inclusive(' ').map(|word| json!({ "content": word })));
    let calls = answer.calls.iter().enumerate().map(|(index, call)| {
        let arguments = Value::Object(call.args.clone()).to_string();
        let function = json!({ "name": call.name, "arguments": arguments });
        let id = format!("call_{round}_{index}");
        json!({ "tool_calls": [{ "index": index, "id": id, "type": "function", "function": function }] })
    });
    deltas.extend(calls);
    let mut choices: Vec<Value> = deltas
        .into_iter()
        .map(|delta| json!({ "index": 0, "delta": delta, "finish_reason": null }))
        .collect();
    let finish = if answer.calls.is_empty() { "stop" } else { "tool_calls" };
    choices.push(json!({ "index": 0, "delta": {}, "finish_reason": finish }));
    let chunk = |choices: &[Value], usage: Value| {
        let chunk = json!({
            "id": "test", "object": "chat.completion.chunk", "created": 0, "model": NAME,
            "choices": choices, "usage": usage,
        });
        format!("data: {chunk}\n\n")
    };
    let mut text: String = choices
        .iter()
        .map(|choice| chunk(std::slice::from_ref(choice), Value::Null))
        .collect();
    let usage = json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 });
    text.push_str(&chunk(&[], usage));
    text.push_str("data: [DONE]\n\n");
    text
}
