//! The rules: who may read and write which conversation.

mod backstage;
pub(crate) mod doors;
mod memory;
pub(crate) mod prompts;

use std::sync::Arc;

use botlib::{Caller, ConversationId, Page, Subject, TurnId, value::FileRef};
use botstate::{
    AppState,
    db::{DbTime, DbUuid},
    dialog::{Bot, Bots},
};
use chrono::{DateTime, Utc};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    engine::{Engine, News},
    error::Error,
    model::{Conversation, Event, Inbound, Outcome, Owner},
    room::{Done, Room},
    store::{conversations, events, files},
    sweep::Finished,
};

/// Conversations of this server.
#[derive(Clone)]
pub struct ChatService {
    pub(crate) engine: Engine,
    bots: Option<Arc<dyn Bots>>,
    default_bot: Arc<str>,
}

impl std::fmt::Debug for ChatService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChatService")
    }
}

impl ChatService {
    /// The service over the state's handles.
    pub fn new(state: &AppState) -> Self {
        let service = Self {
            engine: Engine::new(state),
            bots: state.ports.bots.clone(),
            default_bot: state.config.default_bot.as_str().into(),
        };
        state.ports.runner.fill(Arc::new(service.clone()));
        if let (Some(jobs), Some(keep)) = (&state.ports.jobs, state.config.keep) {
            jobs.sweep(Arc::new(Finished {
                db: state.db.clone(),
                keep,
            }));
        }
        state.ports.conversations.fill(Arc::new(service.clone()));
        service
    }

    /// Starts the work that goes on beside requests: finishing turns that a crash cut off, and hearing other nodes.
    pub fn start(&self) {
        let engine = self.engine.clone();
        self.engine.lifecycle.spawn(async move { engine.recover().await });
        let engine = self.engine.clone();
        self.engine
            .lifecycle
            .spawn(async move { engine.hear_neighbours().await });
        let engine = self.engine.clone();
        self.engine
            .lifecycle
            .spawn(async move { engine.write_episodes().await });
    }

    /// The bot of that name or id, or the default one.
    pub(crate) fn bot(&self, name: Option<&str>) -> Result<Arc<Bot>, Error> {
        let name = name.filter(|name| !name.is_empty()).unwrap_or(&self.default_bot);
        let found = self.bots.as_ref().and_then(|bots| bots.find(name));
        found.ok_or_else(|| Error::UnknownBot(name.chars().take(64).collect()))
    }

    /// Refuses people without an account where the bot is not public, also with a token from when it was.
    pub(crate) fn check_public(caller: &Caller, bot: &Bot) -> Result<(), Error> {
        let is_person = matches!(caller.subject, Subject::Person(_) | Subject::System);
        if !is_person && bot.settings.flag("public") == Some(false) {
            return Err(Error::NotPublic);
        }
        if !caller.may_talk_to(bot.id) {
            return Err(Error::UnknownBot(bot.name.clone()));
        }
        Ok(())
    }

    /// Whether the caller may write to conversation `id` with `bot`: a visitor's token names both, a person owns it.
    pub(crate) async fn admit(&self, caller: &Caller, id: ConversationId) -> Result<Option<Conversation>, Error> {
        let org = caller.org;
        match caller.subject {
            Subject::Visitor(_) if caller.visit.is_some_and(|(_, conversation)| conversation == id) => {}
            Subject::Person(_) => {}
            _ => return Err(Error::UnknownConversation),
        }
        let stored = self
            .engine
            .db
            .read(move |conn| conversations::find(conn, org, id))
            .await?;
        match stored {
            Some(conversation) if conversation.owner == Owner::of(caller) && caller.may_talk_to(conversation.bot) => {
                Ok(Some(conversation))
            }
            Some(_) => Err(Error::UnknownConversation),
            None => Ok(None),
        }
    }

    /// The conversation, which must have begun.
    pub(crate) async fn get(&self, caller: &Caller, id: ConversationId) -> Result<Conversation, Error> {
        self.admit(caller, id).await?.ok_or(Error::UnknownConversation)
    }

    /// Puts an input in its conversation's line; `done` gets the outcome when its turn is over.
    pub(crate) async fn submit(&self, room: &Arc<Room>, inbound: Inbound, done: Done) -> Result<(), Error> {
        self.engine.allow(inbound.conversation).await?;
        self.engine.submit(room, inbound, done)
    }

    /// Runs an input to the end of its turn.
    pub(crate) async fn run(&self, inbound: Inbound) -> Result<Outcome, Error> {
        let room = self.engine.rooms.enter(inbound.conversation);
        let (done, outcome) = oneshot::channel();
        let done: Done = Box::new(|result| {
            // Whoever asked may have gone; the turn stands all the same.
            let _ = done.send(result);
        });
        self.submit(&room, inbound, done).await?;
        outcome.await.unwrap_or(Err(Error::Stopping))
    }

    /// Ends the running answer, here or on another node.
    pub(crate) async fn stop(&self, caller: &Caller, id: ConversationId) -> Result<(), Error> {
        self.get(caller, id).await?;
        let stopped = self.engine.rooms.find(id).is_some_and(|room| room.stop());
        if !stopped {
            self.engine.tell_neighbours(id, News::Stop).await;
        }
        Ok(())
    }

    /// Entries of the log after `after`, all of them.
    pub(crate) async fn events_after(&self, id: ConversationId, after: i64, limit: i64) -> Result<Vec<Event>, Error> {
        self.engine
            .db
            .read(move |conn| events::list_after(conn, id, after, limit))
            .await
    }

    /// A page of the caller's conversations.
    pub(crate) async fn list(
        &self,
        caller: &Caller,
        before: Option<(DateTime<Utc>, ConversationId)>,
        limit: usize,
    ) -> Result<Page<conversations::Summary>, Error> {
        let (org, owner) = (caller.org, Owner::of(caller));
        let bots = caller
            .bots
            .as_ref()
            .map(|bots| bots.iter().copied().collect::<Vec<_>>());
        let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let rows = self
            .engine
            .db
            .read(move |conn| {
                conversations::list(conn, org, (&owner, bots.as_deref()), before, wanted).map_err(Error::from)
            })
            .await?;
        Ok(Page::of(rows, limit, |row| {
            format!("{}.{}", row.updated_at.0.timestamp_micros(), row.id.0)
        }))
    }

    /// Keeps a file that the caller sends in a conversation.
    pub(crate) async fn keep_file(
        &self,
        caller: &Caller,
        id: ConversationId,
        name: String,
        mime: String,
        content: Vec<u8>,
    ) -> Result<FileRef, Error> {
        self.get(caller, id).await?;
        let file = files::File {
            id: DbUuid(Uuid::now_v7()),
            org_id: caller.org.into(),
            conversation_id: id.into(),
            name: name.clone(),
            mime: mime.clone(),
            size_bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
            content,
            created_at: DbTime(self.engine.clock.now()),
        };
        let (key, size_bytes) = (file.id.0, file.content.len() as u64);
        self.engine
            .db
            .write(move |conn| files::create(conn, &file).map_err(Error::from))
            .await?;
        Ok(FileRef {
            url: address(id, key),
            name,
            mime,
            size_bytes,
            ..FileRef::default()
        })
    }

    /// A file of one of the caller's conversations.
    pub(crate) async fn file(&self, caller: &Caller, id: ConversationId, file: Uuid) -> Result<files::File, Error> {
        self.get(caller, id).await?;
        let org = caller.org;
        let found = self
            .engine
            .db
            .read(move |conn| files::find(conn, org, id, file).map_err(Error::from))
            .await?;
        found.ok_or(Error::UnknownFile)
    }

    /// What is known about a file that a message names by its address.
    pub(crate) async fn file_ref(&self, caller: &Caller, id: ConversationId, url: &str) -> Result<FileRef, Error> {
        let key = url
            .rsplit_once("/files/")
            .and_then(|(_, key)| key.parse().ok())
            .ok_or(Error::UnknownFile)?;
        let file = self.file(caller, id, key).await?;
        Ok(FileRef {
            url: address(id, key),
            name: file.name,
            mime: file.mime,
            size_bytes: u64::try_from(file.size_bytes).unwrap_or_default(),
            ..FileRef::default()
        })
    }

    /// A new turn's id, for messages that a client did not number.
    pub(crate) fn fresh_key() -> String {
        TurnId::new().to_string()
    }
}

/// Where a file is found, whatever address a client wrote before it.
fn address(id: ConversationId, key: Uuid) -> String {
    format!("/api/chat/{id}/files/{key}")
}
