//! Statements that wait, and the control flow around them.

use botlib::Value;

use super::{
    Compiler,
    code::{Op, Text},
    command::Target,
    filter::Bit,
    names::Variable,
    pure::{set, test_span},
};
use crate::basic::{
    program::{Code, Instr, Operand, Slot},
    tree::{Case, Expr, ExprKind, Loop, Name, Place, PlaceKey, Stmt, StmtKind, Until},
};

impl Compiler<'_> {
    pub(super) fn statements(&mut self, body: &[Stmt]) {
        let mut run: Vec<&Stmt> = Vec::new();
        for stmt in body {
            let compound = !super::names::bodies(stmt).is_empty();
            let apart = self.options.trace || self.resumes && compound;
            let pure = !apart && self.effects.is_pure(stmt, &mut Vec::new());
            if pure {
                run.push(stmt);
                if self.resumes {
                    self.flush(&mut run);
                }
                continue;
            }
            self.flush(&mut run);
            self.single(stmt);
        }
        self.flush(&mut run);
    }

    fn single(&mut self, stmt: &Stmt) {
        let start = self.builder.here();
        self.builder.line = self.line(&stmt.span);
        let mark = self.builder.mark();
        self.statement(stmt);
        self.builder.release(mark);
        self.builder.resume_here(start);
    }

    /// Whether an assignment is better done by an instruction than by a piece of Rhai.
    fn is_simple(stmt: &Stmt) -> bool {
        let StmtKind::Assign { target, value } = &stmt.kind else {
            return false;
        };
        let constant = matches!(
            value.kind,
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Decimal(_) | ExprKind::Text(_)
        );
        constant && target.keys.is_empty()
    }

    /// Compiles statements without waits that follow each other, as one piece of Rhai.
    fn flush(&mut self, run: &mut Vec<&Stmt>) {
        match std::mem::take(run).as_slice() {
            [] => {}
            [only] if Self::is_simple(only) => self.single(only),
            stmts => {
                let mut text = Text::default();
                for stmt in stmts {
                    self.pure(stmt, &mut text);
                }
                let start = self.builder.here();
                self.builder.line = text.lines.first().copied().unwrap_or(self.builder.line);
                let code = self.code(Code::new(text.source, text.lines, text.loops));
                self.builder.emit(Instr::Run(code));
                self.builder.resume_here(start);
            }
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign { target, value } => self.assign_place(target, value),
            StmtKind::Mutate { method, target, args } => {
                let args: Vec<Op> = self.ops(&args.iter().collect::<Vec<_>>());
                let keys = self.key_ops(target);
                let root = self.variable(&target.name.text);
                let source = format!(
                    "m_{method}({}, [{}], [{}]);",
                    root.code,
                    self.texts(&keys),
                    self.texts(&args)
                );
                self.run(source);
            }
            StmtKind::Do1(expr) => self.effect(expr),
            StmtKind::If { arms, otherwise } => {
                let end = self.builder.label();
                for (condition, body) in arms {
                    let next = self.builder.label();
                    self.builder.line = self.line(&condition.span);
                    self.jump_unless(condition, next);
                    self.statements(body);
                    self.builder.emit(Instr::Jump(end));
                    self.builder.place(next);
                }
                self.statements(otherwise.as_deref().unwrap_or_default());
                self.builder.place(end);
            }
            StmtKind::For {
                name,
                from,
                to,
                step,
                body,
            } => {
                self.enclose(stmt);
                self.counting(name, from, to, step.as_ref(), body);
                self.unclose();
            }
            StmtKind::ForEach { name, list, last, body } => {
                self.enclose(stmt);
                self.walking(name, list, last.as_ref(), body);
                self.unclose();
            }
            StmtKind::While { condition, body } => {
                let until = Until {
                    until: false,
                    condition: condition.clone(),
                };
                self.repeating(Loop::While, Some(&until), None, body);
            }
            StmtKind::Do { before, after, body } => self.repeating(Loop::Do, before.as_ref(), after.as_ref(), body),
            StmtKind::Leave(kind) => self.leave(stmt, *kind, false),
            StmtKind::Continue => self.leave(stmt, None, true),
            StmtKind::Select {
                subject,
                cases,
                otherwise,
            } => self.select(subject, cases, otherwise.as_deref()),
            StmtKind::Return(None) if self.jumps.gosubs => self.builder.emit(Instr::Back),
            StmtKind::Return(None) | StmtKind::End if self.outcome() => {}
            StmtKind::Return(value) => {
                let value = value.as_ref().map_or(Op::Const(Value::Null), |value| self.op(value));
                let value = self.operand(value);
                self.builder.emit(Instr::Return(value));
            }
            StmtKind::ReturnWith(fields) => {
                let exprs: Vec<&Expr> = fields.iter().map(|(_, value)| value).collect();
                let mut entries = Vec::new();
                for ((name, _), op) in fields.iter().zip(self.ops(&exprs)) {
                    entries.push(Op::Const(Value::text(name.text.as_str())));
                    entries.push(op);
                }
                let code = format!("o_map([{}])", self.texts(&entries));
                let value = self.operand(Op::Code(code, false));
                self.builder.emit(Instr::Return(value));
            }
            StmtKind::LeaveProcedure => self.builder.emit(Instr::Return(Operand::Const(Value::Null))),
            StmtKind::End => self.builder.emit(Instr::End),
            StmtKind::With { target, fresh, fields } => {
                if *fresh {
                    let value = Expr::new(ExprKind::Object(Vec::new()), target.span.clone());
                    self.assign_place(target, &value);
                }
                self.statements(fields);
            }
            StmtKind::Try { body, error, handler } => self.attempt(stmt, body, error.as_ref(), handler),
            StmtKind::OnError(on) => self.builder.emit(Instr::OnError(*on)),
            StmtKind::Throw(value) => {
                let op = self.op(value);
                let value = self.operand(op);
                self.builder.emit(Instr::Throw(value));
            }
            StmtKind::Assert { condition, message } => {
                let (fails, end) = (self.builder.label(), self.builder.label());
                self.jump_unless(condition, fails);
                self.builder.emit(Instr::Jump(end));
                self.builder.place(fails);
                let written = self.parsed.source().slice(condition.span.clone()).to_owned();
                let op = match message {
                    Some(message) => self.op(message),
                    None => Op::Const(Value::text(format!("the assertion {written:?} does not hold"))),
                };
                let value = self.operand(op);
                self.builder.emit(Instr::Throw(value));
                self.builder.place(end);
            }
            StmtKind::Talk(value) => {
                let op = value
                    .as_ref()
                    .map_or(Op::Const(Value::text("")), |value| self.op(value));
                let value = self.operand(op);
                self.builder.emit(Instr::Say(value));
            }
            StmtKind::Prompt(value) => self.host_text("SET SYSTEM PROMPT", value),
            StmtKind::Print(value) => self.host_text("PRINT", value),
            StmtKind::Hear { into, hear } => match into {
                Some(place) if !place.keys.is_empty() => {
                    let answer = self.builder.temporary();
                    self.hear(hear, Some(&answer));
                    self.store(place, Op::Variable(answer));
                }
                place => {
                    let variable = place.as_ref().map(|place| self.variable(&place.name.text));
                    self.hear(hear, variable.as_ref());
                }
            },
            StmtKind::Label(name) => self.place_label(name),
            StmtKind::Goto(name) => self.goto(name),
            StmtKind::Gosub(name) => self.gosub(name),
            StmtKind::OnErrorGoto(name) => self.on_error_goto(name),
            StmtKind::Dim(dims) => dims.iter().for_each(|dim| self.dim(dim)),
            StmtKind::Mail { .. } | StmtKind::Step(_) | StmtKind::Delay(_) | StmtKind::Transaction(_) => {
                self.work(stmt);
            }
            StmtKind::Later { amount, unit, .. } => self.later(stmt, amount, *unit),
            // Declarations, and programs of their own.
            StmtKind::Procedure(_)
            | StmtKind::Param(_)
            | StmtKind::Description { .. }
            | StmtKind::Schedule { .. }
            | StmtKind::Webhook { .. }
            | StmtKind::On { .. }
            | StmtKind::Table(_)
            | StmtKind::Index(_)
            | StmtKind::View(_)
            | StmtKind::Include { .. }
            | StmtKind::Broken => {}
            StmtKind::ClearError => {
                let error = self.error_variable();
                self.assign(&error, Op::Const(Value::Null));
            }
        }
    }

    fn host_text(&mut self, keyword: &str, value: &Expr) {
        let op = self.op(value);
        let op = self.stable(value, op);
        let text = self.operand(op);
        self.host(keyword, vec![("text".to_owned(), text)], None);
    }

    fn run(&mut self, source: String) {
        let code = Code::new(source, vec![self.builder.line], false);
        let code = self.code(code);
        self.builder.emit(Instr::Run(code));
    }

    /// A statement whose value nobody takes.
    fn effect(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Call(name, args) if self.effects.is_procedure(&name.key()) => {
                self.call_procedure(name, args, &Target::Nowhere);
            }
            ExprKind::Command(command) => {
                self.command(command, &Target::Nowhere);
            }
            ExprKind::Script(name, args) => {
                self.script(name, args, &Target::Nowhere);
            }
            _ => {
                if let Op::Code(code, _) = self.op(expr) {
                    self.run(format!("{code};"));
                }
            }
        }
    }

    fn key_ops(&mut self, place: &Place) -> Vec<Op> {
        let mut ops = Vec::new();
        for key in &place.keys {
            ops.push(match key {
                PlaceKey::Member(name) => Op::Const(Value::text(name.as_str())),
                PlaceKey::Index(index) => self.op(index),
            });
        }
        ops
    }

    fn assign_place(&mut self, target: &Place, value: &Expr) {
        if !target.keys.is_empty() {
            let op = self.op(value);
            self.store(target, op);
            return;
        }
        let variable = self.variable(&target.name.text);
        if let Some((pieces, bits)) = self.follow(&target.name.text, value) {
            let exprs: Vec<&Expr> = bits.iter().filter_map(Bit::value).collect();
            let values = self.ops(&exprs);
            let list = self.parts(&bits, values);
            self.assign(&pieces, list);
            self.assign(&variable, Op::Code(format!("o_joined({})", pieces.code), false));
            return;
        }
        match &value.kind {
            ExprKind::Command(command) => {
                self.command(command, &Target::Variable(&variable));
            }
            ExprKind::Script(name, args) => {
                self.script(name, args, &Target::Variable(&variable));
            }
            ExprKind::Call(name, args) if self.effects.is_procedure(&name.key()) => {
                self.call_procedure(name, args, &Target::Variable(&variable));
            }
            ExprKind::Hear(hear) => self.hear(hear, Some(&variable)),
            _ => {
                let op = self.op(value);
                self.assign(&variable, op);
            }
        }
    }

    fn store(&mut self, place: &Place, value: Op) {
        let value = self.keep_before(place, value);
        let keys = self.key_ops(place);
        let keys = self.texts(&keys);
        let variable = self.variable(&place.name.text);
        let value = self.text(&value);
        self.run(set(&variable, &keys, &value));
    }

    /// Keeps the value when the place itself waits for something.
    fn keep_before(&mut self, place: &Place, value: Op) -> Op {
        let waits = place
            .keys
            .iter()
            .any(|key| matches!(key, PlaceKey::Index(index) if self.effects.of(index)));
        if waits { self.keep(value) } else { value }
    }

    fn counting(&mut self, name: &Name, from: &Expr, to: &Expr, step: Option<&Expr>, body: &[Stmt]) {
        let counter = self.variable(&name.text);
        let one = Expr::new(ExprKind::Int(1), name.span.clone());
        let ops = self.ops(&[from, to, step.unwrap_or(&one)]);
        let mut numbers = ops.into_iter().map(|op| match op {
            Op::Const(value @ (Value::Int(_) | Value::Decimal(_))) => Op::Const(value),
            other => Op::Code(format!("o_number({})", self.text(&other)), false),
        });
        let from = numbers.next().unwrap_or(Op::Const(Value::Null));
        let rest: Vec<Op> = numbers.collect();
        let mut kept = Vec::new();
        for op in rest {
            kept.push(self.keep(op));
        }
        let bounds = self.texts(&kept);
        let by = kept.last().map(|op| self.text(op)).unwrap_or_default();
        let start = format!("o_sub({}, {by})", self.text(&from));
        self.assign(&counter, Op::Code(start, false));
        let (again, exit) = (self.builder.label(), self.builder.label());
        self.builder.place(again);
        // A FOR EACH variable used as a counter lives in the machine as well, so the code can step it.
        let goes_on = self.operand(Op::Code(format!("o_next({}, {bounds})", counter.code), true));
        self.builder.jump_unless(goes_on, exit);
        self.body(Loop::For, body, exit, again);
        self.builder.emit(Instr::Jump(again));
        self.builder.place(exit);
    }

    fn body(&mut self, kind: Loop, body: &[Stmt], exit: u32, again: u32) {
        self.builder.open_loop(kind, exit, again);
        self.statements(body);
        self.builder.loops.pop();
    }

    fn walking(&mut self, name: &Name, list: &Expr, keep: Option<&Expr>, body: &[Stmt]) {
        let source = match keep {
            Some(keep) => {
                let ops = self.ops(&[list, keep]);
                format!("o_each({})", self.texts(&ops))
            }
            None => self.each(list, None),
        };
        let (items, index) = (self.builder.temporary(), self.builder.temporary());
        self.assign(&items, Op::Code(source, false));
        self.assign(&index, Op::Const(Value::Int(0)));
        let item = self.builder.declare(&name.key());
        let (again, exit) = (self.builder.label(), self.builder.label());
        self.builder.place(again);
        if let (Some(list), Some(index), Some(slot)) = (items.slot, index.slot, item.slot) {
            self.builder.emit(Instr::Each {
                list,
                index,
                item: slot,
                end: exit,
            });
        }
        self.body(Loop::For, body, exit, again);
        self.builder.emit(Instr::Jump(again));
        self.builder.place(exit);
        self.builder.forget();
        if let Variable {
            slot: Some(Slot::Local(slot)),
            ..
        } = item
        {
            self.builder.emit(Instr::Drop(vec![slot]));
        }
    }

    fn repeating(&mut self, kind: Loop, before: Option<&Until>, after: Option<&Until>, body: &[Stmt]) {
        let (start, again, exit) = (self.builder.label(), self.builder.label(), self.builder.label());
        self.builder.place(start);
        if after.is_none() {
            self.builder.place(again);
        }
        if let Some(until) = before {
            self.leave_unless(until, exit);
        }
        self.body(kind, body, exit, again);
        if let Some(until) = after {
            self.builder.place(again);
            self.leave_unless(until, exit);
        }
        self.builder.emit(Instr::Jump(start));
        self.builder.place(exit);
    }

    fn leave_unless(&mut self, until: &Until, exit: u32) {
        self.builder.line = self.line(&until.condition.span);
        let condition = self.condition_operand(&until.condition);
        self.builder.emit(Instr::JumpIf {
            condition,
            when: until.until,
            to: exit,
        });
    }

    /// EXIT FOR, BREAK, CONTINUE.
    fn leave(&mut self, stmt: &Stmt, kind: Option<Loop>, again: bool) {
        let found = self
            .builder
            .loops
            .iter()
            .rev()
            .find(|open| kind.is_none_or(|kind| open.kind == kind))
            .cloned();
        match found {
            Some(open) => {
                let to = if again { open.again } else { open.exit };
                self.builder.jump_from(&open, to);
            }
            None => self.diagnostics.push(super::no_loop(self.parsed, stmt, again)),
        }
    }

    fn select(&mut self, subject: &Expr, cases: &[Case], otherwise: Option<&[Stmt]>) {
        let op = self.op(subject);
        let value = match op {
            // A variable could change in a test that waits, so its value is kept.
            Op::Const(_) => {
                let into = self.builder.temporary();
                self.assign(&into, op);
                Op::Variable(into)
            }
            other => self.keep(other),
        };
        let name = self.text(&value);
        let end = self.builder.label();
        for case in cases {
            let next = self.builder.label();
            if let Some(test) = case.tests.first() {
                self.builder.line = self.line(&test_span(test));
            }
            let condition = self.tests(&name, &case.tests);
            let condition = self.operand(Op::Code(condition, true));
            self.builder.jump_unless(condition, next);
            self.statements(&case.body);
            self.builder.emit(Instr::Jump(end));
            self.builder.place(next);
        }
        self.statements(otherwise.unwrap_or_default());
        self.builder.place(end);
    }

    fn attempt(&mut self, stmt: &Stmt, body: &[Stmt], error: Option<&Name>, handler: &[Stmt]) {
        let (caught, end) = (self.builder.label(), self.builder.label());
        let error = error.and_then(|name| self.variable(&name.text).slot);
        self.builder.emit(Instr::Try { handler: caught, error });
        self.enclose(stmt);
        self.builder.tries += 1;
        self.statements(body);
        self.builder.tries -= 1;
        self.builder.emit(Instr::EndTry);
        self.builder.emit(Instr::Jump(end));
        self.builder.place(caught);
        self.enclose_handler(stmt);
        self.statements(handler);
        self.unclose();
        self.builder.place(end);
    }
}
