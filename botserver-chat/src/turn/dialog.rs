//! A dialog's part of a turn: resume it, do what it needs, give results to whoever called it.

use std::{panic::AssertUnwindSafe, sync::Arc};

use botlib::{
    Value,
    value::Map,
    wire::{InputKind, InputSpec},
};
use botstate::{
    dialog::{Dialog, Env, Fault, FaultKind, HostCall, Input, Step},
    job::NewJob,
    keyword::{Args, Class, Turn as _},
    recording::Taped,
    run::{Channel, Order, Task},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;

use super::{
    Next, Turn,
    stack::{Frame, Machine, Running},
    with_names,
};
use crate::{
    error::Error,
    links::Guard,
    model::{Waiting, tool_result},
    phrases::Phrase,
};

impl Turn {
    pub(super) async fn step_dialog(&mut self) -> Result<Next, Error> {
        if self.cancel.is_cancelled() {
            self.drop_dialog();
            self.return_fault(Fault::new(FaultKind::Stopped, "the person stopped the dialog"));
            return Ok(self.next_after_return());
        }
        if self.steps > self.engine.script.steps {
            let limit = self.engine.script.steps;
            self.drop_dialog();
            self.return_fault(
                Fault::new(
                    FaultKind::Limit,
                    format!("the dialog took more than {limit} steps in one turn"),
                )
                .hint("let it HEAR now and then, or raise script_steps"),
            );
            return Ok(self.next_after_return());
        }
        match self.pending_call() {
            // What a crash cut off is done again, under the same idempotency key.
            Some(call) if matches!(self.input, Input::Continue) => self.perform(call).await,
            _ => self.resume().await,
        }
    }

    /// The keyword whose result the topmost dialog waits for.
    fn pending_call(&self) -> Option<HostCall> {
        let Some(Frame::Dialog(Running {
            waiting: Waiting::Call { number, keyword, args },
            ..
        })) = self.stack.last()
        else {
            return None;
        };
        let keyword = self.engine.ports.keywords.find(keyword)?.phrase;
        Some(HostCall {
            number: *number,
            keyword,
            args: Args(args.clone()),
        })
    }

    async fn resume(&mut self) -> Result<Next, Error> {
        if matches!(self.stack.last(), Some(frame) if frame.is_idle()) && !matches!(self.input, Input::Heard(_)) {
            return Ok(Next::Wait);
        }
        let mut input = std::mem::replace(&mut self.input, Input::Continue);
        let (mut env, mut is_woken) = (None, false);
        if let Some(Frame::Dialog(top)) = self.stack.last_mut() {
            if let Waiting::Woken {
                value,
                fault,
                is_silence,
            } = &mut top.waiting
            {
                input = match fault.take() {
                    Some(fault) => Input::Failed(fault),
                    None if *is_silence => Input::Silence,
                    None => Input::Returned(std::mem::take(value)),
                };
                is_woken = true;
            }
            env = (!top.names.is_empty()).then(|| with_names(&self.env, &top.names));
        }
        let dialog = match self.take_dialog().await {
            Ok(mut dialog) => {
                if is_woken {
                    dialog.refresh();
                }
                dialog
            }
            Err(fault) => {
                self.drop_dialog();
                self.return_fault(fault);
                return Ok(self.next_after_return());
            }
        };
        self.env.now = self.engine.clock.now();
        let env = Env {
            now: self.env.now,
            ..env.unwrap_or_else(|| self.env.clone())
        };
        let is_secret = matches!(input, Input::Heard(_)) && self.hears_secret();
        self.tape.resume(env.now, &input, &env, is_secret, is_woken);
        let Ok((dialog, step)) = run(dialog, input, &env, &self.engine.computing).await else {
            self.drop_dialog();
            self.return_fault(Fault::new(
                FaultKind::Internal,
                "the dialog broke off while it computed",
            ));
            return Ok(self.next_after_return());
        };
        self.tape.step(&step);
        // Nobody asks what other dialogs have said, and one that never ends must not grow by it.
        let is_tool = matches!(self.stack.first(), Some(Frame::Agent(agent)) if !agent.pending.is_empty());
        let Some(Frame::Dialog(top)) = self.stack.last_mut() else {
            return Ok(Next::Over(Value::Null));
        };
        top.dialog = Machine::Live(dialog);
        top.waiting = Waiting::Turn;
        match step {
            Step::Say(text) => {
                if is_tool {
                    top.said.push(text.clone());
                    // The model chose the tool's arguments, so these may be its words as well.
                    let text = Guard::whole(self.allowed(), &text);
                    self.say(text);
                } else {
                    self.say(text);
                }
            }
            Step::Call(call) => {
                top.waiting = Waiting::call(call.number, call.keyword, &call.args);
                return self.perform(call).await;
            }
            Step::Script(call) => {
                top.waiting = Waiting::Script;
                let args: Map = call
                    .args
                    .into_iter()
                    .enumerate()
                    .map(|(place, value)| (place.to_string(), value))
                    .collect();
                let names = top.names.clone();
                let level = self.stack.len();
                self.push_script(&call.name, args).await?;
                let is_started = self.stack.len() > level;
                if let (Some(Frame::Dialog(called)), true) = (self.stack.last_mut(), is_started) {
                    called.names = names;
                }
            }
            Step::Hear(_) if self.conversation.session.transaction.is_some() => {
                self.drop_dialog();
                self.return_fault(in_transaction("HEAR"));
                return Ok(self.next_after_return());
            }
            Step::Hear(spec) => {
                let waiting = self.hear(spec);
                if let Some(Frame::Dialog(top)) = self.stack.last_mut() {
                    top.waiting = waiting;
                }
                return Ok(Next::Wait);
            }
            Step::Done(value) => {
                let value = self.or_results(value);
                self.return_value(value);
                return Ok(self.next_after_return());
            }
            Step::Fault(fault) => {
                self.stack.pop();
                self.return_fault(fault);
                return Ok(self.next_after_return());
            }
        }
        Ok(Next::Step)
    }

    /// Takes the topmost dialog away, which cannot go on.
    fn drop_dialog(&mut self) {
        self.stack.pop();
        self.tape.add(|| Taped::Dropped { all: false });
    }

    /// Whether the topmost dialog hears something that is not shown.
    pub(super) fn hears_secret(&self) -> bool {
        let awaited = self.stack.last().and_then(Frame::awaited);
        awaited.is_some_and(|spec| spec.kind == InputKind::Password)
    }

    /// The wait of a HEAR. One with a time limit gets a job that ends it, which commits with the wait.
    fn hear(&mut self, spec: InputSpec) -> Waiting {
        let jobs = self.engine.ports.jobs.clone();
        // Where nothing is kept, no job could find the conversation again.
        let jobs = jobs.filter(|_| !self.inbound.client.is_passing());
        let (Some(seconds), Some(jobs)) = (spec.timeout_s, jobs) else {
            return Waiting::Hear(spec);
        };
        let (level, step) = (self.stack.len(), self.steps);
        let token = format!("{}:{}:{level}:hear{step}", self.conversation.id, self.id);
        let order = Order {
            bot: self.inbound.bot.id,
            task: Task::Wake {
                token: token.clone(),
                value: Value::Null,
                fault: None,
            },
            conversation: Some(self.conversation.id),
            key: format!("wake:{token}"),
            channel: Channel::Event,
            limit: None,
            depth: 0,
        };
        let seconds = TimeDelta::try_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)).unwrap_or(TimeDelta::MAX);
        let now = self.engine.clock.now();
        let due_at = now.checked_add_signed(seconds).unwrap_or(DateTime::<Utc>::MAX_UTC);
        self.changes
            .push(jobs.enqueue(NewJob::order(self.conversation.org, order, None, due_at)));
        Waiting::Until {
            token,
            hear: Some(spec),
            refusal: None,
            note: None,
            is_hear: true,
        }
    }

    /// What the turn's own script gives back: its value, else the variables that it left as results.
    fn or_results(&self, value: Value) -> Value {
        if !value.is_null() || self.own.map(|own| own + 1) != Some(self.stack.len()) {
            return value;
        }
        match self.stack.last() {
            Some(Frame::Dialog(Running {
                dialog: Machine::Live(dialog),
                ..
            })) => {
                let results = dialog.results();
                if results.is_empty() { value } else { Value::Map(results) }
            }
            _ => value,
        }
    }

    /// The topmost dialog, restored if need be.
    async fn take_dialog(&mut self) -> Result<Box<dyn Dialog>, Fault> {
        let Some(Frame::Dialog(top)) = self.stack.last_mut() else {
            return Err(Fault::new(FaultKind::State, "there is no dialog to go on with"));
        };
        match std::mem::replace(&mut top.dialog, Machine::Away) {
            Machine::Live(dialog) => Ok(dialog),
            Machine::Stored(state) => match &self.engine.ports.dialogs {
                Some(dialogs) => dialogs.restore(&self.inbound.bot, &state).await,
                None => Err(Fault::new(FaultKind::NotFound, "this server was built without dialogs")),
            },
            Machine::Away => Err(Fault::new(
                FaultKind::Internal,
                "the dialog broke off while it computed",
            )),
        }
    }

    /// Performs a keyword; its result goes to the dialog with the next step.
    async fn perform(&mut self, call: HostCall) -> Result<Next, Error> {
        let keywords = Arc::clone(&self.engine.ports.keywords);
        let found = keywords
            .find(call.keyword)
            .and_then(|keyword| Some((keyword.class, keyword.handler.clone()?)));
        let Some((class, handler)) = found else {
            self.input = Input::Failed(
                Fault::new(
                    FaultKind::NotFound,
                    format!("this server has no {} service", call.keyword),
                )
                .hint("build it with the feature that brings the keyword"),
            );
            return Ok(Next::Step);
        };
        if matches!(class, Class::External | Class::Wait) && self.conversation.session.transaction.is_some() {
            self.input = Input::Failed(in_transaction(call.keyword));
            if let Some(Frame::Dialog(top)) = self.stack.last_mut() {
                top.waiting = Waiting::Turn;
            }
            return Ok(Next::Step);
        }
        let level = self.stack.len();
        if let Some(Frame::Dialog(Running {
            dialog: Machine::Live(dialog),
            ..
        })) = self.stack.last()
        {
            dialog.script().clone_into(&mut self.script);
        }
        self.call = format!("{}:{}:{level}:{}", self.conversation.id, self.id, call.number);
        let must_commit = match class {
            Class::External | Class::Wait => true,
            Class::Read => !self.changes.is_empty(),
            Class::Pure | Class::Write => false,
        };
        if must_commit && self.flush().await.is_err() {
            return Ok(Next::Step);
        }
        if class == Class::External || class == Class::Wait {
            self.room.deliver(&crate::room::Delivery::Thinking(self.id));
        }
        let keyword = call.keyword;
        self.suspend = None;
        let result = AssertUnwindSafe(handler.call(self, call.args)).catch_unwind().await;
        if let (Ok(Ok(_)), Some(wait), Some(Frame::Dialog(top))) = (&result, self.suspend.take(), self.stack.last_mut())
        {
            top.waiting = Waiting::Until {
                token: wait.token,
                hear: wait.hear,
                refusal: wait.refusal,
                note: wait.note,
                is_hear: false,
            };
            self.input = Input::Continue;
            return Ok(Next::Wait);
        }
        self.input = match result {
            Ok(Ok(value)) => Input::Returned(value),
            Ok(Err(fault)) => Input::Failed(fault),
            // The hook has logged where; the script hears of it like of any other fault.
            Err(_) => Input::Failed(Fault::new(FaultKind::Internal, format!("{keyword} broke off"))),
        };
        self.look_again();
        if let Some(Frame::Dialog(top)) = self.stack.last_mut() {
            top.waiting = Waiting::Turn;
        }
        Ok(Next::Step)
    }

    /// Gives what the topmost dialog returned to whoever called it.
    fn return_value(&mut self, value: Value) {
        let said = match self.stack.pop() {
            Some(Frame::Dialog(ended)) => ended.said,
            _ => Vec::new(),
        };
        if self.own == Some(self.stack.len()) {
            self.own = None;
            self.result = Some(value.clone());
        }
        match self.stack.last_mut() {
            Some(Frame::Agent(agent)) => {
                if !agent.pending.is_empty() {
                    let call = agent.pending.remove(0);
                    self.add_result(call.id, tool_result(&value, &said));
                }
            }
            Some(Frame::Dialog(below)) if below.waiting == Waiting::Script => {
                below.said.extend(said);
                below.waiting = Waiting::Turn;
                self.input = Input::Returned(value);
            }
            _ => self.input = Input::Returned(value),
        }
    }

    /// Gives a fault of the dialog that was topmost to whoever called it, or tells the visitor.
    pub(super) fn return_fault(&mut self, fault: Fault) {
        match self.stack.last_mut() {
            Some(Frame::Agent(agent)) if !agent.pending.is_empty() => {
                let call = agent.pending.remove(0);
                self.add_result(call.id, format!("error: {}", fault.message));
                self.fresh.push(crate::model::Body::Fault { fault });
            }
            Some(Frame::Dialog(below)) if below.waiting == Waiting::Script => {
                below.waiting = Waiting::Turn;
                self.input = Input::Failed(fault);
            }
            _ => self.report(fault, Phrase::DialogFailed),
        }
    }

    /// What follows when a dialog has ended: the level below goes on, waits again, or there is none.
    fn next_after_return(&mut self) -> Next {
        let goes_on = matches!(self.stack.last(), Some(Frame::Dialog(below)) if below.waiting == Waiting::Turn);
        if !goes_on && self.conversation.session.transaction.take().is_some() {
            tracing::warn!(
                bot.name = %self.inbound.bot.name,
                "a dialog ended inside of a transaction: what it would have changed is left out"
            );
        }
        match (self.stack.last(), &self.input) {
            (None, Input::Returned(_)) => match std::mem::replace(&mut self.input, Input::Continue) {
                Input::Returned(value) => Next::Over(value),
                _ => Next::Over(Value::Null),
            },
            (None, _) => Next::Over(Value::Null),
            (Some(frame), _) if frame.is_idle() => Next::Wait,
            (Some(frame), _) if frame.is_woken() => {
                self.input = Input::Continue;
                Next::Step
            }
            _ => Next::Step,
        }
    }
}

/// A transaction holds what was not made yet, so nobody may be waited for and nothing else may happen meanwhile.
fn in_transaction(keyword: &str) -> Fault {
    Fault::new(
        FaultKind::Data,
        format!("{keyword} cannot be used inside of a transaction"),
    )
    .hint("COMMIT or ROLLBACK before it")
}

/// A dialog panicked: it is gone, and the turn is not.
struct BrokeOff;

/// Resumes a dialog: here when it is bound to be brief, else on a thread of its own, so that nobody's endless
/// loop keeps others waiting.
async fn run(
    mut dialog: Box<dyn Dialog>,
    input: Input,
    env: &Env,
    computing: &Arc<tokio::sync::Semaphore>,
) -> Result<(Box<dyn Dialog>, Step), BrokeOff> {
    let may_stand = dialog.may_stand(env);
    if dialog.is_brief() && !may_stand {
        let work = AssertUnwindSafe(|| {
            let step = dialog.resume(input, env);
            (dialog, step)
        });
        return std::panic::catch_unwind(work).map_err(|_panic| BrokeOff);
    }
    let permit = if may_stand {
        None
    } else {
        Some(Arc::clone(computing).acquire_owned().await)
    };
    let env = env.clone();
    let work = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let step = dialog.resume(input, &env);
        (dialog, step)
    });
    work.await.map_err(|_panic| BrokeOff)
}
