//! A package in one version, compiled: what a bot runs.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use botlib::{BotId, OrgId};
use botstate::{
    dialog::{Bot, Fault, FaultKind, ToolSpec},
    keyword::Registry,
};
use sha2::{Digest, Sha256};

use crate::{
    basic::{self, Diagnostic, Grammar, Known, Program, Schema, Unit},
    package::{Package, Script},
};

/// Scripts that are never tools, whatever they describe.
const NEVER_TOOLS: [&str; 3] = ["start", "tables", "auth"];

/// The language with this server's keywords.
#[derive(Debug)]
pub(crate) struct Language {
    grammar: Grammar,
    options: basic::Options,
}

/// A bot with its programs.
#[derive(Debug)]
pub(crate) struct Mounted {
    pub(crate) bot: Arc<Bot>,
    programs: BTreeMap<String, Arc<Program>>,
    /// The tables that scripts declare.
    pub(crate) schema: Schema,
    /// Why a script does not run, by its name.
    broken: HashMap<String, String>,
}

/// A package after compiling, with all that is wrong with it.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) mounted: Mounted,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Built {
    /// Whether some part of the package cannot run.
    pub(crate) fn is_bad(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// A script after compiling.
struct Compiled {
    unit: Option<Unit>,
    schema: Schema,
    wants_message: bool,
    chooses_collections: bool,
    diagnostics: Vec<Diagnostic>,
}

impl Language {
    pub(crate) fn new(registry: &Registry) -> Self {
        Self {
            grammar: Grammar::new(registry),
            options: basic::Options::default(),
        }
    }

    /// The same language, compiled in another way.
    pub(crate) fn with_options(self, options: basic::Options) -> Self {
        Self { options, ..self }
    }

    /// The words that scripts may use.
    pub(crate) fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    /// Whether a word may not be the name of something that an author makes.
    pub(crate) fn is_reserved(&self, word: &str) -> bool {
        self.grammar.is_reserved(word)
    }

    /// What the scripts of a package may count on besides themselves.
    pub(crate) fn known(&self, package: &Package) -> Known {
        Known {
            names: package
                .settings
                .iter()
                .filter_map(|(name, _)| name.strip_prefix("param-").map(str::to_owned))
                .collect(),
            scripts: Some(self.names(package)),
            tables: Some(tables(package)),
            prompts: Some(
                package
                    .prompts
                    .iter()
                    .map(|prompt| (prompt.name.clone(), prompt.variables.clone()))
                    .collect(),
            ),
        }
    }

    /// Names of scripts, and of tools that share a file with others.
    fn names(&self, package: &Package) -> HashSet<String> {
        let mut names: HashSet<String> = package.scripts.iter().map(|script| script.name.clone()).collect();
        let described = |line: &str| {
            line.trim_start()
                .get(..11)
                .is_some_and(|word| word.eq_ignore_ascii_case("DESCRIPTION"))
        };
        for script in &package.scripts {
            if script.text.lines().filter(|line| described(line)).count() > 1 {
                let parsed = basic::parse(&format!("{}.bas", script.name), &script.text, &self.grammar);
                names.extend(parsed.sections());
            }
        }
        names
    }

    /// Compiles every script of a package.
    pub(crate) fn build(&self, org: OrgId, package: Package) -> Built {
        let known = self.known(&package);
        let mut diagnostics = package.diagnostics;
        let names: Vec<String> = package.scripts.iter().map(|script| script.name.clone()).collect();
        let (mut programs, mut broken) = (BTreeMap::new(), HashMap::new());
        let (mut triggers, mut schema) = (Vec::new(), Schema::default());
        let (mut start_wants_message, mut chooses_collections) = (false, false);
        for script in &package.scripts {
            let compiled = self.compile(script, &package.scripts, &known);
            if let Some(error) = compiled.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
                let place = format!("{}:{}", error.file, error.line);
                broken.insert(script.name.clone(), format!("{place}: {}", error.title));
            }
            diagnostics.extend(compiled.diagnostics);
            start_wants_message |= script.name == "start" && compiled.wants_message;
            chooses_collections |= compiled.chooses_collections;
            schema.add(compiled.schema);
            let Some(unit) = compiled.unit else { continue };
            programs.insert(script.name.clone(), Arc::new(unit.main));
            let mut renamed = HashMap::new();
            for mut section in unit.sections {
                let name = section.script().to_owned();
                // A file wins over a section that would have its name.
                let free = if names.contains(&name) || programs.contains_key(&name) {
                    format!("{}-{name}", script.name)
                } else {
                    name.clone()
                };
                if free != name {
                    section.rename(&free);
                    renamed.insert(name, free.clone());
                }
                programs.insert(free, Arc::new(section));
            }
            triggers.extend(unit.triggers.into_iter().map(|mut trigger| {
                if let Some(name) = renamed.get(&trigger.script) {
                    trigger.script.clone_from(name);
                }
                trigger.place = in_file(&trigger.place, script);
                trigger
            }));
        }
        schema.resolve();
        let bot = Bot {
            id: bot_id(org, &package.name),
            org,
            name: package.name,
            version: package.version,
            settings: package.settings,
            prompt: package.prompt,
            tools: programs
                .iter()
                .filter_map(|(name, program)| tool(name, program))
                .collect(),
            scripts: programs
                .keys()
                .filter(|name| !names.contains(name))
                .chain(&names)
                .cloned()
                .collect(),
            triggers,
            start_wants_message,
            chooses_collections,
            prompts: package.prompts,
        };
        Built {
            mounted: Mounted {
                bot: Arc::new(bot),
                programs,
                schema,
                broken,
            },
            diagnostics,
        }
    }

    fn compile(&self, script: &Script, all: &[Script], known: &Known) -> Compiled {
        let load = |file: &str| {
            let key = script_key(file);
            let found = all.iter().find(|other| other.name == key)?;
            Some((format!("{}.bas", found.name), found.text.clone()))
        };
        // Programs know the bare name, so that a package that is copied or renamed keeps its programs; authors see
        // where the file lies.
        let name = format!("{}.bas", script.name);
        let parsed = basic::parse_with(&name, &script.text, &self.grammar, &load);
        let has = |words| has_words(parsed.source().text(), &parsed.comments, words);
        let wants_message = has("user.message");
        let chooses_collections = ["use kb", "use_kb", "add kb", "add_kb"].into_iter().any(has);
        let mut diagnostics = basic::check(&parsed, known);
        let unit = basic::unit(&parsed, self.options).ok();
        for diagnostic in &mut diagnostics {
            let lies = |other: &&Script| format!("{}.bas", other.name) == diagnostic.file;
            let file = all.iter().find(lies).unwrap_or(script);
            diagnostic.file.clone_from(&file.file);
        }
        Compiled {
            unit,
            schema: parsed.schema(),
            wants_message,
            chooses_collections,
            diagnostics,
        }
    }
}

/// Names after TABLE at the beginning of lines.
fn tables(package: &Package) -> HashSet<String> {
    let lines = package.scripts.iter().flat_map(|script| script.text.lines());
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let begins = words.next()?.eq_ignore_ascii_case("TABLE");
            let name = words.next()?.trim_matches(['"', '`']).to_lowercase();
            begins.then_some(name)
        })
        .collect()
}

/// A place with the path that authors know instead of the bare name.
fn in_file(place: &str, script: &Script) -> String {
    place
        .strip_prefix(&format!("{}.bas", script.name))
        .map_or_else(|| place.to_owned(), |line| format!("{}{line}", script.file))
}

impl Mounted {
    /// A bot without scripts.
    #[cfg(test)]
    pub(crate) fn of(bot: Arc<Bot>) -> Self {
        Self {
            bot,
            programs: BTreeMap::new(),
            schema: Schema::default(),
            broken: HashMap::new(),
        }
    }

    /// The program of a script, named as callers write it: in any letter case, with or without a folder and `.bas`.
    pub(crate) fn program(&self, script: &str) -> Result<&Arc<Program>, Fault> {
        let name = script_key(script);
        if let Some(program) = self.programs.get(&name) {
            return Ok(program);
        }
        match self.broken.get(&name) {
            Some(why) => Err(
                Fault::new(FaultKind::NotFound, format!("the script {name} has errors: {why}"))
                    .hint("`botserver bot check` shows all of them"),
            ),
            None => Err(Fault::new(FaultKind::NotFound, format!("the bot has no script {name}"))),
        }
    }

    /// Every program.
    pub(crate) fn programs(&self) -> impl Iterator<Item = (&str, &Arc<Program>)> {
        self.programs.iter().map(|(name, program)| (name.as_str(), program))
    }
}

/// The name by which scripts are found.
fn script_key(script: &str) -> String {
    let script = script
        .trim()
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .to_lowercase();
    script.strip_suffix(".bas").map_or(script.clone(), str::to_owned)
}

/// The same for the same organisation and name, on every node and after every start.
pub fn bot_id(org: OrgId, name: &str) -> BotId {
    let digest = Sha256::new()
        .chain_update(org.as_uuid())
        .chain_update(name.to_lowercase())
        .finalize();
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, hashed)| *byte = hashed);
    BotId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn tool(script: &str, program: &Program) -> Option<ToolSpec> {
    if may_be_tool(script) { program.tool() } else { None }
}

/// Whether a script of that name is a tool once it has a description.
pub(crate) fn may_be_tool(script: &str) -> bool {
    !NEVER_TOOLS.contains(&script)
}

/// Whether a script has these words, given in lower case, comments aside.
fn has_words(text: &str, comments: &[Range<usize>], wanted: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    lower.match_indices(wanted).any(|(at, _)| {
        let before = lower.get(..at).and_then(|before| before.chars().next_back());
        let after = lower.get(at + wanted.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_word)
            && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
            && !comments.iter().any(|comment| comment.contains(&at))
    })
}
