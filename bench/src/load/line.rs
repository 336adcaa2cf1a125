//! One connection.

use std::{borrow::Cow, sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, Utf8Bytes},
};

use super::{Phase, campaign::Campaign, streams::Reader};

/// The longest that a turn may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Talk {
    /// The echo's frames.
    Echo,
    /// The chat protocol.
    Bot,
}

/// What counts of a frame.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    content: Cow<'a, str>,
    #[serde(borrow, default)]
    turn_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    stream_token: Option<Cow<'a, str>>,
    #[serde(default)]
    is_complete: bool,
}

/// A connection.
pub(super) struct Line {
    socket: WebSocketStream<TcpStream>,
    number: usize,
    turns: u64,
    talk: Talk,
}

impl Line {
    pub(super) fn new(socket: WebSocketStream<TcpStream>, number: usize, talk: Talk) -> Self {
        Self {
            socket,
            number,
            turns: 0,
            talk,
        }
    }

    /// Waits for what a bot says by itself.
    pub(super) async fn welcome(&mut self, greets: bool) -> anyhow::Result<()> {
        let hello = self.next().await?;
        let kind = read(&hello)?.kind;
        ensure!(kind.as_deref() == Some("connected"), "expected a welcome, got {hello}");
        if !greets {
            return Ok(());
        }
        loop {
            let frame = self.next().await?;
            match read(&frame)?.kind.as_deref() {
                Some("turn_completed") => return Ok(()),
                Some("error") => bail!("the bot failed to greet: {frame}"),
                _ => {}
            }
        }
    }

    /// Does what it is told until it is closed.
    pub(super) async fn live(mut self, mut phases: watch::Receiver<Phase>) {
        let mut broken = None;
        loop {
            // Both arms lose nothing when the other one is taken.
            tokio::select! {
                changed = phases.changed() => {
                    let phase = phases.borrow_and_update().clone();
                    match phase {
                        Phase::Run(campaign) if campaign.includes(self.number) => {
                            match &broken {
                                Some(error) => campaign.fail(self.number, error),
                                None => broken = self.campaign(&campaign).await.err(),
                            }
                            campaign.finish();
                        }
                        Phase::Close => break,
                        Phase::Idle | Phase::Run(_) if changed.is_ok() => {}
                        Phase::Idle | Phase::Run(_) => return,
                    }
                }
                frame = self.next(), if broken.is_none() => {
                    broken = frame.err();
                }
            }
        }
        // A server that has gone need not be told.
        let _ = timeout(PATIENCE, self.socket.close(None)).await;
    }

    /// Takes turns; an error means that the connection is of no more use.
    async fn campaign(&mut self, campaign: &Arc<Campaign>) -> anyhow::Result<()> {
        let result = match campaign.schedule(self.number) {
            None => self.in_a_row(campaign).await,
            Some((first, period)) => self.at_times(campaign, first, period).await,
        };
        result.inspect_err(|error| campaign.fail(self.number, error))
    }

    async fn in_a_row(&mut self, campaign: &Campaign) -> anyhow::Result<()> {
        sleep_until(campaign.begin()).await;
        while Instant::now() < campaign.end() {
            let sent = Instant::now();
            self.turn().await?;
            campaign.note(self.number, sent);
        }
        Ok(())
    }

    /// A turn that is due while the one before it runs begins as soon as it can, and counts from when it was due:
    /// otherwise a server that stalls would be asked less, and look better, just when it stalls.
    async fn at_times(&mut self, campaign: &Campaign, first: Instant, period: Duration) -> anyhow::Result<()> {
        let mut due = first;
        while due < campaign.end() {
            let since = if Instant::now() < due {
                self.idle_until(due).await?;
                Instant::now()
            } else {
                due
            };
            self.turn().await?;
            campaign.note(self.number, since);
            due += period;
            if Instant::now() > campaign.end() + PATIENCE {
                let left = campaign.end().saturating_duration_since(due).as_micros() / period.as_micros().max(1);
                campaign.skip(self.number, u64::try_from(left).unwrap_or(u64::MAX));
                break;
            }
        }
        Ok(())
    }

    /// Answers pings meanwhile.
    async fn idle_until(&mut self, due: Instant) -> anyhow::Result<()> {
        tokio::select! {
            () = sleep_until(due) => Ok(()),
            frame = self.next() => {
                let frame = frame?;
                bail!("a frame outside of any turn: {frame}")
            }
        }
    }

    /// Takes a turn to its end and looks whether the answer is right.
    async fn turn(&mut self) -> anyhow::Result<()> {
        self.turns += 1;
        let id = format!("{}-{}", self.number, self.turns);
        let content = format!("hello from {id}");
        let frame = match self.talk {
            Talk::Echo => format!(r#"{{"id":"{id}","content":"{content}"}}"#),
            Talk::Bot => format!(r#"{{"message_type":1,"message_id":"{id}","content":"{content}"}}"#),
        };
        let turn = async {
            self.socket.send(Message::text(frame)).await.context("send a message")?;
            match self.talk {
                Talk::Echo => self.echoed(&id).await,
                Talk::Bot => self.answered(&content).await,
            }
        };
        timeout(PATIENCE, turn)
            .await
            .with_context(|| format!("no answer within {PATIENCE:?}"))?
    }

    /// Asks a bot, and hands the words of its answer on as they come.
    pub(super) async fn stream(&mut self, content: &str, words: &mut Reader) -> anyhow::Result<()> {
        let id = format!("{}-{}", self.number, self.turns);
        self.turns += 1;
        let frame = format!(r#"{{"message_type":1,"message_id":"{id}","content":"{content}"}}"#);
        self.socket.send(Message::text(frame)).await.context("send a message")?;
        loop {
            let text = self.next().await?;
            let frame = read(&text)?;
            match frame.kind.as_deref() {
                Some("turn_completed") => return Ok(()),
                Some("error") => bail!("the bot failed to answer: {text}"),
                None if frame.stream_token.is_some() && !frame.is_complete => words.add(&frame.content)?,
                _ => {}
            }
        }
    }

    async fn echoed(&mut self, id: &str) -> anyhow::Result<()> {
        let frame = self.next().await?;
        ensure!(
            read(&frame)?.id.as_deref() == Some(id),
            "expected the echo of {id}, got {frame}"
        );
        Ok(())
    }

    /// The message comes back from the log, then the bot's answer, then the end of the turn, which the server says
    /// only after its commit.
    async fn answered(&mut self, content: &str) -> anyhow::Result<()> {
        let mut turn = None;
        let mut is_answered = false;
        loop {
            let text = self.next().await?;
            let frame = read(&text)?;
            match frame.kind.as_deref() {
                Some("user_message") if frame.content == content => {
                    turn = frame.turn_id.map(Cow::into_owned);
                }
                None if turn.is_some() && frame.turn_id.as_deref() == turn.as_deref() => {
                    is_answered |= frame.content.strip_prefix("echo ") == Some(content);
                }
                Some("turn_completed") if turn.is_some() && frame.turn_id.as_deref() == turn.as_deref() => {
                    ensure!(is_answered, "the turn of {content:?} ended without the right answer");
                    return Ok(());
                }
                _ => bail!("unexpected while waiting for the answer to {content:?}: {text}"),
            }
        }
    }

    /// The next text frame. Safe to drop while waiting; pings are answered on the way.
    async fn next(&mut self) -> anyhow::Result<Utf8Bytes> {
        loop {
            let message = self.socket.next().await.context("the server closed the connection")??;
            match message {
                Message::Text(text) => return Ok(text),
                Message::Ping(_) | Message::Pong(_) => {}
                other => bail!("the server sent {other:?}"),
            }
        }
    }
}

fn read(text: &str) -> anyhow::Result<Frame<'_>> {
    serde_json::from_str(text).with_context(|| format!("read the frame {text}"))
}
