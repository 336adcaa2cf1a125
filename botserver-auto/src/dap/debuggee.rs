//! The dialog that is debugged: scripts that call each other, in a terminal's surroundings.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use botlib::{OrgId, Value, value::Map, wire::InputSpec};
use botstate::{
    config::ScriptConfig,
    dialog::{Answer, Env, Fault, FaultKind, Input, ScriptCall, Step},
    keyword::Registry,
};
use uuid::Uuid;

use crate::{
    basic::{Diagnostic, Machine, Options, Pause, Watched},
    cli::terminal::Terminal,
    dialogs, limits,
    mounted::{Language, Mounted},
    package,
};

/// What happens next in a dialog.
pub(super) enum Happening {
    /// It stands at a line or an error.
    Paused(Pause),
    /// It goes on by itself.
    Went,
    /// It says something.
    Said(String),
    /// It waits for an answer.
    Hears(InputSpec),
    /// It is over.
    Ended(Result<Value, Fault>),
}

/// What is to be debugged.
pub(super) struct Launch {
    /// A script, or a package.
    pub(super) program: PathBuf,
    /// The script of the package; `start` when absent.
    pub(super) script: Option<String>,
    pub(super) args: Map,
    /// What the person wrote before, which scripts find as `user.message`.
    pub(super) message: Option<String>,
    pub(super) limits: ScriptConfig,
}

pub(super) struct Debuggee {
    pub(super) language: Language,
    mounted: Mounted,
    terminal: Terminal,
    limits: ScriptConfig,
    /// Scripts that call each other, the innermost last.
    pub(super) stack: Vec<Machine>,
    input: Input,
    /// Where scripts lie, by their names.
    paths: HashMap<String, PathBuf>,
}

impl Debuggee {
    /// Reads and compiles a package, and prepares a script of it.
    pub(super) fn launch(launch: Launch, registry: Arc<Registry>) -> Result<Self, String> {
        let path = std::path::absolute(&launch.program)
            .map_err(|error| format!("cannot find {}: {error}", launch.program.display()))?;
        let is_script = !path.is_dir();
        let root = if is_script { package::root(&path) } else { path.clone() };
        let unable = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
        let found = package::find(&root).map_err(unable)?;
        let mut package = package::read(&stem(&root), &root, &found).map_err(unable)?;
        let base = root.parent().unwrap_or(&root).to_owned();
        let mut paths: HashMap<String, PathBuf> = package
            .scripts
            .iter()
            .map(|script| (script.name.clone(), base.join(&script.file)))
            .collect();
        if is_script && !paths.values().any(|known| *known == path) {
            let alone = package::read_script(&path).map_err(unable)?;
            for script in alone.scripts {
                paths.insert(script.name.clone(), path.clone());
                package.scripts.retain(|other| other.name != script.name);
                package.scripts.push(script);
            }
        }
        let wanted = if is_script {
            stem(&path)
        } else {
            launch.script.unwrap_or_else(|| "start".to_owned())
        };
        let language = Language::new(&registry).with_options(Options { trace: true });
        let built = language.build(OrgId::from_uuid(Uuid::nil()), package);
        let mut terminal = Terminal::new(Arc::clone(&built.mounted.bot), registry);
        if let Some(message) = launch.message {
            terminal.hear(message);
        }
        let mut debuggee = Self {
            language,
            mounted: built.mounted,
            terminal,
            limits: launch.limits,
            stack: Vec::new(),
            input: Input::Continue,
            paths,
        };
        let machine = debuggee
            .start(&wanted, launch.args)
            .map_err(|fault| problem(&fault, &built.diagnostics))?;
        debuggee.stack.push(machine);
        Ok(debuggee)
    }

    fn start(&self, script: &str, args: Map) -> Result<Machine, Fault> {
        let limits = limits::of(&self.mounted.bot.settings, self.limits);
        dialogs::start(self.mounted.program(script)?, args, &self.env(), limits)
    }

    /// What scripts see of their surroundings.
    pub(super) fn env(&self) -> Env {
        self.terminal.env()
    }

    /// Where a script lies, by the name that programs know it by, such as `start.bas`.
    pub(super) fn path(&self, file: &str) -> Option<&Path> {
        let path = self.paths.get(file.strip_suffix(".bas").unwrap_or(file));
        path.map(PathBuf::as_path)
    }

    /// The lines of the file at a path that run in any program: as a script, a section of one, or included.
    pub(super) fn lines(&self, path: &Path) -> BTreeSet<u32> {
        let found = self.paths.iter().find(|(_, known)| known.as_path() == path);
        let Some((name, _)) = found else { return BTreeSet::new() };
        let mut lines = BTreeSet::new();
        for (_, program) in self.mounted.programs() {
            for line in program.lines() {
                let (file, line) = program.file_and_line(line);
                if file.strip_suffix(".bas").unwrap_or(file) == name {
                    lines.insert(line);
                }
            }
        }
        lines
    }

    /// How many procedures are being run, those of callers included.
    pub(super) fn depth(&self) -> usize {
        self.stack.iter().map(|machine| machine.stack().len()).sum()
    }

    /// What was answered to a HEAR.
    pub(super) fn answer(&mut self, text: &str) {
        let chip = self
            .terminal
            .chips()
            .iter()
            .find(|chip| chip.text.eq_ignore_ascii_case(text));
        let text = chip
            .and_then(|chip| chip.context.clone())
            .unwrap_or_else(|| text.to_owned());
        self.input = Input::Heard(Answer {
            text,
            files: Vec::new(),
        });
    }

    /// Goes on up to the next thing that happens.
    pub(super) async fn step(&mut self) -> Happening {
        let env = self.env();
        let input = std::mem::replace(&mut self.input, Input::Continue);
        let Some(top) = self.stack.last_mut() else {
            return Happening::Ended(Ok(Value::Null));
        };
        let step = match top.resume_watched(input, &env) {
            Watched::Paused(pause) => return Happening::Paused(pause),
            Watched::Step(step) => step,
        };
        match step {
            Step::Say(text) => Happening::Said(text),
            Step::Call(call) => {
                self.input = self.terminal.perform(call).await;
                let said = self.terminal.said();
                if said.is_empty() {
                    Happening::Went
                } else {
                    Happening::Said(said.trim_end().to_owned())
                }
            }
            Step::Script(ScriptCall { name, args }) => {
                let places = args
                    .into_iter()
                    .enumerate()
                    .map(|(place, value)| (place.to_string(), value));
                match self.start(&name, places.collect()) {
                    Ok(machine) => self.stack.push(machine),
                    Err(fault) => self.input = Input::Failed(fault),
                }
                Happening::Went
            }
            Step::Hear(spec) => Happening::Hears(spec),
            Step::Done(value) => self.ended(Ok(value)),
            Step::Fault(fault) => self.ended(Err(fault)),
        }
    }

    /// The innermost script is over: the one that called it goes on.
    fn ended(&mut self, result: Result<Value, Fault>) -> Happening {
        self.stack.pop();
        if self.stack.is_empty() {
            return Happening::Ended(result);
        }
        self.input = match result {
            Ok(value) => Input::Returned(value),
            Err(fault) => Input::Failed(fault),
        };
        Happening::Went
    }
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// Why a script cannot be started, with all of its errors.
fn problem(fault: &Fault, diagnostics: &[Diagnostic]) -> String {
    let mut text = fault.message.clone();
    if fault.kind == FaultKind::NotFound {
        for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
            text.push_str("\n\n");
            text.push_str(&diagnostic.render(false));
        }
    }
    text
}
