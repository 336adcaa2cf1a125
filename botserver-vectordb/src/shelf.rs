//! A collection in memory: who may read which passages, and their words.
//!
//! Passages with the same readers are one [`Part`] of the lexical index. A search takes the parts that its reader may
//! read and touches no other, so neither results nor times depend on what he may not.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::{
    analyse::{Analyser, Terms},
    chunk::whole,
    lexical::Part,
    model::{Collection, Entry},
    store::chunks::Stored,
};

/// Passages that a collection may have to be read anew when its language turns out to be another.
const SMALL: usize = 5_000;

/// A document that is on the shelf.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) revision: i64,
    pub(crate) access: String,
    pub(crate) path: String,
    pub(crate) title: String,
    /// The beginning of its content's hash.
    pub(crate) version: String,
    pub(crate) language: Option<String>,
    pub(crate) tokens: i64,
    /// Places of its passages in the part of its readers.
    places: Vec<usize>,
}

/// The passages of one class of readers.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) part: Part,
    /// By place.
    pub(crate) passages: Vec<(Uuid, Uuid)>,
}

/// A collection in memory.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) version: i64,
    pub(crate) embedder: Option<String>,
    pub(crate) documents: HashMap<Uuid, Known>,
    /// By who may read them.
    pub(crate) sections: BTreeMap<String, Section>,
    terms: Terms,
}

/// What has to be read to bring a shelf up to date.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Documents that are gone or are others now.
    pub(crate) gone: Vec<Uuid>,
    /// Documents whose passages are missing.
    pub(crate) missing: Vec<Entry>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new("")
    }
}

impl Shelf {
    fn new(language: &str) -> Self {
        Self {
            version: 0,
            embedder: None,
            documents: HashMap::new(),
            sections: BTreeMap::new(),
            terms: Terms::new(Analyser::new(language)),
        }
    }

    /// Whether it shows the collection as it is.
    pub(crate) fn is_current(&self, collection: &Collection) -> bool {
        self.version == collection.version && self.embedder == collection.embedder
    }

    /// Compares itself with the documents that are there, and drops everything where little of it is of use.
    pub(crate) fn compare(&mut self, entries: &[Entry]) -> Changes {
        let language = main_language(entries);
        let (alive, places) = self.sections.values().fold((0, 0), |(alive, places), section| {
            (alive + section.part.count(), places + section.part.places())
        });
        let speaks_another = language != self.terms.analyser.language() && alive < SMALL;
        let mut changes = Changes::default();
        if speaks_another || alive * 2 < places {
            changes.gone = self.documents.keys().copied().collect();
            *self = Self::new(language);
        }
        let now: HashMap<Uuid, &Entry> = entries.iter().map(|entry| (entry.id, entry)).collect();
        let is_same = |id: &Uuid, known: &Known| now.get(id).is_some_and(|entry| entry.revision == known.revision);
        changes.gone.extend(
            self.documents
                .iter()
                .filter(|(id, known)| !is_same(id, known))
                .map(|(id, _)| *id),
        );
        for id in &changes.gone {
            self.remove(*id);
        }
        changes.missing = entries
            .iter()
            .filter(|entry| entry.chunks > 0 && !self.documents.contains_key(&entry.id))
            .cloned()
            .collect();
        changes
    }

    /// Adds a document with its passages in their order.
    pub(crate) fn add(&mut self, entry: &Entry, chunks: &[Stored]) {
        let section = self.sections.entry(entry.access.clone()).or_default();
        let terms = &mut self.terms;
        let places = chunks
            .iter()
            .map(|chunk| {
                section.passages.push((chunk.id, entry.id));
                section
                    .part
                    .add(|take| terms.each(&whole(&entry.title, &chunk.headings, &chunk.body), take))
            })
            .collect();
        self.documents.insert(
            entry.id,
            Known {
                revision: entry.revision,
                access: entry.access.clone(),
                path: entry.path.clone(),
                title: entry.title.clone(),
                version: entry.indexed_hash.as_deref().unwrap_or(&entry.hash).chars().take(12).collect(),
                language: entry.language.clone(),
                tokens: entry.tokens,
                places,
            },
        );
    }

    fn remove(&mut self, id: Uuid) {
        let Some(known) = self.documents.remove(&id) else { return };
        if let Some(section) = self.sections.get_mut(&known.access) {
            for place in known.places {
                section.part.remove(place);
            }
            if section.part.count() == 0 {
                self.sections.remove(&known.access);
            }
        }
    }

    /// Says that it shows the collection as it is.
    pub(crate) fn settle(&mut self, collection: &Collection) {
        self.version = collection.version;
        self.embedder.clone_from(&collection.embedder);
        self.terms.rest();
    }

    /// The numbers of a question's words, in their order; several words may have the same.
    pub(crate) fn numbers(&self, words: &[String]) -> Vec<Option<u32>> {
        words
            .iter()
            .map(|word| {
                let term = self.terms.analyser.question(word);
                term.first().and_then(|term| self.terms.find(term))
            })
            .collect()
    }

    /// Whether a folded word says nothing here.
    pub(crate) fn is_stop_word(&self, word: &str) -> bool {
        self.terms.analyser.question(word).is_empty()
    }

    /// The term of a folded word.
    pub(crate) fn term(&self, word: &str) -> Option<String> {
        self.terms.analyser.question(word).into_iter().next()
    }

    /// Bytes that it takes, roughly.
    pub(crate) fn bytes(&self) -> usize {
        let sections = self.sections.values();
        sections
            .map(|section| section.part.bytes() + section.passages.len() * 32)
            .sum::<usize>()
            + self.terms.bytes()
            + self.documents.len() * 400
    }
}

/// The language that most of the words are in.
fn main_language(entries: &[Entry]) -> &'static str {
    let mut tokens: BTreeMap<&str, i64> = BTreeMap::new();
    for entry in entries {
        let language = entry.language.as_deref().unwrap_or_default();
        let language = language.split(['-', '_']).next().unwrap_or_default();
        *tokens.entry(language).or_default() += entry.tokens;
    }
    let most = tokens.into_iter().filter(|(language, _)| !language.is_empty());
    let most = most.max_by_key(|(_, tokens)| *tokens).map(|(language, _)| language);
    most.map_or("", |language| Analyser::new(language).language())
}
