//! Starts and restores dialogs of the bots that run.

use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc};

use async_trait::async_trait;
use botlib::{BotId, Value, value::Map};
use botstate::{
    Db,
    config::ScriptConfig,
    db::Error as DbError,
    dialog::{Bot, Dialog, Dialogs, Env, Fault, FaultKind},
};
use lru::LruCache;
use parking_lot::Mutex;

use crate::{
    basic::{self, Limits, Machine, ParamSpec, Program, Trace},
    bots::Shelf,
    dap::{Attached, Debuggers, Observed},
    limits,
    mounted::Mounted,
    store::programs,
};

/// Programs of earlier versions that are held ready.
const CACHED: NonZeroUsize = NonZeroUsize::new(512).expect("512 is not 0");

/// The dialog language as the turn engine uses it.
pub(crate) struct Scripts {
    shelf: Arc<Shelf>,
    db: Db,
    limits: ScriptConfig,
    trace: Option<Arc<dyn Trace>>,
    debuggers: Arc<Debuggers>,
    cache: Mutex<LruCache<(BotId, String), Arc<Program>>>,
}

impl Scripts {
    pub(crate) fn new(
        shelf: Arc<Shelf>,
        db: Db,
        limits: ScriptConfig,
        trace: Option<Arc<dyn Trace>>,
        debuggers: Arc<Debuggers>,
    ) -> Self {
        Self {
            shelf,
            db,
            limits,
            trace,
            debuggers,
            cache: Mutex::new(LruCache::new(CACHED)),
        }
    }

    fn mounted(&self, bot: &Bot) -> Result<Arc<Mounted>, Fault> {
        let found = self.shelf.mounted(bot.id);
        found.ok_or_else(|| Fault::new(FaultKind::NotFound, format!("the bot {} is gone", bot.name)))
    }

    /// The program with that hash: of the running version, of an earlier one, or as the database keeps it.
    async fn program(&self, bot: &Bot, hash: &str) -> Result<Arc<Program>, Fault> {
        let running = self.shelf.mounted(bot.id);
        let running = running.and_then(|mounted| {
            mounted
                .programs()
                .find(|(_, program)| program.hash() == hash)
                .map(|(_, program)| Arc::clone(program))
        });
        if let Some(program) = running {
            return Ok(program);
        }
        let key = (bot.id, hash.to_owned());
        if let Some(program) = self.cache.lock().get(&key) {
            return Ok(Arc::clone(program));
        }
        let (id, wanted) = key.clone();
        let read = self
            .db
            .read(move |conn| programs::find(conn, id, &wanted).map_err(DbError::from));
        let text = read.await.map_err(|error| {
            Fault::new(
                FaultKind::Data,
                format!("could not read the program of a waiting dialog: {error}"),
            )
        })?;
        let Some(text) = text else {
            return Err(Fault::new(
                FaultKind::State,
                format!("the program {hash} of a waiting dialog is gone"),
            ));
        };
        let program = Arc::new(Program::from_json(&text)?);
        self.cache.lock().put(key, Arc::clone(&program));
        Ok(program)
    }
}

#[async_trait]
impl Dialogs for Scripts {
    async fn start(&self, bot: &Bot, script: &str, args: Map, env: &Env) -> Result<Box<dyn Dialog>, Fault> {
        let attached = self.debuggers.of(bot.id).filter(|attached| attached.is_about(env));
        let mounted = match &attached {
            // Its programs stop at every line.
            Some(attached) if attached.mounted.program(script).is_ok() => Arc::clone(&attached.mounted),
            _ => self.mounted(bot)?,
        };
        let program = mounted.program(script)?;
        let machine = start(program, args, env, limits::of(&bot.settings, self.limits))?;
        Ok(observed(machine.with_trace(self.trace.clone()), attached))
    }

    fn check_arguments(&self, bot: &Bot, tool: &str, args: &serde_json::Value) -> Result<Map, Fault> {
        let mounted = self.mounted(bot)?;
        basic::check_arguments(mounted.program(tool)?, args)
    }

    fn reach(&self, bot: &Bot, script: &str) -> Option<BTreeSet<String>> {
        let mounted = self.mounted(bot).ok()?;
        let mut phrases = BTreeSet::new();
        let (mut open, mut seen) = (vec![script.to_owned()], BTreeSet::new());
        while let Some(script) = open.pop() {
            let program = mounted.program(&script).ok()?;
            if !seen.insert(program.name().to_owned()) {
                continue;
            }
            phrases.extend(program.keywords().map(str::to_owned));
            for called in program.calls() {
                open.push(called?);
            }
        }
        Some(phrases)
    }

    async fn restore(&self, bot: &Bot, state: &str) -> Result<Box<dyn Dialog>, Fault> {
        let hash = Machine::program_of(state)?;
        let program = self.program(bot, &hash).await?;
        let machine = Machine::restore(state, program)?.with_limits(limits::of(&bot.settings, self.limits));
        let attached = self.debuggers.of(bot.id);
        Ok(observed(machine.with_trace(self.trace.clone()), attached))
    }
}

/// A dialog that a debugger may stop, if there is one.
fn observed(machine: Machine, attached: Option<Arc<Attached>>) -> Box<dyn Dialog> {
    match attached {
        Some(attached) => Box::new(Observed::new(machine, attached)),
        None => Box::new(machine),
    }
}

/// A script before its first statement. Arguments are named in any letter case, or by their places from 0; those that
/// are not given are null.
///
/// # Errors
/// [`FaultKind::Argument`] when one does not fit its `PARAM`.
pub(crate) fn start(program: &Arc<Program>, args: Map, env: &Env, limits: Limits) -> Result<Machine, Fault> {
    let mut fitting = Map::new();
    let mut problems = Vec::new();
    for (key, value) in args {
        let named = program
            .params()
            .iter()
            .find(|param| param.name.eq_ignore_ascii_case(&key));
        let param = named.or_else(|| program.params().get(key.parse::<usize>().ok()?));
        // What a caller gives beyond the parameters has no name that the script could read it by.
        let Some(param) = param.filter(|_| !value.is_null()) else {
            // What started the script: the row, the request, the variables of a SCHEDULE block.
            if program.takes(&key) {
                fitting.insert(key.to_lowercase(), value);
            }
            continue;
        };
        match fit(param, value) {
            Ok(value) => fitting.insert(param.name.clone(), value),
            Err(problem) => problems.push(format!("{} {problem}", param.name)),
        }
    }
    if !problems.is_empty() {
        return Err(Fault::new(
            FaultKind::Argument,
            format!("{}: {}", program.name(), problems.join("; ")),
        ));
    }
    Ok(Machine::new(Arc::clone(program), fitting, env)?.with_limits(limits))
}

/// The value as its parameter wants it. A script that calls another may give values that JSON does not know, and a
/// text parameter takes whatever it is given.
fn fit(param: &ParamSpec, value: Value) -> Result<Value, String> {
    let fits = match param.kind.as_str() {
        _ if !param.choices.is_empty() => false,
        "INTEGER" | "INT" => matches!(value, Value::Int(_)),
        "NUMBER" | "FLOAT" | "DOUBLE" | "DECIMAL" | "MONEY" => matches!(value, Value::Int(_) | Value::Decimal(_)),
        "BOOLEAN" | "BOOL" => matches!(value, Value::Bool(_)),
        "ARRAY" | "LIST" | "OBJECT" | "MAP" => matches!(value, Value::List(_) | Value::Map(_)),
        "DATE" => matches!(value, Value::Date(_)),
        "EMAIL" => false,
        _ => true,
    };
    if fits {
        Ok(value)
    } else {
        basic::convert(param, &value.to_json())
    }
}
