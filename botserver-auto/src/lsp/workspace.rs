//! The packages that an editor works on: scripts on disk, and over them what is open and not saved yet.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use botstate::{keyword::Registry, prompt::Prompt};
use url::Url;

use super::document::Text;
use crate::{
    basic::{self, Diagnostic, Known, Outline, Parsed, TableDef},
    mounted::{self, Language},
    package::{self, Found, Package, Script},
};

/// All that an editor opened, and what lies beside it.
pub(super) struct Workspace {
    language: Arc<Language>,
    folders: Vec<Folder>,
}

/// A package, or a folder with scripts.
pub(super) struct Folder {
    root: PathBuf,
    package: Package,
    known: Known,
    pub(super) files: BTreeMap<PathBuf, File>,
    /// What is wrong with files that are no scripts.
    others: HashMap<PathBuf, Vec<Diagnostic>>,
}

/// A script.
pub(super) struct File {
    /// As the editor spells it.
    pub(super) uri: String,
    /// The name by which it is called.
    pub(super) name: String,
    pub(super) text: Text,
    pub(super) open: bool,
    pub(super) outline: Outline,
    pub(super) diagnostics: Vec<Diagnostic>,
    parsed: Option<Parsed>,
    checked: bool,
    published: bool,
}

/// What is wrong with a file, ready to be sent.
pub(super) struct Problems {
    pub(super) uri: String,
    pub(super) text: Text,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl File {
    fn new(uri: String, name: String, text: Text) -> Self {
        Self {
            uri,
            name,
            text,
            open: false,
            outline: Outline::default(),
            diagnostics: Vec::new(),
            parsed: None,
            checked: false,
            published: false,
        }
    }

    /// Takes a new text; what was known of the old one is forgotten.
    fn set(&mut self, text: Text) {
        self.text = text;
        self.parsed = None;
        self.checked = false;
    }

    /// Reads the script unless that was done since its last change.
    fn read(&mut self, language: &Language) {
        if self.parsed.is_none() {
            let parsed = basic::parse(&format!("{}.bas", self.name), self.text.as_str(), language.grammar());
            self.outline = Outline::new(&parsed);
            self.parsed = Some(parsed);
            self.checked = false;
        }
    }

    fn check(&mut self, known: &Known) {
        if !self.checked
            && let Some(parsed) = &self.parsed
        {
            let found = basic::check(parsed, known);
            self.diagnostics = found;
            self.checked = true;
            self.published = false;
        }
    }

    /// The tables that the script declares.
    pub(super) fn tables(&self) -> Vec<TableDef> {
        self.parsed
            .as_ref()
            .map(|parsed| parsed.schema().tables)
            .unwrap_or_default()
    }

    /// Whether a model may call the script.
    pub(super) fn is_tool(&self) -> bool {
        self.outline.description.is_some() && mounted::may_be_tool(&self.name)
    }
}

impl Workspace {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            language: Arc::new(Language::new(registry)),
            folders: Vec::new(),
        }
    }

    /// The editor opened a document.
    pub(super) fn open(&mut self, uri: &str, text: &str) {
        let path = path_of(uri);
        let root = package::root(&path);
        let known = self.folders.iter().position(|folder| folder.root == root);
        let index = known.unwrap_or_else(|| {
            self.folders.push(Folder::load(root, &self.language));
            self.folders.len() - 1
        });
        let Some(folder) = self.folders.get_mut(index) else {
            return;
        };
        let name = script_name(&path);
        let file = folder
            .files
            .entry(path.clone())
            .or_insert_with(|| File::new(uri.to_owned(), name, Text::default()));
        file.open = true;
        uri.clone_into(&mut file.uri);
        if file.text.as_str() != text {
            file.set(Text::new(text));
        }
        folder.refresh(&path, &self.language);
    }

    /// The editor changed a document.
    pub(super) fn change(&mut self, uri: &str, changes: &[serde_json::Value]) {
        let path = path_of(uri);
        if let Some((folder, file)) = self.folders.iter_mut().find_map(|folder| {
            let file = folder.files.remove(&path)?;
            Some((folder, file))
        }) {
            let mut file = file;
            let mut text = std::mem::take(&mut file.text);
            for change in changes {
                text.change(change);
            }
            file.set(text);
            folder.files.insert(path.clone(), file);
            folder.refresh(&path, &self.language);
        }
    }

    /// The editor closed a document: what is on disk counts again.
    pub(super) fn close(&mut self, uri: &str) {
        let path = path_of(uri);
        for folder in &mut self.folders {
            if let Some(file) = folder.files.get_mut(&path) {
                file.open = false;
                folder.reload(&self.language);
                return;
            }
        }
    }

    /// Files changed on disk.
    pub(super) fn reload(&mut self) {
        for folder in &mut self.folders {
            folder.reload(&self.language);
        }
    }

    /// The folder and the script of a document, read and checked.
    pub(super) fn find(&mut self, uri: &str) -> Option<(&Folder, &File)> {
        let path = path_of(uri);
        let folder = self
            .folders
            .iter_mut()
            .find(|folder| folder.files.contains_key(&path))?;
        for file in folder.files.values_mut() {
            file.read(&self.language);
        }
        folder.files.get_mut(&path)?.check(&folder.known);
        let file = folder.files.get(&path)?;
        Some((folder, file))
    }

    /// The language with the words of the registry.
    pub(super) fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// What is wrong with scripts and was not sent yet.
    pub(super) fn problems(&mut self) -> Vec<Problems> {
        let mut found = Vec::new();
        for folder in &mut self.folders {
            for file in folder.files.values_mut() {
                file.read(&self.language);
                file.check(&folder.known);
                if !std::mem::replace(&mut file.published, true) {
                    found.push(Problems {
                        uri: file.uri.clone(),
                        text: file.text.clone(),
                        diagnostics: file.diagnostics.clone(),
                    });
                }
            }
            for (path, diagnostics) in folder.others.drain() {
                found.push(Problems {
                    uri: uri_of(&path),
                    text: Text::new(std::fs::read_to_string(&path).unwrap_or_default()),
                    diagnostics,
                });
            }
        }
        found
    }
}

impl Folder {
    fn load(root: PathBuf, language: &Language) -> Self {
        let mut folder = Self {
            root,
            package: Package::default(),
            known: Known::default(),
            files: BTreeMap::new(),
            others: HashMap::new(),
        };
        folder.reload(language);
        folder
    }

    /// The prompts that lie on disk.
    pub(super) fn prompts(&self) -> impl Iterator<Item = &Prompt> {
        self.package.prompts.iter().map(|prompt| &**prompt)
    }

    /// Reads what is on disk; documents that are open keep their text.
    fn reload(&mut self, language: &Language) {
        let found = package::find(&self.root).unwrap_or_else(|_gone| Found::default());
        let name = script_name(&self.root);
        let package = package::read(&name, &self.root, &found).unwrap_or_else(|_unreadable| Package::default());
        let base = self.root.parent().unwrap_or(&self.root).to_owned();
        let mut others: HashMap<PathBuf, Vec<Diagnostic>> = HashMap::new();
        for diagnostic in &package.diagnostics {
            let path = base.join(&diagnostic.file);
            others.entry(path).or_default().push(diagnostic.clone());
        }
        let scripts: BTreeMap<PathBuf, &Script> = package
            .scripts
            .iter()
            .map(|script| (base.join(&script.file), script))
            .collect();
        self.files.retain(|path, file| file.open || scripts.contains_key(path));
        for (path, script) in scripts {
            let file = self
                .files
                .entry(path)
                .or_insert_with_key(|path| File::new(uri_of(path), script.name.clone(), Text::default()));
            if !file.open && (file.text.as_str() != script.text || file.parsed.is_none()) {
                file.set(Text::new(script.text.as_str()));
            }
        }
        self.others = others;
        self.package = package;
        self.overlay();
        self.know(language);
    }

    /// After the text of one script changed.
    fn refresh(&mut self, path: &Path, language: &Language) {
        if let Some(file) = self.files.get(path) {
            match self.package.scripts.iter_mut().find(|script| script.name == file.name) {
                Some(script) => file.text.as_str().clone_into(&mut script.text),
                None => self.overlay(),
            }
        }
        self.know(language);
    }

    /// Makes the package one of what the editor shows.
    fn overlay(&mut self) {
        self.package.scripts = self
            .files
            .iter()
            .map(|(path, file)| Script {
                name: file.name.clone(),
                file: path.display().to_string(),
                text: file.text.as_str().to_owned(),
            })
            .collect();
    }

    fn know(&mut self, language: &Language) {
        let known = language.known(&self.package);
        if known != self.known {
            self.known = known;
            for file in self.files.values_mut() {
                file.checked = false;
            }
        }
    }

    /// The script called `name`, in lower case without `.bas`.
    pub(super) fn script(&self, name: &str) -> Option<&File> {
        self.files.values().find(|file| file.name == name)
    }
}

fn script_name(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// The path of a document; one that is not saved yet has its address instead.
fn path_of(uri: &str) -> PathBuf {
    Url::parse(uri)
        .ok()
        .filter(|url| url.scheme() == "file")
        .and_then(|url| url.to_file_path().ok())
        .unwrap_or_else(|| PathBuf::from(uri))
}

fn uri_of(path: &Path) -> String {
    Url::from_file_path(path).map_or_else(|()| path.display().to_string(), String::from)
}
