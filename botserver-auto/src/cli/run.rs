//! `bot run`: a dialog in the terminal.

use std::{
    io::{self, BufRead, Write},
    path::PathBuf,
    sync::Arc,
};

use botlib::{
    ConversationId, Value,
    value::{FileRef, Map},
    wire::{Action, InputKind, InputSpec},
};
use botstate::{
    config::ScriptConfig,
    dialog::{Answer, Dialog, Fault, FaultKind, Input, ScriptCall, Step},
    keyword::Registry,
};

use super::{
    FAILED, OK, Target, UNABLE, build,
    conversation::{self, Recording},
    tape::{Heard, Player, Tape, Taping},
    targets,
    terminal::Terminal,
};
use crate::{
    dialogs,
    mounted::{Language, Mounted},
};

/// What `bot run` runs.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// A script or a package.
    pub path: PathBuf,
    /// The script of the package; `start` when absent, and what it suggests after that.
    pub script: Option<String>,
    /// Values for the script's `PARAM` lines, by name.
    pub args: Map,
    /// Limits of scripts.
    pub limits: ScriptConfig,
    /// Whether the run is recorded, or a recording of one played back.
    pub taping: Taping,
}

/// Why a run ends early.
enum Stop {
    /// The person left.
    End,
    /// The terminal is away.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Runs a dialog with a person at `input` and `out`. Gives the exit code: 0 when it ended, 1 when it could not go on
/// or the input ended while it waited, 2 when it could not be started. A recording that is played back gives 0 when all
/// that it says is what it said then, and 1 otherwise.
pub async fn run(
    options: RunOptions,
    registry: Arc<Registry>,
    input: &mut (dyn BufRead + Send),
    out: &mut (dyn Write + Send),
) -> u8 {
    let built = targets(&options.path).and_then(|targets| match targets.as_slice() {
        [target] => Ok((
            matches!(target, Target::Script(_)),
            build(target, &Language::new(&registry))?,
        )),
        _ => Err(format!(
            "{} holds several packages: name one of them",
            options.path.display()
        )),
    });
    let (is_script, built) = match built {
        Ok(built) => built,
        Err(why) => {
            let _ = writeln!(out, "{why}");
            return UNABLE;
        }
    };
    for diagnostic in built.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
        let _ = writeln!(out, "{}\n", diagnostic.render(false));
    }
    if let Taping::Replay(path) = &options.taping {
        match Recording::open(path) {
            Ok(None) => {}
            Ok(Some(recording)) => {
                let played = conversation::play(recording, &built.mounted, options.limits, out);
                return verdict(played, out);
            }
            Err(why) => {
                let _ = writeln!(out, "{why}");
                return UNABLE;
            }
        }
    }
    let one = if is_script {
        Some(built.mounted.bot.name.clone())
    } else {
        options.script
    };
    let loaded = load(&options.taping, one, options.args);
    let Loaded {
        tape,
        script,
        args,
        conversation,
    } = match loaded {
        Ok(loaded) => loaded,
        Err(why) => {
            let _ = writeln!(out, "{why}");
            return UNABLE;
        }
    };
    let mut run = Run {
        terminal: Terminal::new(Arc::clone(&built.mounted.bot), registry).on_tape(conversation, tape.clone()),
        mounted: built.mounted,
        limits: options.limits,
        input,
        out: Heard {
            out,
            tape: tape.clone(),
        },
        tape,
    };
    let result = match script {
        Some(script) => run.script(&script, args).await,
        None => run.visit().await,
    };
    let code = run.code(result);
    run.tape.end();
    if !run.tape.is_playing() {
        return code;
    }
    let difference = run.tape.difference();
    verdict(Ok(difference), run.out.out)
}

/// The exit code of a playback, whose difference is told.
fn verdict(played: io::Result<Option<String>>, out: &mut dyn Write) -> u8 {
    match played {
        Ok(None) => OK,
        Ok(Some(difference)) => {
            let _ = writeln!(out, "\nthis is not what was recorded: {difference}");
            FAILED
        }
        Err(error) => {
            tracing::debug!("the terminal is away: {error}");
            UNABLE
        }
    }
}

/// What a run begins with.
struct Loaded {
    tape: Tape,
    script: Option<String>,
    args: Map,
    conversation: ConversationId,
}

/// The tape of a run; one that is played back knows what was run.
fn load(taping: &Taping, script: Option<String>, args: Map) -> Result<Loaded, String> {
    let conversation = ConversationId::new();
    let tape = match taping {
        Taping::Off => Tape::off(),
        Taping::Record(path) => Tape::record(path, script.as_deref(), &args, conversation)?,
        Taping::Replay(path) => {
            let (head, player) = Player::open(path)?;
            return Ok(Loaded {
                tape: Tape::play(player),
                script: head.script,
                args: head.args,
                conversation: head.conversation,
            });
        }
    };
    Ok(Loaded {
        tape,
        script,
        args,
        conversation,
    })
}

struct Run<'a> {
    terminal: Terminal,
    mounted: Mounted,
    limits: ScriptConfig,
    input: &'a mut (dyn BufRead + Send),
    out: Heard<'a>,
    tape: Tape,
}

impl Run<'_> {
    /// The exit code of a result, which is told when it is not what the dialog gave.
    fn code(&mut self, result: Result<u8, Stop>) -> u8 {
        match result {
            Ok(code) => code,
            Err(Stop::End) => {
                let _ = writeln!(self.out, "\nthe input ended while the dialog waited for an answer");
                FAILED
            }
            Err(Stop::Io(error)) => {
                tracing::debug!("the terminal is away: {error}");
                UNABLE
            }
        }
    }

    /// start.bas, and then what the person picks.
    async fn visit(&mut self) -> Result<u8, Stop> {
        let mut worst = OK;
        if self.mounted.bot.start_wants_message {
            let message = self.line("(this bot waits for your first message)\n> ", false)?;
            self.terminal.hear(message.ok_or(Stop::End)?);
        }
        if self.mounted.bot.has_script("start") {
            worst = self.script("start", Map::new()).await?;
        }
        loop {
            self.offer()?;
            let Some(line) = self.line("> ", false)?.filter(|line| !line.is_empty()) else {
                return Ok(worst);
            };
            self.terminal.hear(line.clone());
            let picked = self.picked(&line);
            match picked {
                Some(script) => worst = worst.max(self.script(&script, Map::new()).await?),
                None => writeln!(
                    self.out,
                    "(a model would answer this; here only dialogs run: pick one, write /name, or leave with an empty line)"
                )?,
            }
        }
    }

    /// Shows what can be picked.
    fn offer(&mut self) -> Result<(), Stop> {
        let chips = self.terminal.chips();
        if chips.is_empty() {
            let names = self
                .mounted
                .bot
                .tools
                .iter()
                .map(|tool| format!("/{}", tool.name))
                .collect::<Vec<_>>();
            writeln!(self.out, "{}", names.join("  "))?;
        }
        for (place, chip) in chips.iter().enumerate() {
            writeln!(self.out, "  {}. {}", place + 1, chip.text)?;
        }
        Ok(())
    }

    /// The script that a line picks: by the number or text of a chip, or as `/name`.
    fn picked(&self, line: &str) -> Option<String> {
        if let Some(name) = line.strip_prefix('/') {
            return Some(name.trim().to_owned());
        }
        let chips = self.terminal.chips();
        let place = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let chip = place
            .and_then(|place| chips.get(place))
            .or_else(|| chips.iter().find(|chip| chip.text.eq_ignore_ascii_case(line)))?;
        match &chip.action {
            Some(Action::InvokeTool { tool, .. }) => Some(tool.clone()),
            _ => None,
        }
    }

    /// Runs a script to its end and says how it ended.
    async fn script(&mut self, name: &str, args: Map) -> Result<u8, Stop> {
        match self.drive(name, args).await? {
            Ok(value) => {
                if !value.is_null() {
                    writeln!(self.out, "(returned {})", value.to_json())?;
                }
                Ok(OK)
            }
            Err(fault) => {
                writeln!(self.out, "fault: {fault}")?;
                Ok(FAILED)
            }
        }
    }

    async fn drive(&mut self, script: &str, args: Map) -> Result<Result<Value, Fault>, Stop> {
        let mut stack = match self.start(script, args) {
            Ok(dialog) => vec![dialog],
            Err(fault) => return Ok(Err(fault)),
        };
        let mut input = Input::Continue;
        while let Some(top) = stack.last_mut() {
            let env = self.terminal.env();
            input = match top.resume(input, &env) {
                Step::Say(text) => {
                    writeln!(self.out, "{text}")?;
                    Input::Continue
                }
                Step::Call(call) => {
                    let result = self.terminal.perform(call).await;
                    self.out.write_all(self.terminal.said().as_bytes())?;
                    result
                }
                Step::Script(ScriptCall { name, args }) => {
                    let places = args
                        .into_iter()
                        .enumerate()
                        .map(|(place, value)| (place.to_string(), value));
                    match self.start(&name, places.collect()) {
                        Ok(dialog) => {
                            stack.push(dialog);
                            Input::Continue
                        }
                        Err(fault) => Input::Failed(fault),
                    }
                }
                Step::Hear(spec) => Input::Heard(self.ask(&spec)?),
                Step::Done(value) => {
                    stack.pop();
                    if stack.is_empty() {
                        return Ok(Ok(value));
                    }
                    Input::Returned(value)
                }
                Step::Fault(fault) => {
                    stack.pop();
                    if stack.is_empty() {
                        return Ok(Err(fault));
                    }
                    Input::Failed(fault)
                }
            };
        }
        Ok(Err(Fault::new(FaultKind::Internal, "the dialog was lost")))
    }

    fn start(&self, script: &str, args: Map) -> Result<Box<dyn Dialog>, Fault> {
        let program = self.mounted.program(script)?;
        Ok(Box::new(dialogs::start(
            program,
            args,
            &self.terminal.env(),
            crate::limits::of(&botstate::keyword::Turn::bot(&self.terminal).settings, self.limits),
        )?))
    }

    /// Asks for the answer to a HEAR, with a hint at what is wanted.
    fn ask(&mut self, spec: &InputSpec) -> Result<Answer, Stop> {
        for (place, option) in spec.options.iter().enumerate() {
            writeln!(self.out, "  {}. {option}", place + 1)?;
        }
        let kind = match spec.kind {
            InputKind::Text | InputKind::Menu => "",
            kind => kind.name(),
        };
        let hint = match &spec.default {
            Some(default) => format!("{kind} [{default}]"),
            None => kind.to_owned(),
        };
        let is_secret = spec.kind == InputKind::Password;
        let prompt = format!("{}> ", hint.trim_start());
        let line = self.line(&prompt, is_secret)?.ok_or(Stop::End)?;
        if spec.kind.is_file() && !line.is_empty() {
            return Ok(Answer {
                text: line.clone(),
                files: vec![file(&line)],
            });
        }
        let chip = self
            .terminal
            .chips()
            .iter()
            .find(|chip| chip.text.eq_ignore_ascii_case(&line));
        let text = chip.and_then(|chip| chip.context.clone()).unwrap_or(line);
        Ok(Answer {
            text,
            files: Vec::new(),
        })
    }

    /// The next line without its end; nothing when there is none.
    fn line(&mut self, prompt: &str, is_secret: bool) -> Result<Option<String>, Stop> {
        self.out.write_all(prompt.as_bytes())?;
        self.out.flush()?;
        if self.tape.is_playing() {
            let line = self.tape.replayed_line();
            // A terminal shows what is typed into it; here nobody types.
            writeln!(self.out.out, "{}", line.as_deref().unwrap_or_default())?;
            return Ok(line);
        }
        let mut line = String::new();
        let read = self.input.read_line(&mut line)?;
        let line = (read > 0).then(|| line.trim().to_owned());
        self.tape.line(line.as_deref(), is_secret);
        Ok(line)
    }
}

/// A file of this machine as the answer to a HEAR.
fn file(path: &str) -> FileRef {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
    let size_bytes = std::fs::metadata(path).map_or(0, |meta| meta.len());
    FileRef {
        url: path.to_owned(),
        mime: "application/octet-stream".to_owned(),
        name,
        size_bytes,
        ..FileRef::default()
    }
}
