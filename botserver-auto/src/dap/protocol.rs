//! Responses and events.

use std::io::{self, Write};

use serde_json::{Value as Json, json};
use tokio::sync::mpsc::Sender;

use crate::framing;

/// Where messages go.
pub(super) enum Out<'a> {
    /// To a stream, each with a header.
    Stream(&'a mut (dyn Write + Send)),
    /// To whoever sends them on.
    Channel(Sender<Json>),
}

/// Sends messages with their numbers.
pub(super) struct Wire<'a> {
    out: Out<'a>,
    sent: u64,
}

impl<'a> Wire<'a> {
    pub(super) fn new(out: Out<'a>) -> Self {
        Self { out, sent: 0 }
    }

    /// Sends a message of another session on under a number of this one.
    pub(super) fn pass(&mut self, message: &Json) -> io::Result<()> {
        self.send(message.clone())
    }

    fn send(&mut self, mut message: Json) -> io::Result<()> {
        self.sent += 1;
        message["seq"] = self.sent.into();
        match &mut self.out {
            Out::Stream(out) => framing::write(*out, &message),
            Out::Channel(out) => out
                .try_send(message)
                .map_err(|_full| io::Error::other("the debugger does not take what is sent")),
        }
    }

    pub(super) fn event(&mut self, event: &str, body: &Json) -> io::Result<()> {
        self.send(json!({ "type": "event", "event": event, "body": body }))
    }

    /// Text for the debug console: what the dialog says, or what is said about it.
    pub(super) fn output(&mut self, category: &str, text: &str) -> io::Result<()> {
        self.event(
            "output",
            &json!({ "category": category, "output": format!("{text}\n") }),
        )
    }

    /// Answers a request.
    pub(super) fn respond(&mut self, request: &Json, result: Result<Json, String>) -> io::Result<()> {
        let mut response = json!({
            "type": "response",
            "request_seq": request["seq"],
            "command": request["command"],
            "success": result.is_ok(),
        });
        match result {
            Ok(Json::Null) => {}
            Ok(body) => response["body"] = body,
            Err(why) => {
                response["body"] = json!({ "error": { "id": 1, "format": why, "showUser": true } });
                response["message"] = why.into();
            }
        }
        self.send(response)
    }
}
