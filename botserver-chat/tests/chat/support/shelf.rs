//! Documents made of data: every passage that shares a word with the question is found.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use botlib::{BotId, wire::Citation};
use botstate::{
    dialog::{Bot, Fault},
    knowledge::{Found, Knowledge, Listed, Passage, Query, Reader, Spot},
};
use parking_lot::Mutex;

/// Passages with the names of their documents, and every question that was asked.
#[derive(Default)]
pub(crate) struct Shelf {
    passages: Vec<(String, String, Option<String>)>,
    asked: Mutex<Vec<Query>>,
    version: AtomicU32,
}

impl Shelf {
    pub(crate) fn of<const N: usize>(passages: [(&str, &str); N]) -> Self {
        Self {
            passages: passages
                .map(|(name, text)| (name.to_owned(), text.to_owned(), None))
                .into(),
            asked: Mutex::default(),
            version: AtomicU32::new(1),
        }
    }

    /// A page of the web besides.
    pub(crate) fn page(mut self, url: &str, text: &str) -> Self {
        self.passages
            .push((url.to_owned(), text.to_owned(), Some(url.to_owned())));
        self
    }

    /// Changes something that is not looked at.
    pub(crate) fn change(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    /// Makes everything look as it did before the last change.
    pub(crate) fn change_back(&self) {
        self.version.fetch_sub(1, Ordering::SeqCst);
    }

    fn now(&self) -> String {
        format!("v{}", self.version.load(Ordering::SeqCst))
    }

    pub(crate) fn asked(&self) -> Vec<Query> {
        self.asked.lock().clone()
    }
}

#[async_trait]
impl Knowledge for Shelf {
    async fn search(&self, query: &Query) -> Result<Found, Fault> {
        self.asked.lock().push(query.clone());
        let words: Vec<String> = query
            .text
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| word.len() > 3)
            .map(str::to_lowercase)
            .collect();
        let held = |text: &str| words.iter().filter(|word| text.to_lowercase().contains(*word)).count();
        let found = self.passages.iter().filter(|(_, text, _)| held(text) > 0);
        let passages = found.zip(1..).map(|((name, text, url), number)| Passage {
            source: Citation {
                number,
                collection: query.collections[0].clone(),
                document: name.clone(),
                title: name.clone(),
                version: "1".to_owned(),
                page: Some(number),
                headings: Vec::new(),
                passage: text.clone(),
                url: url.clone(),
            },
            text: text.clone(),
            score: 1.0,
            coverage: f32::from(u16::try_from(held(text)).unwrap()) / f32::from(u16::try_from(words.len()).unwrap()),
            tokens: text.len(),
        });
        Ok(Found {
            passages: passages.take(query.limit).collect(),
            version: self.now(),
        })
    }

    async fn collections(&self, _: &Bot, _: &Reader) -> Result<Vec<String>, Fault> {
        Ok(vec!["shop".to_owned()])
    }

    async fn documents(&self, _: &Bot, _: &Reader, after: Option<&Spot>, limit: usize) -> Result<Vec<Listed>, Fault> {
        let mut all: Vec<Listed> = self.passages.iter().map(|(name, _, _)| listed(name)).collect();
        all.sort_by(|one, other| one.spot.cmp(&other.spot));
        all.retain(|one| after.is_none_or(|after| one.spot > *after));
        all.truncate(limit);
        Ok(all)
    }

    async fn read(&self, _: &Bot, _: &Reader, spot: &Spot) -> Result<Option<(Listed, String)>, Fault> {
        let found = self.passages.iter().find(|(name, _, _)| *name == spot.path);
        Ok(found.map(|(name, text, _)| (listed(name), text.clone())))
    }

    async fn version(&self, _: BotId, _: &[String]) -> Result<String, Fault> {
        Ok(self.now())
    }
}

fn listed(name: &str) -> Listed {
    Listed {
        spot: Spot {
            collection: "shop".to_owned(),
            path: name.to_owned(),
        },
        title: name.to_owned(),
        language: None,
        indexed_at: None,
    }
}
