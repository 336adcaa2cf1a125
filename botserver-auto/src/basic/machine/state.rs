//! The machine as JSON text and back.

use serde::{Deserialize, Serialize};

use super::{
    Arc, Counters, Dynamic, Fault, FaultKind, Frame, Handler, Instr, Machine, Map, Pending, Program, Slot, Val, Value,
    dynamic, from_value, to_value, val,
};

/// Changes when stored states of an older form could not be read any more.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    /// The program's hash.
    p: String,
    /// Variables of the script that are not null, by their names.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    g: Map,
    /// Procedures, the innermost last.
    f: Vec<StoredFrame>,
    #[serde(default)]
    w: Pending,
    n: Counters,
}

#[derive(Serialize, Deserialize)]
struct StoredFrame {
    #[serde(default, skip_serializing_if = "is_zero")]
    r: usize,
    #[serde(default, skip_serializing_if = "is_zero")]
    a: usize,
    /// Local variables that are not null, by their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    l: Vec<(usize, Value)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    h: Vec<Handler>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    e: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    o: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    x: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    g: Vec<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

fn damaged(why: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::State, format!("a stored dialog cannot be read: {why}"))
}

impl Machine {
    pub(super) fn stored(&self) -> Result<String, Fault> {
        // Rhai hands out the innermost variable first.
        let mut values: Vec<&Dynamic> = self.scope.iter_raw().map(|(_, _, value)| value).collect();
        values.reverse();
        let at = |index: usize| values.get(index).map(|value| val(value)).unwrap_or_default();
        let constants = self.program.constants.len();
        let mut g = Map::new();
        for (index, global) in self.program.globals.iter().enumerate() {
            let value = if global.ambient {
                Val::Null
            } else {
                at(constants + index)
            };
            if !matches!(value, Val::Null) {
                g.insert(global.name.as_str(), to_value(&value));
            }
        }
        let frame = |frame: &Frame| {
            let locals = self
                .program
                .procedures
                .get(frame.routine)
                .map_or(0, |routine| routine.locals.len());
            let values = (0..locals).map(|index| (index, at(frame.base + index)));
            StoredFrame {
                r: frame.routine,
                a: frame.at,
                l: values
                    .filter(|(_, value)| !matches!(value, Val::Null))
                    .map(|(index, value)| (index, to_value(&value)))
                    .collect(),
                h: frame.handlers.clone(),
                e: frame.resume_next,
                o: frame.on_error,
                x: frame.handling,
                g: frame.gosubs.clone(),
            }
        };
        let stored = Stored {
            v: VERSION,
            p: self.program.hash().to_owned(),
            g,
            f: self.frames.iter().map(frame).collect(),
            w: self.pending,
            n: self.counters,
        };
        let text = serde_json::to_string(&stored).map_err(damaged)?;
        if text.len() > self.limits.state_bytes {
            return Err(Fault::new(
                FaultKind::Limit,
                format!(
                    "the dialog would take {} bytes to keep, {} are allowed",
                    text.len(),
                    self.limits.state_bytes
                ),
            )
            .hint("set large variables to NULL before waiting, or keep them in a table")
            .at(self.place(None)));
        }
        Ok(text)
    }

    /// The hash of the program that a stored dialog runs.
    ///
    /// # Errors
    /// [`FaultKind::State`] when the text is damaged.
    pub fn program_of(text: &str) -> Result<String, Fault> {
        #[derive(Deserialize)]
        struct Head {
            p: String,
        }
        serde_json::from_str::<Head>(text).map(|head| head.p).map_err(damaged)
    }

    /// Restores what [`Dialog::save`](botstate::dialog::Dialog::save) gave.
    ///
    /// # Errors
    /// [`FaultKind::State`] when the text is damaged or belongs to another program.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a machine owns its share of the program, as the signature says"
    )]
    pub fn restore(text: &str, program: Arc<Program>) -> Result<Self, Fault> {
        let stored: Stored = serde_json::from_str(text).map_err(damaged)?;
        if stored.v != VERSION {
            return Err(damaged(format!(
                "it has version {}, this server reads {VERSION}",
                stored.v
            )));
        }
        if stored.p != program.hash() {
            return Err(damaged(format!("it runs program {}, not {}", stored.p, program.hash())));
        }
        let mut machine = Self::bare(Arc::clone(&program));
        for (name, value) in stored.g {
            if !program.globals.iter().any(|global| global.name == name) {
                return Err(damaged(format!("the program has no variable {name:?}")));
            }
            machine.set_global(&name, from_value(value)?);
        }
        for (depth, frame) in stored.f.into_iter().enumerate() {
            let Some(routine) = program.procedures.get(frame.r) else {
                return Err(damaged(format!("the program has no procedure {}", frame.r)));
            };
            let inside = |to: &u32| usize::try_from(*to).is_ok_and(|to| to <= routine.code.len());
            let outside = frame.a > routine.code.len()
                || !frame.g.iter().chain(&frame.o).all(inside)
                || frame.g.len() > machine.limits.depth
                || frame.l.iter().any(|(index, _)| *index >= routine.locals.len())
                || frame
                    .h
                    .iter()
                    .any(|handler| usize::try_from(handler.to).map_or(true, |to| to > routine.code.len()));
            if outside || depth >= machine.limits.depth {
                return Err(damaged(format!("procedure {:?} has no such place", routine.name)));
            }
            machine.enter(frame.r);
            for (index, value) in frame.l {
                let slot = Slot::Local(u32::try_from(index).unwrap_or(u32::MAX));
                machine.set(slot, dynamic(from_value(value)?));
            }
            if let Some(last) = machine.frames.last_mut() {
                last.at = frame.a;
                last.handlers = frame.h;
                last.resume_next = frame.e;
                last.on_error = frame.o;
                last.handling = frame.x;
                last.gosubs = frame.g;
            }
        }
        machine.pending = stored.w;
        machine.counters = stored.n;
        let waits = match (machine.pending, machine.instr()) {
            (Pending::Ready, _) => !machine.frames.is_empty(),
            (Pending::Call, Some(Instr::Host { .. } | Instr::Script { .. }))
            | (Pending::Hear(_), Some(Instr::Hear(_)))
            | (Pending::Ended, _) => true,
            _ => false,
        };
        let callers = machine.frames.len().saturating_sub(1);
        let calls = machine.frames.iter().take(callers).all(|frame| {
            let routine = program.procedures.get(frame.routine);
            matches!(
                routine.and_then(|routine| routine.code.get(frame.at)),
                Some(Instr::Call { .. })
            )
        });
        if waits && calls {
            Ok(machine)
        } else {
            Err(damaged("it waits for something that its program does not ask for"))
        }
    }
}
