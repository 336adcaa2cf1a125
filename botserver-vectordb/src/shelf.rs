//! A collection in memory: who may read which passages, and their words.
//!
//! Passages with the same readers are one [`Part`] of the lexical index. A search takes the parts that its reader may
//! read and touches no other, so neither results nor times depend on what he may not.

use std::collections::{BTreeMap, HashMap, HashSet};

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
    /// Places of its passages in the part of its readers.
    places: Vec<usize>,
}

/// The passages of one class of readers. Their language is theirs alone: what others may read must not change how
/// words are understood here.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) part: Part,
    /// By place.
    pub(crate) passages: Vec<(Uuid, Uuid)>,
    terms: Terms,
}

/// A collection in memory.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) version: i64,
    pub(crate) embedder: Option<String>,
    pub(crate) documents: HashMap<Uuid, Known>,
    /// By who may read them.
    pub(crate) sections: BTreeMap<String, Section>,
    /// The languages of sections that are to be made.
    languages: HashMap<String, &'static str>,
}

/// What has to be read to bring a shelf up to date.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Documents that are gone or are others now.
    pub(crate) gone: Vec<Uuid>,
    /// Documents whose passages are missing.
    pub(crate) missing: Vec<Entry>,
}

impl Section {
    fn new(language: &str) -> Self {
        Self {
            part: Part::default(),
            passages: Vec::new(),
            terms: Terms::new(Analyser::new(language)),
        }
    }

    /// Whether little of it is of use, or its language turned out to be another while it is small.
    fn is_worn(&self, language: &str) -> bool {
        let alive = self.part.count();
        alive * 2 < self.part.places() || language != self.terms.analyser.language() && alive < SMALL
    }

    /// The numbers of a question's words, in their order.
    pub(crate) fn numbers(&self, words: &[String]) -> Vec<Option<u32>> {
        words
            .iter()
            .map(|word| self.term(word).and_then(|term| self.terms.find(&term)))
            .collect()
    }

    /// The term of a folded word; nothing for one that says nothing here.
    pub(crate) fn term(&self, word: &str) -> Option<String> {
        self.terms.analyser.question(word).into_iter().next()
    }
}

impl Shelf {
    /// Whether it shows the collection as it is.
    pub(crate) fn is_current(&self, collection: &Collection) -> bool {
        self.version == collection.version && self.embedder == collection.embedder
    }

    /// Compares itself with the documents that are there, and drops sections where little of them is of use.
    pub(crate) fn compare(&mut self, entries: &[Entry]) -> Changes {
        self.languages = main_languages(entries);
        let language = |access: &str| self.languages.get(access).copied().unwrap_or_default();
        let worn: HashSet<String> = self
            .sections
            .iter()
            .filter(|(access, section)| section.is_worn(language(access)))
            .map(|(access, _)| access.clone())
            .collect();
        let now: HashMap<Uuid, &Entry> = entries.iter().map(|entry| (entry.id, entry)).collect();
        let is_same = |id: &Uuid, known: &Known| now.get(id).is_some_and(|entry| entry.revision == known.revision);
        let gone: Vec<Uuid> = self
            .documents
            .iter()
            .filter(|(id, known)| !is_same(id, known) || worn.contains(&known.access))
            .map(|(id, _)| *id)
            .collect();
        for id in &gone {
            self.remove(*id);
        }
        self.sections.retain(|access, _| !worn.contains(access));
        let missing = entries
            .iter()
            .filter(|entry| entry.chunks > 0 && !self.documents.contains_key(&entry.id))
            .cloned()
            .collect();
        Changes { gone, missing }
    }

    /// Adds a document with its passages in their order.
    pub(crate) fn add(&mut self, entry: &Entry, chunks: &[Stored]) {
        let language = self.languages.get(&entry.access).copied().unwrap_or_default();
        let section = self
            .sections
            .entry(entry.access.clone())
            .or_insert_with(|| Section::new(language));
        let terms = &mut section.terms;
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
                version: entry
                    .indexed_hash
                    .as_deref()
                    .unwrap_or(&entry.hash)
                    .chars()
                    .take(12)
                    .collect(),
                places,
            },
        );
    }

    fn remove(&mut self, id: Uuid) {
        let Some(known) = self.documents.remove(&id) else {
            return;
        };
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
        for section in self.sections.values_mut() {
            section.terms.rest();
        }
    }

    /// Bytes that it takes, roughly.
    pub(crate) fn bytes(&self) -> usize {
        let sections = self.sections.values();
        sections
            .map(|section| section.part.bytes() + section.passages.capacity() * 32 + section.terms.bytes())
            .sum::<usize>()
            + self.documents.len() * 400
    }
}

/// The language that most of the words are in, by who may read them.
fn main_languages(entries: &[Entry]) -> HashMap<String, &'static str> {
    let mut tokens: HashMap<&str, BTreeMap<&str, i64>> = HashMap::new();
    for entry in entries {
        let language = entry.language.as_deref().unwrap_or_default();
        let language = language.split(['-', '_']).next().unwrap_or_default();
        if !language.is_empty() {
            *tokens.entry(&entry.access).or_default().entry(language).or_default() += entry.tokens;
        }
    }
    tokens
        .into_iter()
        .filter_map(|(access, tokens)| {
            let (language, _) = tokens.into_iter().max_by_key(|(_, tokens)| *tokens)?;
            Some((access.to_owned(), Analyser::new(language).language()))
        })
        .collect()
}
