//! The procedure under construction: instructions with labels, local variables, temporary ones.

use super::names::{Variable, mangle};
use crate::basic::{
    program::{Instr, Operand, Routine, Slot},
    tree::Loop,
};

/// A place in the code that is not known yet.
pub(super) type Label = u32;

/// A loop of instructions.
#[derive(Debug, Clone)]
pub(super) struct OpenLoop {
    pub(super) kind: Loop,
    pub(super) exit: Label,
    pub(super) again: Label,
    /// TRY blocks that were open when the loop began.
    tries: u32,
}

#[derive(Debug, Default)]
pub(super) struct Builder {
    pub(super) params: usize,
    pub(super) line: u32,
    locals: Vec<String>,
    /// Names that are local here, innermost last.
    names: Vec<(String, Variable)>,
    free: Vec<u32>,
    busy: Vec<u32>,
    code: Vec<Instr>,
    lines: Vec<u32>,
    resume: Vec<u32>,
    labels: Vec<u32>,
    pub(super) loops: Vec<OpenLoop>,
    pub(super) tries: u32,
}

impl Builder {
    pub(super) fn local(&self, key: &str) -> Option<Variable> {
        self.names
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, variable)| variable.clone())
    }

    fn allocate(&mut self, code: String) -> u32 {
        self.locals.push(code);
        u32::try_from(self.locals.len() - 1).unwrap_or(u32::MAX)
    }

    /// A new local variable called `key`, until [`Builder::forget`].
    pub(super) fn declare(&mut self, key: &str) -> Variable {
        let code = mangle(&format!("l{}_", self.locals.len()), key);
        let slot = self.allocate(code.clone());
        let variable = Variable {
            code,
            slot: Some(Slot::Local(slot)),
        };
        self.names.push((key.to_owned(), variable.clone()));
        variable
    }

    /// Gives `key` to a variable that lives inside generated code only.
    pub(super) fn name(&mut self, key: &str, code: &str) {
        self.names.push((
            key.to_owned(),
            Variable {
                code: code.to_owned(),
                slot: None,
            },
        ));
    }

    /// Ends the scope of the last local variable.
    pub(super) fn forget(&mut self) {
        self.names.pop();
    }

    /// A temporary variable, until [`Builder::release`].
    pub(super) fn temporary(&mut self) -> Variable {
        let index = self.free.pop().unwrap_or_else(|| {
            let code = format!("t{}", self.locals.len());
            self.allocate(code)
        });
        self.busy.push(index);
        let code = self
            .locals
            .get(usize::try_from(index).unwrap_or(0))
            .cloned()
            .unwrap_or_default();
        Variable {
            code,
            slot: Some(Slot::Local(index)),
        }
    }

    /// How many temporary variables are in use.
    pub(super) fn mark(&self) -> usize {
        self.busy.len()
    }

    /// Forgets the temporary variables since `mark`, in the machine as well.
    pub(super) fn release(&mut self, mark: usize) {
        if self.busy.len() > mark {
            let released = self.busy.split_off(mark);
            self.free.extend(&released);
            self.emit(Instr::Drop(released));
        }
    }

    pub(super) fn emit(&mut self, instr: Instr) {
        self.code.push(instr);
        self.lines.push(self.line);
        self.resume.push(0);
    }

    pub(super) fn here(&self) -> usize {
        self.code.len()
    }

    /// An error in the instructions since `start` goes on here, unless a statement inside said otherwise.
    pub(super) fn resume_here(&mut self, start: usize) {
        let here = u32::try_from(self.code.len()).unwrap_or(u32::MAX);
        for resume in self.resume.iter_mut().skip(start).filter(|resume| **resume == 0) {
            *resume = here;
        }
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(0);
        u32::try_from(self.labels.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn place(&mut self, label: Label) {
        let here = u32::try_from(self.code.len()).unwrap_or(u32::MAX);
        if let Some(place) = usize::try_from(label).ok().and_then(|label| self.labels.get_mut(label)) {
            *place = here;
        }
    }

    pub(super) fn jump_unless(&mut self, condition: Operand, to: Label) {
        self.emit(Instr::JumpIf {
            condition,
            when: false,
            to,
        });
    }

    pub(super) fn open_loop(&mut self, kind: Loop, exit: Label, again: Label) {
        self.loops.push(OpenLoop {
            kind,
            exit,
            again,
            tries: self.tries,
        });
    }

    /// Jumps out of a loop or to its next round, out of all TRY blocks inside it.
    pub(super) fn jump_from(&mut self, of: &OpenLoop, to: Label) {
        for _ in of.tries..self.tries {
            self.emit(Instr::EndTry);
        }
        self.emit(Instr::Jump(to));
    }

    pub(super) fn finish(mut self, name: &str, resumes: bool) -> Routine {
        let labels = self.labels;
        for instr in &mut self.code {
            let (Instr::Jump(target)
            | Instr::Goto(target)
            | Instr::Gosub(target)
            | Instr::OnErrorGoto(target)
            | Instr::JumpIf { to: target, .. }
            | Instr::Each { end: target, .. }
            | Instr::Try { handler: target, .. }) = instr
            else {
                continue;
            };
            *target = usize::try_from(*target)
                .ok()
                .and_then(|label| labels.get(label))
                .copied()
                .unwrap_or(0);
        }
        Routine {
            name: name.to_owned(),
            params: self.params,
            locals: self.locals,
            code: self.code,
            lines: self.lines,
            resume: if resumes { self.resume } else { Vec::new() },
        }
    }
}
