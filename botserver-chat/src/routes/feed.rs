//! What one listener gets: the log from a number on, then everything live, each entry once and in order.

use std::{collections::VecDeque, sync::Arc};

use axum::extract::ws::Utf8Bytes;
use botlib::ConversationId;

use crate::{
    error::Error,
    frame::{Address, text},
    room::{Delivery, Ear, Rendered, Room},
    service::ChatService,
};

/// Entries that are read from the log at once.
const PAGE: i64 = 200;

/// A listener's view of a conversation.
pub(super) struct Feed {
    chat: ChatService,
    address: Address,
    id: ConversationId,
    ear: Ear,
    /// The number of the last entry that was handed over.
    seq: i64,
    /// Whether the log may hold entries that were not handed over.
    is_behind: bool,
    /// The answer whose pieces are being handed over, and how many bytes of it were.
    streaming: Option<(Arc<str>, usize)>,
    ready: VecDeque<Utf8Bytes>,
    /// Pieces of the answer that was being written at the beginning: they come after everything in the log.
    later: VecDeque<Utf8Bytes>,
}

impl Feed {
    /// Listens, and begins with what the log holds after `after`.
    pub(super) fn open(chat: ChatService, address: Address, id: ConversationId, after: i64) -> Self {
        let room = chat.engine.rooms.enter(id);
        let (ear, stream) = room.listen();
        let mut feed = Self {
            chat,
            address,
            id,
            ear,
            seq: after.max(0),
            is_behind: true,
            streaming: None,
            ready: VecDeque::new(),
            later: VecDeque::new(),
        };
        if let Some(stream) = stream {
            feed.piece(&stream.token, stream.turn, 0, &stream.text);
        }
        feed
    }

    /// The room that is listened to.
    pub(super) fn room(&self) -> &Arc<Room> {
        self.ear.room()
    }

    /// Something that hands deliveries to this listener alone.
    pub(super) fn own(&self) -> tokio::sync::mpsc::Sender<Delivery> {
        self.ear.own()
    }

    /// Says that nothing of the log is missing up to `seq`.
    pub(super) fn skip_to(&mut self, seq: i64) {
        self.seq = seq;
        self.is_behind = false;
        self.ready.append(&mut self.later);
    }

    /// The next frame; nothing when the listener was too slow. Safe to drop while waiting.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(super) async fn next(&mut self) -> Result<Option<Utf8Bytes>, Error> {
        loop {
            if self.is_behind {
                self.catch_up().await?;
            }
            if let Some(frame) = self.ready.pop_front() {
                return Ok(Some(frame));
            }
            if let Some(delivery) = self.ear.next_now() {
                self.take(delivery);
            } else if self.ear.is_heard() {
                match self.ear.next().await {
                    Some(delivery) => self.take(delivery),
                    None => return Ok(None),
                }
            } else {
                return Ok(None);
            }
        }
    }

    /// A frame that is there already.
    pub(super) fn next_now(&mut self) -> Option<Utf8Bytes> {
        loop {
            if self.is_behind {
                return None;
            }
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            let delivery = self.ear.next_now()?;
            self.take(delivery);
        }
    }

    /// Reads what the log holds. Safe to drop while waiting: what was read was taken over with its number.
    async fn catch_up(&mut self) -> Result<(), Error> {
        loop {
            let events = self.chat.events_after(self.id, self.seq, PAGE).await?;
            let count = events.len();
            for event in &events {
                self.seq = event.seq;
                if let Some(frame) = self.address.render(event, None) {
                    self.hand_over(&frame);
                }
            }
            if i64::try_from(count).unwrap_or(PAGE) < PAGE {
                break;
            }
        }
        self.ready.append(&mut self.later);
        self.is_behind = false;
        Ok(())
    }

    fn take(&mut self, delivery: Delivery) {
        match delivery {
            // Entries that the log gave already come a second time when they were committed meanwhile.
            Delivery::Event(event) if event.seq > self.seq => {
                self.seq = event.seq;
                self.hand_over(&event);
            }
            Delivery::Event(_) => {}
            Delivery::Piece {
                token,
                turn,
                offset,
                text,
            } => self.piece(&token, turn, offset, &text),
            Delivery::Thinking(turn) => self.ready.push_back(text(&self.address.thinking(turn))),
            Delivery::Advanced => self.is_behind = true,
            Delivery::Again(frame) => self.ready.push_back(frame),
            Delivery::Refused(problem, id) => {
                self.ready.push_back(text(&self.address.error(&problem, id.as_deref())));
            }
        }
    }

    fn piece(&mut self, token: &Arc<str>, turn: botlib::TurnId, offset: usize, words: &str) {
        let had = match &self.streaming {
            Some((known, had)) if known == token => *had,
            _ => 0,
        };
        // A piece that does not follow is left out: the whole text comes at the end.
        if offset != had {
            return;
        }
        self.streaming = Some((Arc::clone(token), had + words.len()));
        if !words.is_empty() {
            let frame = text(&self.address.piece(token, turn, offset, words));
            let queue = if self.is_behind { &mut self.later } else { &mut self.ready };
            queue.push_back(frame);
        }
    }

    fn hand_over(&mut self, event: &Rendered) {
        let has_all = |token: &str, length: usize| {
            let is_known = self.streaming.as_ref().is_some_and(|(known, had)| **known == *token && *had == length);
            is_known && self.later.is_empty()
        };
        let frame = match &event.streamed {
            Some((token, length, short)) if has_all(token, *length) => short,
            _ => &event.full,
        };
        self.ready.push_back(frame.clone());
        if event.streamed.is_some() {
            self.streaming = None;
            // The whole answer has come before its pieces were handed over.
            self.later.clear();
        }
    }
}
