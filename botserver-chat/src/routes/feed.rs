//! What one listener gets: the log from a number on, then everything live, each entry once and in order.

use std::{collections::VecDeque, sync::Arc};

use axum::extract::ws::Utf8Bytes;
use botlib::ConversationId;

use crate::{
    error::Error,
    frame::{Address, text},
    model::Body,
    room::{Delivery, Ear, Own, Rendered, Room, Stream},
    service::ChatService,
};

/// Entries that are read from the log at once.
const PAGE: i64 = 200;

/// Answers that are remembered as handed over whole.
const WHOLE: usize = 32;

/// Room for so many frames is kept when none is ready: most listeners are idle.
const KEPT: usize = 4;

/// A listener's view of a conversation.
pub(super) struct Feed {
    chat: ChatService,
    address: Arc<Address>,
    id: ConversationId,
    ear: Ear,
    /// The number of the last entry that was handed over.
    seq: i64,
    /// Whether the log may hold entries that were not handed over.
    is_behind: bool,
    /// The answer that was being written when the listener came: it comes after everything in the log.
    opening: Option<Stream>,
    /// The answer whose pieces are being handed over, and how many bytes of it were.
    streaming: Option<(Arc<str>, usize)>,
    /// Answers that came whole from the log, the newest last: pieces of them that are still on their way are late.
    whole: VecDeque<String>,
    ready: VecDeque<Utf8Bytes>,
}

impl Feed {
    /// Listens, and begins with what the log holds after `after`.
    pub(super) fn open(chat: ChatService, address: Arc<Address>, id: ConversationId, after: i64) -> Self {
        let room = chat.engine.rooms.enter(id);
        let (ear, opening) = room.listen();
        Self {
            chat,
            address,
            id,
            ear,
            seq: after.max(0),
            is_behind: true,
            opening,
            streaming: None,
            whole: VecDeque::new(),
            ready: VecDeque::new(),
        }
    }

    /// The ids that every frame carries.
    pub(super) fn address(&self) -> &Arc<Address> {
        &self.address
    }

    /// The room that is listened to.
    pub(super) fn room(&self) -> &Arc<Room> {
        self.ear.room()
    }

    /// Something that hands deliveries to this listener alone.
    pub(super) fn own(&self) -> Own {
        self.ear.own()
    }

    /// The next frame; nothing when the listener was too slow. Safe to drop while waiting.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(super) async fn next(&mut self) -> Result<Option<Utf8Bytes>, Error> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(Some(frame));
            }
            if self.is_behind {
                // Boxed, since few read the log at a time, and room for it would lie in everyone's task.
                Box::pin(self.catch_up()).await?;
                continue;
            }
            match self.ear.next().await {
                Some(delivery) => self.take(delivery),
                None => return Ok(None),
            }
        }
    }

    /// A frame that is there already.
    pub(super) fn next_now(&mut self) -> Option<Utf8Bytes> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            if self.ready.capacity() > KEPT {
                self.ready = VecDeque::new();
            }
            if self.is_behind {
                return None;
            }
            let delivery = self.ear.next_now()?;
            self.take(delivery);
        }
    }

    /// Reads a page of what the log holds. Nothing waits after the reading, so that dropping this loses nothing.
    async fn catch_up(&mut self) -> Result<(), Error> {
        let events = self.chat.events_after(self.id, self.seq, PAGE).await?;
        let is_full = i64::try_from(events.len()).unwrap_or(PAGE) == PAGE;
        // A turn that goes on in the next page is left to that one, unless it fills a page of its own.
        let whole = events
            .iter()
            .rposition(|event| matches!(event.body, Body::TurnCompleted(_)));
        let events = match whole {
            Some(last) if is_full => events.get(..=last).unwrap_or_default(),
            _ => events.as_slice(),
        };
        let address = Arc::clone(&self.address);
        for (event, frame) in address.render(events) {
            self.seq = event.seq;
            if let Some(frame) = frame {
                self.hand_over(&frame);
                if let Some((token, ..)) = frame.streamed {
                    self.whole.push_back(token);
                }
            }
        }
        self.whole.drain(..self.whole.len().saturating_sub(WHOLE));
        if !is_full {
            self.is_behind = false;
            if let Some(stream) = self.opening.take() {
                self.piece(&stream.token, stream.turn, 0, &stream.text);
            }
        }
        Ok(())
    }

    fn take(&mut self, delivery: Delivery) {
        match delivery {
            // Entries that the log gave already come a second time when they were committed meanwhile.
            Delivery::Event(event) if event.seq <= self.seq => {}
            Delivery::Hidden { seq, .. } if seq <= self.seq => {}
            // Something before it is missing: the log has both.
            Delivery::Event(event) if event.after > self.seq => self.is_behind = true,
            Delivery::Hidden { after, .. } if after > self.seq => self.is_behind = true,
            Delivery::Event(event) => {
                self.seq = event.seq;
                self.hand_over(&event);
            }
            Delivery::Hidden { seq, .. } => self.seq = seq,
            Delivery::Piece {
                token,
                turn,
                offset,
                text,
            } => self.piece(&token, turn, offset, &text),
            Delivery::Thinking(turn) => self.ready.push_back(text(&self.address.thinking(turn))),
            Delivery::Advanced => self.is_behind = true,
            Delivery::Again(frames) => self.ready.extend(frames),
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
        if offset != had || words.is_empty() || self.whole.iter().any(|known| **known == **token) {
            return;
        }
        self.streaming = Some((Arc::clone(token), had + words.len()));
        self.ready.push_back(self.address.piece(token, turn, offset, words));
    }

    fn hand_over(&mut self, event: &Rendered) {
        let has_all = |token: &str, length: usize| {
            self.streaming
                .as_ref()
                .is_some_and(|(known, had)| **known == *token && *had == length)
        };
        let frame = match &event.streamed {
            Some((token, length, short)) if has_all(token, *length) => short,
            _ => &event.full,
        };
        self.ready.push_back(frame.clone());
        if event.streamed.is_some() {
            self.streaming = None;
        }
    }
}
