//! The turn engine: one line for each conversation, one turn at a time, whatever the front door.

use std::{borrow::Cow, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use botlib::{Clock, ConversationId, NodeId, OrgId, TurnId};
use botstate::{
    AppState, Db, Lifecycle, Ports,
    config::ScriptConfig,
    shared::{Decision, Leases, PubSub, Quota, RateLimit},
};
use futures::{FutureExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, oneshot};

use crate::{
    error::Error,
    model::{Content, Conversation, Event, Inbound, Outcome, Owner},
    room::{Delivery, Job, Room, Rooms, TooMany},
    store::{conversations, events},
    turn::Turn,
};

/// Between nodes, what happens in a conversation is told under this topic and the conversation's id.
const TOPIC: &str = "chat:";
/// A node that works on a conversation holds it for so long, renewed while it works.
const LEASE: Duration = Duration::from_secs(20);
/// The longest that a turn waits for another node.
const LEASE_WAIT: Duration = Duration::from_secs(15);

/// Runs turns.
#[derive(Clone)]
pub(crate) struct Engine(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) ports: Ports,
    pub(crate) script: ScriptConfig,
    pub(crate) rooms: Rooms,
    /// Scripts that may compute for long at the same time: one core stays free for everyone else.
    pub(crate) computing: Arc<Semaphore>,
    node: NodeId,
    org: OrgId,
    pubsub: Arc<dyn PubSub>,
    leases: Arc<dyn Leases>,
    limits: Arc<dyn RateLimit>,
    quota: Quota,
    has_neighbours: bool,
}

impl std::ops::Deref for Engine {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Engine {
    pub(crate) fn new(state: &AppState) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self(Arc::new(Inner {
            db: state.db.clone(),
            clock: Arc::clone(&state.clock),
            lifecycle: state.lifecycle.clone(),
            ports: state.ports.clone(),
            script: state.config.script,
            rooms: Rooms::new(),
            computing: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))),
            node: state.node,
            org: state.org,
            pubsub: Arc::clone(&state.pubsub),
            leases: Arc::clone(&state.leases),
            limits: Arc::clone(&state.limits),
            quota: Quota {
                burst: state.config.http.chat_burst,
                period: Duration::from_mins(1) * state.config.http.chat_burst
                    / state.config.http.chat_per_minute.max(1),
            },
            has_neighbours: state.config.redis_url.is_some(),
        }))
    }

    /// Puts an input in its conversation's line; the receiver gets the outcome when its turn is over.
    ///
    /// # Errors
    /// When too many wait, or the server stops.
    pub(crate) fn submit(
        &self,
        room: &Arc<Room>,
        inbound: Inbound,
    ) -> Result<oneshot::Receiver<Result<Outcome, Error>>, Error> {
        if self.lifecycle.is_draining() {
            return Err(Error::Stopping);
        }
        let (done, outcome) = oneshot::channel();
        match room.push(Job { inbound, done }) {
            Ok(true) => {
                let (engine, room) = (self.clone(), Arc::clone(room));
                self.lifecycle.spawn(async move { engine.serve(room).await });
            }
            Ok(false) => {}
            Err(TooMany) => return Err(Error::Waiting(room.waiting())),
        }
        Ok(outcome)
    }

    /// Takes one message from the sender's allowance.
    ///
    /// # Errors
    /// When it is used up. A limiter that is away lets messages pass.
    pub(crate) async fn allow(&self, conversation: ConversationId) -> Result<(), Error> {
        match self.limits.take(&format!("chat:{conversation}"), self.quota, 1).await {
            Ok(Decision::Refused { retry_after }) => Err(Error::TooFast(retry_after)),
            Ok(Decision::Allowed { .. }) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "messages are not limited");
                Ok(())
            }
        }
    }

    async fn serve(&self, room: Arc<Room>) {
        let mut lease = None;
        while let Some((job, known)) = room.next() {
            if self.has_neighbours && lease.is_none() {
                match self.lease(room.id).await {
                    Ok(taken) => lease = Some(taken),
                    // Without the server that keeps leases the row's number still lets only one node write.
                    Err(Error::Shared(error)) => tracing::warn!(%error, "a conversation goes on without a lease"),
                    Err(error) => {
                        let _ = job.done.send(Err(error));
                        continue;
                    }
                }
            }
            // A panic ends this turn alone: whoever waits behind it is served all the same.
            let turn = AssertUnwindSafe(self.take_turn(&room, job.inbound, known)).catch_unwind();
            let result = turn.await.unwrap_or(Err(Error::Broken));
            room.end();
            if let Err(error) = &result
                && !matches!(
                    error,
                    Error::UnknownConversation | Error::UnknownTool(_) | Error::Invalid(_)
                )
            {
                tracing::warn!(conversation.id = %room.id, error = %chain(error), "a turn failed");
            }
            // Whoever asked may have gone; the turn stands all the same.
            let _ = job.done.send(result);
        }
        if let Some(lease) = lease {
            lease.give_back().await;
        }
    }

    async fn take_turn(
        &self,
        room: &Arc<Room>,
        inbound: Inbound,
        known: Option<Conversation>,
    ) -> Result<Outcome, Error> {
        let owner = Owner::of(&inbound.caller);
        let mut conversation = match known {
            Some(known) => known,
            None => self.load(&inbound, room.id).await?,
        };
        if conversation.owner != owner && inbound.content != Content::Recover {
            return Err(Error::UnknownConversation);
        }
        if conversation.open_turn.is_some() && inbound.content != Content::Recover {
            let recover = Inbound {
                content: Content::Recover,
                key: None,
                ..inbound.clone()
            };
            conversation = Turn::new(self.clone(), Arc::clone(room), recover, conversation)
                .run()
                .await?
                .1;
        }
        let key = inbound.key.clone();
        match Turn::new(self.clone(), Arc::clone(room), inbound, conversation)
            .run()
            .await
        {
            Ok((outcome, conversation)) => {
                if !self.has_neighbours {
                    room.remember(conversation);
                }
                Ok(outcome)
            }
            Err(Error::Database(error)) if is_repeat(&error) => self.first_answer(room.id, key).await,
            Err(error) => Err(error),
        }
    }

    async fn load(&self, inbound: &Inbound, id: ConversationId) -> Result<Conversation, Error> {
        let org = inbound.caller.org;
        let stored = self.db.read(move |conn| conversations::find(conn, org, id)).await?;
        match stored {
            Some(conversation) if conversation.bot == inbound.bot.id => Ok(conversation),
            Some(_) => Err(Error::UnknownConversation),
            None => Ok(Conversation::new(id, org, inbound.bot.id, Owner::of(&inbound.caller))),
        }
    }

    /// What was answered when the message came for the first time.
    async fn first_answer(&self, id: ConversationId, key: Option<String>) -> Result<Outcome, Error> {
        let key = key.unwrap_or_default();
        let events = self.db.read(move |conn| events::list_of_key(conn, id, &key)).await?;
        let turn = events.first().map_or_else(TurnId::new, |event| event.turn);
        Ok(Outcome {
            turn,
            events,
            is_repeat: true,
        })
    }

    /// Tells listeners of other nodes that the log has grown.
    pub(crate) async fn tell_neighbours(&self, conversation: ConversationId, news: News<'_>) {
        if !self.has_neighbours {
            return;
        }
        let told = Told { node: self.node, news };
        if let Ok(message) = serde_json::to_vec(&told)
            && let Err(error) = self
                .pubsub
                .publish(&format!("{TOPIC}{conversation}"), message.into())
                .await
        {
            tracing::warn!(%error, "other servers were not told of new messages");
        }
    }

    /// Hears what other nodes tell, until the server stops.
    pub(crate) async fn hear_neighbours(&self) {
        if !self.has_neighbours {
            return;
        }
        let stopping = self.lifecycle.draining();
        let mut heard = loop {
            match self.pubsub.subscribe(TOPIC).await {
                Ok(heard) => break heard,
                Err(error) => tracing::warn!(%error, "other servers cannot be heard yet"),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = stopping.cancelled() => return,
            }
        };
        loop {
            let next = tokio::select! {
                next = heard.next() => next,
                () = stopping.cancelled() => return,
            };
            match next {
                Some(botstate::shared::Heard::Message(topic, message)) => self.on_told(&topic, &message),
                Some(botstate::shared::Heard::Gap) => {
                    for room in self.rooms.all() {
                        room.deliver(&Delivery::Advanced);
                    }
                }
                None => return,
            }
        }
    }

    fn on_told(&self, topic: &str, message: &[u8]) {
        let Some(Ok(id)) = topic.strip_prefix(TOPIC).map(str::parse) else {
            return;
        };
        let Some(room) = self.rooms.find(id) else { return };
        let Ok(told) = serde_json::from_slice::<Told<'_>>(message) else {
            return;
        };
        if told.node == self.node {
            return;
        }
        match told.news {
            News::Advanced => room.deliver(&Delivery::Advanced),
            News::Piece { token, turn, text } => room.piece(&token.into(), turn, &text),
            News::Stop => {
                room.stop();
            }
        }
    }

    /// Finishes turns that a crash left unfinished: at start, and later those of nodes that went away.
    pub(crate) async fn recover(&self) {
        let stopping = self.lifecycle.draining();
        let mut grace = Duration::ZERO;
        loop {
            if let Err(error) = self.recover_once(grace).await {
                tracing::warn!(error = %chain(&error), "unfinished turns were not looked for");
            }
            // A turn that is running elsewhere commits or ends within this time.
            grace = Duration::from_mins(2);
            tokio::select! {
                () = tokio::time::sleep(Duration::from_mins(1)) => {}
                () = stopping.cancelled() => return,
            }
        }
    }

    async fn recover_once(&self, grace: Duration) -> Result<(), Error> {
        // With neighbours, even at start an open turn may be running on another node.
        let grace = if self.has_neighbours {
            grace.max(LEASE * 2)
        } else {
            grace
        };
        let before = self.clock.now() - grace;
        let open = self
            .db
            .read(move |conn| conversations::list_unfinished(conn, before, 1000))
            .await?;
        for conversation in open {
            let Some(bot) = self.ports.bots.as_ref().and_then(|bots| bots.get(conversation.bot)) else {
                continue;
            };
            let room = self.rooms.enter(conversation.id);
            let mut caller = botlib::Caller::system(self.org);
            caller.org = conversation.org;
            let inbound = Inbound {
                caller,
                bot,
                conversation: conversation.id,
                key: None,
                content: Content::Recover,
                locale: None,
                channel: "web",
            };
            tracing::info!(conversation.id = %conversation.id, "finishing a turn that was cut off");
            self.submit(&room, inbound)?;
        }
        Ok(())
    }

    async fn lease(&self, id: ConversationId) -> Result<Lease, Error> {
        let name = format!("turn:{id}");
        let holder = self.node.to_string();
        let deadline = tokio::time::Instant::now() + LEASE_WAIT;
        while !self.leases.acquire(&name, &holder, LEASE).await? {
            if tokio::time::Instant::now() > deadline {
                return Err(Error::Elsewhere);
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        let over = tokio_util::sync::CancellationToken::new();
        let (leases, renewing) = (Arc::clone(&self.leases), over.clone());
        let (kept, by) = (name.clone(), holder.clone());
        self.lifecycle.spawn(async move {
            while renewing
                .run_until_cancelled(tokio::time::sleep(LEASE / 3))
                .await
                .is_some()
            {
                if let Err(error) = leases.acquire(&kept, &by, LEASE).await {
                    tracing::warn!(%error, "a conversation's lease was not renewed");
                }
            }
        });
        Ok(Lease {
            leases: Arc::clone(&self.leases),
            name,
            holder,
            over,
        })
    }
}

/// Holds a conversation for this node.
struct Lease {
    leases: Arc<dyn Leases>,
    name: String,
    holder: String,
    over: tokio_util::sync::CancellationToken,
}

impl Lease {
    async fn give_back(self) {
        self.over.cancel();
        if let Err(error) = self.leases.release(&self.name, &self.holder).await {
            tracing::debug!(%error, "a lease expires by itself");
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

/// What nodes tell each other about a conversation.
#[derive(Debug, Serialize, Deserialize)]
struct Told<'a> {
    node: NodeId,
    #[serde(flatten)]
    news: News<'a>,
}

/// News of a conversation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub(crate) enum News<'a> {
    /// Its log has grown.
    Advanced,
    /// Words of an answer that is being written.
    Piece {
        /// The answer.
        token: Cow<'a, str>,
        /// Its turn.
        turn: TurnId,
        /// The words.
        text: Cow<'a, str>,
    },
    /// The person wants the running answer to end.
    Stop,
}

fn is_repeat(error: &botstate::db::Error) -> bool {
    matches!(error, botstate::db::Error::Violated(violation)
        if violation.duplicate && violation.name.contains("idempotency_key"))
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// The events of an outcome that people may see, as they stand in the log.
pub(crate) fn visible(events: &[Event]) -> impl Iterator<Item = &Event> {
    use crate::model::Body;
    events.iter().filter(|event| {
        !matches!(
            event.body,
            Body::ToolCall { .. } | Body::ToolResult { .. } | Body::Fault { .. }
        )
    })
}
