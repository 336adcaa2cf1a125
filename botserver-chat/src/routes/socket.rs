//! The WebSocket of the chat protocol.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        State,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    response::Response,
};
use botlib::{ConversationId, PersonId, Subject, wire::ClientFrame};
use botserver_core::{
    Auth, Path, Problem, Query,
    ws::{self, Beat, Code, Pulse, Upgrade, Why},
};
use botstate::{
    AppState,
    event::{Event, EventBus, Notice},
    identity::Visitors,
};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use http::HeaderMap;
use serde::Deserialize;
use tokio::{sync::broadcast, time::timeout};

use super::{
    feed::Feed,
    inbound::{Door, locale},
};
use crate::{
    error::Error,
    frame::{Address, text},
    model::{Content, Conversation, Owner},
    room::Delivery,
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
    events: broadcast::Sender<Notice>,
}

impl Sockets {
    pub(super) fn new(state: &AppState, chat: ChatService) -> Self {
        let (events, _) = broadcast::channel(256);
        let sender = events.clone();
        let bus = state.events.clone();
        let draining = state.lifecycle.draining();
        state
            .lifecycle
            .spawn(async move { draining.run_until_cancelled(forward(bus, sender)).await });
        Self {
            chat,
            visitors: state.ports.visitors.clone(),
            events,
        }
    }
}

/// Hands the server's events to the sockets: one subscription for all of them.
async fn forward(bus: EventBus, sockets: broadcast::Sender<Notice>) {
    loop {
        match bus.subscribe().await {
            Ok(mut notices) => {
                while let Some(notice) = notices.next().await {
                    // Nobody may be connected.
                    let _ = sockets.send(notice);
                }
            }
            Err(error) => tracing::warn!(%error, "events of other servers cannot be heard yet"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
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
    Ok(upgrade.protocol(PROTOCOL).accept(LARGEST, move |socket| {
        Connection::serve(sockets, door, known, after, token, socket)
    }))
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
    async fn serve(
        sockets: Sockets,
        door: Door,
        known: Option<Conversation>,
        after: i64,
        token: Option<String>,
        socket: WebSocket,
    ) {
        // The server must not end before the client was told to come back.
        let _hold = sockets.chat.engine.lifecycle.hold();
        metrics::gauge!("chat_sockets").increment(1.0);
        let conversation = known.unwrap_or_else(|| {
            Conversation::new(door.conversation, door.caller.org, door.bot.id, Owner::of(&door.caller))
        });
        let address = Address::of(&conversation);
        // A number from beyond the end would hide everything that is to come.
        let after = after.min(conversation.last_seq);
        let feed = Feed::open(sockets.chat.clone(), address.clone(), door.conversation, after);
        let tools: Vec<_> = door.bot.tools.iter().map(|tool| tool.name.clone()).collect();
        let mut hello = address.hello(conversation.last_seq, &tools, conversation.awaited().cloned());
        if let (Some(token), Some(data)) = (token, hello.data.as_mut().and_then(|data| data.as_object_mut())) {
            data.insert("token".to_owned(), token.into());
        }
        let (mut sink, mut stream) = socket.split();
        if sink.send(Message::Text(text(&hello))).await.is_ok() {
            drop((hello, address));
            let greets = !conversation.session.started;
            drop(conversation);
            let mut connection = Self {
                sockets,
                door,
                feed,
                sink,
                bad_frames: 0,
            };
            if greets {
                connection.submit(Content::Start).await;
            }
            let why = connection.run(&mut stream).await;
            ws::close(&mut connection.sink, why).await;
        }
        metrics::gauge!("chat_sockets").decrement(1.0);
    }

    async fn run(&mut self, stream: &mut SplitStream<WebSocket>) -> Why {
        let draining = self.sockets.chat.engine.lifecycle.draining();
        let mut notices = self.sockets.events.subscribe();
        let mut pulse = Pulse::new();
        loop {
            // Every arm waits for something that loses nothing when another arm is taken.
            tokio::select! {
                frame = self.feed.next() => match frame {
                    Ok(Some(frame)) => if let Err(why) = self.send(frame).await { return why },
                    Ok(None) => return Why::because(Code::TryAgain, "too slow: come back and resume"),
                    Err(error) => {
                        tracing::warn!(error = %crate::engine::chain(&error), "a log could not be read");
                        return Why::because(Code::TryAgain, "the log cannot be read now: come back and resume");
                    }
                },
                message = stream.next() => {
                    pulse.heard();
                    if let Err(why) = self.take(message).await { return why }
                },
                beat = pulse.next() => {
                    if beat == Beat::Dead || self.sink.send(Message::Ping(Vec::new().into())).await.is_err() {
                        return Why::Gone;
                    }
                },
                notice = notices.recv() => if self.must_leave(&notice) {
                    return Why::because(Code::Policy, "signed out");
                },
                () = draining.cancelled() => return Why::because(Code::Restart, "the server restarts: come back"),
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
        let submitted = self.sockets.chat.submit(self.feed.room(), inbound).await;
        let outcome = match submitted {
            Ok(outcome) => outcome,
            Err(error) => return self.refuse(Problem::from(error).for_client(), id),
        };
        let own = self.feed.own();
        let address = Address::of(&Conversation::new(
            self.door.conversation,
            self.door.caller.org,
            self.door.bot.id,
            Owner::of(&self.door.caller),
        ));
        self.sockets.chat.engine.lifecycle.spawn(async move {
            match outcome.await {
                Ok(Err(error)) => {
                    let problem = Arc::new(Problem::from(error).for_client());
                    // The client may have gone meanwhile.
                    let _ = own.send(Delivery::Refused(problem, id)).await;
                }
                Ok(Ok(outcome)) if outcome.is_repeat => {
                    for event in &outcome.events {
                        if let Some(frame) = address.render(event, None) {
                            let _ = own.send(Delivery::Again(frame.full)).await;
                        }
                    }
                }
                Ok(Ok(_)) | Err(_) => {}
            }
        });
    }

    fn refuse(&mut self, problem: botlib::Problem, id: Option<String>) {
        // When even this finds no room the client is too slow, and will be sent away.
        let _ = self.feed.own().try_send(Delivery::Refused(Arc::new(problem), id));
    }

    /// Whether a notice ends this connection.
    fn must_leave(&self, notice: &Result<Notice, broadcast::error::RecvError>) -> bool {
        let (person, session) = (self.person(), self.door.caller.session);
        match notice {
            Ok(Notice::Event(Event::SessionEnded { session: ended })) => session == Some(*ended),
            Ok(Notice::Event(Event::PersonRefused { person: refused })) => person == Some(*refused),
            Ok(Notice::Event(Event::BotChanged { .. })) => false,
            // What was missed may have been about this person: they prove themselves again.
            Ok(Notice::Gap) | Err(_) => person.is_some(),
        }
    }

    fn person(&self) -> Option<PersonId> {
        match self.door.caller.subject {
            Subject::Person(person) => Some(person),
            _ => None,
        }
    }
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
