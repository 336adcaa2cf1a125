//! An answer on its way to a client of chat completions.

use std::fmt::Write as _;

use axum::{body::Body, response::Response};
use botstate::door::{Piece, Talk};
use bytes::Bytes;
use futures::stream;

use crate::{
    error::Refusal,
    openai::{answer::Chunks, stop::Stop},
    routes::turn::{events, first_piece},
};

/// Streams an answer.
pub(super) async fn stream_answer(mut talk: Talk, chunks: Chunks, stop: Stop) -> Result<Response, Refusal> {
    let first = first_piece(&mut talk).await?;
    let state = Streaming {
        talk: Some(talk),
        ready: Some(first),
        chunks,
        stop,
        has_begun: false,
    };
    let body = stream::unfold(state, |mut state| async move {
        let bytes = state.next().await?;
        Some((Ok::<_, std::convert::Infallible>(bytes), state))
    });
    Ok(events(Body::from_stream(body)))
}

/// An answer on its way. Dropping it stops the turn.
struct Streaming {
    /// Nothing once the end was sent.
    talk: Option<Talk>,
    ready: Option<Piece>,
    chunks: Chunks,
    stop: Stop,
    has_begun: bool,
}

impl Streaming {
    async fn next(&mut self) -> Option<Bytes> {
        let mut out = String::new();
        if !std::mem::replace(&mut self.has_begun, true) {
            out.push_str(&self.chunks.begin());
        }
        while out.is_empty() || self.ready.is_some() {
            let piece = match self.ready.take() {
                Some(piece) => Some(piece),
                None => self.talk.as_mut()?.next().await,
            };
            match piece {
                Some(Piece::Text(words)) => {
                    let words = self.stop.push(&words);
                    if let (true, Some(talk)) = (self.stop.is_over(), &self.talk) {
                        talk.stop();
                    }
                    if !words.is_empty() {
                        out.push_str(&self.chunks.text(&words));
                    }
                }
                Some(Piece::End(end)) => {
                    self.talk = None;
                    let rest = self.stop.finish();
                    if !rest.is_empty() {
                        out.push_str(&self.chunks.text(&rest));
                    }
                    let mut bytes = Vec::from(out);
                    bytes.extend_from_slice(&self.chunks.end(&end));
                    return Some(bytes.into());
                }
                Some(Piece::Failed(problem)) => {
                    self.talk = None;
                    // Writing into a text cannot fail.
                    let _ = write!(out, "data: {}\n\n", Refusal::from(*problem).document());
                    return Some(out.into());
                }
                Some(Piece::Citations(_) | Piece::Fault(_)) => {}
                None => return None,
            }
        }
        Some(out.into())
    }
}
