//! Requests of the debugger.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use botlib::{ConversationId, Value, value::Map};
use serde_json::{Value as Json, json};

use super::{
    debuggee::{Debuggee, Launch, Place as PackagePlace},
    inspect::{self, Place, shown},
    session::{Breakpoint, Goal, Home, LONGEST, Session, State, THREAD},
};

impl Session<'_> {
    /// Answers a request; false when it was the last one.
    pub(super) fn request(&mut self, request: &Json) -> io::Result<bool> {
        let args = &request["arguments"];
        let command = request["command"].as_str().unwrap_or_default();
        match command {
            "disconnect" | "terminate" => {
                self.wire.respond(request, Ok(Json::Null))?;
                if command == "terminate" && self.state != State::Over {
                    self.state = State::Over;
                    self.wire.event("terminated", &json!({}))?;
                }
                return Ok(command == "terminate");
            }
            "launch" => {
                let launched = self.launch(args);
                let ready = launched.is_ok();
                self.wire.respond(request, launched)?;
                // Breakpoints are checked against the programs, so they are wanted only now.
                if ready {
                    self.wire.event("initialized", &json!({}))?;
                }
            }
            "continue" | "next" | "stepIn" | "stepOut" => {
                let gone = self.go(command);
                let went = gone.is_ok();
                self.wire.respond(request, gone)?;
                if went && let Some(spec) = self.hear.take() {
                    self.hears(spec)?;
                }
            }
            "configurationDone" => {
                let result = if let Some(debuggee) = &self.debuggee {
                    debuggee.ready();
                    self.state = State::Running;
                    Ok(Json::Null)
                } else {
                    Err("nothing was launched yet".to_owned())
                };
                self.wire.respond(request, result)?;
            }
            "pause" => {
                self.wire.respond(request, Ok(Json::Null))?;
                match self.state {
                    State::Running => self.pause_wanted = true,
                    State::Hearing => self.stop("pause", None)?,
                    _ => {}
                }
            }
            _ => {
                let result = self.look(command, args);
                self.wire.respond(request, result)?;
            }
        }
        Ok(true)
    }

    /// Requests that answer at once and change nothing but what they are about.
    fn look(&mut self, command: &str, args: &Json) -> Result<Json, String> {
        match command {
            "initialize" => Ok(capabilities()),
            "setBreakpoints" => Ok(self.set_breakpoints(args)),
            "setExceptionBreakpoints" => {
                let has = |name: &str| {
                    let filters = args["filters"].as_array();
                    filters.is_some_and(|filters| filters.iter().any(|filter| filter == name))
                };
                self.stop_handled = has("all");
                self.stop_unhandled = has("unhandled") || self.stop_handled;
                Ok(Json::Null)
            }
            "setFunctionBreakpoints" => Ok(json!({ "breakpoints": [] })),
            "threads" => Ok(json!({ "threads": [{ "id": THREAD, "name": "dialog" }] })),
            "stackTrace" => Ok(inspect::frames(self.debuggee()?, args)),
            "scopes" => {
                let place = self.place(args)?;
                let debuggee = self.debuggee.as_ref().ok_or(NOTHING)?;
                Ok(self.handles.scopes(debuggee, place))
            }
            "variables" => {
                let debuggee = self.debuggee.as_ref().ok_or(NOTHING)?;
                self.handles.variables(debuggee, number(args, "variablesReference"))
            }
            "setVariable" => self.set_variable(args),
            "evaluate" => self.evaluate(args),
            "answer" => self.answer(args["text"].as_str().unwrap_or_default()),
            "exceptionInfo" => match &self.fault {
                Some(fault) => Ok(json!({
                    "exceptionId": format!("{:?}", fault.kind),
                    "description": fault.to_string(),
                    "breakMode": "always",
                })),
                None => Err("the dialog does not stand at an error".to_owned()),
            },
            other => Err(format!("there is no request {other}")),
        }
    }

    fn debuggee(&self) -> Result<&Debuggee, String> {
        self.debuggee.as_ref().ok_or_else(|| NOTHING.to_owned())
    }

    /// Attaches the session to a conversation of the server.
    pub(super) async fn attach(&mut self, request: &Json) -> io::Result<()> {
        let attached = self.attach_to(&request["arguments"]).await;
        let ready = attached.is_ok();
        self.wire.respond(request, attached)?;
        if ready {
            self.wire.event("initialized", &json!({}))?;
        }
        Ok(())
    }

    async fn attach_to(&mut self, args: &Json) -> Result<Json, String> {
        let Home::Server { host, bot } = &self.home else {
            return Err("there is no server here to attach to".to_owned());
        };
        if self.debuggee.is_some() {
            return Err("the session is attached already".to_owned());
        }
        let id = args["conversation"].as_str().unwrap_or_default();
        let id: ConversationId = id
            .parse()
            .map_err(|error| format!("{id:?} is no conversation: {error}; the page knows it as its session"))?;
        let place = PackagePlace::new(args["program"].as_str().map(PathBuf::from));
        self.debuggee = Some(host.attach(bot, id, place).await?);
        if let Some(seconds) = args["limit"].as_u64() {
            self.patience = Duration::from_secs(seconds.max(1)).min(LONGEST);
        }
        Ok(Json::Null)
    }

    fn launch(&mut self, args: &Json) -> Result<Json, String> {
        let Home::Here { registry, limits } = &self.home else {
            return Err("a server launches nothing: attach to a conversation".to_owned());
        };
        let program = args["program"]
            .as_str()
            .ok_or("the launch configuration has no program: name a script or a package")?;
        let mut values = Map::new();
        for (name, value) in args["args"].as_object().into_iter().flatten() {
            values.insert(name.as_str(), Value::from_json(value));
        }
        let text = |name: &str| args[name].as_str().map(str::to_owned);
        let launch = Launch {
            program: PathBuf::from(program),
            script: text("script"),
            args: values,
            message: text("message"),
            limits: *limits,
        };
        self.debuggee = Some(Debuggee::launch(launch, Arc::clone(registry))?);
        if args["stopOnEntry"] == true {
            self.goal = Goal::Entry;
        }
        if args["noDebug"] == true {
            self.stop_unhandled = false;
        }
        Ok(Json::Null)
    }

    pub(super) fn go(&mut self, command: &str) -> Result<Json, String> {
        if self.state != State::Standing {
            return Err("the dialog does not stand still".to_owned());
        }
        let depth = self.debuggee()?.depth();
        self.goal = match command {
            "next" => Goal::Over(depth),
            "stepIn" => Goal::In,
            "stepOut" => Goal::Out(depth),
            _ => Goal::Breakpoint,
        };
        self.state = State::Running;
        self.handles.clear();
        self.fault = None;
        Ok(json!({ "allThreadsContinued": true }))
    }

    fn set_breakpoints(&mut self, args: &Json) -> Json {
        let path = PathBuf::from(args["source"]["path"].as_str().unwrap_or_default());
        let path = std::path::absolute(&path).unwrap_or(path);
        let debuggee = self.debuggee.as_ref();
        let lines = debuggee.map(|debuggee| debuggee.lines(&path)).unwrap_or_default();
        let mut set = Vec::new();
        let mut answers = Vec::new();
        for wanted in args["breakpoints"].as_array().into_iter().flatten() {
            let line = u32::try_from(number(wanted, "line")).unwrap_or(u32::MAX);
            // A line without a statement stops at the next one that has one.
            let Some(line) = lines.range(line..).next().copied() else {
                answers.push(json!({
                    "verified": false,
                    "line": line,
                    "message": "no statement of the dialog is here or below",
                }));
                continue;
            };
            let text = |name: &str| wanted[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            set.push(Breakpoint {
                line,
                condition: text("condition"),
                hit: text("hitCondition").and_then(|hit| hit.trim().parse().ok()),
                log: text("logMessage"),
                visits: 0,
            });
            answers.push(json!({ "verified": true, "line": line }));
        }
        self.breakpoints.insert(path, set);
        json!({ "breakpoints": answers })
    }

    /// The procedure that a request is about; the innermost one when it names none.
    fn place(&self, args: &Json) -> Result<Place, String> {
        let frame = number(args, "frameId").max(1);
        let places = inspect::places(self.debuggee()?);
        places
            .get(frame - 1)
            .copied()
            .ok_or_else(|| "the dialog went on, so this frame is gone".to_owned())
    }

    fn evaluate(&mut self, args: &Json) -> Result<Json, String> {
        let text = args["expression"].as_str().unwrap_or_default().trim();
        let console = args["context"] == "repl";
        match self.state {
            State::Hearing if console => {
                self.answer(text)?;
                return Ok(json!({ "result": "", "variablesReference": 0 }));
            }
            State::Standing | State::Hearing => {}
            State::Over => return Err("the dialog is over".to_owned()),
            _ => return Err("the dialog runs: pause it first".to_owned()),
        }
        // In the console `LET name = value` changes a variable.
        let assigned = text.get(..4).filter(|word| word.eq_ignore_ascii_case("LET "));
        if let (true, Some(_), Some((name, value))) =
            (console, assigned, text.get(4..).unwrap_or_default().split_once('='))
        {
            let place = self.place(args)?;
            return self.change(place.machine, name.trim(), value.trim());
        }
        let place = self.place(args)?;
        let value = self.value(text, place)?;
        Ok(self.handles.value(&value))
    }

    fn value(&self, text: &str, place: Place) -> Result<Value, String> {
        let debuggee = self.debuggee()?;
        let machine = debuggee.stack.get(place.machine).ok_or(NOTHING)?;
        machine
            .evaluate(text, place.depth, debuggee.language.grammar(), &debuggee.env())
            .map_err(|fault| fault.message)
    }

    fn set_variable(&mut self, args: &Json) -> Result<Json, String> {
        let reference = number(args, "variablesReference");
        let machine = self.handles.machine(reference);
        let Some(machine) = machine.filter(|_| self.handles.is_changeable(reference)) else {
            return Err("only whole variables of the innermost procedure and of the script can be changed".to_owned());
        };
        let name = args["name"].as_str().unwrap_or_default();
        let text = args["value"].as_str().unwrap_or_default();
        let mut changed = self.change(machine, name, text)?;
        changed["value"] = changed["result"].take();
        Ok(changed)
    }

    fn change(&mut self, machine: usize, name: &str, text: &str) -> Result<Json, String> {
        let value = self.value(text, Place { machine, depth: 0 })?;
        let debuggee = self.debuggee.as_mut().ok_or(NOTHING)?;
        let changed = debuggee.stack.get_mut(machine).ok_or(NOTHING)?;
        changed
            .set_variable(name, value.clone())
            .map_err(|fault| fault.message)?;
        tracing::debug!("{name} is {} now", shown(&value));
        Ok(self.handles.value(&value))
    }

    /// The answer to the HEAR that waits.
    fn answer(&mut self, text: &str) -> Result<Json, String> {
        let debuggee = self.debuggee.as_mut().ok_or(NOTHING)?;
        if self.hear.take().is_none() {
            return Err("the dialog does not wait for an answer here".to_owned());
        }
        debuggee.answer(text);
        if self.state == State::Hearing {
            self.state = State::Running;
        }
        Ok(Json::Null)
    }
}

const NOTHING: &str = "nothing was launched yet";

fn number(args: &Json, name: &str) -> usize {
    args[name]
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or(0)
}

fn capabilities() -> Json {
    json!({
        "supportsConfigurationDoneRequest": true,
        "supportsConditionalBreakpoints": true,
        "supportsHitConditionalBreakpoints": true,
        "supportsLogPoints": true,
        "supportsEvaluateForHovers": true,
        "supportsSetVariable": true,
        "supportsExceptionInfoRequest": true,
        "supportsTerminateRequest": true,
        "exceptionBreakpointFilters": [
            { "filter": "all", "label": "All errors", "default": false },
            { "filter": "unhandled", "label": "Errors that nothing handles", "default": true },
        ],
    })
}
