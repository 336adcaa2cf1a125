//! Figures about what a reader may read.

use chrono::{DateTime, TimeDelta, Utc};

use botlib::Caller;
use botstate::{db, dialog::Bot, knowledge::Reader};
use uuid::Uuid;

use super::KnowledgeService;
use crate::{
    error::Error,
    model::{Collection, Entry, State},
    store::{collections, counts, documents},
};

/// A collection in figures.
#[derive(Debug, Clone)]
pub(crate) struct CollectionNumbers {
    pub(crate) name: String,
    pub(crate) documents: usize,
    pub(crate) chunks: i64,
    pub(crate) vectors: i64,
    /// Bytes of the documents, their passages and vectors.
    pub(crate) disk: i64,
    /// Bytes in memory of the reader's share.
    pub(crate) memory: i64,
    pub(crate) waiting: usize,
    pub(crate) failed: usize,
    pub(crate) embedder: Option<String>,
}

/// What a reader may read, in figures.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers {
    pub(crate) collections: Vec<CollectionNumbers>,
    pub(crate) added_last_week: usize,
    pub(crate) added_last_month: usize,
}

impl Numbers {
    pub(crate) fn sum(&self, of: impl Fn(&CollectionNumbers) -> i64) -> i64 {
        self.collections.iter().map(of).sum()
    }
}

/// How the indexing of a bot's documents goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    pub(crate) waiting: i64,
    pub(crate) ready: i64,
    pub(crate) failed: i64,
    pub(crate) hidden: i64,
    /// The document that this process indexes now.
    pub(crate) current: Option<String>,
    pub(crate) permissions_error: Option<String>,
    /// What failed, and why, a hundred at most.
    pub(crate) problems: Vec<(String, String, String)>,
}

impl KnowledgeService {
    /// The figures of what `reader` may read of a bot.
    pub(crate) async fn numbers(&self, bot: &Bot, reader: &Reader) -> Result<Numbers, Error> {
        let mut numbers = Numbers::default();
        if reader.org != bot.org {
            return Ok(numbers);
        }
        let now = self.clock.now();
        for (collection, entries) in self.all_documents(bot).await? {
            let all = entries.len();
            let visible = self.visible(entries, reader).await?;
            if visible.is_empty() && all > 0 {
                continue;
            }
            let since = |days| count_since(&visible, now - TimeDelta::days(days));
            numbers.added_last_week += since(7);
            numbers.added_last_month += since(30);
            numbers
                .collections
                .push(self.collection_numbers(collection, &visible).await?);
        }
        Ok(numbers)
    }

    async fn collection_numbers(&self, collection: Collection, visible: &[Entry]) -> Result<CollectionNumbers, Error> {
        let ids: Vec<Uuid> = visible.iter().map(|entry| entry.id).collect();
        let org = collection.org;
        let vectors = self
            .db
            .read(move |conn| counts::vectors(conn, org, &ids).map_err(db::Error::from))
            .await?;
        let chunks: i64 = visible.iter().map(|entry| i64::from(entry.chunks)).sum();
        let tokens: i64 = visible.iter().map(|entry| entry.tokens).sum();
        let width = i64::try_from(self.width(&collection)).unwrap_or_default();
        let of_documents: i64 = visible.iter().map(|entry| entry.size).sum();
        Ok(CollectionNumbers {
            documents: visible.len(),
            chunks,
            vectors,
            // A token is about five characters of a passage.
            disk: of_documents + tokens * 5 + vectors * width * 4,
            // What a passage takes in memory does not depend on what others may read: its words and its vector.
            memory: tokens * 2 + vectors * (width * 4 + 80),
            waiting: visible.iter().filter(|entry| entry.state == State::Waiting).count(),
            failed: visible.iter().filter(|entry| entry.state == State::Failed).count(),
            embedder: collection.embedder,
            name: collection.name,
        })
    }

    /// Numbers of a vector of the collection.
    fn width(&self, collection: &Collection) -> usize {
        let bot = self.bot_of(collection.bot);
        let found = bot.zip(collection.embedder.as_deref());
        let embedder = found.and_then(|(bot, id)| self.embedders.find(&bot, id));
        embedder.map_or(0, |embedder| embedder.dimensions())
    }

    /// Documents that the reader may read and that came since.
    pub(crate) async fn added_since(&self, bot: &Bot, reader: &Reader, since: DateTime<Utc>) -> Result<usize, Error> {
        if reader.org != bot.org {
            return Ok(0);
        }
        let mut count = 0;
        for (_, entries) in self.all_documents(bot).await? {
            count += count_since(&self.visible(entries, reader).await?, since);
        }
        Ok(count)
    }

    /// How the indexing of a bot's documents goes, for those who manage it.
    pub(crate) async fn progress(&self, caller: &Caller, bot: &str) -> Result<Progress, Error> {
        let bot = self.bot(caller, bot)?;
        let (org, id) = (bot.org, bot.id);
        let (counts, policy) = self
            .db
            .read(move |conn| {
                let counts = documents::count_by_state(conn, org, id)?;
                Ok::<_, db::Error>((counts, collections::policy(conn, org, id)?))
            })
            .await?;
        let of = |state: State| counts.get(state.name()).copied().unwrap_or_default();
        let mut problems = Vec::new();
        if of(State::Failed) > 0 {
            for (collection, entries) in self.all_documents(&bot).await? {
                let failed = entries.into_iter().filter(|entry| entry.state == State::Failed);
                problems.extend(failed.map(|entry| {
                    let why = entry.error.unwrap_or_default();
                    (collection.name.clone(), entry.path, why)
                }));
            }
            problems.truncate(100);
        }
        Ok(Progress {
            waiting: of(State::Waiting),
            ready: of(State::Ready),
            failed: of(State::Failed),
            hidden: of(State::Hidden),
            current: self.busy.lock().get(&id).cloned().filter(|path| !path.is_empty()),
            permissions_error: policy.error,
            problems,
        })
    }

    /// Bytes that a bot's collections take in memory, for operators and tests.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn resident_bytes(&self, bot: &Bot) -> Result<usize, Error> {
        let (org, id) = (bot.org, bot.id);
        let all = self
            .db
            .read(move |conn| collections::list(conn, org, id).map_err(db::Error::from))
            .await?;
        let mut bytes = 0;
        for collection in all {
            bytes += self.library.bytes(collection.id).await;
            bytes += self.exact.as_ref().map_or(0, |exact| exact.bytes(collection.id));
        }
        Ok(bytes)
    }
}

fn count_since(entries: &[Entry], since: DateTime<Utc>) -> usize {
    entries.iter().filter(|entry| entry.created_at >= since).count()
}
