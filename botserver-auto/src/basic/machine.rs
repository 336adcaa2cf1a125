//! Runs programs: no I/O, and a state that is plain data between any two steps.

mod ask;
mod debug;
mod exec;
mod state;

pub use debug::{FrameView, Pause, VariableView, Watched};

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use botlib::{Value, value::Map, wire::InputSpec};
use botstate::dialog::{Dialog, Env, Fault, FaultKind, Input, Step};
use rhai::{Dynamic, Scope};

use super::{
    Trace, engine,
    program::{Instr, Operand, Program, Routine, Slot},
    run,
    value::{Outcome, Val, dynamic, from_value, to_value, val},
};

/// The variable that holds the last error; no script can spell it.
pub(crate) const ERROR: &str = "error!";

/// How much a script may do. All counts are per turn, which ends when somebody answers a HEAR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Operations of Rhai and instructions.
    pub operations: u64,
    /// Computing time.
    pub time: Duration,
    /// Calls of procedures inside each other.
    pub depth: usize,
    /// Things said.
    pub says: u32,
    /// Bytes of everything said.
    pub output_bytes: usize,
    /// Keywords and other scripts.
    pub calls: u32,
    /// Bytes of a stored state.
    pub state_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations: 5_000_000,
            time: Duration::from_secs(5),
            depth: 100,
            says: 1_000,
            output_bytes: 4 << 20,
            calls: 10_000,
            state_bytes: 1 << 20,
        }
    }
}

/// A running script.
#[derive(Debug)]
pub struct Machine {
    program: Arc<Program>,
    scope: Scope<'static>,
    frames: Vec<Frame>,
    pending: Pending,
    counters: Counters,
    limits: Limits,
    trace: Option<Arc<dyn Trace>>,
    watch: Option<debug::Watch>,
}

/// A procedure that is being run.
#[derive(Debug, Clone)]
struct Frame {
    routine: usize,
    at: usize,
    /// Where its local variables begin.
    base: usize,
    handlers: Vec<Handler>,
    resume_next: bool,
    /// Where ON ERROR GOTO goes.
    on_error: Option<u32>,
    /// Whether an error went there and the script has not jumped on since: a second one is not caught.
    handling: bool,
    /// Where GOSUBs go back to.
    gosubs: Vec<u32>,
}

/// What a TRY block does about errors.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Handler {
    #[serde(rename = "t")]
    to: u32,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    error: Option<Slot>,
}

/// What the machine waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Pending {
    /// Nothing: it goes on with the next instruction.
    #[default]
    #[serde(rename = "r")]
    Ready,
    /// The result of the call at the current instruction.
    #[serde(rename = "c")]
    Call,
    /// The answer to the HEAR at the current instruction, which was asked for so many times in vain.
    #[serde(rename = "h")]
    Hear(u8),
    /// Nothing any more.
    #[serde(rename = "e")]
    Ended,
}

/// What was done so far.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
struct Counters {
    /// Host calls since the start.
    #[serde(rename = "n", default)]
    calls: u64,
    /// Random numbers since the start.
    #[serde(rename = "d", default)]
    draws: u64,
    /// Operations in this turn.
    #[serde(rename = "o", default)]
    operations: u64,
    /// Things said in this turn.
    #[serde(rename = "s", default)]
    says: u32,
    /// Bytes said in this turn.
    #[serde(rename = "b", default)]
    said_bytes: usize,
    /// Calls in this turn.
    #[serde(rename = "c", default)]
    turn_calls: u32,
    /// Microseconds of computing in this turn.
    #[serde(rename = "t", default)]
    micros: u64,
}

impl Machine {
    /// The script before its first statement, with `args` as its parameters: by their names, or by their positions
    /// (`0`, `1`, …) as a script that calls another gives them.
    ///
    /// # Errors
    /// [`FaultKind::Limit`] when an argument is too large.
    pub fn new(program: Arc<Program>, args: Map, env: &Env) -> Result<Self, Fault> {
        let mut machine = Self::bare(program);
        machine.enter(0);
        let params: Vec<String> = machine
            .program
            .params
            .iter()
            .map(|param| param.name.to_lowercase())
            .collect();
        machine.begin_with(env, &params)?;
        for (name, value) in args {
            let key = name.to_lowercase();
            let named = params.iter().find(|param| **param == key);
            let placed = || params.get(key.parse::<usize>().ok()?);
            if let Some(param) = named.or_else(placed) {
                machine.set_global(param, from_value(value)?);
            } else if machine.program.takes(&key) {
                machine.set_global(&key, from_value(value)?);
            }
        }
        machine.surround(env)?;
        Ok(machine)
    }

    /// The same machine with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same machine, heard by `trace`.
    #[must_use]
    pub fn with_trace(mut self, trace: Option<Arc<dyn Trace>>) -> Self {
        self.trace = trace;
        self
    }

    /// The program that runs.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// How many keywords and scripts were called since the start.
    pub fn calls(&self) -> u64 {
        self.counters.calls
    }

    /// A machine with all variables null and no procedure running.
    fn bare(program: Arc<Program>) -> Self {
        let mut scope = Scope::with_capacity(program.globals.len() + program.constants.len() + 16);
        for (index, number) in program.constants.iter().enumerate() {
            scope.push_dynamic(format!("k{index}"), (*number).into());
        }
        for global in &program.globals {
            scope.push_dynamic(global.code.as_str(), Dynamic::UNIT);
        }
        Self {
            program,
            scope,
            frames: Vec::new(),
            pending: Pending::Ready,
            counters: Counters::default(),
            limits: Limits::default(),
            trace: None,
            watch: None,
        }
    }

    /// Begins a procedure: its local variables are null.
    fn enter(&mut self, routine: usize) {
        let base = self.scope.len();
        let program = Arc::clone(&self.program);
        if let Some(called) = program.procedures.get(routine) {
            for name in &called.locals {
                self.scope.push_dynamic(name.as_str(), Dynamic::UNIT);
            }
        }
        self.frames.push(Frame {
            routine,
            at: 0,
            base,
            handlers: Vec::new(),
            resume_next: false,
            on_error: None,
            handling: false,
            gosubs: Vec::new(),
        });
    }

    fn set_global(&mut self, name: &str, value: Val) {
        let program = Arc::clone(&self.program);
        if let Some(global) = program.globals.iter().find(|global| global.name == name)
            && let Some(slot) = self.scope.get_mut(&global.code)
        {
            *slot = dynamic(value);
        }
    }

    /// Gives names that surround the run and that the script sets as well their first values.
    fn begin_with(&mut self, env: &Env, params: &[String]) -> Outcome<()> {
        let program = Arc::clone(&self.program);
        for global in program
            .globals
            .iter()
            .filter(|global| !global.ambient && !params.contains(&global.name))
        {
            if let Some(value) = env.names.get(&global.name) {
                self.set_global(&global.name, from_value(value.clone())?);
            }
        }
        Ok(())
    }

    /// Gives the names that the script only reads their values of this moment.
    fn surround(&mut self, env: &Env) -> Outcome<()> {
        let program = Arc::clone(&self.program);
        for global in program.globals.iter().filter(|global| global.ambient) {
            let value = env
                .names
                .get(&global.name)
                .cloned()
                .map(from_value)
                .transpose()?
                .unwrap_or_default();
            if let Some(slot) = self.scope.get_mut(&global.code) {
                *slot = dynamic(value);
            }
        }
        Ok(())
    }

    fn routine(&self) -> Option<&Routine> {
        self.program.procedures.get(self.frames.last()?.routine)
    }

    fn instr(&self) -> Option<&Instr> {
        self.routine()?.code.get(self.frames.last()?.at)
    }

    /// `script:line` of the current instruction, or of `line`.
    fn place(&self, line: Option<u32>) -> String {
        let here = || self.routine()?.lines.get(self.frames.last()?.at).copied();
        self.program.place(line.or_else(here).unwrap_or(1))
    }

    fn step_on(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.at += 1;
        }
    }

    fn jump(&mut self, to: u32) {
        if let Some(frame) = self.frames.last_mut() {
            frame.at = usize::try_from(to).unwrap_or(usize::MAX);
        }
    }

    fn name(&self, slot: Slot) -> Option<&str> {
        match slot {
            Slot::Global(index) => self
                .program
                .globals
                .get(usize::try_from(index).ok()?)
                .map(|global| global.code.as_str()),
            Slot::Local(index) => self
                .routine()?
                .locals
                .get(usize::try_from(index).ok()?)
                .map(String::as_str),
        }
    }

    fn get(&self, slot: Slot) -> Dynamic {
        self.name(slot)
            .and_then(|name| self.scope.get(name))
            .cloned()
            .unwrap_or_default()
    }

    fn set(&mut self, slot: Slot, value: Dynamic) {
        let program = Arc::clone(&self.program);
        let name = match slot {
            Slot::Global(index) => usize::try_from(index)
                .ok()
                .and_then(|index| program.globals.get(index))
                .map(|global| &global.code),
            Slot::Local(index) => {
                let routine = self
                    .frames
                    .last()
                    .and_then(|frame| program.procedures.get(frame.routine));
                routine.and_then(|routine| usize::try_from(index).ok().and_then(|index| routine.locals.get(index)))
            }
        };
        if let Some(variable) = name.and_then(|name| self.scope.get_mut(name)) {
            *variable = value;
        }
    }

    fn ended(&mut self, step: Step) -> Step {
        self.frames.clear();
        self.scope.clear();
        self.pending = Pending::Ended;
        step
    }
}

impl Dialog for Machine {
    fn resume(&mut self, input: Input, env: &Env) -> Step {
        if matches!(input, Input::Heard(_) | Input::Silence) {
            self.refresh();
        }
        let begun = Instant::now();
        let left = self
            .limits
            .time
            .saturating_sub(Duration::from_micros(self.counters.micros));
        let operations = self.limits.operations.saturating_sub(self.counters.operations);
        let guard = run::enter(env, self.counters.draws, operations, left);
        let step = match self.surround(env) {
            Ok(()) => self.go_on(input),
            Err(fault) => Step::Fault(fault),
        };
        self.counters.draws = run::with(|run| run.draws);
        drop(guard);
        let spent = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.counters.micros = self.counters.micros.saturating_add(spent);
        match step {
            Step::Done(_) | Step::Fault(_) => self.ended(step),
            step => step,
        }
    }

    fn refresh(&mut self) {
        self.counters.operations = 0;
        self.counters.says = 0;
        self.counters.said_bytes = 0;
        self.counters.turn_calls = 0;
        self.counters.micros = 0;
    }

    fn results(&self) -> Map {
        let wanted = |name: &str| name == "result" || name.starts_with("result_");
        let globals = self.program.globals.iter().filter(|global| wanted(&global.name));
        globals
            .filter_map(|global| {
                let value = to_value(&val(self.scope.get(&global.code)?));
                (!value.is_null()).then(|| (global.name.clone(), value))
            })
            .collect()
    }

    fn is_brief(&self) -> bool {
        let brief = self.program.brief();
        self.frames.iter().enumerate().all(|(depth, frame)| {
            // Callers go on after their call, the innermost frame after the step that it waits at.
            let inner = depth + 1 == self.frames.len();
            let at = frame.at + usize::from(!inner || self.pending != Pending::Ready);
            brief
                .get(frame.routine)
                .and_then(|routine| routine.get(at))
                .copied()
                .unwrap_or(true)
        })
    }

    fn save(&self) -> Result<String, Fault> {
        self.stored()
    }

    fn script(&self) -> &str {
        self.program.script()
    }
}

/// The same text with the lifetime that calls want: each distinct keyword is kept once per process.
fn keyword(phrase: &str) -> &'static str {
    static KNOWN: LazyLock<Mutex<HashMap<String, &'static str>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = known.get(phrase) {
        return kept;
    }
    let kept: &'static str = Box::leak(phrase.to_owned().into_boxed_str());
    known.insert(phrase.to_owned(), kept);
    kept
}
