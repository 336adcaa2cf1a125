//! What waits for one listener.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;

use super::{Delivery, Room};

/// Deliveries that may wait for one listener.
const QUEUED: usize = 4096;
/// Bytes that may wait for one listener; more, and it is too slow to be served.
const QUEUED_BYTES: usize = 512 * 1024;
/// Room for so many is kept when nothing waits: most listeners are idle, and there are many of them.
const KEPT: usize = 4;

/// Deliveries on their way to one listener. It takes no room while nothing waits, unlike a channel's.
#[derive(Default)]
pub(super) struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    deliveries: VecDeque<Delivery>,
    bytes: usize,
    /// Too much waited once. Nothing is added any more.
    is_closed: bool,
    waker: Option<Waker>,
}

impl Queue {
    /// Adds a delivery; false when too much waits, and from then on.
    pub(super) fn push(&self, delivery: Delivery) -> bool {
        let mut waiting = self.0.lock();
        let size = delivery.size();
        let is_full = waiting.deliveries.len() >= QUEUED || waiting.bytes + size > QUEUED_BYTES.max(size);
        waiting.is_closed |= is_full;
        if !waiting.is_closed {
            waiting.bytes += size;
            waiting.deliveries.push_back(delivery);
        }
        let (is_taken, waker) = (!waiting.is_closed, waiting.waker.take());
        drop(waiting);
        if let Some(waker) = waker {
            waker.wake();
        }
        is_taken
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let mut waiting = self.0.lock();
        if let Some(delivery) = waiting.pop() {
            return Poll::Ready(Some(delivery));
        }
        if waiting.is_closed {
            return Poll::Ready(None);
        }
        match &mut waiting.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl Waiting {
    fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.deliveries.pop_front()?;
        self.bytes = self.bytes.saturating_sub(delivery.size());
        if self.deliveries.is_empty() && self.deliveries.capacity() > KEPT {
            self.deliveries = VecDeque::new();
        }
        Some(delivery)
    }
}

/// A listener's end. Dropping it stops the listening.
pub(crate) struct Ear {
    room: Arc<Room>,
    number: u64,
    queue: Arc<Queue>,
}

impl Ear {
    pub(super) fn new(room: Arc<Room>, number: u64, queue: Arc<Queue>) -> Self {
        Self { room, number, queue }
    }

    /// The next delivery; nothing when the listener was too slow. Safe to drop while waiting.
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        poll_fn(|context| self.queue.poll(context)).await
    }

    /// A delivery that is there already.
    pub(crate) fn next_now(&mut self) -> Option<Delivery> {
        self.queue.0.lock().pop()
    }

    /// A way to this listener alone.
    pub(crate) fn own(&self) -> Own {
        Own(Arc::clone(&self.queue))
    }

    /// The room.
    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.room
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.room.leave(self.number);
    }
}

/// Hands deliveries to one listener alone.
pub(crate) struct Own(Arc<Queue>);

impl Own {
    /// Hands a delivery over. A listener that was too slow does not get it: it is sent away.
    pub(crate) fn deliver(&self, delivery: Delivery) {
        self.0.push(delivery);
    }
}

#[cfg(test)]
mod tests {
    use botlib::{ConversationId, TurnId};

    use super::super::Rooms;
    use super::*;

    fn piece(text: &str) -> Delivery {
        Delivery::Piece {
            token: "t".into(),
            turn: TurnId::new(),
            offset: 0,
            text: text.into(),
        }
    }

    #[tokio::test]
    async fn a_listener_that_is_too_slow_gets_what_waits_and_then_nothing_more() {
        let room = Rooms::new().enter(ConversationId::new());
        let (mut ear, _) = room.listen();
        let (mut other, _) = room.listen();
        let large = piece(&"x".repeat(200 * 1024));

        for _ in 0..2 {
            room.deliver(&large);
            assert!(other.next().await.is_some());
        }
        room.deliver(&large);
        room.deliver(&Delivery::Advanced);

        assert!(ear.next().await.is_some());
        assert!(ear.next_now().is_some());
        assert!(ear.next().await.is_none());
        assert!(other.next().await.is_some());
        assert!(matches!(other.next().await, Some(Delivery::Advanced)));
    }

    #[tokio::test]
    async fn a_delivery_wakes_its_listener_and_one_that_is_larger_than_the_queue_passes() {
        let room = Rooms::new().enter(ConversationId::new());
        let (mut ear, _) = room.listen();
        let huge = piece(&"x".repeat(2 * QUEUED_BYTES));
        let waiting = async {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            room.deliver(&huge);
        };

        let (heard, ()) = tokio::join!(ear.next(), waiting);

        assert!(heard.is_some());
        drop(ear);
        assert!(!room.has_listeners());
    }
}
