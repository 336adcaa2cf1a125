//! `bot lsp`: what editors ask about scripts, over the Language Server Protocol.
//!
//! A thread reads messages; everything else happens on the caller's. Problems of scripts are sent when no message
//! waits, so that a fast typist never waits for them. A document that did not change is never read again.

#![expect(
    clippy::indexing_slicing,
    reason = "a member of a JSON document that is not there is null, and members are only set on objects made here"
)]

mod columns;
mod complete;
mod document;
mod edit;
mod hover;
mod navigate;
mod server;
mod symbols;
mod workspace;

use std::{
    io::{BufReader, Read, Write},
    sync::mpsc,
    thread,
};

use botstate::keyword::Registry;
use serde_json::Value as Json;

use crate::{framing, lsp::server::Server};

/// What the reading thread hands over.
enum Incoming {
    Message(Json),
    /// What was sent is no message.
    Broken(String),
}

/// Serves an editor at `input` and `out` until it says `exit` or goes away. Gives the exit code: 0 after `shutdown`,
/// else 1, as the protocol wants it.
pub(crate) fn serve(registry: &Registry, input: impl Read + Send, out: &mut dyn Write) -> u8 {
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || pump(input, &sender));
        Server::new(registry, out).run(&receiver)
    })
}

fn pump(input: impl Read, to: &mpsc::Sender<Incoming>) {
    let mut input = BufReader::new(input);
    loop {
        let incoming = match framing::read(&mut input) {
            Ok(Some(message)) => Incoming::Message(message),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Incoming::Broken(error.to_string()),
            Ok(None) | Err(_) => return,
        };
        // After `exit` nothing more is read: the input may stay open for ever.
        let last = matches!(&incoming, Incoming::Message(message) if message["method"] == "exit");
        if to.send(incoming).is_err() || last {
            return;
        }
    }
}
