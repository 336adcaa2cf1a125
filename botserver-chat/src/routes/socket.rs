//! The WebSocket of the chat protocol.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        State,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    response::Response,
};
use botlib::{ConversationId, Subject, wire::ClientFrame};
use botserver_core::{
    Auth, Path, Problem, Query,
    ws::{self, Beat, Code, Pulse, Upgrade, Why},
};
use botstate::{AppState, identity::Visitors};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use http::HeaderMap;
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    farewell::{Farewells, Reason},
    feed::Feed,
    inbound::{Door, locale},
};
use crate::{
    error::Error,
    frame::{Address, text},
    model::{Content, Conversation, Outcome, Owner},
    room::{Delivery, Done},
    service::ChatService,
};

/// The subprotocol that this server speaks.
const PROTOCOL: &str = "botserver.v1";
/// The largest frame from a client.
const LARGEST: usize = 1024 * 1024;
/// A client that takes longer to receive a frame is too slow.
const SEND_WITHIN: Duration = Duration::from_secs(20);
/// Frames that cannot be read before a client is sent away.
const BAD_FRAMES: u32 = 10;

/// What sockets need.
#[derive(Clone)]
pub(super) struct Sockets {
    chat: ChatService,
    visitors: Option<Arc<dyn Visitors>>,
    farewells: Farewells,
}

impl Sockets {
    pub(super) fn new(state: &AppState, chat: ChatService, farewells: Farewells) -> Self {
        Self {
            chat,
            visitors: state.ports.visitors.clone(),
            farewells,
        }
    }
}

/// What a client asks for when it connects.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    bot_name: Option<String>,
    session_id: Option<String>,
    resume_from: Option<i64>,
}

pub(super) async fn open_bot(
    state: State<Sockets>,
    Path(bot): Path<String>,
    Query(mut wish): Query<Wish>,
    auth: Auth,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    wish.bot_name = Some(bot);
    open(state, Query(wish), auth, headers, upgrade).await
}

pub(super) async fn open(
    State(sockets): State<Sockets>,
    Query(wish): Query<Wish>,
    Auth(caller): Auth,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let bot = sockets.chat.bot(wish.bot_name.as_deref())?;
    let wanted = wish.session_id.as_deref().map(str::parse::<ConversationId>).transpose();
    let wanted = wanted.map_err(|error| Problem::invalid().field("session_id", error.to_string()))?;
    let (caller, conversation, token) = match (caller.subject, caller.visit, wanted) {
        (Subject::Visitor(_), Some((of, own)), wanted) if of == bot.id && wanted.is_none_or(|id| id == own) => {
            (caller, own, None)
        }
        (Subject::Person(_), Some((of, own)), wanted) if of == bot.id && wanted.is_none_or(|id| id == own) => {
            (caller, own, None)
        }
        (Subject::Person(_), None, wanted) => (caller, wanted.unwrap_or_else(ConversationId::new), None),
        // Ids alone prove nothing: whoever brings no token is somebody new.
        (Subject::Nobody, ..) => {
            let visitors = sockets.visitors.as_ref().ok_or_else(Problem::unauthenticated)?;
            let (caller, token) = visitors
                .admit(&bot, caller.request)
                .await
                .ok_or_else(Problem::unauthenticated)?;
            let own = caller.visit.map(|(_, own)| own).ok_or_else(Problem::unauthenticated)?;
            (caller, own, Some(token))
        }
        _ => return Err(Error::UnknownConversation.into()),
    };
    ChatService::check_public(&caller, &bot)?;
    let known = sockets.chat.admit(&caller, conversation).await?;
    if known.as_ref().is_some_and(|known| known.bot != bot.id) {
        return Err(Error::UnknownConversation.into());
    }
    let door = Door {
        caller,
        bot,
        conversation,
        locale: locale(&headers),
        channel: "web",
    };
    // The log is read from where the client stands; without a word about it, from the beginning.
    let after = wish.resume_from.unwrap_or(0).max(0);
    let arrival = Box::new(Arrival {
        sockets,
        door,
        known,
        after,
        token,
    });
    let upgrade = upgrade.protocol(PROTOCOL);
    Ok(upgrade.accept(LARGEST, move |socket| Connection::serve(arrival, socket)))
}

/// A client that has come and is not connected yet.
struct Arrival {
    sockets: Sockets,
    door: Door,
    known: Option<Conversation>,
    after: i64,
    token: Option<String>,
}

/// One client.
struct Connection {
    sockets: Sockets,
    door: Door,
    feed: Feed,
    sink: SplitSink<WebSocket, Message>,
    bad_frames: u32,
}

impl Connection {
    /// Serves a client until it goes or must. A task keeps room for whatever it once did, and ten thousand of them
    /// mostly wait: what happens only once, or now and then, is boxed.
    fn serve(arrival: Box<Arrival>, socket: WebSocket) -> impl Future<Output = ()> + Send {
        // The server must not end before the client was told to come back.
        let hold = arrival.sockets.chat.engine.lifecycle.hold();
        let opening = Box::pin(Self::open(arrival, socket));
        async move {
            let _hold = hold;
            metrics::gauge!("chat_sockets").increment(1.0);
            if let Some(mut opened) = opening.await {
                let (connection, stream) = &mut *opened;
                let why = connection.run(stream).await;
                Box::pin(ws::close(&mut connection.sink, why)).await;
            }
            metrics::gauge!("chat_sockets").decrement(1.0);
        }
    }

    /// Says hello, and begins the conversation when it is new; nothing when the client has gone.
    async fn open(arrival: Box<Arrival>, socket: WebSocket) -> Option<Box<(Self, SplitStream<WebSocket>)>> {
        let Arrival {
            sockets,
            door,
            known,
            after,
            token,
        } = *arrival;
        let conversation = known.unwrap_or_else(|| {
            Conversation::new(door.conversation, door.caller.org, door.bot.id, Owner::of(&door.caller))
        });
        let address = Arc::new(Address::of(&conversation));
        // A number from beyond the end would hide everything that is to come.
        let after = after.min(conversation.last_seq);
        let feed = Feed::open(sockets.chat.clone(), Arc::clone(&address), door.conversation, after);
        let tools: Vec<_> = door.bot.tools.iter().map(|tool| tool.name.clone()).collect();
        let mut hello = address.hello(conversation.last_seq, &tools, conversation.awaited().cloned());
        if let (Some(token), Some(data)) = (token, hello.data.as_mut().and_then(|data| data.as_object_mut())) {
            data.insert("token".to_owned(), token.into());
        }
        let (mut sink, stream) = socket.split();
        sink.send(Message::Text(text(&hello))).await.ok()?;
        let mut connection = Self {
            sockets,
            door,
            feed,
            sink,
            bad_frames: 0,
        };
        if !conversation.session.started {
            connection.submit(Content::Start).await;
        }
        Some(Box::new((connection, stream)))
    }

    async fn run(&mut self, stream: &mut SplitStream<WebSocket>) -> Why {
        let draining = self.sockets.chat.engine.lifecycle.draining();
        let mut farewell = self.sockets.farewells.of(&self.door.caller);
        let mut pulse = Pulse::new();
        // Everyone waits for these two: they are asked once, and not again around each frame.
        tokio::pin! {
            let told = farewell.said();
            let stopped = draining.cancelled();
        }
        loop {
            // Every arm waits for something that loses nothing when another arm is taken.
            tokio::select! {
                frame = self.feed.next() => match frame {
                    Ok(Some(frame)) => if let Err(why) = Box::pin(self.send(frame)).await { return why },
                    Ok(None) => return Why::because(Code::TryAgain, "too slow: come back and resume"),
                    Err(error) => {
                        tracing::warn!(error = %crate::engine::chain(&error), "a log could not be read");
                        return Why::because(Code::TryAgain, "the log cannot be read now: come back and resume");
                    }
                },
                message = stream.next() => {
                    pulse.heard();
                    if let Err(why) = Box::pin(self.take(message)).await { return why }
                },
                beat = pulse.next() => {
                    if beat == Beat::Dead || self.sink.send(Message::Ping(Vec::new().into())).await.is_err() {
                        return Why::Gone;
                    }
                },
                reason = &mut told => return match reason {
                    Reason::SignedOut => Why::because(Code::Policy, "signed out"),
                    Reason::AccessChanged => Why::because(Code::Restart, "what you may do has changed: come back"),
                },
                () = &mut stopped => return Why::because(Code::Restart, "the server restarts: come back"),
            }
        }
    }

    /// Sends a frame and all that are ready behind it.
    async fn send(&mut self, first: Utf8Bytes) -> Result<(), Why> {
        let sending = async {
            self.sink.feed(Message::Text(first)).await?;
            while let Some(frame) = self.feed.next_now() {
                self.sink.feed(Message::Text(frame)).await?;
            }
            self.sink.flush().await
        };
        match timeout(SEND_WITHIN, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Why::Gone),
            Err(_) => Err(Why::because(Code::TryAgain, "too slow: come back and resume")),
        }
    }

    async fn take(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Why> {
        match ws::read(message)? {
            Message::Text(text) => self.take_text(&text).await,
            Message::Binary(_) => Err(Why::because(Code::Unsupported, "frames are JSON text")),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(()),
        }
    }

    async fn take_text(&mut self, text: &str) -> Result<(), Why> {
        let frame: ClientFrame = match read(text) {
            Ok(frame) => frame,
            Err(error) => {
                self.bad_frames += 1;
                if self.bad_frames >= BAD_FRAMES {
                    return Err(Why::because(Code::Policy, "too many frames that cannot be read"));
                }
                let problem = botlib::Problem::new(400, "chat/bad-frame", "The frame cannot be read")
                    .detail(format!("a frame is a JSON object: {error}"));
                self.refuse(problem, None);
                return Ok(());
            }
        };
        match frame.kind.as_deref() {
            Some("stop") => {
                if !self.feed.room().stop() {
                    let id = self.door.conversation;
                    self.sockets
                        .chat
                        .engine
                        .tell_neighbours(id, crate::engine::News::Stop)
                        .await;
                }
            }
            Some("ping") => {}
            None | Some("message") => {
                let id = frame.message_id.clone();
                match self.door.read(&self.sockets.chat, frame).await {
                    Ok(inbound) => self.submit_inbound(inbound).await,
                    Err(error) => self.refuse(Problem::from(error).for_client(), id),
                }
            }
            Some(other) => {
                let problem = botlib::Problem::new(422, "chat/unknown-frame", "The frame has an unknown type").detail(
                    format!("{:?} is unknown: send stop, ping, or leave type out", shorten(other)),
                );
                self.refuse(problem, frame.message_id);
            }
        }
        Ok(())
    }

    async fn submit(&mut self, content: Content) {
        let inbound = self.door.inbound(content, None);
        self.submit_inbound(inbound).await;
    }

    /// Puts an input in line; what becomes of it is heard through the feed, and refusals go to this client alone.
    async fn submit_inbound(&mut self, inbound: crate::model::Inbound) {
        let id = inbound.key.clone();
        let (own, address, key) = (self.feed.own(), Arc::clone(self.feed.address()), id.clone());
        let done: Done = Box::new(move |outcome| match outcome {
            Ok(outcome) if outcome.is_repeat => own.deliver(again(&outcome, &address)),
            Ok(_) => {}
            Err(error) => own.deliver(Delivery::Refused(Arc::new(Problem::from(error).for_client()), key)),
        });
        if let Err(error) = self.sockets.chat.submit(self.feed.room(), inbound, done).await {
            self.refuse(Problem::from(error).for_client(), id);
        }
    }

    fn refuse(&mut self, problem: botlib::Problem, id: Option<String>) {
        self.feed.own().deliver(Delivery::Refused(Arc::new(problem), id));
    }
}

/// What was answered when a repeated message came for the first time.
fn again(outcome: &Outcome, address: &Address) -> Delivery {
    let frames = address.render(&outcome.events).filter_map(|(_, frame)| frame);
    Delivery::Again(frames.map(|frame| frame.full).collect())
}

/// Reads a frame. What is no object is refused here, since a list of fields would be read as well.
fn read(text: &str) -> Result<ClientFrame, serde_json::Error> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
    } else {
        serde_json::from_str::<serde_json::Map<_, _>>(text)
            .and_then(|_| Err(serde::de::Error::custom("no object was found")))
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(32).collect()
}
