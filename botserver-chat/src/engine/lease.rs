//! One node at a time works on a conversation.

use std::{sync::Arc, time::Duration};

use botlib::ConversationId;
use botstate::shared::Leases;
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::Engine;
use crate::error::Error;

/// A node that works on a conversation holds it for so long, renewed while it works.
pub(super) const LEASE: Duration = Duration::from_secs(8);
/// The longest that a turn waits for another node.
const LEASE_WAIT: Duration = Duration::from_secs(15);
/// How often a node that waits asks again.
const ASK_EVERY: Duration = Duration::from_millis(15);
/// A node whose line does not end lets others in after so long.
const LONG: Duration = Duration::from_millis(250);

impl Engine {
    pub(super) async fn lease(&self, id: ConversationId) -> Result<Lease, Error> {
        let name = format!("turn:{id}");
        let holder = self.node.to_string();
        let deadline = Instant::now() + LEASE_WAIT;
        while !self.leases.acquire(&name, &holder, LEASE).await? {
            if Instant::now() > deadline {
                return Err(Error::Elsewhere);
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        let over = CancellationToken::new();
        let (leases, renewing) = (Arc::clone(&self.leases), over.clone());
        let (kept, by) = (name.clone(), holder.clone());
        let renewal = self.lifecycle.spawn(async move {
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
            renewal,
            since: Instant::now(),
        })
    }
}

/// Holds a conversation for this node.
pub(super) struct Lease {
    leases: Arc<dyn Leases>,
    name: String,
    holder: String,
    over: CancellationToken,
    renewal: JoinHandle<()>,
    since: Instant,
}

impl Lease {
    /// Whether others have waited long enough.
    pub(super) fn is_long(&self) -> bool {
        self.since.elapsed() > LONG
    }

    /// Gives the conversation back for long enough that whoever waits gets it.
    pub(super) async fn give_way(self) {
        self.give_back().await;
        tokio::time::sleep(ASK_EVERY * 2).await;
    }

    pub(super) async fn give_back(mut self) {
        self.over.cancel();
        // A renewal that is under way must not come after the release.
        let _ = (&mut self.renewal).await;
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
