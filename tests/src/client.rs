//! A client of the chat protocol, as a page would be.

mod turn;

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use botlib::wire::ServerFrame;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

pub use tokio_tungstenite::tungstenite::Message;
pub use turn::{Said, Turn};

use crate::process::http_client;

/// How long a client waits for a frame unless it says otherwise.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Who a visitor is: what `GET /api/auth` answered. Kept by a page, and used again to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The server's address, such as `http://127.0.0.1:8080`.
    pub server: String,
    /// The bot.
    pub bot_name: String,
    /// The visitor.
    pub user_id: String,
    /// The conversation.
    pub session_id: String,
    /// The proof that the conversation is this visitor's.
    pub token: String,
}

impl Visitor {
    /// Asks the server for a new visitor of `bot_name`.
    ///
    /// # Errors
    /// When the server does not answer 200 with all fields.
    pub async fn arrive(server: &str, bot_name: &str) -> anyhow::Result<Self> {
        let answer = http_client()?
            .get(format!("{server}/api/auth"))
            .query(&[("bot_name", bot_name)])
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "GET /api/auth answered {status}: {text}");
        let body: Value = serde_json::from_str(&text).with_context(|| format!("read {text}"))?;
        let field = |name: &str| {
            let value = body.get(name).and_then(Value::as_str).map(str::to_owned);
            value.with_context(|| format!("{name} is missing in {body}"))
        };
        Ok(Self {
            server: server.to_owned(),
            bot_name: bot_name.to_owned(),
            user_id: field("user_id")?,
            session_id: field("session_id")?,
            token: field("token")?,
        })
    }

    /// The same visitor on another node.
    #[must_use]
    pub fn at(&self, server: &str) -> Self {
        Self {
            server: server.to_owned(),
            ..self.clone()
        }
    }

    /// Opens a socket.
    ///
    /// # Errors
    /// When the server refuses, with what it answered.
    pub async fn connect(&self) -> anyhow::Result<Chat> {
        self.open(None).await
    }

    /// Opens a socket that first brings every frame after `seq`.
    ///
    /// # Errors
    /// When the server refuses, with what it answered.
    pub async fn resume(&self, seq: i64) -> anyhow::Result<Chat> {
        self.open(Some(seq)).await
    }

    async fn open(&self, resume_from: Option<i64>) -> anyhow::Result<Chat> {
        let mut url = url::Url::parse(&self.server).context("read the server's address")?;
        ensure!(
            url.set_scheme("ws").is_ok(),
            "{} is no address of a web server",
            self.server
        );
        url.set_path("/ws");
        url.query_pairs_mut()
            .append_pair("bot_name", &self.bot_name)
            .append_pair("session_id", &self.session_id)
            .append_pair("user_id", &self.user_id);
        if let Some(seq) = resume_from {
            url.query_pairs_mut().append_pair("resume_from", &seq.to_string());
        }
        let mut request = url.as_str().into_client_request()?;
        let protocols = format!("botserver.v1, token.{}", self.token);
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocols.parse()?);
        let (socket, answer) = timeout(PATIENCE, connect_async(request))
            .await
            .context("open a socket")??;
        let protocol = answer
            .headers()
            .get("sec-websocket-protocol")
            .and_then(|name| name.to_str().ok());
        ensure!(
            protocol == Some("botserver.v1"),
            "the server chose the protocol {protocol:?}"
        );
        Ok(Chat {
            socket,
            last_seq: None,
            seen: Vec::new(),
        })
    }
}

/// An open socket.
#[derive(Debug)]
pub struct Chat {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_seq: Option<i64>,
    seen: Vec<i64>,
}

impl Chat {
    /// Connects a new visitor of `bot_name`. A bot that greets does so in a turn of its own, which comes first.
    ///
    /// # Errors
    /// When the server refuses either step.
    pub async fn start(server: &str, bot_name: &str) -> anyhow::Result<(Visitor, Self)> {
        let visitor = Visitor::arrive(server, bot_name).await?;
        let chat = visitor.connect().await?;
        Ok((visitor, chat))
    }

    /// Sends what a person wrote; the id under which it was sent.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn send(&mut self, text: &str) -> anyhow::Result<String> {
        let id = Uuid::now_v7().to_string();
        self.send_as(&id, text).await?;
        Ok(id)
    }

    /// Sends what a person wrote under an id of the caller's choice.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn send_as(&mut self, message_id: &str, text: &str) -> anyhow::Result<()> {
        self.send_json(&json!({ "message_type": 1, "content": text, "message_id": message_id }))
            .await
    }

    /// Runs a tool (message type 6); the id under which the frame was sent.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn run_tool(&mut self, name: &str, params: &Value) -> anyhow::Result<String> {
        let id = Uuid::now_v7().to_string();
        self.send_json(&json!({ "message_type": 6, "content": name, "params": params, "message_id": id }))
            .await?;
        Ok(id)
    }

    /// Ends the running answer.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.send_json(&json!({ "type": "stop" })).await
    }

    /// Sends a frame as it is.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn send_json(&mut self, frame: &Value) -> anyhow::Result<()> {
        self.send_raw(Message::text(frame.to_string())).await
    }

    /// Sends anything, right or wrong.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn send_raw(&mut self, message: Message) -> anyhow::Result<()> {
        timeout(PATIENCE, self.socket.send(message))
            .await
            .context("send a frame")?
            .context("send a frame")
    }

    /// The next frame, within [`PATIENCE`]. Pings are answered and left out.
    ///
    /// # Errors
    /// When none comes, it cannot be read, or the server closes the socket.
    pub async fn next_frame(&mut self) -> anyhow::Result<ServerFrame> {
        self.next_frame_within(PATIENCE).await
    }

    /// The next frame, within a time of the caller's choice.
    ///
    /// # Errors
    /// As [`Chat::next_frame`].
    pub async fn next_frame_within(&mut self, within: Duration) -> anyhow::Result<ServerFrame> {
        let message = timeout(within, self.next_message())
            .await
            .with_context(|| format!("no frame in {within:?}"))??;
        match message {
            Message::Text(text) => {
                let frame: ServerFrame = serde_json::from_str(&text).with_context(|| format!("read {text}"))?;
                // The first frame tells where the log stands, not that it was seen.
                if frame.kind.as_deref() != Some("connected") {
                    self.last_seq = frame.seq.max(self.last_seq);
                    self.seen.extend(frame.seq);
                }
                Ok(frame)
            }
            Message::Close(close) => bail!("the server closed the socket: {close:?}"),
            other => bail!("expected a text frame, not {other:?}"),
        }
    }

    /// The close code that the server sends, frames before it left out.
    ///
    /// # Errors
    /// When the socket ends without one, or not in time.
    pub async fn closed(&mut self, within: Duration) -> anyhow::Result<Option<CloseFrame>> {
        let closing = async {
            loop {
                if let Message::Close(close) = self.next_message().await? {
                    return Ok(close);
                }
            }
        };
        timeout(within, closing)
            .await
            .with_context(|| format!("the socket was open for {within:?}"))?
    }

    /// Everything up to the end of the running turn, with streamed messages put together.
    ///
    /// # Errors
    /// When a frame does not come in time, the server refuses what was sent, or pieces of a message do not fit.
    pub async fn turn(&mut self) -> anyhow::Result<Turn> {
        let mut turn = Turn::default();
        while !turn.is_completed() {
            let frame = self
                .next_frame()
                .await
                .with_context(|| format!("wait for the end of {turn:?}"))?;
            ensure!(
                frame.kind.as_deref() != Some("error"),
                "the server answered {:?}",
                frame.data
            );
            turn.add(frame)?;
        }
        Ok(turn)
    }

    /// Sends `text` and collects its turn.
    ///
    /// # Errors
    /// As [`Chat::send`] and [`Chat::turn`].
    pub async fn say(&mut self, text: &str) -> anyhow::Result<Turn> {
        self.send(text).await?;
        self.turn().await
    }

    /// The positions in the log of all frames so far, in the order of their arrival.
    pub fn seen(&self) -> &[i64] {
        &self.seen
    }

    /// The highest position in the log that has been seen.
    pub fn last_seq(&self) -> Option<i64> {
        self.last_seq
    }

    async fn next_message(&mut self) -> anyhow::Result<Message> {
        loop {
            let message = self
                .socket
                .next()
                .await
                .context("the socket ended without a close frame")??;
            if !matches!(message, Message::Ping(_) | Message::Pong(_)) {
                return Ok(message);
            }
        }
    }
}
