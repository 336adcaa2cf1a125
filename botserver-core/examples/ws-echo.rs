//! Says back what it hears, over the server's own stack: for conformance suites and for measurements.
//!
//! `ws-echo [PORT]` prints its address and runs until it is killed.

use std::{collections::BTreeMap, io::Write as _, sync::Arc};

use axum::{
    extract::ws::{Message, WebSocket},
    response::Response,
};
use botlib::{Access, OrgId, SystemClock};
use botserver_core::{App, Handles, Routes, ServeOptions, bind, serve, ws};
use botstate::{Config, Lifecycle, config::Sources, shared::Local};
use futures::{SinkExt as _, StreamExt as _};

/// The largest message; conformance suites send 16 MiB.
const LARGEST: usize = 16 * 1024 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "0".to_owned());
    let flags = [
        ("host", "127.0.0.1"),
        ("port", port.as_str()),
        ("data_dir", "."),
        ("rate_per_minute", "0"),
    ];
    let config = Config::read(&Sources {
        flags: BTreeMap::from(flags.map(|(key, value)| (key.to_owned(), value.to_owned()))),
        ..Sources::default()
    })?;
    let lifecycle = Lifecycle::new();
    let app = App::new(Handles {
        http: config.http.clone(),
        lifecycle: lifecycle.clone(),
        limits: Arc::new(Local::new(Arc::new(SystemClock))),
        org: OrgId::new(),
    });
    let app = app
        .routes(Routes::new("echo").page(Access::Public, "/", accept))
        .build();
    let listener = bind(config.http.host, config.http.port)?;
    writeln!(std::io::stdout(), "ws://{}", listener.local_addr()?)?;
    serve(listener, app.router, ServeOptions::from(&config.http), lifecycle).await;
    Ok(())
}

async fn accept(upgrade: ws::Upgrade) -> Response {
    upgrade.accept(LARGEST, echo)
}

async fn echo(socket: WebSocket) {
    let (mut sink, mut stream) = socket.split();
    let mut pulse = ws::Pulse::new();
    let why = loop {
        let answer = tokio::select! {
            message = stream.next() => {
                pulse.heard();
                match ws::read(message) {
                    Ok(message @ (Message::Text(_) | Message::Binary(_))) => message,
                    // The socket itself answers pings.
                    Ok(_) => continue,
                    Err(why) => break why,
                }
            }
            beat = pulse.next() => match beat {
                ws::Beat::Ping => Message::Ping(Vec::new().into()),
                ws::Beat::Dead => break ws::Why::Gone,
            },
        };
        if sink.send(answer).await.is_err() {
            break ws::Why::Gone;
        }
    };
    ws::close(&mut sink, why).await;
}
