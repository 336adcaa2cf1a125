//! The turn engine: one line for each conversation, one turn at a time, whatever the front door.

mod lease;
mod neighbours;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use botlib::{Chance, Clock, ConversationId, NodeId, Subject, TurnId};
use botstate::{
    AppState, Db, Lifecycle, Ports,
    config::ScriptConfig,
    shared::{Cache, Decision, Leases, PubSub, Quota, RateLimit},
};
use futures::FutureExt as _;
use tokio::sync::Semaphore;

use crate::{
    answers::Answers,
    error::Error,
    model::{Client, Content, Conversation, Event, Inbound, Outcome, Owner},
    room::{Done, Job, Room, Rooms, TooMany},
    store::{conversations, events},
    turn::Turn,
};
use lease::{LEASE, Lease};

pub(crate) use neighbours::News;

/// Runs turns.
#[derive(Clone)]
pub(crate) struct Engine(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: Arc<dyn Chance>,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) ports: Ports,
    pub(crate) script: ScriptConfig,
    pub(crate) rooms: Rooms,
    /// Scripts that may compute for long at the same time: one core stays free for everyone else.
    pub(crate) computing: Arc<Semaphore>,
    /// Where people reach this server.
    pub(crate) public_url: Option<String>,
    pub(crate) node: NodeId,
    pubsub: Arc<dyn PubSub>,
    pub(crate) leases: Arc<dyn Leases>,
    pub(crate) cache: Arc<dyn Cache>,
    /// Answers that were given before.
    pub(crate) answers: Answers,
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
            chance: Arc::clone(&state.chance),
            lifecycle: state.lifecycle.clone(),
            ports: state.ports.clone(),
            script: state.config.script,
            rooms: Rooms::new(),
            computing: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))),
            public_url: state.config.http.public_url.as_ref().map(ToString::to_string),
            node: state.node,
            pubsub: Arc::clone(&state.pubsub),
            leases: Arc::clone(&state.leases),
            cache: Arc::clone(&state.cache),
            answers: Answers::new(
                Arc::clone(&state.cache),
                Arc::clone(&state.clock),
                state.lifecycle.clone(),
                state.ports.knowledge.clone(),
            ),
            limits: Arc::clone(&state.limits),
            quota: Quota {
                burst: state.config.http.chat_burst,
                period: Duration::from_mins(1) * state.config.http.chat_burst
                    / state.config.http.chat_per_minute.max(1),
            },
            has_neighbours: state.config.redis_url.is_some(),
        }))
    }

    /// Puts an input in its conversation's line; `done` gets the outcome when its turn is over.
    ///
    /// # Errors
    /// When too many wait, or the server stops.
    pub(crate) fn submit(&self, room: &Arc<Room>, inbound: Inbound, done: Done) -> Result<(), Error> {
        if self.lifecycle.is_draining() {
            return Err(Error::Stopping);
        }
        match room.push(Job { inbound, done }) {
            Ok(true) => {
                let (engine, room) = (self.clone(), Arc::clone(room));
                self.lifecycle.spawn(async move { Box::pin(engine.serve(room)).await });
            }
            Ok(false) => {}
            Err(TooMany) => return Err(Error::Waiting(room.waiting())),
        }
        Ok(())
    }

    /// Takes one message from the sender's allowance.
    ///
    /// # Errors
    /// When it is used up. A limiter that is away lets messages pass.
    pub(crate) async fn allow(&self, conversation: ConversationId) -> Result<(), Error> {
        self.allow_key(&format!("chat:{conversation}")).await
    }

    /// The same under any name.
    pub(crate) async fn allow_key(&self, key: &str) -> Result<(), Error> {
        match self.limits.take(key, self.quota, 1).await {
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
            if lease.as_ref().is_some_and(Lease::is_long)
                && let Some(held) = lease.take()
            {
                held.give_way().await;
            }
            // Nobody else can know of a talk that passes.
            if self.has_neighbours && lease.is_none() && !job.inbound.client.is_passing() {
                match self.lease(room.id).await {
                    Ok(taken) => lease = Some(taken),
                    // Without the server that keeps leases the row's number still lets only one node write.
                    Err(Error::Shared(error)) => tracing::warn!(%error, "a conversation goes on without a lease"),
                    Err(error) => {
                        (job.done)(Err(error));
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
            (job.done)(result);
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
            None if inbound.client.is_passing() => self.recall(&inbound).await,
            None => self.load(&inbound, room.id).await?,
        };
        // A bot may work in every conversation of its own.
        let is_bot = inbound.caller.subject == Subject::Bot(conversation.bot);
        let is_owner = conversation.owner == owner || is_bot || inbound.content == Content::Recover;
        if !is_owner || conversation.bot != inbound.bot.id {
            return Err(Error::UnknownConversation);
        }
        if conversation.open_turn.is_some() && inbound.content != Content::Recover {
            let recover = Inbound {
                content: Content::Recover,
                key: None,
                client: Client::default(),
                ..inbound.clone()
            };
            conversation = Turn::new(self.clone(), Arc::clone(room), recover, conversation)
                .run()
                .await?
                .1;
        }
        let (key, passing) = (
            inbound.key.clone(),
            inbound.client.is_passing().then(|| inbound.clone()),
        );
        match Turn::new(self.clone(), Arc::clone(room), inbound, conversation)
            .run()
            .await
        {
            Ok((outcome, conversation)) => {
                if let Some(inbound) = passing {
                    self.remember(&inbound, &conversation).await;
                } else if !self.has_neighbours {
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
            .read(move |conn| conversations::list_unfinished(conn, before, 1000).map_err(Error::from))
            .await?;
        for conversation in open {
            let Some(bot) = self.ports.bots.as_ref().and_then(|bots| bots.get(conversation.bot)) else {
                continue;
            };
            let room = self.rooms.enter(conversation.id);
            let inbound = Inbound {
                caller: conversation.caller(),
                bot,
                conversation: conversation.id,
                key: None,
                content: Content::Recover,
                locale: None,
                channel: "web",
                depth: 0,
                client: Client::default(),
            };
            tracing::info!(conversation.id = %conversation.id, "finishing a turn that was cut off");
            self.submit(&room, inbound, Box::new(drop))?;
        }
        Ok(())
    }
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
            Body::Summary { .. }
                | Body::ToolCall { .. }
                | Body::ToolResult { .. }
                | Body::Fault { .. }
                | Body::Started { .. }
                | Body::Taped { .. }
        )
    })
}
