//! The baseline of gateways: a provider of models that answers at once.

use std::io::{Read, Write};

use axum::{
    Router,
    body::Bytes,
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};

/// What is answered, whole.
const WHOLE: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Good day to you."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14}}"#;

/// The same in pieces.
const PIECES: &str = concat!(
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,",
    "\"delta\":{\"role\":\"assistant\",\"content\":\"Good day to you.\"},\"finish_reason\":null}]}\n\n",
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,",
    "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[],",
    "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5,\"total_tokens\":14}}\n\n",
    "data: [DONE]\n\n",
);

/// Serves on a free port until the standard input ends; says its address in a line.
pub(crate) fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let router = Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/v1/chat/completions", post(answer));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    std::io::stdout().flush()?;
    let listener = listener.tap_io(|io| {
        // A socket that is gone needs it no more.
        let _ = io.set_nodelay(true);
    });
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn_on(async move { axum::serve(listener, router).await }, runtime.handle());
    // The owner holds the other end: it closes when the owner ends, however it ends.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    runtime.shutdown_background();
    Ok(())
}

async fn answer(body: Bytes) -> Response {
    let asked: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    if asked.get("stream") == Some(&true.into()) {
        ([(header::CONTENT_TYPE, "text/event-stream")], PIECES).into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], WHOLE).into_response()
    }
}
