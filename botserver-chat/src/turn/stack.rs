//! Activities as they run: like the stored ones, with live dialogs in them.

use botlib::{value::Map, wire::InputSpec};
use botstate::dialog::{Dialog, Fault};

use crate::model::{Activity, Agent, Waiting};

/// One level of the stack.
pub(super) enum Frame {
    Agent(Agent),
    Dialog(Running),
}

/// A dialog, restored or still as text.
pub(super) struct Running {
    pub(super) dialog: Machine,
    pub(super) waiting: Waiting,
    /// What it has said since it was called, for the model that called it.
    pub(super) said: Vec<String>,
    /// Names that it finds set besides those of every script.
    pub(super) names: Map,
}

/// A dialog's machine.
pub(super) enum Machine {
    /// As it was stored.
    Stored(String),
    /// Ready to run.
    Live(Box<dyn Dialog>),
    /// Away, on a thread for long computing.
    Away,
}

impl Running {
    pub(super) fn new(dialog: Box<dyn Dialog>) -> Self {
        Self {
            dialog: Machine::Live(dialog),
            waiting: Waiting::Turn,
            said: Vec::new(),
            names: Map::new(),
        }
    }
}

impl Frame {
    /// The input that this level waits for.
    pub(super) fn awaited(&self) -> Option<&InputSpec> {
        match self {
            Self::Dialog(running) => running.waiting.awaited(),
            Self::Agent(agent) => agent.awaited(),
        }
    }

    /// Whether only something from outside goes on with this level.
    pub(super) fn is_idle(&self) -> bool {
        match self {
            Self::Dialog(running) => running.waiting.is_idle(),
            Self::Agent(agent) => agent.awaited().is_some(),
        }
    }

    /// Whether this is a dialog that was woken and has not gone on yet.
    pub(super) fn is_woken(&self) -> bool {
        matches!(
            self,
            Self::Dialog(Running {
                waiting: Waiting::Woken { .. },
                ..
            })
        )
    }

    /// Whether this is a model that waits for no call and was not asked yet.
    pub(super) fn is_unasked(&self) -> bool {
        matches!(self, Self::Agent(agent) if agent.pending.is_empty() && agent.messages.is_empty())
    }

    /// The stored form.
    ///
    /// # Errors
    /// When a dialog has grown beyond what may be kept.
    pub(super) fn store(&self) -> Result<Activity, Fault> {
        Ok(match self {
            Self::Agent(agent) => Activity::Agent(agent.clone()),
            Self::Dialog(running) => {
                let state = match &running.dialog {
                    Machine::Stored(state) => state.clone(),
                    Machine::Live(dialog) => dialog.save()?,
                    Machine::Away => String::new(),
                };
                Activity::Dialog {
                    state,
                    waiting: running.waiting.clone(),
                    said: running.said.clone(),
                    names: running.names.clone(),
                }
            }
        })
    }

    /// The stored form of a level that was stored a moment ago, and so can be.
    pub(super) fn kept(&self) -> Option<Activity> {
        self.store().ok()
    }
}

impl From<Activity> for Frame {
    fn from(activity: Activity) -> Self {
        match activity {
            Activity::Agent(agent) => Self::Agent(agent),
            Activity::Dialog {
                state,
                waiting,
                said,
                names,
            } => Self::Dialog(Running {
                dialog: Machine::Stored(state),
                waiting,
                said,
                names,
            }),
        }
    }
}
