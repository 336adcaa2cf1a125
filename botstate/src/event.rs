//! The event bus: what one domain tells all others, on every node.

use std::sync::Arc;

use botlib::{BotId, Caller, NodeId, OrgId, PersonId, SessionId, Subject};
use futures::{Stream, StreamExt, future};
use serde::{Deserialize, Serialize};

use crate::shared::{Heard, PubSub, SharedError};

const TOPIC: &str = "events:";

/// Something that happened. Events tell; they do not carry what must not be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A session of a person has ended: its open sockets must close.
    SessionEnded {
        /// The session.
        session: SessionId,
    },
    /// A person may no longer come in: all their open sockets must close.
    PersonRefused {
        /// The person.
        person: PersonId,
    },
    /// What people may do has changed: whoever is meant proves themselves again, on open sockets too.
    AccessChanged {
        /// The organisation.
        org: OrgId,
        /// The person; everybody of the organisation, visitors of its bots included, when absent.
        person: Option<PersonId>,
    },
    /// A bot runs in another version now.
    BotChanged {
        /// The bot.
        bot: BotId,
        /// The node that noticed.
        node: NodeId,
    },
    /// Rows of a bot's tables changed for which it has triggers; the changes wait in its database.
    RowsChanged {
        /// The bot.
        bot: BotId,
    },
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Something happened.
    Event(Event),
    /// Events may have been missed: look again at what you know.
    Gap,
}

impl Notice {
    /// Whether `caller`, who is connected, must go and prove themselves again.
    pub fn sends_away(&self, caller: &Caller) -> bool {
        let is_of = |person: &PersonId| caller.subject == Subject::Person(*person);
        match self {
            Self::Event(Event::SessionEnded { session }) => caller.session == Some(*session),
            Self::Event(Event::PersonRefused { person }) => is_of(person),
            Self::Event(Event::AccessChanged { org, person }) => {
                caller.org == *org && person.as_ref().is_none_or(is_of)
            }
            Self::Event(Event::BotChanged { .. } | Event::RowsChanged { .. }) => false,
            // What was missed may have been about this person.
            Self::Gap => matches!(caller.subject, Subject::Person(_)),
        }
    }
}

/// Publishes and hears [`Event`]s.
#[derive(Clone)]
pub struct EventBus(Arc<dyn PubSub>);

impl std::fmt::Debug for EventBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventBus")
    }
}

impl EventBus {
    /// A bus over `pubsub`.
    pub fn new(pubsub: Arc<dyn PubSub>) -> Self {
        Self(pubsub)
    }

    /// Tells everyone who listens.
    ///
    /// # Errors
    /// When the server between the nodes is away.
    pub async fn publish(&self, event: &Event) -> Result<(), SharedError> {
        let message = serde_json::to_vec(event).map_err(|error| SharedError(error.to_string()))?;
        self.0.publish(TOPIC, message.into()).await
    }

    /// Hears every event from now on.
    ///
    /// # Errors
    /// When the first subscription cannot be made.
    pub async fn subscribe(&self) -> Result<impl Stream<Item = Notice> + Send + Unpin + use<>, SharedError> {
        let heard = self.0.subscribe(TOPIC).await?;
        Ok(heard.filter_map(|heard| {
            future::ready(match heard {
                Heard::Message(_, message) => serde_json::from_slice(&message).ok().map(Notice::Event),
                Heard::Gap => Some(Notice::Gap),
            })
        }))
    }
}
