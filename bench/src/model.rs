//! The baseline of streams: a model's provider that says numbered words at a steady pace.
//!
//! It speaks as much of OpenAI's chat completions as the measures need. A question is two numbers: how many words, and
//! the microseconds from one to the next.

use std::{
    io::{Read, Write},
    time::Duration,
};

#[expect(clippy::disallowed_types, reason = "the baseline is bare axum")]
use axum::Json;
use axum::{
    Router,
    body::{Body, Bytes},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

/// Serves on a free port until the standard input ends; says its address in a line.
pub(crate) fn serve() -> anyhow::Result<()> {
    crate::usage::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let router = Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/v1/chat/completions", post(complete));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    std::io::stdout().flush()?;
    let listener = listener.tap_io(|io| {
        // Words would wait for each other without it; a socket that is gone needs it no more.
        let _ = io.set_nodelay(true);
    });
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn_on(async move { axum::serve(listener, router).await }, runtime.handle());
    // The owner holds the other end: it closes when the owner ends, however it ends.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    runtime.shutdown_background();
    Ok(())
}

/// A word, and the blank behind it.
pub(crate) fn word(number: u64) -> String {
    format!("w{number} ")
}

#[expect(clippy::disallowed_types, reason = "the baseline is bare axum")]
async fn complete(Json(body): Json<Value>) -> Response {
    let (words, pace) = asked(&body).unwrap_or((1, Duration::ZERO));
    if body.get("stream").and_then(Value::as_bool) != Some(true) {
        let text: String = (0..words).map(word).collect();
        let message = json!({ "role": "assistant", "content": text });
        let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
        let usage = json!({ "prompt_tokens": 1, "completion_tokens": words, "total_tokens": words + 1 });
        return Json(json!({
            "id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage,
        }))
        .into_response();
    }
    let begin = Instant::now();
    let pieces = futures::stream::iter(0..words).then(move |number| async move {
        let steps = u32::try_from(number).unwrap_or(u32::MAX);
        if !pace.is_zero() {
            sleep_until(begin + pace * steps).await;
        }
        chunk(&json!({ "content": word(number) }), None)
    });
    let end = chunk(&json!({}), Some("stop"));
    let usage = json!({ "prompt_tokens": 1, "completion_tokens": words, "total_tokens": words + 1 });
    let usage = event(&json!({ "id": "c", "object": "chat.completion.chunk", "choices": [], "usage": usage }));
    let last = futures::stream::iter([end, usage, "data: [DONE]\n\n".to_owned()]);
    let body = pieces
        .chain(last)
        .map(|text| Ok::<_, std::convert::Infallible>(Bytes::from(text)));
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

/// The two numbers in the last message.
fn asked(body: &Value) -> Option<(u64, Duration)> {
    let content = body.get("messages")?.as_array()?.last()?.get("content")?.as_str()?;
    let mut numbers = content.split_whitespace().map(str::parse::<u64>);
    let (words, pace) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some((words, Duration::from_micros(pace)))
}

fn chunk(delta: &Value, finish: Option<&str>) -> String {
    let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish });
    event(&json!({
        "id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice],
    }))
}

fn event(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}
