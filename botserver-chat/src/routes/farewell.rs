//! People who sign out, or may no longer come in, are let go wherever they listen.

use std::{sync::Arc, time::Duration};

use botlib::{Caller, Clock};
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
    caller: Caller,
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
            caller: caller.clone(),
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
            let notice = match self.notices.recv().await {
                Ok(notice) => notice,
                Err(RecvError::Lagged(_)) => Notice::Gap,
                // The server ends, and says so itself.
                Err(RecvError::Closed) => std::future::pending().await,
            };
            if notice.sends_away(&self.caller) {
                return match notice {
                    Notice::Event(Event::AccessChanged { .. }) => Reason::AccessChanged,
                    _ => Reason::SignedOut,
                };
            }
        }
    }
}
