//! The dialog that is debugged: scripts that call each other in a terminal's surroundings, or one of a server.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, mpsc::SyncSender},
};

use botlib::{OrgId, Value, value::Map, wire::InputSpec};
use botstate::{
    config::ScriptConfig,
    dialog::{Answer, Env, Fault, FaultKind, Input, ScriptCall, Step},
    keyword::Registry,
};
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

use super::live::{Attached, Debuggers, Event};
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

/// Where the package lies for whoever debugs.
pub(super) struct Place(Option<PathBuf>);

impl Place {
    /// The package at `path`, such as `/home/ada/bots/shop.gbai`.
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self(path)
    }

    /// The paths of scripts by name, from their names and paths within the package's parent.
    pub(super) fn paths(&self, scripts: Vec<(String, String)>) -> HashMap<String, PathBuf> {
        let base = self.0.as_ref().and_then(|path| path.parent());
        let full = |file: String| base.map_or_else(|| PathBuf::from(&file), |base| base.join(&file));
        scripts.into_iter().map(|(name, file)| (name, full(file))).collect()
    }
}

pub(super) struct Debuggee {
    pub(super) language: Language,
    mounted: Arc<Mounted>,
    /// Scripts that call each other, the innermost last; of a server the one that stands.
    pub(super) stack: Vec<Machine>,
    /// Where scripts lie, by their names.
    paths: HashMap<String, PathBuf>,
    world: World,
}

/// In what the dialog runs.
enum World {
    /// In a terminal.
    Terminal(Box<Stage>),
    /// In a conversation of a server.
    Live(Live),
}

/// A terminal with what goes into the dialog next.
struct Stage {
    terminal: Terminal,
    limits: ScriptConfig,
    input: Input,
}

/// A conversation of a server.
struct Live {
    debuggers: Arc<Debuggers>,
    attached: Arc<Attached>,
    events: UnboundedReceiver<Event>,
    /// The surroundings of the dialog that stands, how deep it lies, and where its machine goes back to.
    stand: Option<(Env, usize, SyncSender<Machine>)>,
}

/// Procedures that one script has inside each other, at most: those of a script that was called count beyond them.
const DEEP: usize = 1 << 16;

impl Drop for Debuggee {
    fn drop(&mut self) {
        if let World::Live(live) = &mut self.world {
            live.debuggers.detach(&live.attached);
            live.give_back(&mut self.stack);
        }
    }
}

impl Live {
    /// Lets the dialog that stands go on.
    fn give_back(&mut self, stack: &mut Vec<Machine>) {
        if let (Some((_, _, back)), Some(machine)) = (self.stand.take(), stack.pop()) {
            // Whoever waits for it may be gone with the server.
            let _ = back.send(machine);
        }
    }

    /// What happens next in the conversation. Nothing is lost when nobody waits for the answer.
    async fn next(&mut self, stack: &mut Vec<Machine>) -> Happening {
        let Some(event) = self.events.recv().await else {
            return std::future::pending().await;
        };
        match event {
            Event::Stood(stand) => {
                let stand = *stand;
                stack.push(stand.machine);
                self.stand = Some((stand.env, stand.level, stand.back));
                Happening::Paused(stand.pause)
            }
            Event::Said(text) => Happening::Said(text),
            Event::Heard(spec) => Happening::Hears(spec),
            Event::Ended(result) => Happening::Ended(result),
        }
    }
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
        let stage = Stage {
            terminal,
            limits: launch.limits,
            input: Input::Continue,
        };
        let machine = stage
            .start(&built.mounted, &wanted, launch.args)
            .map_err(|fault| problem(&fault, &built.diagnostics))?;
        Ok(Self {
            language,
            mounted: Arc::new(built.mounted),
            stack: vec![machine],
            paths,
            world: World::Terminal(Box::new(stage)),
        })
    }

    /// A conversation of a server.
    pub(super) fn live(
        language: Language,
        mounted: Arc<Mounted>,
        paths: HashMap<String, PathBuf>,
        debuggers: Arc<Debuggers>,
        attached: Arc<Attached>,
        events: UnboundedReceiver<Event>,
    ) -> Self {
        Self {
            language,
            mounted,
            stack: Vec::new(),
            paths,
            world: World::Live(Live {
                debuggers,
                attached,
                events,
                stand: None,
            }),
        }
    }

    /// Whether it is a conversation of a server, which goes on whatever the debugger does.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.world, World::Live(_))
    }

    /// The debugger has said where to stop.
    pub(super) fn ready(&self) {
        if let World::Live(live) = &self.world {
            live.attached.ready();
        }
    }

    /// What scripts see of their surroundings.
    pub(super) fn env(&self) -> Env {
        match &self.world {
            World::Terminal(stage) => stage.terminal.env(),
            World::Live(live) => match &live.stand {
                Some((env, ..)) => env.clone(),
                None => nowhere(),
            },
        }
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
        let below = match &self.world {
            World::Live(Live {
                stand: Some((_, level, _)),
                ..
            }) => level * DEEP,
            _ => 0,
        };
        below + self.stack.iter().map(|machine| machine.stack().len()).sum::<usize>()
    }

    /// What was answered to a HEAR in a terminal.
    pub(super) fn answer(&mut self, text: &str) {
        let World::Terminal(stage) = &mut self.world else {
            return;
        };
        let chip = stage
            .terminal
            .chips()
            .iter()
            .find(|chip| chip.text.eq_ignore_ascii_case(text));
        let text = chip
            .and_then(|chip| chip.context.clone())
            .unwrap_or_else(|| text.to_owned());
        stage.input = Input::Heard(Answer {
            text,
            files: Vec::new(),
        });
    }

    /// Goes on up to the next thing that happens.
    pub(super) async fn step(&mut self) -> Happening {
        match &mut self.world {
            World::Terminal(stage) => stage.step(&self.mounted, &mut self.stack).await,
            World::Live(live) => {
                live.give_back(&mut self.stack);
                live.next(&mut self.stack).await
            }
        }
    }
}

impl Stage {
    fn start(&self, mounted: &Mounted, script: &str, args: Map) -> Result<Machine, Fault> {
        let limits = limits::of(&mounted.bot.settings, self.limits);
        dialogs::start(mounted.program(script)?, args, &self.terminal.env(), limits)
    }

    async fn step(&mut self, mounted: &Mounted, stack: &mut Vec<Machine>) -> Happening {
        let env = self.terminal.env();
        let input = std::mem::replace(&mut self.input, Input::Continue);
        let Some(top) = stack.last_mut() else {
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
                match self.start(mounted, &name, places.collect()) {
                    Ok(machine) => stack.push(machine),
                    Err(fault) => self.input = Input::Failed(fault),
                }
                Happening::Went
            }
            Step::Hear(spec) => Happening::Hears(spec),
            Step::Done(value) => self.ended(Ok(value), stack),
            Step::Fault(fault) => self.ended(Err(fault), stack),
        }
    }

    /// The innermost script is over: the one that called it goes on.
    fn ended(&mut self, result: Result<Value, Fault>, stack: &mut Vec<Machine>) -> Happening {
        stack.pop();
        if stack.is_empty() {
            return Happening::Ended(result);
        }
        self.input = match result {
            Ok(value) => Input::Returned(value),
            Err(fault) => Input::Failed(fault),
        };
        Happening::Went
    }
}

/// The surroundings of no run, in which nothing is looked at.
fn nowhere() -> Env {
    Env {
        now: chrono::DateTime::UNIX_EPOCH,
        zone: "UTC".to_owned(),
        locale: "en".to_owned(),
        seed: 0,
        names: Arc::default(),
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
