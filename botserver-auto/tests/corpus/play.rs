//! Runs a script with its scripted visitor. After every step the machine is saved and restored.

use std::{fmt::Write as _, fs, path::Path, sync::Arc};

use botlib::{Value, value::Map};
use botserver_auto::basic::{self, Limits, Machine, Program};
use botstate::dialog::{Dialog, Env, Fault, FaultKind, Input, Step};

use crate::{host::Host, talk::Talk, words::grammar};

fn compile(name: &str, text: &str) -> Arc<Program> {
    let parsed = basic::parse(name, text, &grammar());
    let program = basic::compile(&parsed).unwrap_or_else(|errors| {
        panic!(
            "{name}: {}",
            errors.iter().map(|error| error.render(false)).collect::<String>()
        )
    });
    program.prepare().unwrap_or_else(|fault| panic!("{name}: {fault}"));
    Arc::new(program)
}

fn env(names: &[(String, Value)]) -> Env {
    let fixed = [
        ("username", serde_json::json!("Ana")),
        (
            "user",
            serde_json::json!({ "message": "hi", "email": "ana@example.com" }),
        ),
        (
            "session",
            serde_json::json!({ "id": "s-1", "user_id": "u-1", "channel": "web" }),
        ),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), Value::from_json(&value)));
    Env {
        now: "2026-03-09T17:05:07Z".parse().unwrap(),
        zone: "America/Sao_Paulo".to_owned(),
        locale: "en-US".to_owned(),
        seed: 7,
        names: Arc::new(fixed.into_iter().chain(names.iter().cloned()).collect()),
    }
}

/// What happens when `text`, the script at `path`, runs with the conversation beside it.
pub(crate) fn transcript(path: &Path, text: &str) -> String {
    let talk = Talk::beside(path);
    let (args, names) = (talk.args.clone(), talk.names.clone());
    let mut play = Play {
        folder: path.parent().unwrap(),
        env: env(&names),
        host: Host::new(talk),
        out: String::new(),
    };
    match play.run(
        &path.file_name().unwrap().to_string_lossy(),
        text,
        Arguments::Named(args),
        0,
    ) {
        Ok(Some(value)) if !value.is_null() => writeln!(play.out, "done {}", value.to_json()).unwrap(),
        Ok(_) => {}
        Err(fault) => writeln!(play.out, "fault {fault}").unwrap(),
    }
    play.out
}

enum Arguments {
    Named(Map),
    Listed(Vec<Value>),
}

struct Play<'p> {
    folder: &'p Path,
    env: Env,
    host: Host,
    out: String,
}

impl Play<'_> {
    /// Runs a script to its end, or to a HEAR that nobody answers.
    fn run(&mut self, name: &str, text: &str, args: Arguments, depth: u32) -> Result<Option<Value>, Fault> {
        let program = compile(name, text);
        let args = match args {
            Arguments::Named(args) => args,
            Arguments::Listed(values) => program.positional(values),
        };
        let mut machine = Machine::new(Arc::clone(&program), args, &self.env)?.with_limits(Limits::default());
        let mut input = Input::Continue;
        for _ in 0..5_000 {
            let step = machine.resume(input, &self.env);
            if !matches!(step, Step::Done(_) | Step::Fault(_)) {
                let saved = machine.save()?;
                machine = Machine::restore(&saved, Arc::clone(&program))?.with_limits(Limits::default());
            }
            input = match step {
                Step::Say(text) => {
                    writeln!(self.out, "bot: {text}").unwrap();
                    Input::Continue
                }
                Step::Call(call) => {
                    writeln!(self.out, "{}", Host::show(&call)).unwrap();
                    match self.host.perform(&call) {
                        Ok(value) => Input::Returned(value),
                        Err(fault) => Input::Failed(fault),
                    }
                }
                Step::Script(call) => {
                    writeln!(self.out, "script {}", call.name).unwrap();
                    self.script(&call.name, call.args, depth)
                }
                Step::Hear(spec) => {
                    write!(self.out, "hear {}", spec.kind.name()).unwrap();
                    if !spec.options.is_empty() {
                        write!(self.out, " {:?}", spec.options).unwrap();
                    }
                    writeln!(self.out).unwrap();
                    let Some(answer) = self.host.talk().answers.pop_front() else {
                        writeln!(self.out, "waiting").unwrap();
                        return Ok(None);
                    };
                    let files = answer.files.iter().map(|file| file.name.as_str());
                    let said: Vec<&str> = std::iter::once(answer.text.as_str()).chain(files).collect();
                    writeln!(self.out, "> {}", said.join(" ").trim()).unwrap();
                    Input::Heard(answer)
                }
                Step::Done(value) => return Ok(Some(value)),
                Step::Fault(fault) => return Err(fault),
            };
        }
        panic!("{name} does not end:\n{}", self.out);
    }

    fn script(&mut self, name: &str, args: Vec<Value>, depth: u32) -> Input {
        let stem = name.trim_end_matches(".bas").to_lowercase();
        let path = self.folder.join(format!("{stem}.bas"));
        let (Ok(text), true) = (fs::read_to_string(&path), depth < 8) else {
            let missing = Fault::new(FaultKind::NotFound, format!("there is no script {stem}"));
            return Input::Failed(missing);
        };
        match self.run(&stem, &text, Arguments::Listed(args), depth + 1) {
            Ok(value) => Input::Returned(value.unwrap_or_default()),
            Err(fault) => Input::Failed(fault),
        }
    }
}
