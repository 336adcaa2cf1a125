//! A debugging session: when the dialog runs, when it stands, and why.

use std::{collections::HashMap, io, path::PathBuf, sync::Arc, time::Duration};

use botlib::{Value, wire::InputSpec};
use botstate::{
    config::ScriptConfig,
    dialog::{Fault, FaultKind},
    keyword::Registry,
};
use serde_json::{Value as Json, json};
use tokio::{sync::mpsc::UnboundedReceiver, time::Instant};

use super::{
    debuggee::{Debuggee, Happening},
    inspect::{Handles, shown},
    protocol::{Out, Wire},
    socket::Host,
};
use crate::basic::Pause;

/// The only thread that there is.
pub(super) const THREAD: u64 = 1;

/// The longest that a conversation of a server may stand.
pub(super) const LONGEST: Duration = Duration::from_mins(5);

/// Where the dialog is to stop by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// At breakpoints only.
    Breakpoint,
    /// At the very first line.
    Entry,
    /// At the next line, wherever it is.
    In,
    /// At the next line of this procedure or one that called it.
    Over(usize),
    /// At the next line of a procedure that called this one.
    Out(usize),
}

/// What the dialog does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The debugger still says what it wants.
    Preparing,
    Running,
    Standing,
    /// It waits for an answer to a HEAR.
    Hearing,
    Over,
}

/// A place to stop at.
#[derive(Debug, Clone)]
pub(super) struct Breakpoint {
    pub(super) line: u32,
    pub(super) condition: Option<String>,
    /// Stops at this visit only: a number.
    pub(super) hit: Option<u64>,
    /// Says this instead of stopping; `{name}` inside is replaced by its value.
    pub(super) log: Option<String>,
    pub(super) visits: u64,
}

pub(super) struct Session<'a> {
    pub(super) home: Home,
    receiver: UnboundedReceiver<Json>,
    pub(super) wire: Wire<'a>,
    pub(super) debuggee: Option<Debuggee>,
    pub(super) breakpoints: HashMap<PathBuf, Vec<Breakpoint>>,
    /// Whether errors that nobody handles, and those that somebody does, stop the dialog.
    pub(super) stop_unhandled: bool,
    pub(super) stop_handled: bool,
    pub(super) state: State,
    pub(super) goal: Goal,
    pub(super) pause_wanted: bool,
    pub(super) handles: Handles,
    /// The HEAR that waits.
    pub(super) hear: Option<InputSpec>,
    /// The error that the dialog stands at.
    pub(super) fault: Option<Fault>,
    /// How long a conversation of a server may stand, and until when the one that does.
    pub(super) patience: Duration,
    deadline: Option<Instant>,
}

/// Where dialogs come from.
pub(super) enum Home {
    /// This machine: they are launched.
    Here {
        registry: Arc<Registry>,
        limits: ScriptConfig,
    },
    /// A server with a bot: the session is attached to a conversation.
    Server { host: Host, bot: String },
}

/// How a session ends.
pub(super) enum End {
    /// The debugger has enough.
    Over,
    /// It wants a server to go on with it.
    Attach(Json),
}

impl<'a> Session<'a> {
    pub(super) fn new(
        registry: Arc<Registry>,
        limits: ScriptConfig,
        receiver: UnboundedReceiver<Json>,
        out: Out<'a>,
    ) -> Self {
        Self::of(Home::Here { registry, limits }, receiver, out)
    }

    /// A session with a bot of a server.
    pub(super) fn live(host: Host, bot: String, receiver: UnboundedReceiver<Json>, out: Out<'a>) -> Self {
        Self::of(Home::Server { host, bot }, receiver, out)
    }

    fn of(home: Home, receiver: UnboundedReceiver<Json>, out: Out<'a>) -> Self {
        Self {
            home,
            receiver,
            wire: Wire::new(out),
            debuggee: None,
            breakpoints: HashMap::new(),
            stop_unhandled: true,
            stop_handled: false,
            state: State::Preparing,
            goal: Goal::Breakpoint,
            pause_wanted: false,
            handles: Handles::default(),
            hear: None,
            fault: None,
            patience: LONGEST,
            deadline: None,
        }
    }

    /// Serves requests and runs the dialog between them, until the debugger has enough.
    pub(super) async fn run(&mut self) -> io::Result<End> {
        loop {
            if self.state == State::Running {
                while let Ok(request) = self.receiver.try_recv() {
                    if !self.request(&request)? {
                        return Ok(End::Over);
                    }
                }
                if self.state == State::Running {
                    self.advance().await?;
                }
            } else {
                let Some(request) = self.receiver.recv().await else {
                    return Ok(End::Over);
                };
                if request["command"] == "attach" {
                    return Ok(End::Attach(request));
                }
                if !self.request(&request)? {
                    return Ok(End::Over);
                }
            }
        }
    }

    /// Hands over what is needed to carry the session on elsewhere.
    pub(super) fn into_parts(self) -> (UnboundedReceiver<Json>, Wire<'a>) {
        (self.receiver, self.wire)
    }

    /// Serves requests while a conversation of the server goes on by itself, until the debugger has enough. A dialog
    /// that stands goes on when its time is over, and when the session ends.
    pub(super) async fn run_live(mut self) -> io::Result<()> {
        loop {
            let (is_running, deadline) = (self.state == State::Running, self.deadline);
            // Every arm waits for something that loses nothing when another arm is taken.
            tokio::select! {
                request = self.receiver.recv() => {
                    let Some(request) = request else { return Ok(()) };
                    if request["command"] == "attach" {
                        self.attach(&request).await?;
                    } else if !self.request(&request)? {
                        return Ok(());
                    }
                }
                happening = next(self.debuggee.as_mut().filter(|_| is_running)) => self.happened(happening)?,
                () = until(deadline) => self.let_go()?,
            }
            if self.state != State::Standing {
                self.deadline = None;
            } else if self.deadline.is_none() {
                self.deadline = Some(Instant::now() + self.patience);
            }
        }
    }

    /// Lets a dialog go on that has stood for too long.
    fn let_go(&mut self) -> io::Result<()> {
        let seconds = self.patience.as_secs();
        self.wire.output(
            "important",
            &format!("the conversation stood for {seconds} s, which is as long as it may: it goes on"),
        )?;
        // It stands, so that it can go on.
        let _ = self.go("continue");
        self.wire
            .event("continued", &json!({ "threadId": THREAD, "allThreadsContinued": true }))
    }

    /// Lets the dialog go on for one line, word or wait.
    async fn advance(&mut self) -> io::Result<()> {
        let Some(debuggee) = &mut self.debuggee else {
            self.state = State::Preparing;
            return Ok(());
        };
        let happening = debuggee.step().await;
        self.happened(happening)
    }

    fn happened(&mut self, happening: Happening) -> io::Result<()> {
        match happening {
            Happening::Went => Ok(()),
            Happening::Said(text) => self.wire.output("stdout", &text),
            Happening::Paused(Pause::Line) => self.at_line(),
            Happening::Paused(Pause::Failed { fault, handled }) => self.failed(fault, handled),
            Happening::Hears(spec) => self.hears(spec),
            Happening::Ended(result) => self.ended(&result),
        }
    }

    fn at_line(&mut self) -> io::Result<()> {
        let depth = self.debuggee.as_ref().map_or(0, Debuggee::depth);
        let reached = match self.goal {
            Goal::Breakpoint => false,
            Goal::Entry | Goal::In => true,
            Goal::Over(from) => depth <= from,
            Goal::Out(from) => depth < from,
        };
        let hit = self.hit()?;
        if std::mem::take(&mut self.pause_wanted) {
            self.stop("pause", None)
        } else if hit {
            self.stop("breakpoint", None)
        } else if self.goal == Goal::Entry {
            self.stop("entry", None)
        } else if reached {
            self.stop("step", None)
        } else {
            Ok(())
        }
    }

    /// Whether a breakpoint of the line that is about to run wants to stop.
    fn hit(&mut self) -> io::Result<bool> {
        let Some(debuggee) = &self.debuggee else {
            return Ok(false);
        };
        let Some(machine) = debuggee.stack.last() else {
            return Ok(false);
        };
        let Some(frame) = machine.stack().into_iter().next() else {
            return Ok(false);
        };
        let line = frame.line;
        let path = debuggee.path(&frame.file);
        let Some(set) = path.and_then(|path| self.breakpoints.get_mut(path)) else {
            return Ok(false);
        };
        let env = debuggee.env();
        let mut hit = false;
        let mut said = Vec::new();
        for breakpoint in set.iter_mut().filter(|breakpoint| breakpoint.line == line) {
            let evaluate = |text: &str| machine.evaluate(text, 0, debuggee.language.grammar(), &env);
            if let Some(condition) = &breakpoint.condition {
                match evaluate(condition) {
                    Ok(value) if value.is_true() => {}
                    Ok(_) => continue,
                    // A condition that cannot be computed stops, so that its author sees why.
                    Err(fault) => said.push(("important", format!("the condition {condition}: {}", fault.message))),
                }
            }
            breakpoint.visits += 1;
            if breakpoint.hit.is_some_and(|hit| hit != breakpoint.visits) {
                continue;
            }
            match &breakpoint.log {
                Some(text) => {
                    let template = format!("\"{}\"", text.replace('"', "\\\"").replace('{', "${"));
                    let text = evaluate(&template).map_or_else(|fault| fault.message, |value| value.to_string());
                    said.push(("console", text));
                }
                None => hit = true,
            }
        }
        for (category, text) in said {
            self.wire.output(category, &text)?;
        }
        Ok(hit)
    }

    fn failed(&mut self, fault: Fault, handled: bool) -> io::Result<()> {
        if handled && !self.stop_handled || !handled && !self.stop_unhandled {
            return Ok(());
        }
        let text = fault.to_string();
        self.fault = Some(fault);
        self.stop("exception", Some(&text))
    }

    pub(super) fn stop(&mut self, reason: &str, text: Option<&str>) -> io::Result<()> {
        self.state = State::Standing;
        self.handles.clear();
        self.wire.event(
            "stopped",
            &json!({ "reason": reason, "threadId": THREAD, "allThreadsStopped": true, "text": text }),
        )
    }

    /// The dialog waits: whoever debugs is the person it talks with.
    pub(super) fn hears(&mut self, spec: InputSpec) -> io::Result<()> {
        for (place, option) in spec.options.iter().enumerate() {
            self.wire.output("stdout", &format!("  {}. {option}", place + 1))?;
        }
        if self.debuggee.as_ref().is_some_and(Debuggee::is_live) {
            let kind = spec.kind.name();
            return self
                .wire
                .output("console", &format!("(HEAR waits for {kind} of the person)"));
        }
        let default = spec.default.as_ref().map(|default| format!(" [{default}]"));
        let kind = spec.kind.name();
        self.wire.output(
            "console",
            &format!(
                "(HEAR waits for {kind}{}: type the answer here)",
                default.unwrap_or_default()
            ),
        )?;
        self.wire.event(
            "hear",
            &json!({ "kind": kind, "options": spec.options, "open": spec.open, "default": spec.default }),
        )?;
        self.hear = Some(spec);
        self.state = State::Hearing;
        Ok(())
    }

    fn ended(&mut self, result: &Result<Value, Fault>) -> io::Result<()> {
        let is_live = self.debuggee.as_ref().is_some_and(Debuggee::is_live);
        if !is_live {
            self.state = State::Over;
        }
        let code = match result {
            Ok(value) if value.is_null() => 0,
            Ok(value) => {
                self.wire.output("console", &format!("(returned {})", shown(value)))?;
                0
            }
            Err(fault) => {
                let stopped = fault.kind == FaultKind::Stopped;
                self.wire.output("stderr", &format!("fault: {fault}"))?;
                u8::from(!stopped)
            }
        };
        if is_live {
            // The conversation goes on with other scripts.
            return Ok(());
        }
        self.wire.event("exited", &json!({ "exitCode": code }))?;
        self.wire.event("terminated", &json!({}))
    }
}

/// What happens next; never anything while there is no dialog to wait for.
async fn next(debuggee: Option<&mut Debuggee>) -> Happening {
    match debuggee {
        Some(debuggee) => debuggee.step().await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
