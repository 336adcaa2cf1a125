//! The debugger's door of a server: the protocol over a WebSocket, a message a frame, for whoever may debug bots.

use std::sync::Arc;

use axum::{
    extract::{
        State,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use botlib::{Access, Caller, ConversationId, Permission};
use botserver_core::{
    Auth, Path, Problem, Routes,
    ws::{self, Beat, Code, Pulse, Upgrade, Why},
};
use botstate::{Lifecycle, dialog::Bots as _, keyword::Registry};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value as Json;
use tokio::sync::mpsc;

use super::{
    debuggee::{Debuggee, Place},
    live::Debuggers,
    protocol::Out,
    session::Session,
};
use crate::{
    basic::Options,
    mounted::Language,
    mounts::{Mounts, blocking},
    package,
};

/// The largest message of a debugger.
const LARGEST: usize = 1024 * 1024;
/// Messages that wait to be sent to a debugger, at most.
const WAITING: usize = 1024;

/// What debuggers work with.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) mounts: Arc<Mounts>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) debuggers: Arc<Debuggers>,
    pub(crate) lifecycle: Lifecycle,
}

/// The route under which debuggers come.
pub(crate) fn routes(host: Host) -> Routes {
    Routes::new("bots")
        .page(Access::Needs(Permission::BotsDebug), "/api/bots/{bot}/debug", open)
        .with_state(host)
}

async fn open(
    State(host): State<Host>,
    Path(bot): Path<String>,
    Auth(caller): Auth,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let found = host.mounts.shelf.find(&bot).filter(|bot| bot.org == caller.org);
    let bot = found.ok_or_else(|| Problem::not_found("bot"))?;
    let name = bot.name.clone();
    Ok(upgrade.accept(LARGEST, move |socket| serve(host, name, caller, socket)))
}

/// Ends when the caller may have lost the right to be here.
async fn sent_away(host: &Host, caller: &Caller) {
    match host.mounts.events.subscribe().await {
        Ok(mut notices) => {
            while let Some(notice) = notices.next().await {
                if notice.sends_away(caller) {
                    return;
                }
            }
        }
        Err(error) => tracing::warn!(%error, "a debugger does not hear of other servers"),
    }
    std::future::pending::<()>().await;
}

async fn serve(host: Host, bot: String, caller: Caller, socket: WebSocket) {
    let watched = host.clone();
    let left = sent_away(&watched, &caller);
    tokio::pin!(left);
    // The server must not end before dialogs that stand have gone on.
    let _hold = host.lifecycle.hold();
    let draining = host.lifecycle.draining();
    let (mut sink, mut stream) = socket.split();
    let (requests, receiver) = mpsc::unbounded_channel();
    let (out, mut messages) = mpsc::channel(WAITING);
    let why = {
        let session = Session::live(host, bot, receiver, Out::Channel(out)).run_live();
        tokio::pin!(session);
        let mut pulse = Pulse::new();
        loop {
            tokio::select! {
                _ended = &mut session => break Why::Gone,
                Some(message) = messages.recv() => {
                    if sink.send(text(&message)).await.is_err() {
                        break Why::Gone;
                    }
                }
                message = stream.next() => {
                    pulse.heard();
                    match ws::read(message) {
                        Ok(Message::Text(text)) => match serde_json::from_str::<Json>(&text) {
                            Ok(request) => {
                                // The session ends first, which the next round notices.
                                let _ = requests.send(request);
                            }
                            Err(_) => break Why::because(Code::Policy, "messages are JSON"),
                        },
                        Ok(_) => {}
                        Err(why) => break why,
                    }
                }
                beat = pulse.next() => {
                    if beat == Beat::Dead || sink.send(Message::Ping(Vec::new().into())).await.is_err() {
                        break Why::Gone;
                    }
                }
                () = &mut left => break Why::because(Code::Restart, "what you may do has changed: come back"),
                () = draining.cancelled() => break Why::because(Code::Restart, "the server restarts: come back"),
            }
        }
    };
    // What the session said last is on its way still.
    while let Ok(message) = messages.try_recv() {
        if sink.send(text(&message)).await.is_err() {
            return;
        }
    }
    ws::close(&mut sink, why).await;
}

fn text(message: &Json) -> Message {
    Message::Text(message.to_string().into())
}

impl Host {
    /// Attaches a debugger to a conversation with the bot called `name`. `place` says where the author's copy of the
    /// package lies.
    ///
    /// # Errors
    /// When the package cannot be read, or has a debugger already.
    pub(super) async fn attach(
        &self,
        name: &str,
        conversation: ConversationId,
        place: Place,
    ) -> Result<Debuggee, String> {
        let (folder, org, registry) = (self.mounts.folder.clone(), self.mounts.org, Arc::clone(&self.registry));
        let wanted = name.to_owned();
        let built = blocking(move || {
            let unable = |error: std::io::Error| format!("cannot read the package {wanted}: {error}");
            let packages = package::list(&folder).map_err(unable)?;
            let found = packages
                .into_iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(&wanted));
            let (name, path) = found.ok_or_else(|| format!("the package {wanted} is gone"))?;
            let files = package::find(&path).map_err(unable)?;
            let package = package::read(&name, &path, &files).map_err(unable)?;
            let scripts: Vec<(String, String)> = package
                .scripts
                .iter()
                .map(|script| (script.name.clone(), script.file.clone()))
                .collect();
            let language = Language::new(&registry).with_options(Options { trace: true });
            let built = language.build(org, package);
            Ok::<_, String>((language, built.mounted, scripts))
        });
        let (language, mounted, scripts) = built.await?;
        let mounted = Arc::new(mounted);
        // A dialog that is started now waits on with this program after the debugger has left.
        self.mounts.keep_of(&mounted).await;
        let debuggers = Arc::clone(&self.debuggers);
        let (attached, events) = debuggers.attach(conversation, Arc::clone(&mounted))?;
        Ok(Debuggee::live(
            language,
            mounted,
            place.paths(scripts),
            debuggers,
            attached,
            events,
        ))
    }
}
