//! Stopping a machine at its lines, and looking into it while it stands.

use botstate::dialog::{Dialog as _, Env};

use super::{
    Arc, Dynamic, ERROR, Fault, FaultKind, Frame, Input, Instr, Machine, Map, Outcome, Program, Slot, Step, Value,
    dynamic, from_value, to_value, val,
};
use crate::basic::{
    Grammar, Limits, Options,
    compiler::{compile_with, local_name},
    parser::parse,
    tree::StmtKind,
};

/// What a machine that is watched has been stopped at.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Line and instruction of the last visit, for each procedure that is being run.
    visits: Vec<(u32, usize)>,
    /// Why it stands.
    pause: Option<Pause>,
    /// The error that is handled when it goes on.
    held: Option<Fault>,
}

/// Why a machine that is watched stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Pause {
    /// A line is about to run.
    Line,
    /// Something failed; when it goes on, the error is handled, or ends the script.
    Failed {
        /// What happened.
        fault: Fault,
        /// Whether the script handles it.
        handled: bool,
    },
}

/// What a machine that is watched comes to.
#[derive(Debug)]
pub enum Watched {
    /// A step to the outside, as without watching.
    Step(Step),
    /// It stands, and goes on with [`Input::Continue`].
    Paused(Pause),
}

/// A procedure that is being run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameView {
    /// The name of the SUB or FUNCTION; empty for the script itself.
    pub procedure: String,
    /// The file, such as `start.bas`: the script's, or one that it includes.
    pub file: String,
    /// The line that runs, counted from 1.
    pub line: u32,
}

/// A variable with its value at this moment.
#[derive(Debug, Clone, PartialEq)]
pub struct VariableView {
    /// Its name in lower case.
    pub name: String,
    /// What it holds.
    pub value: Value,
    /// Whether it is a `PARAM` of the script.
    pub parameter: bool,
    /// Whether the script only reads it, so that it comes from what surrounds the run.
    pub ambient: bool,
}

impl Machine {
    /// Runs to the next step or the next line, whichever comes first. Programs that were compiled with
    /// [`Options::trace`] stop at every line.
    pub fn resume_watched(&mut self, input: Input, env: &Env) -> Watched {
        self.watch.get_or_insert_with(Watch::default);
        let step = self.resume(input, env);
        match self.watch.as_mut().and_then(|watch| watch.pause.take()) {
            Some(pause) => Watched::Paused(pause),
            None => Watched::Step(step),
        }
    }

    /// Stops at no line any more.
    pub fn unwatch(&mut self) {
        self.watch = None;
    }

    /// What stands for a pause on the way out; [`Machine::resume_watched`] puts the pause in its place.
    pub(super) fn paused() -> Step {
        Step::Say(String::new())
    }

    /// Whether the next instruction begins a line that a watcher wants to see.
    pub(super) fn pauses(&mut self) -> bool {
        if self.watch.is_none() {
            return false;
        }
        let depth = self.frames.len();
        let at = self.frames.last().map_or(0, |frame| frame.at);
        let routine = self.routine();
        let line = routine
            .filter(|routine| routine.code.get(at).is_some_and(Instr::is_of_a_line))
            .and_then(|routine| routine.lines.get(at).copied());
        let Some(watch) = &mut self.watch else { return false };
        // A caller keeps its visit, so that a line that calls a SUB is not seen again when the SUB comes back.
        watch.visits.resize(depth, (0, 0));
        let (Some(line), Some(visit)) = (line, watch.visits.last_mut()) else {
            return false;
        };
        let (last, before) = std::mem::replace(visit, (line, at));
        // Going back within a line is another round of a loop.
        let fresh = last != line || at < before;
        if fresh {
            watch.pause = Some(Pause::Line);
        }
        fresh
    }

    /// Whether a watcher wants to see an error before it is handled.
    pub(super) fn holds(&mut self, fault: &Fault) -> bool {
        let handled = self.handles(fault);
        let Some(watch) = &mut self.watch else { return false };
        watch.held = Some(fault.clone());
        watch.pause = Some(Pause::Failed {
            fault: fault.clone(),
            handled,
        });
        true
    }

    /// The error that was held, to be handled now.
    pub(super) fn held(&mut self) -> Option<Fault> {
        self.watch.as_mut()?.held.take()
    }

    /// The procedures that are being run, the innermost first.
    pub fn stack(&self) -> Vec<FrameView> {
        let views = self.frames.iter().rev().map(|frame| {
            let routine = self.program.procedures.get(frame.routine);
            let line = routine.and_then(|routine| routine.lines.get(frame.at).or(routine.lines.last()));
            let (file, line) = self.program.file_and_line(line.copied().unwrap_or(1));
            FrameView {
                procedure: routine.map(|routine| routine.name.clone()).unwrap_or_default(),
                file: file.to_owned(),
                line,
            }
        });
        views.collect()
    }

    /// Variables of the whole script, in the order of their first mention.
    pub fn globals(&self) -> Vec<VariableView> {
        let of_param = |name: &str| {
            self.program
                .params
                .iter()
                .any(|param| param.name.trim_end_matches('$').eq_ignore_ascii_case(name))
        };
        let views = self.program.globals.iter().filter_map(|global| {
            let value = to_value(&val(self.scope.get(&global.code)?));
            let hidden = global.name == ERROR && value.is_null();
            (!hidden).then(|| VariableView {
                parameter: of_param(&global.name),
                name: global.name.trim_end_matches('!').to_owned(),
                value,
                ambient: global.ambient,
            })
        });
        views.collect()
    }

    /// Variables of the `depth`th procedure and its loops; the innermost procedure has number 0.
    pub fn locals(&self, depth: usize) -> Vec<VariableView> {
        let Some(frame) = self.frame(depth) else {
            return Vec::new();
        };
        let Some(routine) = self.program.procedures.get(frame.routine) else {
            return Vec::new();
        };
        // Rhai hands out the innermost variable first.
        let mut values: Vec<&Dynamic> = self.scope.iter_raw().map(|(_, _, value)| value).collect();
        values.reverse();
        let named = routine.locals.iter().enumerate().filter_map(|(index, code)| {
            let name = local_name(code)?;
            let value = to_value(&val(values.get(frame.base + index)?));
            let parameter = index < routine.params;
            // Variables of loops that do not run are null.
            (parameter || !value.is_null()).then_some(VariableView {
                name,
                value,
                parameter,
                ambient: false,
            })
        });
        named.collect()
    }

    fn frame(&self, depth: usize) -> Option<&Frame> {
        self.frames.get(self.frames.len().checked_sub(depth + 1)?)
    }

    /// Gives a variable of the innermost procedure, or of the script, another value.
    ///
    /// # Errors
    /// [`FaultKind::NotFound`] when there is no such variable, [`FaultKind::Limit`] when the value is too large.
    pub fn set_variable(&mut self, name: &str, value: Value) -> Result<(), Fault> {
        let key = name.trim_end_matches('$').to_lowercase();
        let value = dynamic(from_value(value)?);
        let local = self.routine().and_then(|routine| {
            let found = |code: &String| local_name(code).is_some_and(|name| name == key);
            // Of two loops with the same variable the inner one is declared later.
            routine.locals.iter().rposition(found)
        });
        let global = || {
            let found = |global: &crate::basic::program::Global| global.name == key && !global.ambient;
            self.program.globals.iter().position(found)
        };
        let slot = match local {
            Some(index) => u32::try_from(index).ok().map(Slot::Local),
            None => global().and_then(|index| u32::try_from(index).ok()).map(Slot::Global),
        };
        let Some(slot) = slot else {
            return Err(Fault::new(
                FaultKind::NotFound,
                format!("the script sets no variable {name} here"),
            ));
        };
        self.set(slot, value);
        Ok(())
    }

    /// The value of an expression as the `depth`th procedure would see it now. SUBs and FUNCTIONs of the script work on
    /// copies of its variables, so that looking changes nothing; keywords are not run.
    ///
    /// # Errors
    /// When it is no expression, fails, or would have an effect.
    pub fn evaluate(&self, expression: &str, depth: usize, grammar: &Grammar, env: &Env) -> Result<Value, Fault> {
        let mut names: Map = (*env.names).clone();
        for variable in self.globals().into_iter().chain(self.locals(depth)) {
            names.insert(variable.name, variable.value);
        }
        let env = Env {
            names: Arc::new(names),
            ..env.clone()
        };
        let program = Arc::new(self.expression(expression, grammar)?);
        let mut machine = Self::new(program, Map::new(), &env)?.with_limits(Limits::default());
        let mut input = Input::Continue;
        loop {
            input = match machine.resume(input, &env) {
                Step::Done(value) => return Ok(value),
                Step::Fault(fault) => return Err(fault),
                Step::Say(_) => Input::Continue,
                Step::Call(call) => return Err(refused(call.keyword)),
                Step::Script(_) => return Err(refused("CALL of another script")),
                Step::Hear(_) => return Err(refused("HEAR")),
            };
        }
    }

    /// A program that gives the value of an expression, with the procedures of this one.
    fn expression(&self, expression: &str, grammar: &Grammar) -> Outcome<Program> {
        let wrong = |why: String| Fault::new(FaultKind::Argument, why);
        if expression.contains('\n') || expression.trim().is_empty() {
            return Err(wrong("write one expression on one line".to_owned()));
        }
        let whole = parse(&self.program.name, &self.program.text, grammar);
        let mut text = format!("RETURN ({expression})\n");
        for stmt in &whole.body {
            if matches!(stmt.kind, StmtKind::Procedure(_)) {
                text.push_str(whole.source().slice(stmt.span.clone()));
                text.push('\n');
            }
        }
        let parsed = parse("expression", &text, grammar);
        compile_with(&parsed, Options::default()).map_err(|errors| {
            let first = errors
                .first()
                .map_or("this is no expression", |error| error.title.as_str());
            wrong(first.to_owned())
        })
    }
}

fn refused(what: &str) -> Fault {
    Fault::new(
        FaultKind::Argument,
        format!("{what} would have an effect, so it is not run while looking"),
    )
}
