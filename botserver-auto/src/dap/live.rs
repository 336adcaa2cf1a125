//! Debuggers of conversations that are under way on a server.
//!
//! A bot has one debugger at most, and a debugger is about one conversation. The dialogs of that conversation run on
//! threads of their own; where one is to stand, its machine goes to the debugger's session and comes back when it is to
//! go on, or when the session ends, however it ends. Other conversations do not notice.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
};

use botlib::{BotId, ConversationId, Value, value::Map, wire::InputSpec};
use botstate::dialog::{Dialog, Env, Fault, FaultKind, Input, Step};
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    basic::{Machine, Pause, Watched},
    mounted::Mounted,
};

/// The debuggers of this node.
#[derive(Debug, Default)]
pub(crate) struct Debuggers(Mutex<HashMap<BotId, Arc<Attached>>>);

/// A debugger, as the dialogs of its conversation know it.
#[derive(Debug)]
pub(crate) struct Attached {
    conversation: String,
    /// The package with programs that stop at every line.
    pub(crate) mounted: Arc<Mounted>,
    events: UnboundedSender<Event>,
    /// Whether the debugger has said where to stop.
    is_ready: AtomicBool,
    /// How many scripts wait for the end of the one that runs.
    level: AtomicUsize,
}

/// What a debugger hears of its conversation.
#[derive(Debug)]
pub(super) enum Event {
    /// A dialog stands.
    Stood(Box<Stand>),
    /// The bot says something.
    Said(String),
    /// A person is asked.
    Heard(InputSpec),
    /// A script is over.
    Ended(Result<Value, Fault>),
}

/// A dialog that stands.
#[derive(Debug)]
pub(super) struct Stand {
    pub(super) machine: Machine,
    pub(super) pause: Pause,
    pub(super) env: Env,
    pub(super) level: usize,
    /// Where the machine goes back to.
    pub(super) back: SyncSender<Machine>,
}

impl Debuggers {
    /// Attaches a debugger to a conversation with the bot of `mounted`.
    ///
    /// # Errors
    /// When the bot has a debugger already.
    pub(super) fn attach(
        &self,
        conversation: ConversationId,
        mounted: Arc<Mounted>,
    ) -> Result<(Arc<Attached>, UnboundedReceiver<Event>), String> {
        let bot = Arc::clone(&mounted.bot);
        let mut all = self.0.lock();
        if all.contains_key(&bot.id) {
            return Err(format!(
                "another debugger is attached to {}: a bot has one at most",
                bot.name
            ));
        }
        let (events, receiver) = unbounded_channel();
        let attached = Arc::new(Attached {
            conversation: conversation.to_string(),
            mounted,
            events,
            is_ready: AtomicBool::new(false),
            level: AtomicUsize::new(0),
        });
        all.insert(bot.id, Arc::clone(&attached));
        tracing::info!(bot.name = %bot.name, conversation.id = %conversation, "a debugger was attached");
        Ok((attached, receiver))
    }

    pub(super) fn detach(&self, attached: &Attached) {
        let bot = &attached.mounted.bot;
        self.0.lock().remove(&bot.id);
        attached.is_ready.store(false, Ordering::Release);
        tracing::info!(bot.name = %bot.name, conversation.id = attached.conversation, "the debugger was detached");
    }

    /// The debugger of a bot.
    pub(crate) fn of(&self, bot: BotId) -> Option<Arc<Attached>> {
        self.0.lock().get(&bot).cloned()
    }
}

impl Attached {
    /// The debugger begins to stop dialogs.
    pub(super) fn ready(&self) {
        self.is_ready.store(true, Ordering::Release);
    }

    /// Whether a run is of the conversation that is debugged.
    pub(crate) fn is_about(&self, env: &Env) -> bool {
        let session = match env.names.get("session") {
            Some(Value::Map(session)) => session.get("id").and_then(Value::as_str),
            _ => None,
        };
        self.is_ready.load(Ordering::Acquire) && session == Some(&self.conversation)
    }

    /// Stands until the debugger lets the machine go on; at once when it is away.
    fn stand(&self, machine: Machine, pause: Pause, env: &Env) -> Option<Machine> {
        let (back, machines) = sync_channel(1);
        let stand = Stand {
            machine,
            pause,
            env: env.clone(),
            level: self.level.load(Ordering::Relaxed),
            back,
        };
        match self.events.send(Event::Stood(Box::new(stand))) {
            // Whatever becomes of the session, its machine comes back, or the channel breaks.
            Ok(()) => machines.recv().ok(),
            Err(unsent) => match unsent.0 {
                Event::Stood(stand) => Some(stand.machine),
                _ => None,
            },
        }
    }

    /// Tells the debugger what a dialog needs.
    fn tell(&self, step: &Step) {
        let event = match step {
            Step::Say(text) => Event::Said(text.clone()),
            Step::Hear(spec) => Event::Heard(spec.clone()),
            Step::Script(_) => {
                self.level.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Step::Done(value) => Event::Ended(Ok(value.clone())),
            Step::Fault(fault) => Event::Ended(Err(fault.clone())),
            Step::Call(_) => return,
        };
        if matches!(event, Event::Ended(_)) {
            let below = |level: usize| level.checked_sub(1);
            // At the lowest level there is nothing to go back to.
            let _ = self.level.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below);
        }
        // A debugger that has left needs to hear nothing.
        let _ = self.events.send(event);
    }
}

/// A dialog of a bot that has a debugger.
pub(crate) struct Observed {
    /// Away only while it stands.
    machine: Option<Machine>,
    attached: Arc<Attached>,
}

impl Observed {
    pub(crate) fn new(machine: Machine, attached: Arc<Attached>) -> Self {
        Self {
            machine: Some(machine),
            attached,
        }
    }
}

fn lost() -> Fault {
    Fault::new(FaultKind::Internal, "the dialog was lost while it was debugged")
}

impl Dialog for Observed {
    fn resume(&mut self, mut input: Input, env: &Env) -> Step {
        let Some(mut machine) = self.machine.take() else {
            return Step::Fault(lost());
        };
        if !self.attached.is_about(env) {
            machine.unwatch();
            let step = machine.resume(input, env);
            self.machine = Some(machine);
            return step;
        }
        let step = loop {
            match machine.resume_watched(input, env) {
                Watched::Step(step) => break step,
                Watched::Paused(pause) => match self.attached.stand(machine, pause, env) {
                    Some(back) => machine = back,
                    None => return Step::Fault(lost()),
                },
            }
            input = Input::Continue;
        };
        self.attached.tell(&step);
        self.machine = Some(machine);
        step
    }

    fn is_brief(&self) -> bool {
        self.machine.as_ref().is_none_or(Machine::is_brief)
    }

    fn may_stand(&self, env: &Env) -> bool {
        self.attached.is_about(env)
    }

    fn save(&self) -> Result<String, Fault> {
        self.machine.as_ref().ok_or_else(lost)?.save()
    }

    fn script(&self) -> &str {
        self.machine.as_ref().map_or("", Machine::script)
    }

    fn refresh(&mut self) {
        if let Some(machine) = &mut self.machine {
            machine.refresh();
        }
    }

    fn results(&self) -> Map {
        self.machine.as_ref().map(Machine::results).unwrap_or_default()
    }
}
