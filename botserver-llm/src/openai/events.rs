//! The bytes of an answer as server-sent events.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use eventsource_stream::{EventStream, EventStreamError};
use futures::{Stream, StreamExt, stream::BoxStream};

use crate::http::reason;

/// The longest line and the longest answer that are read; a provider that sends more has lost its way.
const LONGEST_LINE: usize = 1 << 20;
const LONGEST_ANSWER: usize = 64 << 20;

/// Bytes given to the parser at once: it moves all that it holds for every line that it takes out.
const PIECE: usize = 4 << 10;

/// The byte order mark, on which the parser panics.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Why an answer cannot be read on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The connection failed.
    Network(String),
    /// The bytes are not what the protocol says.
    Garbled(&'static str),
}

/// The data of the events in a body.
pub(super) struct Events(Pin<Box<EventStream<Guarded>>>);

impl Events {
    /// The events in `body`.
    pub(super) fn new(body: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static) -> Self {
        let body = body
            .map(|piece| piece.map_err(|error| Broken::Network(reason(&error))))
            .boxed();
        Self(Box::pin(EventStream::new(Guarded::new(body))))
    }

    /// The data of the next event; nothing when the body ended.
    pub(super) async fn next(&mut self) -> Option<Result<String, Broken>> {
        Some(match self.0.next().await? {
            Ok(event) => Ok(event.data),
            Err(EventStreamError::Transport(broken)) => Err(broken),
            Err(EventStreamError::Utf8(_)) => Err(Broken::Garbled("it is not UTF-8")),
            Err(EventStreamError::Parser(_)) => Err(Broken::Garbled("it is not an event stream")),
        })
    }
}

/// Keeps from the parser what it cannot bear: a byte order mark, bytes that are not UTF-8, and lines in parts,
/// which it would read again from their beginning with every part.
struct Guarded {
    body: BoxStream<'static, Result<Bytes, Broken>>,
    /// Checked lines that are not handed out yet.
    ready: Bytes,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
    begun: bool,
    total: usize,
}

impl Guarded {
    fn new(body: BoxStream<'static, Result<Bytes, Broken>>) -> Self {
        Self {
            body,
            ready: Bytes::new(),
            rest: Vec::new(),
            begun: false,
            total: 0,
        }
    }

    fn accept(&mut self, mut bytes: Bytes) -> Result<(), Broken> {
        self.total = self.total.saturating_add(bytes.len());
        let lines = bytes
            .iter()
            .rposition(|byte| matches!(byte, b'\n' | b'\r'))
            .map_or(0, |end| end + 1);
        let rest = bytes.split_off(lines);
        if !bytes.is_empty() {
            if !self.rest.is_empty() {
                self.rest.extend_from_slice(&bytes);
                bytes = std::mem::take(&mut self.rest).into();
            }
            std::str::from_utf8(&bytes).map_err(|_bytes| Broken::Garbled("it is not UTF-8"))?;
            if !std::mem::replace(&mut self.begun, true) && bytes.starts_with(MARK) {
                bytes.advance(MARK.len());
            }
            self.ready = bytes;
        }
        self.rest.extend_from_slice(&rest);
        if self.rest.len() > LONGEST_LINE || self.total > LONGEST_ANSWER {
            return Err(Broken::Garbled("it is too long"));
        }
        Ok(())
    }
}

impl Stream for Guarded {
    type Item = Result<Bytes, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if !self.ready.is_empty() {
                let end = self.ready.len().min(PIECE);
                return Poll::Ready(Some(Ok(self.ready.split_to(end))));
            }
            match ready!(self.body.poll_next_unpin(cx)) {
                // A line without an end at the end of the body is no line.
                None => return Poll::Ready(None),
                Some(Err(broken)) => return Poll::Ready(Some(Err(broken))),
                Some(Ok(bytes)) => {
                    if let Err(broken) = self.accept(bytes) {
                        return Poll::Ready(Some(Err(broken)));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    async fn read(pieces: Vec<&'static [u8]>) -> Vec<Result<String, Broken>> {
        let mut events = Events::new(stream::iter(
            pieces.into_iter().map(|piece| Ok(Bytes::from_static(piece))),
        ));
        let mut read = Vec::new();
        while let Some(event) = events.next().await {
            let broken = event.is_err();
            read.push(event);
            if broken {
                break;
            }
        }
        read
    }

    #[tokio::test]
    async fn any_split_gives_the_same_events() {
        let text: &[u8] = "\u{feff}: hi\r\ndata: olá 🎉\r\n\r\nid: 7\ndata:{\"a\":\n\ndata: [DONE]\n\n".as_bytes();

        for at in 0..text.len() {
            let (left, right) = text.split_at(at);

            let events = read(vec![left, right]).await;

            let expected = ["olá 🎉", "{\"a\":", "[DONE]"].map(|data| Ok(data.to_owned()));
            assert_eq!(events, expected, "split at {at}");
        }
    }

    #[tokio::test]
    async fn bytes_that_are_not_text_are_reported_at_once() {
        let events = read(vec![b"data: a\n\n", b"data: \xff\xfe\n\n"]).await;

        assert_eq!(events, [Ok("a".to_owned()), Err(Broken::Garbled("it is not UTF-8"))]);
    }

    #[tokio::test]
    async fn a_line_without_end_is_given_up() {
        let piece: &'static [u8] = vec![b'x'; 1 << 16].leak();

        let events = read(vec![piece; 17]).await;

        assert_eq!(events, [Err(Broken::Garbled("it is too long"))]);
    }

    #[tokio::test]
    async fn a_line_without_end_at_the_end_is_no_event() {
        assert_eq!(read(vec![b"data: a\n\ndata: \xc3"]).await, [Ok("a".to_owned())]);
    }
}
