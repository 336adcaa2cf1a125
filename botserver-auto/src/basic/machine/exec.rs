//! Instructions.

use botstate::{
    dialog::{HostCall, ScriptCall},
    keyword::Args,
};

use super::{
    Arc, Dynamic, ERROR, Fault, FaultKind, Handler, Input, Instr, Machine, Map, Operand, Outcome, Pending, Slot, Step,
    Val, Value, dynamic, engine, from_value, run, to_value, val,
};
use crate::basic::value::{List, Object};

/// What an instruction leads to.
enum Next {
    /// The next instruction.
    On,
    /// A step to the outside.
    Out(Step),
}

impl Machine {
    /// Goes on with what somebody answered, up to the next step.
    pub(super) fn go_on(&mut self, input: Input) -> Step {
        let answered = match (self.pending, input) {
            (Pending::Ended, _) => {
                return Step::Fault(Fault::new(FaultKind::State, "the script has ended and cannot go on"));
            }
            (_, Input::Failed(fault)) => {
                self.pending = Pending::Ready;
                let fault = fault.at(self.place(None));
                if self.holds(&fault) {
                    return Self::paused();
                }
                self.raise(fault)
            }
            // A restored machine says again what it waits for.
            (Pending::Call, Input::Continue) => {
                self.pending = Pending::Ready;
                self.counters.calls = self.counters.calls.saturating_sub(1);
                self.counters.turn_calls = self.counters.turn_calls.saturating_sub(1);
                Ok(())
            }
            (Pending::Hear(_), Input::Continue) => return self.listen(),
            (Pending::Hear(tries), Input::Heard(answer)) => match self.heard(tries, &answer) {
                Ok(Some(step)) => return step,
                Ok(None) => Ok(()),
                Err(fault) => {
                    self.pending = Pending::Ready;
                    self.raise(fault)
                }
            },
            (Pending::Hear(_), Input::Silence) => match self.unanswered() {
                Ok(()) => Ok(()),
                Err(fault) => {
                    self.pending = Pending::Ready;
                    self.raise(fault)
                }
            },
            (Pending::Call, Input::Returned(value)) => {
                self.pending = Pending::Ready;
                match from_value(value) {
                    Ok(value) => {
                        let into = self.instr().and_then(|instr| match instr {
                            Instr::Host { into, .. } | Instr::Script { into, .. } => *into,
                            _ => None,
                        });
                        if let Some(into) = into {
                            self.set(into, dynamic(value));
                        }
                        self.step_on();
                        Ok(())
                    }
                    Err(fault) => self.raise(fault),
                }
            }
            (Pending::Ready, Input::Continue) => match self.held() {
                Some(fault) => self.raise(fault),
                None => Ok(()),
            },
            (pending, _) => {
                return Step::Fault(Fault::new(
                    FaultKind::State,
                    format!("the script waits for {pending:?} and was given something else"),
                ));
            }
        };
        match answered {
            Ok(()) => self.run(),
            Err(fault) => Step::Fault(fault),
        }
    }

    /// Runs instructions up to the next step.
    fn run(&mut self) -> Step {
        loop {
            if self.pauses() {
                return Self::paused();
            }
            self.counters.operations += 1;
            let over = self.counters.operations > self.limits.operations;
            if over || self.counters.operations.trailing_zeros() >= 6 && run::late() {
                let limit = if over {
                    run::Exceeded::Operations
                } else {
                    run::Exceeded::Time
                };
                return Step::Fault(engine::exceeded(Some(limit)).at(self.place(None)));
            }
            match self.execute() {
                Ok(Next::On) => {}
                Ok(Next::Out(step)) => return step,
                Err(fault) => {
                    let fault = fault.at(self.place(None));
                    if self.holds(&fault) {
                        return Self::paused();
                    }
                    if let Err(fault) = self.raise(fault) {
                        return Step::Fault(fault);
                    }
                }
            }
        }
    }

    fn execute(&mut self) -> Outcome<Next> {
        let program = Arc::clone(&self.program);
        let Some(frame) = self.frames.last() else {
            return Ok(Next::Out(Step::Done(Value::Null)));
        };
        let Some(routine) = program.procedures.get(frame.routine) else {
            return Err(Fault::new(FaultKind::State, "the program has no such procedure"));
        };
        let Some(instr) = routine.code.get(frame.at) else {
            return Ok(self.leave(&Dynamic::UNIT));
        };
        if let (Some(trace), Some(line)) = (&self.trace, routine.lines.get(frame.at))
            && instr.is_of_a_line()
        {
            trace.line(&program, *line);
        }
        match instr {
            Instr::Run(code) => {
                let _ = self.code(*code)?;
            }
            Instr::Set { into, value } => {
                let value = self.operand(value)?;
                self.set(*into, value);
            }
            Instr::Jump(to) => {
                self.jump(*to);
                return Ok(Next::On);
            }
            Instr::JumpIf { condition, when, to } => {
                let value = self.operand(condition)?;
                let holds = value.as_bool().unwrap_or_else(|_| val(&value).is_true());
                if holds == *when {
                    self.jump(*to);
                    return Ok(Next::On);
                }
            }
            Instr::Each { list, index, item, end } => {
                let at = self.get(*index).as_int().unwrap_or(0);
                let found = self
                    .name(*list)
                    .and_then(|name| self.scope.get(name))
                    .and_then(Dynamic::read_lock::<List>)
                    .and_then(|list| list.get(usize::try_from(at).ok()?).cloned());
                let Some(found) = found else {
                    self.jump(*end);
                    return Ok(Next::On);
                };
                self.set(*item, dynamic(found));
                self.set(*index, (at + 1).into());
            }
            Instr::Say(value) => {
                let text = match value {
                    Operand::Const(Value::Text(text)) => text.clone(),
                    other => val(&self.operand(other)?).print()?.to_string(),
                };
                self.say(text.len())?;
                self.step_on();
                return Ok(Next::Out(Step::Say(text)));
            }
            Instr::Host { keyword, args, .. } => {
                let mut named = Map::new();
                for (name, value) in args {
                    let value = self.operand(value)?;
                    named.insert(name.as_str(), to_value(&val(&value)));
                }
                let number = self.count_call()?;
                let call = HostCall {
                    number,
                    keyword: super::keyword(keyword),
                    args: Args(named),
                };
                return Ok(Next::Out(Step::Call(call)));
            }
            Instr::Script { name, args, .. } => {
                let name = val(&self.operand(name)?).print()?;
                let mut values = Vec::with_capacity(args.len());
                for arg in args {
                    values.push(to_value(&val(&self.operand(arg)?)));
                }
                let number = self.count_call()?;
                if name.trim_start().starts_with('/') {
                    return Ok(Next::Out(Step::Call(api_call(number, &name, values))));
                }
                let name = name.trim().to_lowercase();
                let name = name.strip_suffix(".bas").unwrap_or(&name).to_owned();
                return Ok(Next::Out(Step::Script(ScriptCall { name, args: values })));
            }
            Instr::Hear(_) => return self.ask().map(Next::Out),
            Instr::Call { routine, args, .. } => {
                let mut values = Vec::with_capacity(args.len());
                for arg in args {
                    values.push(self.operand(arg)?);
                }
                return self.call(*routine, values);
            }
            Instr::Return(value) => {
                let value = self.operand(value)?;
                return Ok(self.leave(&value));
            }
            Instr::End => return Ok(Next::Out(Step::Done(Value::Null))),
            Instr::Try { handler, error } => {
                let handler = Handler {
                    to: *handler,
                    error: *error,
                };
                if let Some(frame) = self.frames.last_mut() {
                    frame.handlers.push(handler);
                }
            }
            Instr::EndTry => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.handlers.pop();
                }
            }
            Instr::OnError(on) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.resume_next = *on;
                    frame.on_error = None;
                }
            }
            Instr::OnErrorGoto(to) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.on_error = Some(*to);
                    frame.handling = false;
                }
            }
            Instr::Goto(to) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.handling = false;
                }
                self.jump(*to);
                return Ok(Next::On);
            }
            Instr::Gosub(to) => {
                let limit = self.limits.depth;
                if let Some(frame) = self.frames.last_mut() {
                    if frame.gosubs.len() >= limit {
                        return Err(Fault::new(
                            FaultKind::Limit,
                            format!("GOSUBs lie more than {limit} deep in each other"),
                        )
                        .hint("end each part that GOSUB goes to with RETURN"));
                    }
                    frame.gosubs.push(u32::try_from(frame.at + 1).unwrap_or(u32::MAX));
                }
                self.jump(*to);
                return Ok(Next::On);
            }
            Instr::Back => {
                let back = self.frames.last_mut().and_then(|frame| frame.gosubs.pop());
                let Some(to) = back else {
                    return Ok(self.leave(&Dynamic::UNIT));
                };
                self.jump(to);
                return Ok(Next::On);
            }
            Instr::Throw(value) => {
                let message = match val(&self.operand(value)?) {
                    Val::Object(error) if error.get("message").is_some() => {
                        error.get("message").map(Val::print).transpose()?.unwrap_or_default()
                    }
                    other => other.print()?,
                };
                return Err(Fault::new(FaultKind::Raised, message.to_string()));
            }
            Instr::Drop(slots) => {
                for slot in slots {
                    self.set(Slot::Local(*slot), Dynamic::UNIT);
                }
            }
        }
        self.step_on();
        Ok(Next::On)
    }

    /// Runs a piece of Rhai.
    fn code(&mut self, index: u32) -> Outcome<Dynamic> {
        let program = Arc::clone(&self.program);
        let code = usize::try_from(index).ok().and_then(|index| program.codes.get(index));
        let Some(code) = code else {
            return Err(Fault::new(FaultKind::State, "the program has no such code"));
        };
        let result = engine::eval(&mut self.scope, code.ast()?);
        self.counters.operations = self.counters.operations.saturating_add(run::settle());
        result.map_err(|(fault, line)| fault.at(self.place(code.line(line))))
    }

    pub(super) fn operand(&mut self, operand: &Operand) -> Outcome<Dynamic> {
        match operand {
            Operand::Const(Value::Int(number)) => Ok((*number).into()),
            Operand::Const(value) => from_value(value.clone()).map(dynamic),
            Operand::Slot(slot) => Ok(self.get(*slot)),
            Operand::Code(code) => self.code(*code),
        }
    }

    fn call(&mut self, routine: u32, args: Vec<Dynamic>) -> Outcome<Next> {
        if self.frames.len() >= self.limits.depth {
            return Err(Fault::new(
                FaultKind::Limit,
                format!("procedures call each other more than {} deep", self.limits.depth),
            )
            .hint("look for a SUB or FUNCTION that calls itself without an end"));
        }
        let routine = usize::try_from(routine).unwrap_or(usize::MAX);
        let params = self.program.procedures.get(routine).map_or(0, |routine| routine.params);
        self.enter(routine);
        for (index, value) in args.into_iter().take(params).enumerate() {
            self.set(Slot::Local(u32::try_from(index).unwrap_or(u32::MAX)), value);
        }
        Ok(Next::On)
    }

    /// Ends the innermost procedure with a value.
    fn leave(&mut self, value: &Dynamic) -> Next {
        let Some(frame) = self.frames.pop() else {
            return Next::Out(Step::Done(Value::Null));
        };
        if self.frames.is_empty() {
            return Next::Out(Step::Done(to_value(&val(value))));
        }
        self.scope.rewind(frame.base);
        if let Some(Instr::Call { into: Some(into), .. }) = self.instr() {
            let into = *into;
            self.set(into, value.clone());
        }
        self.step_on();
        Next::On
    }

    pub(super) fn say(&mut self, bytes: usize) -> Outcome<()> {
        self.counters.said_bytes = self.counters.said_bytes.saturating_add(bytes);
        if self.counters.said_bytes > self.limits.output_bytes {
            let limit = self.limits.output_bytes;
            return Err(Fault::new(
                FaultKind::Limit,
                format!("more than {limit} bytes were said in one turn"),
            )
            .hint("say less, or hand out a file"));
        }
        self.counters.says += 1;
        if self.counters.says > self.limits.says {
            let limit = self.limits.says;
            return Err(Fault::new(
                FaultKind::Limit,
                format!("more than {limit} things were said in one turn"),
            )
            .hint("say less, or let the person answer in between"));
        }
        Ok(())
    }

    fn count_call(&mut self) -> Outcome<u64> {
        self.counters.turn_calls += 1;
        if self.counters.turn_calls > self.limits.calls {
            let limit = self.limits.calls;
            return Err(Fault::new(
                FaultKind::Limit,
                format!("more than {limit} keywords were run in one turn"),
            ));
        }
        self.counters.calls += 1;
        self.pending = Pending::Call;
        Ok(self.counters.calls)
    }

    /// Whether [`Machine::raise`] finds a handler for an error.
    pub(super) fn handles(&self, fault: &Fault) -> bool {
        let fatal = matches!(
            fault.kind,
            FaultKind::Limit | FaultKind::Stopped | FaultKind::State | FaultKind::Internal
        );
        let catches = |frame: &super::Frame| {
            !frame.handlers.is_empty() || frame.resume_next || frame.on_error.is_some() && !frame.handling
        };
        !fatal && self.frames.iter().any(catches)
    }

    /// Hands an error to the innermost handler; without one the script ends with it.
    pub(super) fn raise(&mut self, fault: Fault) -> Outcome<()> {
        let place = self.place(None);
        let fault = fault.at(place);
        self.pending = Pending::Ready;
        if matches!(
            fault.kind,
            FaultKind::Limit | FaultKind::Stopped | FaultKind::State | FaultKind::Internal
        ) {
            return Err(fault);
        }
        let error = describe(&fault);
        self.set_global(ERROR, error.clone());
        while let Some(frame) = self.frames.last_mut() {
            if let Some(handler) = frame.handlers.pop() {
                self.jump(handler.to);
                if let Some(slot) = handler.error {
                    self.set(slot, dynamic(error));
                }
                return Ok(());
            }
            if let (Some(to), false) = (frame.on_error, frame.handling) {
                frame.handling = true;
                self.jump(to);
                return Ok(());
            }
            if frame.resume_next {
                let at = frame.at;
                let resume = self.routine().and_then(|routine| routine.resume.get(at)).copied();
                if let Some(to) = resume.filter(|to| usize::try_from(*to).is_ok_and(|to| to > at)) {
                    self.jump(to);
                } else {
                    self.step_on();
                }
                return Ok(());
            }
            let base = frame.base;
            self.frames.pop();
            if !self.frames.is_empty() {
                self.scope.rewind(base);
            }
        }
        Err(fault)
    }
}

/// An error as scripts see it.
fn describe(fault: &Fault) -> Val {
    let (kind, number) = match fault.kind {
        FaultKind::Network => ("network", 1000),
        FaultKind::Data => ("data", 2000),
        FaultKind::NotFound => ("not_found", 3000),
        FaultKind::Argument => ("argument", 4000),
        FaultKind::Permission => ("permission", 5000),
        FaultKind::Raised => ("raised", 4001),
        FaultKind::Limit => ("limit", 9001),
        FaultKind::State => ("state", 9002),
        FaultKind::Stopped => ("stopped", 9003),
        FaultKind::Internal => ("internal", 9000),
    };
    let mut error = Object::default();
    let fields = [
        ("error", Val::Bool(true)),
        ("message", Val::text(fault.message.as_str())),
        ("kind", Val::text(kind)),
        ("number", Val::Int(number)),
        ("code", Val::Int(number)),
        ("place", fault.place.as_deref().map_or(Val::Null, Val::from)),
        ("hint", fault.hint.as_deref().map_or(Val::Null, Val::from)),
    ];
    for (name, value) in fields {
        if error.set(name.into(), value).is_err() {
            return Val::Null;
        }
    }
    Val::Object(error)
}

/// `CALL "/path", …`: the server's own API.
fn api_call(number: u64, path: &str, values: Vec<Value>) -> HostCall {
    let mut args = Map::new();
    args.insert("path", Value::text(path.trim()));
    if !values.is_empty() {
        args.insert("args", Value::List(values));
    }
    HostCall {
        number,
        keyword: "API CALL",
        args: Args(args),
    }
}
