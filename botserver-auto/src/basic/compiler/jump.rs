//! GOTO, GOSUB and ON ERROR GOTO.

use std::collections::HashMap;

use super::{Compiler, routine::Label, unit::address};
use crate::basic::{
    grammar::nearest,
    program::Instr,
    tree::{Name, Stmt, StmtKind},
};

/// A block around a statement that a jump must not enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Around {
    id: usize,
    /// Whether an error inside goes to the block's CATCH.
    tries: bool,
}

/// Labels of the routine that is being compiled.
#[derive(Debug, Default)]
pub(super) struct Jumps {
    labels: HashMap<String, (Label, Vec<Around>)>,
    /// The blocks around the statement that is being compiled.
    around: Vec<Around>,
    /// Whether GOSUB is used, so that RETURN may go back to one.
    pub(super) gosubs: bool,
}

/// What a statement does to the places around its bodies.
fn closed(stmt: &Stmt) -> Option<Around> {
    let tries = match stmt.kind {
        StmtKind::For { .. } | StmtKind::ForEach { .. } => false,
        StmtKind::Try { .. } => true,
        _ => return None,
    };
    Some(Around {
        id: address(stmt),
        tries,
    })
}

impl Compiler<'_> {
    /// Finds the labels of a routine.
    pub(super) fn labels(&mut self, body: &[Stmt]) {
        self.jumps = Jumps::default();
        self.labels_of(body, &mut Vec::new());
    }

    fn labels_of(&mut self, body: &[Stmt], around: &mut Vec<Around>) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::Label(name) => {
                    let label = self.builder.label();
                    let before = self.jumps.labels.insert(name.key(), (label, around.clone()));
                    if before.is_some() {
                        let title = format!("the label {} is there twice", name.text);
                        self.error("B133", &name.span, title, "give one of them another name");
                    }
                }
                StmtKind::Gosub(_) => self.jumps.gosubs = true,
                // Programs of their own.
                StmtKind::Procedure(_) | StmtKind::On { .. } | StmtKind::Later { .. } => continue,
                _ => {}
            }
            if let StmtKind::Try { body, handler, .. } = &stmt.kind {
                around.push(Around {
                    id: address(stmt),
                    tries: true,
                });
                self.labels_of(body, around);
                around.pop();
                around.push(Around {
                    id: address(stmt) + 1,
                    tries: false,
                });
                self.labels_of(handler, around);
                around.pop();
                continue;
            }
            let inner = closed(stmt);
            around.extend(inner);
            for body in super::names::bodies(stmt) {
                self.labels_of(body, around);
            }
            if inner.is_some() {
                around.pop();
            }
        }
    }

    /// Enters a block that jumps cannot enter.
    pub(super) fn enclose(&mut self, stmt: &Stmt) {
        self.jumps.around.extend(closed(stmt));
    }

    /// Goes from TRY to CATCH.
    pub(super) fn enclose_handler(&mut self, stmt: &Stmt) {
        self.jumps.around.pop();
        self.jumps.around.push(Around {
            id: address(stmt) + 1,
            tries: false,
        });
    }

    pub(super) fn unclose(&mut self) {
        self.jumps.around.pop();
    }

    pub(super) fn place_label(&mut self, name: &Name) {
        if let Some((label, _)) = self.jumps.labels.get(&name.key()) {
            self.builder.place(*label);
        }
    }

    /// The label called `name`, and how many TRY blocks a jump to it leaves.
    fn target_label(&mut self, name: &Name, from_anywhere: bool) -> Option<(Label, usize)> {
        let Some((label, blocks)) = self.jumps.labels.get(&name.key()) else {
            let labels: Vec<&str> = self.jumps.labels.keys().map(String::as_str).collect();
            let help = match nearest(&name.key(), labels) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "write `{}:` on a line of its own where it goes on; a SUB has labels of its own",
                    name.text
                ),
            };
            self.error("B134", &name.span, format!("there is no label {}", name.text), &help);
            return None;
        };
        let around: &[Around] = if from_anywhere { &[] } else { &self.jumps.around };
        if !around.starts_with(blocks) {
            let title = format!("the label {} lies inside another block", name.text);
            let help = "a jump may leave FOR and TRY blocks but not enter them: move the label out of the block";
            self.error("B132", &name.span.clone(), title, help);
            return None;
        }
        let left = around.iter().skip(blocks.len()).filter(|block| block.tries).count();
        Some((*label, left))
    }

    pub(super) fn goto(&mut self, name: &Name) {
        if let Some((label, left)) = self.target_label(name, false) {
            for _ in 0..left {
                self.builder.emit(Instr::EndTry);
            }
            self.builder.emit(Instr::Goto(label));
        }
    }

    pub(super) fn gosub(&mut self, name: &Name) {
        if let Some((label, _)) = self.target_label(name, false) {
            self.builder.emit(Instr::Gosub(label));
        }
    }

    pub(super) fn on_error_goto(&mut self, name: &Name) {
        if let Some((label, _)) = self.target_label(name, true) {
            self.builder.emit(Instr::OnErrorGoto(label));
        }
    }
}
