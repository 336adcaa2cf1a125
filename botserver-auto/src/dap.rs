//! `bot dap`: scripts run step by step, over the Debug Adapter Protocol.
//!
//! A thread reads requests; the dialog runs on the caller's, one line at a time, and looks for requests between any two
//! lines. What the dialog says is output; HEAR is answered in the debug console or with the request `answer`.

#![expect(
    clippy::indexing_slicing,
    reason = "a member of a JSON document that is not there is null, and members are only set on objects made here"
)]

mod debuggee;
mod inspect;
mod protocol;
mod requests;
mod session;

use std::{
    io::{BufReader, Read, Write},
    sync::Arc,
    thread,
};

use botstate::{config::ScriptConfig, keyword::Registry};
use serde_json::Value as Json;
use tokio::sync::mpsc;

use self::session::Session;
use crate::framing;

/// Serves a debugger until it disconnects or goes away.
pub(crate) async fn serve(
    registry: Arc<Registry>,
    limits: ScriptConfig,
    input: impl Read + Send + 'static,
    out: &mut (dyn Write + Send),
) -> u8 {
    let (sender, receiver) = mpsc::unbounded_channel();
    // It reads until the debugger goes away, which may be after the session has ended: nobody waits for it.
    thread::spawn(move || pump(input, &sender));
    match Session::new(registry, limits, receiver, out).run().await {
        Ok(()) => crate::cli::OK,
        Err(error) => {
            tracing::debug!("the debugger is away: {error}");
            crate::cli::UNABLE
        }
    }
}

fn pump(input: impl Read, to: &mpsc::UnboundedSender<Json>) {
    let mut input = BufReader::new(input);
    while let Ok(Some(message)) = framing::read(&mut input) {
        if to.send(message).is_err() {
            return;
        }
    }
}
