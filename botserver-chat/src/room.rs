//! Rooms: what is live about a conversation on this node — who listens, what streams, what waits in line.

mod ear;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Weak},
};

use axum::extract::ws::Utf8Bytes;
use botlib::{ConversationId, TurnId};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::{
    error::Error,
    model::{Conversation, Inbound, Outcome},
};
use ear::Queue;
pub(crate) use ear::{Ear, Own};

/// Messages that may wait in one conversation.
const WAITING: usize = 64;
const SHARDS: usize = 64;

/// Every room that somebody uses.
pub(crate) struct Rooms(Vec<Mutex<HashMap<ConversationId, Weak<Room>>>>);

impl Rooms {
    pub(crate) fn new() -> Self {
        Self((0..SHARDS).map(|_| Mutex::default()).collect())
    }

    /// The room of a conversation.
    pub(crate) fn enter(&self, id: ConversationId) -> Arc<Room> {
        let mut shard = self.shard(id).lock();
        if let Some(room) = shard.get(&id).and_then(Weak::upgrade) {
            return room;
        }
        let room = Arc::new(Room {
            id,
            line: Mutex::default(),
            live: Mutex::default(),
        });
        shard.insert(id, Arc::downgrade(&room));
        // Rooms that everyone has left are swept when the shard would grow.
        if shard.len() == shard.capacity() {
            shard.retain(|_, room| room.strong_count() > 0);
        }
        room
    }

    /// The room of a conversation, if somebody is there.
    pub(crate) fn find(&self, id: ConversationId) -> Option<Arc<Room>> {
        self.shard(id).lock().get(&id).and_then(Weak::upgrade)
    }

    /// Every room that somebody is in.
    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.0
            .iter()
            .flat_map(|shard| shard.lock().values().filter_map(Weak::upgrade).collect::<Vec<_>>())
            .collect()
    }

    #[expect(clippy::indexing_slicing, reason = "the remainder is below the number of shards")]
    fn shard(&self, id: ConversationId) -> &Mutex<HashMap<ConversationId, Weak<Room>>> {
        let bytes = id.as_uuid().as_bytes();
        &self.0[usize::from(bytes[15]) % SHARDS]
    }
}

/// A conversation, live.
pub(crate) struct Room {
    pub(crate) id: ConversationId,
    line: Mutex<Line>,
    live: Mutex<Live>,
}

/// Inputs in the order of their arrival: one is worked on at a time.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Job>,
    is_served: bool,
    /// The state after the last turn, while nobody else can change it.
    known: Option<Conversation>,
}

/// An input and who hears of its outcome.
pub(crate) struct Job {
    pub(crate) inbound: Inbound,
    pub(crate) done: Done,
}

/// Takes the outcome of a turn when it is over. It must not wait: the next turn of the conversation does.
pub(crate) type Done = Box<dyn FnOnce(Result<Outcome, Error>) + Send>;

/// Too many wait already.
pub(crate) struct TooMany;

#[derive(Default)]
struct Live {
    listeners: Vec<Listener>,
    stream: Option<Stream>,
    running: Option<CancellationToken>,
    /// Listeners are told apart by numbers.
    next: u64,
}

struct Listener {
    number: u64,
    queue: Arc<Queue>,
}

/// An answer that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) token: Arc<str>,
    pub(crate) turn: TurnId,
    pub(crate) text: String,
}

/// Something for a listener.
#[derive(Debug, Clone)]
pub(crate) enum Delivery {
    /// An entry of the log.
    Event(Arc<Rendered>),
    /// An entry of the log that is not for listeners.
    Hidden { after: i64, seq: i64 },
    /// The next words of a streaming answer.
    Piece {
        token: Arc<str>,
        turn: TurnId,
        offset: usize,
        text: Arc<str>,
    },
    /// The bot works.
    Thinking(TurnId),
    /// Another node added to the log.
    Advanced,
    /// Entries that the listener may have had before, because it asked for them again.
    Again(Vec<Utf8Bytes>),
    /// The listener's own message was not taken.
    Refused(Arc<botlib::Problem>, Option<String>),
}

impl Delivery {
    fn size(&self) -> usize {
        match self {
            Self::Event(event) => event.full.len(),
            Self::Piece { text, .. } => text.len() + 64,
            // What a listener asked for itself is bounded by what it may ask for.
            Self::Hidden { .. } | Self::Thinking(_) | Self::Advanced | Self::Again(_) | Self::Refused(..) => 64,
        }
    }
}

/// An entry of the log as a frame.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) seq: i64,
    /// The number after which it follows: a listener that stands before it has missed something.
    pub(crate) after: i64,
    /// The frame.
    pub(crate) full: Utf8Bytes,
    /// For a streamed message: its token, its length, and the frame without the text, for those who have it.
    pub(crate) streamed: Option<(String, usize, Utf8Bytes)>,
}

impl Room {
    /// Puts an input in line. True when nobody serves the line: then the caller must.
    pub(crate) fn push(&self, job: Job) -> Result<bool, TooMany> {
        let mut line = self.line.lock();
        if line.waiting.len() >= WAITING {
            return Err(TooMany);
        }
        line.waiting.push_back(job);
        Ok(!std::mem::replace(&mut line.is_served, true))
    }

    /// The next in line with the state, if it is known; nothing ends the serving.
    pub(crate) fn next(&self) -> Option<(Job, Option<Conversation>)> {
        let mut line = self.line.lock();
        let Some(job) = line.waiting.pop_front() else {
            line.is_served = false;
            // Room for inputs would be kept for as long as somebody listens, in ten thousand rooms.
            line.waiting = VecDeque::new();
            return None;
        };
        let known = line.known.take();
        Some((job, known))
    }

    /// Remembers the state for the next turn.
    pub(crate) fn remember(&self, conversation: Conversation) {
        self.line.lock().known = Some(conversation);
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> u32 {
        u32::try_from(self.line.lock().waiting.len()).unwrap_or(u32::MAX)
    }

    /// Listens from now on; also gives the answer that is being written, if there is one.
    pub(crate) fn listen(self: &Arc<Self>) -> (Ear, Option<Stream>) {
        let queue = Arc::new(Queue::default());
        let mut live = self.live.lock();
        live.next += 1;
        let number = live.next;
        live.listeners.push(Listener {
            number,
            queue: Arc::clone(&queue),
        });
        (Ear::new(Arc::clone(self), number, queue), live.stream.clone())
    }

    /// Hands nothing more to a listener.
    fn leave(&self, number: u64) {
        self.live.lock().listeners.retain(|listener| listener.number != number);
    }

    /// Whether anybody listens.
    pub(crate) fn has_listeners(&self) -> bool {
        !self.live.lock().listeners.is_empty()
    }

    /// Hands `delivery` to everyone; who is too slow is dropped and will have to come back.
    pub(crate) fn deliver(&self, delivery: &Delivery) {
        hand_out(&mut self.live.lock(), delivery);
    }

    /// Another node has added to the log: what it was writing until then is there, too.
    pub(crate) fn advance(&self) {
        let mut live = self.live.lock();
        live.stream = None;
        hand_out(&mut live, &Delivery::Advanced);
    }

    /// Adds words to the answer that is being written and hands them out. Words that do not follow are left out:
    /// this node missed some before them, and the whole answer comes with the log.
    pub(crate) fn piece(&self, token: &Arc<str>, turn: TurnId, offset: usize, text: &str) {
        let mut live = self.live.lock();
        let stream = match &mut live.stream {
            Some(stream) if stream.token == *token => stream,
            other if offset == 0 => other.insert(Stream {
                token: Arc::clone(token),
                turn,
                text: String::new(),
            }),
            _ => return,
        };
        if stream.text.len() != offset {
            return;
        }
        stream.text.push_str(text);
        hand_out(
            &mut live,
            &Delivery::Piece {
                token: Arc::clone(token),
                turn,
                offset,
                text: text.into(),
            },
        );
    }

    /// Hands out an entry of the log; the answer that it completes is no longer being written.
    pub(crate) fn publish(&self, event: Rendered) {
        let mut live = self.live.lock();
        if let (Some(stream), Some((token, ..))) = (&live.stream, &event.streamed)
            && *stream.token == **token
        {
            live.stream = None;
        }
        hand_out(&mut live, &Delivery::Event(Arc::new(event)));
    }

    /// Marks that a turn runs, and no stream with it yet; `stop` ends it, where somebody holds that already.
    pub(crate) fn begin(&self, stop: Option<CancellationToken>) -> CancellationToken {
        let token = stop.unwrap_or_default();
        self.live.lock().running = Some(token.clone());
        token
    }

    /// Marks that no turn runs.
    pub(crate) fn end(&self) {
        let mut live = self.live.lock();
        live.running = None;
        live.stream = None;
    }

    /// Stops the running turn; false when none runs.
    pub(crate) fn stop(&self) -> bool {
        self.live
            .lock()
            .running
            .as_ref()
            .map(CancellationToken::cancel)
            .is_some()
    }
}

fn hand_out(live: &mut Live, delivery: &Delivery) {
    live.listeners.retain(|listener| listener.queue.push(delivery.clone()));
}
