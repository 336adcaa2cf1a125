//! What tests of bots prepare and look at, besides what any client may.

use botlib::{Caller, ConversationId};
use botstate::{
    conversation::SessionState,
    dialog::{Bot, Fault},
};

use super::ChatService;
use crate::{
    error::Error,
    model::{Body, Conversation, Owner},
    store::conversations::{self, Advance},
};

/// Entries of a log that are looked at.
const ENTRIES: i64 = 10_000;

impl ChatService {
    /// Makes a conversation in which nothing has happened yet, but which knows something already.
    ///
    /// # Errors
    /// When it is there already, or cannot be stored.
    pub async fn prepare(
        &self,
        caller: &Caller,
        bot: &Bot,
        id: ConversationId,
        session: &SessionState,
    ) -> Result<(), Error> {
        let org = caller.org;
        let conversation = Conversation::new(id, org, bot.id, Owner::of(caller));
        let step = Advance {
            id,
            from_seq: 0,
            to_seq: 0,
            session: serde_json::to_string(session)?,
            activities: "[]".to_owned(),
            open_turn: None,
            now: self.engine.clock.now(),
        };
        self.engine
            .db
            .write(move |conn| conversations::create(conn, org, &conversation, &step).map_err(Error::from))
            .await
    }

    /// What a conversation keeps between turns; the state of a new one when it has not begun.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn session(&self, caller: &Caller, id: ConversationId) -> Result<SessionState, Error> {
        let org = caller.org;
        let found = self
            .engine
            .db
            .read(move |conn| conversations::find(conn, org, id))
            .await?;
        Ok(found.map(|conversation| conversation.session).unwrap_or_default())
    }

    /// Why dialogs could not go on, after an entry of the log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn faults(&self, id: ConversationId, after: i64) -> Result<Vec<Fault>, Error> {
        let events = self.events_after(id, after, ENTRIES).await?;
        let faults = events.into_iter().filter_map(|event| match event.body {
            Body::Fault { fault } => Some(fault),
            _ => None,
        });
        Ok(faults.collect())
    }
}
