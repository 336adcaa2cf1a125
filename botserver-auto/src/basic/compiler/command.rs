//! What waits: keywords, other scripts, HEAR, procedures.

use botlib::Value;

use super::{Compiler, code::Op, names::Variable};
use crate::basic::{
    program::{Ask, Instr, Operand, Slot},
    tree::{Command, Expr, Hear, Name},
};

/// Where the value of something that waits goes.
pub(super) enum Target<'a> {
    /// Nobody takes it.
    Nowhere,
    /// Into a temporary variable.
    Temporary,
    /// Into a variable of the script.
    Variable(&'a Variable),
}

impl Compiler<'_> {
    /// The place of a value, and the value as it can be used afterwards.
    fn target(&mut self, target: &Target<'_>) -> (Option<Slot>, Op) {
        let variable = match target {
            Target::Nowhere => return (None, Op::Const(Value::Null)),
            Target::Temporary => self.builder.temporary(),
            Target::Variable(variable) => (*variable).clone(),
        };
        (variable.slot, Op::Variable(variable))
    }

    /// A keyword of the registry; its value goes into `target`.
    pub(super) fn command(&mut self, command: &Command, target: &Target<'_>) -> Op {
        let args = self.arguments(&command.args);
        let (into, value) = self.target(target);
        self.host(command.phrase, args, into);
        value
    }

    pub(super) fn host(&mut self, keyword: &str, args: Vec<(String, Operand)>, into: Option<Slot>) {
        self.builder.emit(Instr::Host {
            keyword: keyword.to_owned(),
            args,
            into,
        });
    }

    /// Values that are the same when a call is made again after a restart.
    pub(super) fn stable_ops(&mut self, exprs: &[&Expr]) -> Vec<Op> {
        let ops = self.ops(exprs);
        exprs.iter().zip(ops).map(|(expr, op)| self.stable(expr, op)).collect()
    }

    /// Another script.
    pub(super) fn script(&mut self, name: &Expr, args: &[Expr], target: &Target<'_>) -> Op {
        let exprs: Vec<&Expr> = std::iter::once(name).chain(args).collect();
        let mut operands = Vec::with_capacity(exprs.len());
        for op in self.stable_ops(&exprs) {
            operands.push(self.operand(op));
        }
        let name = operands.remove(0);
        let (into, value) = self.target(target);
        self.builder.emit(Instr::Script {
            name,
            args: operands,
            into,
        });
        value
    }

    /// A SUB or FUNCTION of this script.
    pub(super) fn call_procedure(&mut self, name: &Name, args: &[Expr], target: &Target<'_>) -> Op {
        let key = name.key();
        let found = self.procedures.iter().position(|procedure| procedure.name.key() == key);
        let Some(index) = found else {
            return Op::Const(Value::Null);
        };
        let wanted = self.procedures.get(index).map_or(0, |procedure| procedure.params.len());
        if args.len() > wanted {
            let title = format!("{} takes {wanted} arguments, not {}", name.text, args.len());
            self.error(
                "B130",
                &name.span,
                title,
                "take the superfluous ones away, or give the SUB more parameters",
            );
        }
        let exprs: Vec<&Expr> = args.iter().collect();
        let mut operands = Vec::with_capacity(args.len());
        for op in self.ops(&exprs) {
            operands.push(self.operand(op));
        }
        let (into, value) = self.target(target);
        // The main script is the first routine.
        let routine = u32::try_from(index + 1).unwrap_or(u32::MAX);
        self.builder.emit(Instr::Call {
            routine,
            args: operands,
            into,
        });
        value
    }

    /// HEAR; what is asked stays the same until the answer is there.
    pub(super) fn hear(&mut self, hear: &Hear, into: Option<&Variable>) {
        let mut exprs: Vec<&Expr> = hear.options.iter().collect();
        exprs.extend(hear.default.as_deref());
        exprs.extend(hear.timeout.as_deref());
        exprs.extend(hear.prompt.as_deref());
        let ops = self.ops(&exprs);
        let mut operands = Vec::with_capacity(ops.len());
        for (index, op) in ops.into_iter().enumerate() {
            // The prompt is said once; the rest is asked for again with every answer.
            let again = index < exprs.len() - usize::from(hear.prompt.is_some());
            let op = if again && matches!(op, Op::Code(..)) {
                self.keep(op)
            } else {
                op
            };
            operands.push(self.operand(op));
        }
        let prompt = hear.prompt.is_some().then(|| operands.pop()).flatten();
        let timeout = hear.timeout.is_some().then(|| operands.pop()).flatten();
        let default = hear.default.is_some().then(|| operands.pop()).flatten();
        let into = into.and_then(|into| into.slot);
        let ask = Ask {
            kind: hear.kind,
            options: operands,
            open: hear.open,
            prompt,
            default,
            timeout,
            into,
        };
        self.builder.emit(Instr::Hear(Box::new(ask)));
    }

    /// Gives a parameter its default when nobody gave it a value.
    pub(super) fn default(&mut self, variable: &Variable, default: &Expr) {
        let mark = self.builder.mark();
        let end = self.builder.label();
        let missing = self.operand(Op::Code(format!("o_null({})", variable.code), true));
        self.builder.jump_unless(missing, end);
        let op = self.op(default);
        self.assign(variable, op);
        self.builder.place(end);
        self.builder.release(mark);
    }
}
