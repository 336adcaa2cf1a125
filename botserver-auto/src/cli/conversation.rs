//! Recorded conversations of a server, played back in the terminal.
//!
//! Scripts get what they were given then: answers of people, keywords and models, clock and chance. What they ask for
//! and what they say is compared with what they asked for and said then, up to the first difference.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use botlib::value::Map;
use botstate::{
    config::ScriptConfig,
    dialog::{Dialog as _, Env, Fault, Step},
    recording::{FORM, Head, Taped, TapedInput, TapedStep},
};
use chrono::{DateTime, Utc};

use crate::{basic::Machine, dialogs, limits, mounted::Mounted};

/// A recording, as a file holds it.
pub(super) struct Recording {
    file: String,
    head: Head,
    entries: Vec<Taped>,
}

impl Recording {
    /// Reads the recording of a conversation; nothing when the file holds something else, such as a run in the terminal.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, String> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {file}: {error}"))?;
        let mut lines = text.lines().enumerate();
        let first = lines.next().map(|(_, line)| line).unwrap_or_default();
        let Some(head) = serde_json::from_str(first).ok().filter(|head: &Head| head.form == FORM) else {
            return Ok(None);
        };
        let entries = lines.map(|(index, line)| {
            let read = serde_json::from_str(line);
            read.map_err(|error| format!("{file}:{}: the recording is damaged: {error}", index + 1))
        });
        let entries = entries.collect::<Result<_, _>>()?;
        Ok(Some(Self { file, head, entries }))
    }
}

/// Why a playback ends before its recording does.
enum Stop {
    /// Something else happens now.
    Differs(String),
    /// The terminal is away.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Plays a recording back with the scripts of a package and writes the conversation to `out`; the first difference, if
/// there is one.
///
/// # Errors
/// When `out` is away.
pub(super) fn play(
    recording: Recording,
    mounted: &Mounted,
    limits: ScriptConfig,
    out: &mut (dyn Write + Send),
) -> io::Result<Option<String>> {
    writeln!(out, "(conversation {})", recording.head.conversation)?;
    let mut playback = Playback {
        mounted,
        limits,
        stack: Vec::new(),
        env: Env {
            now: DateTime::<Utc>::UNIX_EPOCH,
            zone: "UTC".to_owned(),
            locale: "en".to_owned(),
            seed: 0,
            names: Arc::new(Map::new()),
        },
        out,
    };
    // The head is the first line.
    let mut entries = recording.entries.into_iter().zip(2_usize..);
    while let Some((entry, line)) = entries.next() {
        let played = match entry {
            Taped::Resumed { now, with, woken } => playback.resume(now, with, woken).and_then(|step| {
                let then = entries.next().map(|(entry, _)| entry);
                playback.compare(&step, then.as_ref())
            }),
            other => playback.play(other),
        };
        match played {
            Ok(()) => {}
            Err(Stop::Io(error)) => return Err(error),
            Err(Stop::Differs(what)) => return Ok(Some(format!("{}:{line}: {what}", recording.file))),
        }
    }
    Ok(None)
}

struct Playback<'a> {
    mounted: &'a Mounted,
    limits: ScriptConfig,
    /// Scripts that wait for each other, the innermost last.
    stack: Vec<Machine>,
    env: Env,
    out: &'a mut (dyn Write + Send),
}

impl Playback<'_> {
    /// What came from outside of scripts, as it came then.
    fn play(&mut self, entry: Taped) -> Result<(), Stop> {
        match entry {
            Taped::Turn { by, .. } => writeln!(self.out, "> {by}")?,
            Taped::Surroundings {
                zone,
                locale,
                seed,
                names,
            } => {
                self.env = Env {
                    now: self.env.now,
                    zone,
                    locale,
                    seed,
                    names: Arc::new(names),
                };
            }
            Taped::Start { script, args, fault } => self.start(&script, args, fault)?,
            Taped::Dropped { all: true } => self.stack.clear(),
            Taped::Dropped { all: false } => {
                self.stack.pop();
            }
            Taped::Answered { text, calls } => {
                if !text.trim().is_empty() {
                    writeln!(self.out, "{text}")?;
                }
                for call in calls {
                    writeln!(self.out, "(calls {} {})", call.name, call.arguments)?;
                }
            }
            Taped::Message { content, files } => {
                if !content.is_empty() {
                    writeln!(self.out, "{content}")?;
                }
                for file in files {
                    writeln!(self.out, "(file {file})")?;
                }
            }
            Taped::Side { event, data } => writeln!(self.out, "({event} {data})")?,
            // The question is a message, or what a script asked.
            Taped::Asked { .. } => {}
            Taped::Resumed { .. } | Taped::Stepped { .. } => {
                return Err(Stop::Differs(
                    "the recording is damaged: a step stands alone".to_owned(),
                ));
            }
        }
        Ok(())
    }

    fn start(&mut self, script: &str, args: Map, then: Option<Fault>) -> Result<(), Stop> {
        let limits = limits::of(&self.mounted.bot.settings, self.limits);
        let program = self.mounted.program(script);
        let started = program.and_then(|program| dialogs::start(program, args, &self.env, limits));
        match (started, then) {
            (Ok(machine), None) => {
                self.stack.push(machine);
                Ok(())
            }
            (Err(now), Some(then)) if now == then => Ok(()),
            (Err(now), None) => Err(Stop::Differs(format!("{script} cannot be started any more: {now}"))),
            (Ok(_), Some(then)) => Err(Stop::Differs(format!(
                "{script} can be started now, when it was recorded it could not: {then}"
            ))),
            (Err(now), Some(then)) => Err(Stop::Differs(differing(&then.to_string(), &now.to_string()))),
        }
    }

    /// Lets the topmost script go on.
    fn resume(&mut self, now: DateTime<Utc>, with: TapedInput, woken: bool) -> Result<Step, Stop> {
        self.env.now = now;
        let Some(top) = self.stack.last_mut() else {
            let why = "the recording begins in the middle of a dialog: record a new conversation";
            return Err(Stop::Differs(why.to_owned()));
        };
        if woken {
            top.refresh();
        }
        Ok(top.resume(with.into_input(), &self.env))
    }

    /// Whether a script does what it did then.
    fn compare(&mut self, now: &Step, then: Option<&Taped>) -> Result<(), Stop> {
        if let Step::Say(text) = now {
            return match then {
                Some(Taped::Message { content, .. }) if content == text => Ok(writeln!(self.out, "{text}")?),
                then => Err(Stop::Differs(differing(&what(then), text))),
            };
        }
        let step = TapedStep::of(now);
        match (step, then) {
            (Some(now), Some(Taped::Stepped { step: then })) if now == *then => {
                if matches!(now, TapedStep::Done { .. } | TapedStep::Fault { .. }) {
                    self.stack.pop();
                }
                Ok(())
            }
            (now, then) => {
                let now = now.as_ref().map(step_text).unwrap_or_default();
                Err(Stop::Differs(differing(&what(then), &now)))
            }
        }
    }
}

/// What an entry says that a script did.
fn what(entry: Option<&Taped>) -> String {
    match entry {
        None => "(nothing: the recording ends)".to_owned(),
        Some(Taped::Message { content, .. }) => content.clone(),
        Some(Taped::Stepped { step }) => step_text(step),
        Some(_) => "(it broke off)".to_owned(),
    }
}

fn step_text(step: &TapedStep) -> String {
    match step {
        TapedStep::Call { keyword, args } => format!("({keyword} {})", json(args)),
        TapedStep::Script { name, args } => format!("(CALL {name} {})", json(args)),
        TapedStep::Hear { spec } => format!("(HEAR {})", json(spec)),
        TapedStep::Done { value } => format!("(ends with {})", json(value)),
        TapedStep::Fault { fault } => format!("(fault: {fault})"),
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn differing(then: &str, now: &str) -> String {
    let mut text = "the dialog goes on in another way".to_owned();
    for (mark, lines) in [("\n- ", then), ("\n+ ", now)] {
        for line in lines.lines() {
            text.extend([mark, line]);
        }
    }
    text
}
