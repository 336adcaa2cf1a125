//! Keeps the bots that run in step with the folder of packages.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use botlib::{BotId, Clock, NodeId, OrgId};
use botstate::{
    Db,
    db::Error as DbError,
    dialog::Bot,
    event::{Event, EventBus},
};
use parking_lot::Mutex;

use crate::{
    basic::Diagnostic,
    bots::Shelf,
    mounted::{Built, Language},
    package::{self, Found, Package},
    store::{
        programs::{self, Kept},
        prompts,
    },
};

/// What the packages are mounted with.
pub(crate) struct Mounts {
    pub(crate) folder: PathBuf,
    pub(crate) org: OrgId,
    pub(crate) node: NodeId,
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: EventBus,
    pub(crate) language: Arc<Language>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) state: tokio::sync::Mutex<State>,
    /// Programs known to be in the database.
    pub(crate) kept: Mutex<HashSet<(BotId, String)>>,
}

/// What was seen at the last look.
#[derive(Debug, Default)]
pub(crate) struct State {
    packages: HashMap<String, Seen>,
    /// What was wrong with the folder itself, so that it is said once.
    trouble: Option<String>,
}

/// A package at the last look.
#[derive(Debug, Clone)]
struct Seen {
    found: Found,
    /// The version that was compiled last, good or bad.
    version: String,
    /// Whether a version without errors runs.
    has_good: bool,
    trouble: Option<String>,
}

/// A package as a look finds it.
type Looked = (String, PathBuf, io::Result<Found>);

impl Mounts {
    /// Looks at the folder and mounts what changed. A `thorough` look reads files even where sizes and times are
    /// as before, because a clock of files may be coarser than an editor is fast.
    pub(crate) async fn refresh(&self, thorough: bool) {
        let mut state = self.state.lock().await;
        let folder = self.folder.clone();
        let looked = blocking(move || look(&folder)).await;
        let looked = match looked {
            Ok(looked) => looked,
            // A share that is away for a moment takes no bot with it.
            Err(error) => {
                let trouble = format!("cannot read the folder of bots {}: {error}", self.folder.display());
                if state.trouble.as_ref() != Some(&trouble) {
                    tracing::warn!("{trouble}; make it readable, or set BOTSERVER_BOTS_DIR");
                    state.trouble = Some(trouble);
                }
                return;
            }
        };
        state.trouble = None;
        let mut present = HashSet::new();
        for (name, path, found) in looked {
            let key = name.to_lowercase();
            if !present.insert(key.clone()) {
                continue;
            }
            let before = state.packages.get(&key).cloned();
            if let Some(seen) = self.mount(&name, path, found, before, thorough).await {
                state.packages.insert(key, seen);
            }
        }
        let gone: Vec<String> = state
            .packages
            .keys()
            .filter(|name| !present.contains(*name))
            .cloned()
            .collect();
        for name in gone {
            state.packages.remove(&name);
            if let Some(mounted) = self.shelf.remove(&name) {
                tracing::info!(bot.name = %mounted.bot.name, "bot {} was removed", mounted.bot.name);
                self.tell(mounted.bot.id).await;
            }
        }
        self.keep_programs().await;
    }

    /// Mounts one package if it changed, and gives what is to be remembered of it.
    async fn mount(
        &self,
        name: &str,
        path: PathBuf,
        found: io::Result<Found>,
        before: Option<Seen>,
        thorough: bool,
    ) -> Option<Seen> {
        let found = match found {
            Ok(found) => found,
            Err(error) => return unreadable(name, before, &error),
        };
        if !thorough
            && before
                .as_ref()
                .is_some_and(|seen| seen.found == found && seen.trouble.is_none())
        {
            return before;
        }
        let (language, org, owned, files) = (Arc::clone(&self.language), self.org, name.to_owned(), found.clone());
        let known = before.as_ref().map(|seen| seen.version.clone());
        let built = blocking(move || {
            let package: Package = package::read(&owned, &path, &files)?;
            // Most looks find nothing new, and compiling costs more than reading.
            Ok(if known.as_ref() == Some(&package.version) {
                None
            } else {
                Some(language.build(org, package))
            })
        });
        match built.await {
            Ok(Some(built)) => Some(self.swap(found, built, before.as_ref()).await),
            Ok(None) => before.map(|seen| Seen {
                found,
                trouble: None,
                ..seen
            }),
            Err(error) => unreadable(name, before, &error),
        }
    }

    /// Lets the new version run, unless it has errors and a good one runs.
    async fn swap(&self, found: Found, built: Built, before: Option<&Seen>) -> Seen {
        let (is_bad, had_good) = (built.is_bad(), before.is_some_and(|seen| seen.has_good));
        let bot = Arc::clone(&built.mounted.bot);
        for diagnostic in &built.diagnostics {
            report(&bot.name, diagnostic);
        }
        let problems = built
            .diagnostics
            .iter()
            .map(|diagnostic| diagnostic.render(false))
            .collect();
        let seen = Seen {
            found,
            version: bot.version.clone(),
            has_good: had_good || !is_bad,
            trouble: None,
        };
        if is_bad && had_good {
            tracing::error!(bot.name = %bot.name, "bot {} has errors: its last good version goes on", bot.name);
            self.shelf.note(&bot.name, problems);
            return seen;
        }
        if is_bad {
            tracing::error!(bot.name = %bot.name, "bot {} has errors: its other scripts run", bot.name);
        } else {
            let count = bot.scripts.len();
            tracing::info!(bot.name = %bot.name, bot.version = %bot.version, "bot {} runs with {count} scripts", bot.name);
        }
        let mounted = Arc::new(built.mounted);
        // Before the version runs: a dialog that it starts finds its program again whatever happens to the folder.
        self.keep(self.unkept([&mounted])).await;
        self.note_prompts(&bot).await;
        self.shelf.put(mounted, problems);
        self.tell(bot.id).await;
        seen
    }

    /// Writes down what the bot's prompts say from now on.
    async fn note_prompts(&self, bot: &Arc<Bot>) {
        if bot.prompts.is_empty() {
            return;
        }
        let (noted, now) = (Arc::clone(bot), self.clock.now());
        let write = self
            .db
            .write(move |conn| prompts::note(conn, &noted, now).map_err(DbError::from));
        if let Err(error) = write.await {
            tracing::warn!(bot.name = %bot.name, "cannot keep the history of prompts: {error}");
        }
    }

    /// Keeps programs that the database did not take when their version was mounted.
    async fn keep_programs(&self) {
        self.keep(self.unkept(&self.shelf.all())).await;
    }

    /// Keeps the programs of a package that dialogs are started with besides the one that runs.
    pub(crate) async fn keep_of(&self, mounted: &Arc<crate::mounted::Mounted>) {
        self.keep(self.unkept([mounted])).await;
    }

    fn unkept<'a>(&self, mounted: impl IntoIterator<Item = &'a Arc<crate::mounted::Mounted>>) -> Vec<Kept> {
        let kept = self.kept.lock();
        let mut wanted = BTreeMap::new();
        for mounted in mounted {
            let bot = &mounted.bot;
            for (script, program) in mounted.programs() {
                let key = (bot.id, program.hash().to_owned());
                if !kept.contains(&key) {
                    wanted.entry(key).or_insert_with(|| Kept {
                        bot: bot.id,
                        org: bot.org,
                        hash: program.hash().to_owned(),
                        script: script.to_owned(),
                        program: program.to_json(),
                    });
                }
            }
        }
        wanted.into_values().collect()
    }

    async fn keep(&self, programs: Vec<Kept>) {
        if programs.is_empty() {
            return;
        }
        let keys: Vec<_> = programs.iter().map(|kept| (kept.bot, kept.hash.clone())).collect();
        let now = self.clock.now();
        let write = self
            .db
            .write(move |conn| programs::keep(conn, &programs, now).map_err(DbError::from));
        match write.await {
            Ok(()) => self.kept.lock().extend(keys),
            Err(error) => tracing::warn!("cannot keep the programs of bots: {error}; the next look tries again"),
        }
    }

    async fn tell(&self, bot: BotId) {
        if let Err(error) = self.events.publish(&Event::BotChanged { bot, node: self.node }).await {
            tracing::warn!("cannot tell others of a changed bot: {error}");
        }
    }
}

fn look(folder: &Path) -> io::Result<Vec<Looked>> {
    let packages = package::list(folder)?;
    Ok(packages
        .into_iter()
        .map(|(name, path)| {
            let found = package::find(&path);
            (name, path, found)
        })
        .collect())
}

/// A package that cannot be read stays as it is; the reason is logged once.
fn unreadable(name: &str, before: Option<Seen>, error: &io::Error) -> Option<Seen> {
    let trouble = format!("cannot read the package {name}: {error}");
    let known = before.as_ref().and_then(|seen| seen.trouble.as_ref()) == Some(&trouble);
    if !known {
        tracing::error!(bot.name = name, "{trouble}");
    }
    before.map(|seen| Seen {
        trouble: Some(trouble),
        ..seen
    })
}

fn report(bot: &str, diagnostic: &Diagnostic) {
    let text = diagnostic.render(false);
    if diagnostic.is_error() {
        tracing::error!(bot.name = bot, "a script of {bot} has an error\n{text}");
    } else {
        tracing::warn!(bot.name = bot, "a script of {bot} has a problem\n{text}");
    }
}

/// Runs `work` on the blocking pool and resumes its panic here.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and whoever waits here ends with it.
            Err(_cancelled) => std::future::pending().await,
        },
    }
}
