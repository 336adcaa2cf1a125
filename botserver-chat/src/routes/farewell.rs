//! People who sign out, or may no longer come in, are let go wherever they listen.

use std::time::Duration;

use botlib::{Caller, PersonId, SessionId, Subject};
use botstate::{
    AppState,
    event::{Event, EventBus, Notice},
};
use futures::StreamExt;
use tokio::sync::broadcast::{self, error::RecvError};

/// The server's events for everyone who listens: one subscription for all of them.
#[derive(Clone)]
pub(super) struct Farewells(broadcast::Sender<Notice>);

/// Says when a caller must go.
pub(super) struct Farewell {
    person: Option<PersonId>,
    session: Option<SessionId>,
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
        Self(sender)
    }

    pub(super) fn of(&self, caller: &Caller) -> Farewell {
        Farewell {
            person: match caller.subject {
                Subject::Person(person) => Some(person),
                _ => None,
            },
            session: caller.session,
            notices: self.0.subscribe(),
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

impl Farewell {
    /// Ends when the caller must go. Safe to drop while waiting.
    pub(super) async fn said(&mut self) {
        loop {
            let is_meant = match self.notices.recv().await {
                Ok(Notice::Event(Event::SessionEnded { session })) => self.session == Some(session),
                Ok(Notice::Event(Event::PersonRefused { person })) => self.person == Some(person),
                Ok(Notice::Event(Event::BotChanged { .. } | Event::RowsChanged { .. })) => false,
                // What was missed may have been about this person: they prove themselves again.
                Ok(Notice::Gap) | Err(RecvError::Lagged(_)) => self.person.is_some(),
                // The server ends, and says so itself.
                Err(RecvError::Closed) => std::future::pending().await,
            };
            if is_meant {
                return;
            }
        }
    }
}
