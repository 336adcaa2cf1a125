//! The connection for subscriptions: one for the process, shared by every listener.
//!
//! A task owns it ([`subscriber`](super::subscriber)). The library's stream ends without a word when the server restarts, so the task connects
//! again, subscribes again and tells every listener that messages may be missing.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use redis::{Client, Msg};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tracing::warn;

use super::super::hub::{Hub, Listening};
use super::super::{Heard, SharedError};
use super::route::{self, Route};
use super::subscriber::{Request, Subscriber};
use super::{LIMIT, silent};

/// The listeners of this process and the way to the task that subscribes for them.
pub(super) struct Topics {
    listeners: Arc<Listeners>,
    requests: mpsc::UnboundedSender<Request>,
}

/// The server repeats a message for each matching subscription, so each kind reaches its own listeners only.
#[derive(Default)]
pub(super) struct Listeners {
    /// Those with a channel.
    of_channels: Arc<Hub>,
    /// Those with a pattern.
    of_patterns: Arc<Hub>,
}

impl Topics {
    /// Starts the task. It ends when these topics and all their streams are dropped.
    #[expect(
        clippy::disallowed_methods,
        reason = "holds nothing to finish at shutdown and ends with its last handle"
    )]
    pub(super) fn new(client: Client) -> Self {
        let listeners = Arc::new(Listeners::default());
        let (requests, received) = mpsc::unbounded_channel();
        tokio::spawn(Subscriber::new(client, Arc::clone(&listeners), received).run());
        Self { listeners, requests }
    }

    /// Listens to every topic that begins with `prefix` once the server has confirmed it.
    pub(super) async fn subscribe(&self, prefix: &str) -> Result<BoxStream<'static, Heard>, SharedError> {
        let route = Route::of(prefix);
        let hub = match route {
            Route::Channel(_) => &self.listeners.of_channels,
            Route::Pattern(_) => &self.listeners.of_patterns,
        };
        // Listening comes first: a message may arrive right behind the confirmation.
        let listening = hub.listen(prefix);
        let (confirm, confirmed) = oneshot::channel();
        let subscription = Subscription {
            listening,
            route: route.clone(),
            requests: self.requests.clone(),
        };
        let gone = || SharedError("the subscriptions have ended".to_owned());
        self.requests
            .send(Request::Want(route, confirm))
            .map_err(|_closed| gone())?;
        let answer = timeout(LIMIT, confirmed).await.map_err(|_elapsed| silent())?;
        answer.map_err(|_closed| gone())??;
        Ok(subscription.boxed())
    }
}

/// One listener's stream; dropping it gives its interest back.
struct Subscription {
    listening: Listening,
    route: Route,
    requests: mpsc::UnboundedSender<Request>,
}

impl Stream for Subscription {
    type Item = Heard;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Heard>> {
        self.listening.poll_next_unpin(context)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // The task is gone only when the runtime is.
        let _ = self.requests.send(Request::Leave(self.route.clone()));
    }
}

impl Listeners {
    /// Tells everyone that messages may have been missed.
    pub(super) fn gap(&self) {
        self.of_channels.gap();
        self.of_patterns.gap();
    }

    /// Hands a message of the server to those whose subscription brought it.
    pub(super) fn hand_on(&self, message: &Msg) {
        let Some((topic, body)) = route::unpack(message.get_payload_bytes()) else {
            warn!("a message without a topic came from the cache server: is something else using its channels?");
            return;
        };
        match message.get_pattern::<Option<Vec<u8>>>() {
            Ok(Some(pattern)) => {
                if let Some(prefix) = route::prefix_of(&pattern) {
                    self.of_patterns.publish_at(&prefix, topic, &body);
                }
            }
            _ => self.of_channels.publish(topic, &body),
        }
    }
}
