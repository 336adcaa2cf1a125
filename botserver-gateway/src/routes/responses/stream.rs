//! A response on its way, as server-sent events.

use std::fmt::Write as _;

use axum::{body::Body, response::Response};
use botstate::{
    door::{End, Piece, Talk},
    model::Finish,
};
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};

use super::document::{Shape, call_item, text_part};
use crate::{
    error::Refusal,
    routes::turn::{events, first_piece},
};

/// Streams a response.
pub(super) async fn stream_response(mut talk: Talk, shape: Shape) -> Result<Response, Refusal> {
    let first = first_piece(&mut talk).await?;
    let state = Streaming {
        talk: Some(talk),
        ready: Some(first),
        shape,
        number: 0,
        has_begun: false,
        has_message: false,
    };
    let body = stream::unfold(state, |mut state| async move {
        let bytes = state.next().await?;
        Some((Ok::<_, std::convert::Infallible>(bytes), state))
    });
    Ok(events(Body::from_stream(body)))
}

/// A response on its way. Dropping it stops the turn.
struct Streaming {
    /// Nothing once the end was sent.
    talk: Option<Talk>,
    ready: Option<Piece>,
    shape: Shape,
    number: u64,
    has_begun: bool,
    has_message: bool,
}

impl Streaming {
    async fn next(&mut self) -> Option<Bytes> {
        let mut out = String::new();
        if !std::mem::replace(&mut self.has_begun, true) {
            let document = self.shape.document("in_progress", &[], None);
            self.event(&mut out, "response.created", json!({ "response": document }));
            self.event(&mut out, "response.in_progress", json!({ "response": document }));
        }
        while out.is_empty() || self.ready.is_some() {
            let piece = match self.ready.take() {
                Some(piece) => piece,
                None => self.talk.as_mut()?.next().await?,
            };
            match piece {
                Piece::Text(words) => {
                    self.begin_message(&mut out);
                    let id = self.shape.message_id();
                    let data =
                        json!({ "item_id": id, "output_index": 0, "content_index": 0, "delta": words, "logprobs": [] });
                    self.event(&mut out, "response.output_text.delta", data);
                }
                Piece::End(end) => {
                    self.talk = None;
                    self.end(&mut out, &end);
                }
                Piece::Failed(problem) => {
                    self.talk = None;
                    let error = Refusal::from(*problem).document();
                    let error = error.get("error").cloned().unwrap_or_default();
                    self.event(&mut out, "error", error);
                }
                Piece::Citations(_) | Piece::Fault(_) => {}
            }
        }
        Some(out.into())
    }

    fn begin_message(&mut self, out: &mut String) {
        if std::mem::replace(&mut self.has_message, true) {
            return;
        }
        let (item, id) = (self.shape.message("", "in_progress"), self.shape.message_id());
        self.event(
            out,
            "response.output_item.added",
            json!({ "output_index": 0, "item": item }),
        );
        let data = json!({ "item_id": id, "output_index": 0, "content_index": 0, "part": text_part("") });
        self.event(out, "response.content_part.added", data);
    }

    fn end(&mut self, out: &mut String, end: &End) {
        if end.calls.is_empty() {
            self.begin_message(out);
        }
        if self.has_message {
            let (text, id) = (end.text.as_str(), self.shape.message_id());
            let data = json!({ "item_id": id, "output_index": 0, "content_index": 0, "text": text, "logprobs": [] });
            self.event(out, "response.output_text.done", data);
            let data = json!({ "item_id": id, "output_index": 0, "content_index": 0, "part": text_part(text) });
            self.event(out, "response.content_part.done", data);
            let item = self.shape.message(text, "completed");
            self.event(
                out,
                "response.output_item.done",
                json!({ "output_index": 0, "item": item }),
            );
        }
        let before = usize::from(self.has_message);
        for (index, call) in end.calls.iter().enumerate() {
            let index = before + index;
            let (begun, done) = (call_item(call, "in_progress"), call_item(call, "completed"));
            let id = format!("fc_{}", call.id);
            self.event(
                out,
                "response.output_item.added",
                json!({ "output_index": index, "item": begun }),
            );
            let data = json!({ "item_id": id, "output_index": index, "delta": call.arguments });
            self.event(out, "response.function_call_arguments.delta", data);
            let data = json!({ "item_id": id, "output_index": index, "name": call.name, "arguments": call.arguments });
            self.event(out, "response.function_call_arguments.done", data);
            self.event(
                out,
                "response.output_item.done",
                json!({ "output_index": index, "item": done }),
            );
        }
        let output = self.shape.output(&end.text, &end.calls);
        let document = self.shape.document("completed", &output, Some(end));
        let name = match end.finish {
            Finish::Length => "response.incomplete",
            _ => "response.completed",
        };
        self.event(out, name, json!({ "response": document }));
    }

    fn event(&mut self, out: &mut String, name: &str, mut data: Value) {
        if let Some(data) = data.as_object_mut() {
            data.insert("type".to_owned(), name.into());
            data.insert("sequence_number".to_owned(), self.number.into());
        }
        self.number += 1;
        // Writing into a text cannot fail.
        let _ = write!(out, "event: {name}\ndata: {data}\n\n");
    }
}
