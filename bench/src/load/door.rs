//! Opening connections: a visitor's token, then a socket that proves it.

use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{self, client::IntoClientRequest, protocol::WebSocketConfig},
};

use super::line::{Line, Talk};
use crate::protocol::Target;

/// The longest that one connection may take to open.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `/api/auth` answers.
#[derive(Deserialize)]
struct Visit {
    session_id: String,
    token: String,
}

/// Opens connections one after the other.
pub(super) struct Door {
    address: String,
    target: Target,
    /// Kept open between visits, so that ports last for ten thousand of them.
    http: Option<TcpStream>,
}

impl Door {
    pub(super) fn new(address: &str, target: &Target) -> Self {
        Self {
            address: address.to_owned(),
            target: target.clone(),
            http: None,
        }
    }

    /// Opens a connection and waits until nothing more is to come.
    pub(super) async fn open(&mut self, number: usize) -> anyhow::Result<Line> {
        let target = self.target.clone();
        let opening = async {
            match target {
                Target::Echo => self.socket(number, "/ws", None, Talk::Echo).await,
                Target::Model { name, .. } => bail!("the model {name} has no socket"),
                Target::Bot { name, greets } => {
                    let visit = self.visit(&name).await.context("ask for a token")?;
                    let path = format!("/ws?bot_name={name}&session_id={}", visit.session_id);
                    let mut line = self.socket(number, &path, Some(&visit.token), Talk::Bot).await?;
                    line.welcome(greets).await?;
                    Ok(line)
                }
            }
        };
        timeout(PATIENCE, opening)
            .await
            .with_context(|| format!("no connection within {PATIENCE:?}"))?
    }

    async fn socket(&self, number: usize, path: &str, token: Option<&str>, talk: Talk) -> anyhow::Result<Line> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request()?;
        if let Some(token) = token {
            let protocols = format!("botserver.v1, token.{token}");
            request
                .headers_mut()
                .insert(http::header::SEC_WEBSOCKET_PROTOCOL, protocols.parse()?);
        }
        let stream = TcpStream::connect(&self.address).await.context("connect")?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let (socket, _) = client_async_with_config(request, stream, Some(config))
            .await
            .map_err(explain)
            .context("open a socket")?;
        Ok(Line::new(socket, number, talk))
    }

    async fn visit(&mut self, bot: &str) -> anyhow::Result<Visit> {
        let mut stream = match self.http.take() {
            Some(stream) => stream,
            None => TcpStream::connect(&self.address).await.context("connect")?,
        };
        let request = format!(
            "GET /api/auth?bot_name={bot} HTTP/1.1\r\nhost: {}\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).await?;
        let body = answer(&mut stream).await?;
        self.http = Some(stream);
        serde_json::from_slice(&body).context("read a token")
    }
}

/// The server's own words about why it refused.
fn explain(error: tungstenite::Error) -> anyhow::Error {
    match error {
        tungstenite::Error::Http(answer) => {
            let body = answer.body().as_deref().unwrap_or_default();
            anyhow!("{}: {}", answer.status(), String::from_utf8_lossy(body))
        }
        error => error.into(),
    }
}

/// Reads an answer that says how long it is; its body.
async fn answer(stream: &mut TcpStream) -> anyhow::Result<Vec<u8>> {
    const GAP: &[u8] = b"\r\n\r\n";
    let mut received = Vec::with_capacity(2048);
    loop {
        ensure!(
            stream.read_buf(&mut received).await? > 0,
            "the server closed the connection"
        );
        let Some(at) = received.windows(GAP.len()).position(|window| window == GAP) else {
            continue;
        };
        let mut body = received.split_off(at + GAP.len());
        let head = String::from_utf8(received)
            .context("read the head of an answer")?
            .to_ascii_lowercase();
        let status = head.lines().next().unwrap_or_default().to_owned();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let Some(length) = length else {
            bail!("{status}: the answer does not say how long it is")
        };
        while body.len() < length {
            ensure!(
                stream.read_buf(&mut body).await? > 0,
                "the server closed the connection"
            );
        }
        ensure!(status.contains(" 200"), "{status}: {}", String::from_utf8_lossy(&body));
        return Ok(body);
    }
}
