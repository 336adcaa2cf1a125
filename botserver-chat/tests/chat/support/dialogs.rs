//! A dialog language made of data, so that turns are tested without a real one: a script is a list of steps.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use botlib::{
    BotId, Value,
    value::Map,
    wire::{InputKind, InputSpec},
};
use botstate::{
    dialog::{Bot, Bots, Dialog, Dialogs, Env, Fault, FaultKind, HostCall, Input, ScriptCall, Step},
    keyword::Args,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// One step. Texts may hold `${name}`: a variable, or `user.message`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Op {
    /// Says a text.
    Say(String),
    /// Waits for an answer and keeps it.
    Hear(InputSpec, String),
    /// Performs a keyword and keeps its result.
    Call(String, Vec<(String, String)>, String),
    /// The same, and goes on when it fails, with the fault's message as the result.
    Try(String, Vec<(String, String)>, String),
    /// Runs another script and keeps what it gave back.
    Run(String, String),
    /// Adds one to a variable and goes to a step while it is below a number.
    Loop(String, i64, usize),
    /// Ends with a value.
    Return(String),
    /// Ends with a fault.
    Fail(String),
    /// Breaks off as a bug of the language would.
    Panic,
    /// Grows by so many bytes.
    Grow(usize),
}

pub(crate) fn say(text: &str) -> Op {
    Op::Say(text.to_owned())
}

pub(crate) fn hear(name: &str) -> Op {
    hear_as(InputKind::Text, name)
}

pub(crate) fn hear_as(kind: InputKind, name: &str) -> Op {
    Op::Hear(
        InputSpec {
            kind,
            ..InputSpec::default()
        },
        name.to_owned(),
    )
}

pub(crate) fn call<const N: usize>(phrase: &str, args: [(&str, &str); N], name: &str) -> Op {
    Op::Call(phrase.to_owned(), owned(args), name.to_owned())
}

pub(crate) fn try_call<const N: usize>(phrase: &str, args: [(&str, &str); N], name: &str) -> Op {
    Op::Try(phrase.to_owned(), owned(args), name.to_owned())
}

pub(crate) fn give(text: &str) -> Op {
    Op::Return(text.to_owned())
}

fn owned<const N: usize>(args: [(&str, &str); N]) -> Vec<(String, String)> {
    args.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The largest state that may be kept.
const LARGEST: usize = 64 * 1024;

/// Every script of the one bot, by name; they may be changed while dialogs wait.
#[derive(Default)]
pub(crate) struct Scripts(pub(crate) Mutex<HashMap<String, Vec<Op>>>);

#[async_trait]
impl Dialogs for Scripts {
    async fn start(&self, _: &Bot, script: &str, args: Map, _: &Env) -> Result<Box<dyn Dialog>, Fault> {
        let name = script.to_lowercase();
        let ops = self.0.lock().get(&name).cloned();
        let ops = ops.ok_or_else(|| Fault::new(FaultKind::NotFound, format!("there is no script {name}")))?;
        let names = args.into_iter().collect();
        Ok(Box::new(Running {
            script: name,
            ops,
            at: 0,
            names,
            calls: 0,
            ballast: String::new(),
        }))
    }

    fn check_arguments(&self, bot: &Bot, tool: &str, args: &serde_json::Value) -> Result<Map, Fault> {
        let wrong = |text: String| Err(Fault::new(FaultKind::Argument, text));
        let Some(object) = args.as_object() else {
            return wrong("arguments must be an object".to_owned());
        };
        let schema = &bot.tool(tool).unwrap().parameters;
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for name in required.iter().filter_map(|name| name.as_str()) {
            if !object.contains_key(name) {
                return wrong(format!("{name} is missing"));
            }
        }
        Ok(object
            .iter()
            .map(|(name, value)| (name.clone(), Value::from_json(value)))
            .collect())
    }

    #[expect(clippy::only_used_in_recursion, reason = "the port gives the bot")]
    fn reach(&self, bot: &Bot, script: &str) -> Option<BTreeSet<String>> {
        let ops = self.0.lock().get(&script.to_lowercase()).cloned()?;
        let mut phrases = BTreeSet::new();
        for op in ops {
            match op {
                Op::Call(phrase, ..) | Op::Try(phrase, ..) => drop(phrases.insert(phrase)),
                Op::Run(other, _) => phrases.extend(self.reach(bot, &other)?),
                _ => {}
            }
        }
        Some(phrases)
    }

    async fn restore(&self, _: &Bot, state: &str) -> Result<Box<dyn Dialog>, Fault> {
        let running: Running =
            serde_json::from_str(state).map_err(|error| Fault::new(FaultKind::State, error.to_string()))?;
        Ok(Box::new(running))
    }
}

#[derive(Serialize, Deserialize)]
struct Running {
    script: String,
    ops: Vec<Op>,
    at: usize,
    names: BTreeMap<String, Value>,
    calls: u64,
    ballast: String,
}

impl Running {
    fn fill(&self, text: &str, env: &Env) -> String {
        let message = match env.names.get("user") {
            Some(Value::Map(user)) => user.get("message").cloned().unwrap_or_default(),
            _ => Value::Null,
        };
        let mut text = text.replace("${user.message}", &message.to_string());
        for (name, value) in &self.names {
            text = text.replace(&format!("${{{name}}}"), &value.to_string());
        }
        text
    }

    fn keep(&mut self, name: &str, value: Value) {
        self.names.insert(name.to_owned(), value);
    }

    /// What the step before has waited for.
    fn take(&mut self, input: Input) -> Result<(), Fault> {
        let before = self.at.checked_sub(1).and_then(|at| self.ops.get(at)).cloned();
        match (before, input) {
            (Some(Op::Hear(spec, name)), Input::Heard(answer)) => {
                let value = match answer.files.first() {
                    Some(file) if spec.kind.is_file() => Value::File(file.clone()),
                    _ if spec.kind == InputKind::Password => Value::Secret(botlib::Secret::new(answer.text)),
                    _ => Value::text(answer.text),
                };
                self.keep(&name, value);
                Ok(())
            }
            (Some(Op::Call(_, _, name) | Op::Try(_, _, name) | Op::Run(_, name)), Input::Returned(value)) => {
                self.keep(&name, value);
                Ok(())
            }
            (Some(Op::Try(_, _, name)), Input::Failed(fault)) => {
                self.keep(&name, Value::text(fault.message));
                Ok(())
            }
            (_, Input::Failed(fault)) => Err(fault),
            (Some(Op::Hear(..) | Op::Call(..) | Op::Try(..) | Op::Run(..)), input) => {
                Err(Fault::new(FaultKind::Internal, format!("resumed with {input:?}")))
            }
            (_, Input::Continue) => Ok(()),
            (before, input) => Err(Fault::new(FaultKind::Internal, format!("{input:?} after {before:?}"))),
        }
    }
}

impl Dialog for Running {
    fn resume(&mut self, input: Input, env: &Env) -> Step {
        if let Err(fault) = self.take(input) {
            return Step::Fault(fault);
        }
        loop {
            let Some(op) = self.ops.get(self.at).cloned() else {
                return Step::Done(Value::Null);
            };
            self.at += 1;
            match op {
                Op::Say(text) => return Step::Say(self.fill(&text, env)),
                Op::Hear(spec, _) => return Step::Hear(spec),
                Op::Call(phrase, args, _) | Op::Try(phrase, args, _) => {
                    self.calls += 1;
                    let args = args
                        .into_iter()
                        .map(|(name, value)| (name, Value::text(self.fill(&value, env))))
                        .collect();
                    return Step::Call(HostCall {
                        number: self.calls,
                        keyword: Box::leak(phrase.into_boxed_str()),
                        args: Args(args),
                    });
                }
                Op::Run(name, _) => return Step::Script(ScriptCall { name, args: Vec::new() }),
                Op::Loop(name, below, to) => {
                    let count = match self.names.get(&name) {
                        Some(Value::Int(count)) => count + 1,
                        _ => 1,
                    };
                    self.keep(&name, Value::Int(count));
                    if count < below {
                        self.at = to;
                    }
                }
                Op::Return(text) => return Step::Done(Value::text(self.fill(&text, env))),
                Op::Fail(text) => return Step::Fault(Fault::new(FaultKind::Raised, text)),
                Op::Panic => panic!("a bug of the language"),
                Op::Grow(bytes) => self.ballast.push_str(&"x".repeat(bytes)),
            }
        }
    }

    fn is_brief(&self) -> bool {
        // Both ways of running are taken.
        self.calls.is_multiple_of(2)
    }

    fn save(&self) -> Result<String, Fault> {
        let state = serde_json::to_string(self).unwrap();
        if state.len() > LARGEST {
            return Err(Fault::new(FaultKind::Limit, "the dialog is too large to be kept"));
        }
        Ok(state)
    }

    fn script(&self) -> &str {
        &self.script
    }
}

/// The one bot.
pub(crate) struct OneBot(pub(crate) Arc<Bot>);

impl Bots for OneBot {
    fn find(&self, name_or_id: &str) -> Option<Arc<Bot>> {
        let is_it = self.0.name.eq_ignore_ascii_case(name_or_id) || self.0.id.to_string() == name_or_id;
        is_it.then(|| Arc::clone(&self.0))
    }

    fn get(&self, id: BotId) -> Option<Arc<Bot>> {
        (self.0.id == id).then(|| Arc::clone(&self.0))
    }

    fn list(&self) -> Vec<Arc<Bot>> {
        vec![Arc::clone(&self.0)]
    }

    fn diagnostics(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}
