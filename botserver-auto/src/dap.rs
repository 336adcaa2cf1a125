//! `bot dap`: scripts run step by step, over the Debug Adapter Protocol.
//!
//! A thread reads requests; the dialog runs on the caller's, one line at a time, and looks for requests between any two
//! lines. A request `attach` goes to a running server, which serves the same protocol at a WebSocket (`socket`) for
//! conversations that are under way. What the dialog says is output; HEAR is answered in the debug console or with the request `answer`.

#![expect(
    clippy::indexing_slicing,
    reason = "a member of a JSON document that is not there is null, and members are only set on objects made here"
)]

mod debuggee;
mod inspect;
mod live;
mod protocol;
mod proxy;
mod requests;
mod session;
mod socket;

use std::{
    io::{self, BufReader, Read, Write},
    sync::Arc,
    thread,
};

use botstate::{config::ScriptConfig, keyword::Registry};
use serde_json::Value as Json;
use tokio::sync::mpsc;

pub(crate) use self::{
    live::{Attached, Debuggers, Observed},
    socket::{Host, routes},
};
use self::{
    protocol::Out,
    session::{End, Session},
};
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
    match session(registry, limits, receiver, out).await {
        Ok(()) => crate::cli::OK,
        Err(error) => {
            tracing::debug!("the debugger is away: {error}");
            crate::cli::UNABLE
        }
    }
}

async fn session(
    registry: Arc<Registry>,
    limits: ScriptConfig,
    receiver: mpsc::UnboundedReceiver<Json>,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let mut session = Session::new(registry, limits, receiver, Out::Stream(out));
    match session.run().await? {
        End::Over => Ok(()),
        End::Attach(request) => {
            let (mut requests, mut wire) = session.into_parts();
            proxy::run(request, &mut requests, &mut wire).await
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
