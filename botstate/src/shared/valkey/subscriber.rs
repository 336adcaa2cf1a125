//! The task that owns the connection for subscriptions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use redis::Client;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tracing::{info, warn};

use super::super::SharedError;
use super::backoff::Backoff;
use super::route::Route;
use super::topics::Listeners;
use super::{LIMIT, silent};

/// How often the server is asked for a sign of life; a silent one is given up after [`LIMIT`] more.
const PING_EVERY: Duration = Duration::from_secs(5);

/// Channels in one command to the server.
const BATCH: usize = 500;

/// What listeners ask of the task. There is at most one of each kind for a listener, which bounds the queue.
pub(super) enum Request {
    /// One more listener wants this, from when the answer is given.
    Want(Route, Confirm),
    /// One listener less wants this.
    Leave(Route),
}

pub(super) type Confirm = oneshot::Sender<Result<(), SharedError>>;

/// Why a connection is no longer served.
enum End {
    /// Nobody can ask for anything any more.
    Unused,
    Lost(SharedError),
}

/// The task's state.
pub(super) struct Subscriber {
    client: Client,
    listeners: Arc<Listeners>,
    requests: mpsc::UnboundedReceiver<Request>,
    /// How many listeners want each route.
    wanted: HashMap<Route, usize>,
    backoff: Backoff,
    /// Whether a connection was lost since listeners last heard of a gap.
    interrupted: bool,
}

impl Subscriber {
    pub(super) fn new(client: Client, listeners: Arc<Listeners>, requests: mpsc::UnboundedReceiver<Request>) -> Self {
        let (wanted, backoff) = (HashMap::new(), Backoff::default());
        Self {
            client,
            listeners,
            requests,
            wanted,
            backoff,
            interrupted: false,
        }
    }

    /// Serves until nobody can ask for anything any more.
    pub(super) async fn run(mut self) {
        loop {
            let mut waiting = Vec::new();
            while self.wanted.is_empty() {
                // A process without listeners needs no connection, and missed nothing.
                self.interrupted = false;
                match self.requests.recv().await {
                    None => return,
                    Some(request) => waiting.extend(self.count(request)),
                }
            }
            let error = match self.connect().await {
                Ok((sink, stream)) => {
                    self.backoff.reset();
                    answer_all(waiting, &Ok(()));
                    if std::mem::take(&mut self.interrupted) {
                        info!("subscriptions are back on the cache server");
                        self.listeners.gap();
                    }
                    match self.serve(sink, stream).await {
                        End::Unused => return,
                        End::Lost(error) => {
                            warn!(%error, "subscriptions lost the cache server");
                            self.interrupted = true;
                            error
                        }
                    }
                }
                Err(error) => {
                    answer_all(waiting, &Err(error.clone()));
                    error
                }
            };
            if self.pause(&error).await.is_none() {
                return;
            }
        }
    }

    /// Notes what a request changes; the one who waits for a confirmation.
    fn count(&mut self, request: Request) -> Option<Confirm> {
        match request {
            Request::Want(route, confirm) => {
                *self.wanted.entry(route).or_default() += 1;
                Some(confirm)
            }
            Request::Leave(route) => {
                if let Some(count) = self.wanted.get_mut(&route) {
                    *count -= 1;
                    if *count == 0 {
                        self.wanted.remove(&route);
                    }
                }
                None
            }
        }
    }

    /// Waits before the next attempt; whoever asks meanwhile hears why not. None when nobody is left.
    async fn pause(&mut self, error: &SharedError) -> Option<()> {
        let end = Instant::now() + self.backoff.pause();
        loop {
            tokio::select! {
                () = sleep_until(end) => return Some(()),
                request = self.requests.recv() => {
                    if let Some(confirm) = self.count(request?) {
                        answer_all([confirm], &Err(error.clone()));
                    }
                }
            }
        }
    }

    /// Connects and subscribes to all that is wanted.
    async fn connect(&self) -> Result<(PubSubSink, PubSubStream), SharedError> {
        let connecting = async {
            let (mut sink, stream) = self.client.get_async_pubsub().await?.split();
            subscribe(&mut sink, self.wanted.keys()).await?;
            Ok((sink, stream))
        };
        timeout(LIMIT, connecting).await.map_err(|_elapsed| silent())?
    }

    /// Hands messages on and keeps the server's subscriptions equal to what is wanted.
    async fn serve(&mut self, mut sink: PubSubSink, mut stream: PubSubStream) -> End {
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut requests = Vec::new();
        loop {
            let result = tokio::select! {
                message = stream.next() => match message {
                    Some(message) => {
                        self.listeners.hand_on(&message);
                        continue;
                    }
                    None => Err(SharedError("the server closed the connection".to_owned())),
                },
                count = self.requests.recv_many(&mut requests, BATCH) => {
                    if count == 0 {
                        return End::Unused;
                    }
                    self.change(&mut sink, requests.drain(..)).await
                }
                _ = pings.tick() => {
                    let pong = timeout(LIMIT, sink.ping::<redis::Value>()).await;
                    pong.map_err(|_elapsed| silent()).and_then(|pong| pong.map(drop).map_err(SharedError::from))
                }
            };
            if let Err(error) = result {
                return End::Lost(error);
            }
        }
    }

    /// Applies a batch of requests with at most one command of each kind, then confirms them.
    async fn change(
        &mut self,
        sink: &mut PubSubSink,
        requests: impl Iterator<Item = Request>,
    ) -> Result<(), SharedError> {
        let mut before = HashMap::new();
        let mut waiting = Vec::new();
        for request in requests {
            let (Request::Want(route, _) | Request::Leave(route)) = &request;
            if !before.contains_key(route) {
                before.insert(route.clone(), self.wanted.contains_key(route));
            }
            waiting.extend(self.count(request));
        }
        let (mut added, mut left) = (Vec::new(), Vec::new());
        for (route, was_wanted) in &before {
            match (was_wanted, self.wanted.contains_key(route)) {
                (false, true) => added.push(route),
                (true, false) => left.push(route),
                _ => {}
            }
        }
        let changing = async {
            subscribe(sink, added.into_iter()).await?;
            unsubscribe(sink, left.into_iter()).await
        };
        let changed = timeout(LIMIT, changing).await.map_err(|_elapsed| silent()).flatten();
        answer_all(waiting, &changed);
        changed
    }
}

/// Answers those who wait, or waited.
fn answer_all(waiting: impl IntoIterator<Item = Confirm>, result: &Result<(), SharedError>) {
    for confirm in waiting {
        let _ = confirm.send(result.clone());
    }
}

async fn subscribe(sink: &mut PubSubSink, routes: impl Iterator<Item = &Route>) -> Result<(), SharedError> {
    let (channels, patterns) = parted(routes);
    for names in channels.chunks(BATCH) {
        sink.subscribe(names).await?;
    }
    for names in patterns.chunks(BATCH) {
        sink.psubscribe(names).await?;
    }
    Ok(())
}

async fn unsubscribe(sink: &mut PubSubSink, routes: impl Iterator<Item = &Route>) -> Result<(), SharedError> {
    let (channels, patterns) = parted(routes);
    if !channels.is_empty() {
        sink.unsubscribe(channels).await?;
    }
    if !patterns.is_empty() {
        sink.punsubscribe(patterns).await?;
    }
    Ok(())
}

/// The names of channels and those of patterns.
fn parted<'a>(routes: impl Iterator<Item = &'a Route>) -> (Vec<&'a [u8]>, Vec<&'a [u8]>) {
    let (mut channels, mut patterns) = (Vec::new(), Vec::new());
    for route in routes {
        match route {
            Route::Channel(name) => channels.push(name.as_slice()),
            Route::Pattern(name) => patterns.push(name.as_slice()),
        }
    }
    (channels, patterns)
}
