//! The baseline: the least that a WebSocket server can do with a JSON message.

use std::io::{Read, Write};

use axum::{
    Router,
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    response::Response,
    routing::{any, get},
    serve::ListenerExt,
};
use serde::{Deserialize, Serialize};

/// A message and its echo.
#[derive(Serialize, Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    id: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    content: std::borrow::Cow<'a, str>,
}

/// Serves on a free port until the standard input ends; says its address in a line.
pub(crate) fn serve() -> anyhow::Result<()> {
    crate::usage::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let router = Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/ws", any(|upgrade: WebSocketUpgrade| async { upgraded(upgrade) }));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    std::io::stdout().flush()?;
    let listener = listener.tap_io(|io| {
        // Small frames wait some 40 ms without it; a socket that is gone needs it no more.
        let _ = io.set_nodelay(true);
    });
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn_on(async move { axum::serve(listener, router).await }, runtime.handle());
    // The owner holds the other end: it closes when the owner ends, however it ends.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    runtime.shutdown_background();
    Ok(())
}

fn upgraded(upgrade: WebSocketUpgrade) -> Response {
    upgrade.read_buffer_size(4096).write_buffer_size(0).on_upgrade(echo)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else { continue };
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(&text) else {
            return;
        };
        let Ok(answer) = serde_json::to_string(&frame) else {
            return;
        };
        if socket.send(Message::text(answer)).await.is_err() {
            return;
        }
    }
}
