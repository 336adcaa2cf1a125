//! People who sign out, or may no longer come in, are let go wherever they listen.

use std::{sync::Arc, time::Duration};

use botlib::{Caller, Clock, OrgId, PersonId, SessionId, Subject};
use botstate::{
    AppState,
    event::{Event, EventBus, Notice},
};
use futures::StreamExt;
use tokio::sync::broadcast::{self, error::RecvError};

/// The server's events for everyone who listens: one subscription for all of them.
#[derive(Clone)]
pub(super) struct Farewells {
    sender: broadcast::Sender<Notice>,
    clock: Arc<dyn Clock>,
}

/// Says when a caller must go.
pub(super) struct Farewell {
    org: OrgId,
    person: Option<PersonId>,
    session: Option<SessionId>,
    /// How long the caller may do all that is known of them.
    left: Option<Duration>,
    notices: broadcast::Receiver<Notice>,
}

impl Farewells {
    pub(super) fn new(state: &AppState) -> Self {
        let (sender, _) = broadcast::channel(256);
        let (bus, listeners) = (state.events.clone(), sender.clone());
        let draining = state.lifecycle.draining();
        state
            .lifecycle
            .spawn(async move { draining.run_until_cancelled(forward(bus, listeners)).await });
        Self {
            sender,
            clock: Arc::clone(&state.clock),
        }
    }

    pub(super) fn of(&self, caller: &Caller) -> Farewell {
        Farewell {
            org: caller.org,
            person: match caller.subject {
                Subject::Person(person) => Some(person),
                _ => None,
            },
            session: caller.session,
            left: caller
                .until
                .map(|until| (until - self.clock.now()).to_std().unwrap_or_default()),
            notices: self.sender.subscribe(),
        }
    }
}

async fn forward(bus: EventBus, listeners: broadcast::Sender<Notice>) {
    loop {
        match bus.subscribe().await {
            Ok(mut notices) => {
                while let Some(notice) = notices.next().await {
                    // Nobody may be connected.
                    let _ = listeners.send(notice);
                }
            }
            Err(error) => tracing::warn!(%error, "events of other servers cannot be heard yet"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Why a caller must go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The session has ended, or the person may not come in any more.
    SignedOut,
    /// The caller may do more or less than before: whoever comes back is known as what they are now.
    AccessChanged,
}

impl Farewell {
    /// Ends when the caller must go. Safe to drop while waiting.
    pub(super) async fn said(&mut self) -> Reason {
        match self.left {
            None => self.heard().await,
            Some(left) => tokio::time::timeout(left, self.heard())
                .await
                .unwrap_or(Reason::AccessChanged),
        }
    }

    async fn heard(&mut self) -> Reason {
        loop {
            let (is_meant, reason) = match self.notices.recv().await {
                Ok(Notice::Event(Event::SessionEnded { session })) => {
                    (self.session == Some(session), Reason::SignedOut)
                }
                Ok(Notice::Event(Event::PersonRefused { person })) => (self.person == Some(person), Reason::SignedOut),
                Ok(Notice::Event(Event::AccessChanged { org, person })) => {
                    let is_meant = self.org == org && (person.is_none() || person == self.person);
                    (is_meant, Reason::AccessChanged)
                }
                Ok(Notice::Event(Event::BotChanged { .. } | Event::RowsChanged { .. })) => continue,
                // What was missed may have been about this person: they prove themselves again.
                Ok(Notice::Gap) | Err(RecvError::Lagged(_)) => (self.person.is_some(), Reason::SignedOut),
                // The server ends, and says so itself.
                Err(RecvError::Closed) => std::future::pending().await,
            };
            if is_meant {
                return reason;
            }
        }
    }
}
