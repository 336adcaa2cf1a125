//! Who listens to what in this process, for both implementations of publish/subscribe.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::Stream;
use indexmap::IndexMap;
use parking_lot::{Mutex, RwLock};

use super::Heard;

/// Messages that wait for one listener at most; past it they give way to one [`Heard::Gap`].
const QUEUE_MESSAGES: usize = 1024;

/// Bytes that wait for one listener at most.
const QUEUE_BYTES: usize = 1 << 20;

/// Listeners by the prefix that they asked for.
///
/// A message looks up one prefix of its topic for each distinct length that somebody asked for, so its cost
/// follows the few lengths in use and not the number of listeners.
#[derive(Default)]
pub(super) struct Hub {
    listeners: RwLock<Listeners>,
    next_id: AtomicU64,
}

#[derive(Default)]
struct Listeners {
    by_prefix: HashMap<Box<str>, IndexMap<u64, Arc<Queue>>>,
    /// How many distinct prefixes there are of each length in bytes.
    lengths: BTreeMap<usize, usize>,
}

impl Hub {
    /// Listens to every topic that begins with `prefix`, from now until the stream is dropped.
    pub(super) fn listen(self: &Arc<Self>, prefix: &str) -> Listening {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(Queue::default());
        let mut listeners = self.listeners.write();
        let listeners = &mut *listeners;
        let queues = listeners.by_prefix.entry(prefix.into()).or_insert_with(|| {
            *listeners.lengths.entry(prefix.len()).or_default() += 1;
            IndexMap::new()
        });
        queues.insert(id, Arc::clone(&queue));

        Listening {
            hub: Arc::clone(self),
            prefix: prefix.into(),
            id,
            queue,
        }
    }

    /// Hands `message` to everyone who listens to a prefix of `topic`.
    pub(super) fn publish(&self, topic: &str, message: &Bytes) {
        let listeners = self.listeners.read();
        for &length in listeners.lengths.range(..=topic.len()).map(|(length, _)| length) {
            if let Some(prefix) = topic.get(..length) {
                listeners.hand_to(prefix, topic, message);
            }
        }
    }

    /// Hands `message` to those alone who listen to exactly `prefix`.
    pub(super) fn publish_at(&self, prefix: &str, topic: &str, message: &Bytes) {
        self.listeners.read().hand_to(prefix, topic, message);
    }

    /// Tells everyone that messages may have been missed.
    pub(super) fn gap(&self) {
        for queues in self.listeners.read().by_prefix.values() {
            queues.values().for_each(|queue| queue.gap());
        }
    }

    fn leave(&self, prefix: &str, id: u64) {
        let mut listeners = self.listeners.write();
        let Some(queues) = listeners.by_prefix.get_mut(prefix) else {
            return;
        };
        queues.swap_remove(&id);
        if queues.is_empty() {
            listeners.by_prefix.remove(prefix);
            if let Some(count) = listeners.lengths.get_mut(&prefix.len()) {
                *count -= 1;
                if *count == 0 {
                    listeners.lengths.remove(&prefix.len());
                }
            }
        }
    }
}

impl Listeners {
    fn hand_to(&self, prefix: &str, topic: &str, message: &Bytes) {
        for queue in self.by_prefix.get(prefix).into_iter().flat_map(IndexMap::values) {
            queue.push(topic, message);
        }
    }
}

/// What one listener has not read yet.
#[derive(Default)]
struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    heard: VecDeque<Heard>,
    bytes: usize,
    reader: Option<Waker>,
}

impl Queue {
    fn push(&self, topic: &str, message: &Bytes) {
        let size = topic.len() + message.len();
        self.change(|waiting| {
            let full = waiting.heard.len() >= QUEUE_MESSAGES || waiting.bytes + size > QUEUE_BYTES;
            if full && !waiting.heard.is_empty() {
                // The reader must read everything again anyway, so what waits is of no use to it.
                waiting.heard = VecDeque::from([Heard::Gap]);
                waiting.bytes = 0;
            } else {
                waiting
                    .heard
                    .push_back(Heard::Message(topic.to_owned(), message.clone()));
                waiting.bytes += size;
            }
        });
    }

    fn gap(&self) {
        self.change(|waiting| {
            if waiting.heard.back() != Some(&Heard::Gap) {
                waiting.heard.push_back(Heard::Gap);
            }
        });
    }

    /// Changes the queue, then wakes its reader without holding the lock.
    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        let reader = {
            let mut waiting = self.0.lock();
            change(&mut waiting);
            waiting.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// The stream of one listener; dropping it ends the listening.
pub(super) struct Listening {
    hub: Arc<Hub>,
    prefix: Box<str>,
    id: u64,
    queue: Arc<Queue>,
}

impl Stream for Listening {
    type Item = Heard;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Heard>> {
        let mut waiting = self.queue.0.lock();
        let Some(heard) = waiting.heard.pop_front() else {
            if waiting.heard.capacity() > 64 {
                // Ten thousand listeners would otherwise keep the room of their busiest moment.
                waiting.heard = VecDeque::new();
            }
            waiting.reader = Some(context.waker().clone());
            return Poll::Pending;
        };
        if let Heard::Message(topic, message) = &heard {
            waiting.bytes = waiting.bytes.saturating_sub(topic.len() + message.len());
        }
        Poll::Ready(Some(heard))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.hub.leave(&self.prefix, self.id);
    }
}
