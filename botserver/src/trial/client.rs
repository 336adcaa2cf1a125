//! A client of the server, as a page is one.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, bail, ensure};
use botlib::wire::{MessageType, ServerFrame, Suggestion};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use super::{
    file::{Attachment, Webhook},
    outcome::Outcome,
};

/// The longest that a turn may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Somebody who talks to the bot.
pub(crate) struct Client {
    http: reqwest::Client,
    server: String,
    bot: String,
    locale: Option<String>,
    visitor: Visitor,
    socket: Option<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    /// The number of the last entry of the log that came.
    seq: i64,
    /// Whether to leave in the middle of each turn, and to come back for the rest.
    is_restless: bool,
    chips: Vec<Suggestion>,
    is_awaited: bool,
    sent: u32,
}

/// Who the client is to the server.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) user: String,
    pub(crate) session: String,
    token: String,
}

/// What is put together from pieces while a turn goes on.
#[derive(Default)]
struct Turn {
    outcome: Outcome,
    pieces: HashMap<String, String>,
}

impl Client {
    /// Asks the server for leave to talk to `bot`.
    pub(crate) async fn arrive(
        server: &str,
        bot: &str,
        locale: Option<String>,
        is_restless: bool,
    ) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("{server}/api/auth");
        let answer = http.get(url).query(&[("bot_name", bot)]).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or_default();
        ensure!(status.is_success(), "the server let nobody in: {status} {body}");
        let field = |name: &str| {
            let value = body.get(name).and_then(Value::as_str).map(str::to_owned);
            value.with_context(|| format!("{name} is missing in {body}"))
        };
        let visitor = Visitor {
            user: field("user_id")?,
            session: field("session_id")?,
            token: field("token")?,
        };
        Ok(Self {
            http,
            server: server.to_owned(),
            bot: bot.to_owned(),
            locale,
            visitor,
            socket: None,
            seq: 0,
            is_restless,
            chips: Vec::new(),
            is_awaited: false,
            sent: 0,
        })
    }

    pub(crate) fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// The number of the last entry of the log that came.
    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// Opens a socket that brings what came after the last entry that is known.
    pub(crate) async fn connect(&mut self, server: &str) -> anyhow::Result<()> {
        server.clone_into(&mut self.server);
        let address = server.replacen("http", "ws", 1);
        let url = format!(
            "{address}/ws/{}?session_id={}&resume_from={}",
            self.bot, self.visitor.session, self.seq
        );
        let mut request = url.into_client_request()?;
        let protocols = format!("botserver.v1, token.{}", self.visitor.token);
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocols.parse()?);
        if let Some(locale) = &self.locale {
            request.headers_mut().insert("accept-language", locale.parse()?);
        }
        let (socket, _) = timeout(PATIENCE, connect_async(request))
            .await
            .context("the server did not open a socket in time")??;
        self.socket = Some(socket);
        let hello = self.frame().await?;
        ensure!(
            hello.kind.as_deref() == Some("connected"),
            "the server said something else than hello: {hello:?}"
        );
        Ok(())
    }

    /// Forgets the socket, as a client does whose server was killed.
    pub(crate) fn lose(&mut self) {
        self.socket = None;
    }

    pub(crate) async fn say(&mut self, text: &str) -> anyhow::Result<Outcome> {
        self.send(json!({ "message_type": 1, "content": text })).await
    }

    pub(crate) async fn tool(&mut self, name: &str, args: &Map<String, Value>) -> anyhow::Result<Outcome> {
        self.send(json!({ "message_type": 6, "content": name, "params": args }))
            .await
    }

    /// Clicks on a chip, and does what a page does then.
    pub(crate) async fn click(&mut self, text: &str) -> anyhow::Result<Outcome> {
        let chip = self.chips.iter().find(|chip| chip.text == text);
        let Some(chip) = chip.map(serde_json::to_value).transpose()? else {
            let shown: Vec<_> = self.chips.iter().map(|chip| format!("{:?}", chip.text)).collect();
            bail!("there is no suggestion {text:?}; there are {}", shown.join(", "));
        };
        let context = chip.get("context").and_then(Value::as_str);
        let action = chip.get("action");
        let kind = action.and_then(|action| action.get("type")?.as_str());
        let of_action = |name: &str| action.and_then(|action| action.get(name)).cloned().unwrap_or_default();
        let frame = match (kind, context) {
            (Some("invoke_tool"), _) => {
                let mut frame = json!({ "message_type": 6, "content": of_action("tool") });
                if let (params @ Value::Object(_), Some(frame)) = (of_action("params"), frame.as_object_mut()) {
                    frame.insert("params".to_owned(), params);
                }
                frame
            }
            (_, Some(context)) if self.is_awaited => json!({ "message_type": 4, "content": context }),
            (Some("send_message"), _) => json!({ "message_type": 4, "content": of_action("message") }),
            (Some("select_context"), context) => {
                let name = context.unwrap_or(text);
                json!({ "message_type": 5, "content": name, "context_name": name })
            }
            _ => json!({ "message_type": 4, "content": text }),
        };
        self.send(frame).await
    }

    /// Uploads a file and sends it with a message.
    pub(crate) async fn attach(&mut self, file: &Attachment) -> anyhow::Result<Outcome> {
        let url = format!("{}/api/chat/{}/files", self.server, self.visitor.session);
        let answer = self
            .http
            .post(url)
            .query(&[("name", &file.name)])
            .bearer_auth(&self.visitor.token)
            .header("content-type", &file.mime)
            .body(file.content.clone())
            .send()
            .await?;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or_default();
        ensure!(status.is_success(), "the server did not take the file: {status} {body}");
        let url = body.get("url").cloned().unwrap_or_default();
        self.send(json!({ "message_type": 1, "content": file.text, "media_url": url }))
            .await
    }

    /// What happened in the conversation without anybody asking, as the log has it.
    pub(crate) async fn collect(&mut self, outcome: &mut Outcome) -> anyhow::Result<()> {
        let url = format!("{}/api/chat/{}/events", self.server, self.visitor.session);
        loop {
            let request = self.http.get(&url).query(&[("after", self.seq)]);
            let answer = request.bearer_auth(&self.visitor.token).send().await?;
            if answer.status() == reqwest::StatusCode::NOT_FOUND {
                // Nobody has said anything yet.
                return Ok(());
            }
            let page: Value = answer.error_for_status()?.json().await?;
            let items = page.get("items").and_then(Value::as_array);
            for item in items.into_iter().flatten() {
                self.seq = item
                    .get("seq")
                    .and_then(Value::as_i64)
                    .unwrap_or(self.seq)
                    .max(self.seq);
                let payload = item.get("payload").cloned().unwrap_or_default();
                let field = |name: &str| payload.get(name).cloned().unwrap_or_default();
                match item.get("kind").and_then(Value::as_str) {
                    Some("bot_message") => outcome.said.extend(field("content").as_str().map(str::to_owned)),
                    Some("side") => {
                        let event = field("event").as_str().unwrap_or_default().to_owned();
                        outcome.page.push((event, field("data")));
                    }
                    Some("turn_completed") => {
                        outcome.suggestions = serde_json::from_value(field("suggestions")).unwrap_or_default();
                        outcome.input = serde_json::from_value(field("input")).unwrap_or_default();
                        self.chips.clone_from(&outcome.suggestions);
                        self.is_awaited = outcome.input.is_some();
                    }
                    _ => {}
                }
            }
            if page.get("next").is_none_or(Value::is_null) {
                return Ok(());
            }
        }
    }

    /// Calls a webhook of the bot; its answer is what was given back.
    pub(crate) async fn webhook(&self, webhook: &Webhook) -> anyhow::Result<Outcome> {
        let url = format!("{}/api/{}/webhook/{}", self.server, self.bot, webhook.path);
        let mut request = self.http.request(webhook.method.parse()?, url).query(&webhook.params);
        for (name, value) in &webhook.headers {
            request = request.header(name, value);
        }
        request = match &webhook.body {
            Value::Null => request,
            Value::String(text) => request.body(text.clone()),
            json => request.json(json),
        };
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let mut outcome = Outcome::default();
        if status.is_success() {
            outcome.returns = body;
        } else {
            outcome.refused.push(format!("{status} {body}"));
        }
        Ok(outcome)
    }

    /// Sends a frame and collects its turn.
    async fn send(&mut self, mut frame: Value) -> anyhow::Result<Outcome> {
        self.sent += 1;
        if let Some(frame) = frame.as_object_mut() {
            frame.insert("message_id".to_owned(), format!("test-{}", self.sent).into());
        }
        let socket = self.socket.as_mut().context("the socket is closed")?;
        timeout(PATIENCE, socket.send(Message::text(frame.to_string())))
            .await
            .context("the server did not take a message in time")??;
        self.turn().await
    }

    /// Everything up to the end of the running turn.
    pub(crate) async fn turn(&mut self) -> anyhow::Result<Outcome> {
        let mut turn = Turn::default();
        let mut is_first = true;
        loop {
            let frame = self.frame().await.with_context(|| {
                let said = turn.outcome.said.join("\n");
                format!("the turn did not end; so far was said: {said:?}")
            })?;
            // What was collected from the log comes by the socket as well.
            if frame.seq.is_some_and(|seq| seq <= self.seq) {
                continue;
            }
            let has_moved = frame.seq.is_some();
            self.seq = frame.seq.unwrap_or(self.seq).max(self.seq);
            if turn.take(frame) {
                break;
            }
            if self.is_restless && is_first && has_moved {
                is_first = false;
                self.lose();
                let server = self.server.clone();
                self.connect(&server).await?;
                // What was streamed before comes whole from the log.
                turn.pieces.clear();
            }
        }
        let outcome = turn.outcome;
        if outcome.refused.is_empty() {
            self.chips.clone_from(&outcome.suggestions);
            self.is_awaited = outcome.input.is_some();
        }
        Ok(outcome)
    }

    async fn frame(&mut self) -> anyhow::Result<ServerFrame> {
        let socket = self.socket.as_mut().context("the socket is closed")?;
        loop {
            let message = timeout(PATIENCE, socket.next())
                .await
                .with_context(|| format!("the server said nothing for {PATIENCE:?}"))?;
            match message.context("the server closed the socket")?? {
                Message::Text(text) => {
                    return serde_json::from_str(&text).with_context(|| format!("could not read {text}"));
                }
                Message::Close(close) => bail!("the server closed the socket: {close:?}"),
                _ => {}
            }
        }
    }
}

impl Turn {
    /// Takes a frame in; true when it was the last of the turn.
    fn take(&mut self, frame: ServerFrame) -> bool {
        match frame.kind.as_deref() {
            Some("turn_completed") => {
                self.outcome.suggestions = frame.suggestions;
                self.outcome.input = frame.input;
                self.outcome.returns = frame.data.unwrap_or_default();
                return true;
            }
            Some("error") => {
                self.outcome.refused.push(frame.content);
                return true;
            }
            Some(_) => return false,
            None => {}
        }
        if frame.thinking == Some(true) || frame.message_type != MessageType::BotResponse.number() {
            return false;
        }
        if let Some(event) = frame.event {
            self.outcome.page.push((event, frame.data.unwrap_or_default()));
            return false;
        }
        let streamed = frame.stream_token.as_ref().and_then(|token| {
            let text = self.pieces.entry(token.clone()).or_default();
            if !frame.is_complete {
                text.push_str(&frame.content);
            }
            frame.is_complete.then(|| std::mem::take(text))
        });
        if frame.is_complete {
            // The last frame of a stream is empty for those who have all its pieces.
            let text = if frame.content.is_empty() {
                streamed.unwrap_or_default()
            } else {
                frame.content
            };
            self.outcome.said.push(text);
        }
        false
    }
}
