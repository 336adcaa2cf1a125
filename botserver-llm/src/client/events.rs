//! The bytes of an answer as events.

mod frames;
mod lines;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream::BoxStream};

use self::{frames::Frames, lines::Lines};
use crate::http::reason;

/// The longest event and the longest answer that are read; a provider that sends more has lost its way.
const LONGEST_EVENT: usize = 1 << 20;
const LONGEST_ANSWER: usize = 64 << 20;

/// Why an answer cannot be read on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The connection failed.
    Network(String),
    /// The bytes are not what the protocol says.
    Garbled(&'static str),
}

/// How events lie in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Server-sent events (WHATWG HTML, section 9.2.6).
    Lines,
    /// Amazon's `application/vnd.amazon.eventstream`.
    Frames,
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event<'a> {
    /// Its name; empty where the protocol gives none.
    pub(crate) name: &'a str,
    /// What it carries.
    pub(crate) data: &'a str,
}

/// The events in a body.
pub(crate) struct Events {
    body: BoxStream<'static, reqwest::Result<Bytes>>,
    buffer: BytesMut,
    total: usize,
    parser: Parser,
}

enum Parser {
    Lines(Lines),
    Frames(Frames),
}

impl Events {
    /// The events in `body`.
    pub(crate) fn new(framing: Framing, body: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static) -> Self {
        Self {
            body: body.boxed(),
            buffer: BytesMut::new(),
            total: 0,
            parser: match framing {
                Framing::Lines => Parser::Lines(Lines::default()),
                Framing::Frames => Parser::Frames(Frames::default()),
            },
        }
    }

    /// The next event; nothing when the body ended. What follows the last whole event is no event.
    pub(crate) async fn next(&mut self) -> Option<Result<Event<'_>, Broken>> {
        loop {
            let found = match &mut self.parser {
                Parser::Lines(lines) => lines.take(&mut self.buffer),
                Parser::Frames(frames) => frames.take(&mut self.buffer),
            };
            match found {
                Ok(true) => break,
                Ok(false) => {}
                Err(broken) => return Some(Err(broken)),
            }
            if self.buffer.len() > LONGEST_EVENT || self.total > LONGEST_ANSWER {
                return Some(Err(Broken::Garbled("it is too long")));
            }
            match self.body.next().await? {
                Ok(bytes) => {
                    self.total = self.total.saturating_add(bytes.len());
                    self.buffer.extend_from_slice(&bytes);
                }
                Err(error) => return Some(Err(Broken::Network(reason(&error)))),
            }
        }
        Some(Ok(match &self.parser {
            Parser::Lines(lines) => lines.event(),
            Parser::Frames(frames) => frames.event(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    async fn read(framing: Framing, pieces: Vec<Vec<u8>>) -> Vec<Result<(String, String), Broken>> {
        let mut events = Events::new(
            framing,
            stream::iter(pieces.into_iter().map(|piece| Ok(Bytes::from(piece)))),
        );
        let mut read = Vec::new();
        while let Some(event) = events.next().await {
            let event = event.map(|event| (event.name.to_owned(), event.data.to_owned()));
            let broken = event.is_err();
            read.push(event);
            if broken {
                break;
            }
        }
        read
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is what reading gives")]
    fn event(name: &str, data: &str) -> Result<(String, String), Broken> {
        Ok((name.to_owned(), data.to_owned()))
    }

    #[tokio::test]
    async fn any_split_gives_the_same_events() {
        let text = "\u{feff}: hi\r\ndata: olá 🎉\r\n\r\nid: 7\nevent: ping\ndata:{\"a\":\n\nevent: none\n\ndata: one\ndata: two\n\ndata: [DONE]\r\r"
            .as_bytes();
        let expected = [
            event("", "olá 🎉"),
            event("ping", "{\"a\":"),
            event("", "one\ntwo"),
            event("", "[DONE]"),
        ];

        for at in 0..text.len() {
            let (left, right) = text.split_at(at);

            let events = read(Framing::Lines, vec![left.to_vec(), right.to_vec()]).await;

            assert_eq!(events, expected, "split at {at}");
        }
    }

    #[tokio::test]
    async fn bytes_that_are_not_text_are_reported_at_once() {
        let events = read(
            Framing::Lines,
            vec![b"data: a\n\n".to_vec(), b"data: \xff\xfe\n\n".to_vec()],
        )
        .await;

        assert_eq!(events, [event("", "a"), Err(Broken::Garbled("it is not UTF-8"))]);
    }

    #[tokio::test]
    async fn a_line_without_end_is_given_up() {
        let events = read(Framing::Lines, vec![vec![b'x'; 1 << 16]; 17]).await;

        assert_eq!(events, [Err(Broken::Garbled("it is too long"))]);
    }

    #[tokio::test]
    async fn a_line_without_end_at_the_end_is_no_event() {
        assert_eq!(
            read(Framing::Lines, vec![b"data: a\n\ndata: \xc3".to_vec()]).await,
            [event("", "a")]
        );
    }

    #[tokio::test]
    async fn frames_are_found_however_they_are_split_and_their_sums_are_checked() {
        let mut bytes = frames::frame(&[(":event-type", "messageStart")], "{\"role\":\"assistant\"}");
        bytes.extend(frames::frame(
            &[
                (":message-type", "exception"),
                (":exception-type", "throttlingException"),
            ],
            "{\"message\":\"é\"}",
        ));
        let expected = [
            event("messageStart", "{\"role\":\"assistant\"}"),
            event("throttlingException", "{\"message\":\"é\"}"),
        ];

        for at in 0..bytes.len() {
            let (left, right) = bytes.split_at(at);
            assert_eq!(
                read(Framing::Frames, vec![left.to_vec(), right.to_vec()]).await,
                expected,
                "split at {at}"
            );
        }
        for at in [9, 20, bytes.len() - 2] {
            let mut bent = bytes.clone();
            bent[at] ^= 1;
            let last = read(Framing::Frames, vec![bent]).await.pop();
            assert_eq!(
                last,
                Some(Err(Broken::Garbled("a checksum is wrong"))),
                "changed at {at}"
            );
        }
    }
}
