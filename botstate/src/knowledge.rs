//! The port to what bots know from documents: questions in, passages with their sources out.

use std::collections::BTreeSet;

use async_trait::async_trait;
use botlib::{BotId, Caller, OrgId, PersonId, Subject, wire::Citation};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::dialog::{Bot, Fault};

/// Answers questions with passages of documents. Nothing that the reader may not read has any influence on what
/// comes back: no passage, no title, no count, no order.
#[async_trait]
pub trait Knowledge: Send + Sync + 'static {
    /// The best passages for a question, best first.
    ///
    /// # Errors
    /// When the index or the embedder cannot be asked.
    async fn search(&self, query: &Query) -> Result<Found, Fault>;

    /// The collections of a bot that the reader may search, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn collections(&self, bot: &Bot, reader: &Reader) -> Result<Vec<String>, Fault>;

    /// Documents that the reader may read and that can be found, by collection and path: at most `limit` of those that
    /// come after `after`.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn documents(
        &self,
        bot: &Bot,
        reader: &Reader,
        after: Option<&Spot>,
        limit: usize,
    ) -> Result<Vec<Listed>, Fault>;

    /// A document with its text, as it was understood; nothing when there is none that the reader may read.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn read(&self, bot: &Bot, reader: &Reader, spot: &Spot) -> Result<Option<(Listed, String)>, Fault>;

    /// Changes whenever anything changes that a search in these collections could give; for keys of caches.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn version(&self, bot: BotId, collections: &[String]) -> Result<String, Fault>;
}

/// A question.
#[derive(Debug, Clone)]
pub struct Query {
    /// What is asked.
    pub text: String,
    /// The bot whose knowledge is searched.
    pub bot: std::sync::Arc<Bot>,
    /// The collections to search, by name; unknown ones and those that the reader may not read give nothing.
    pub collections: Vec<String>,
    /// Who will read the answer.
    pub reader: Reader,
    /// Passages wanted at most.
    pub limit: usize,
    /// Tokens that the passages may have together.
    pub tokens: usize,
}

/// Who reads: what the permissions of documents are decided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The organisation.
    pub org: OrgId,
    /// The person, when somebody with an account reads.
    pub person: Option<PersonId>,
    /// Groups that the person belongs to, nested ones included.
    pub groups: BTreeSet<String>,
    /// Roles of the person.
    pub roles: BTreeSet<String>,
}

impl Reader {
    /// The reader that a caller is. Groups and roles are those that the caller has proved.
    pub fn of(caller: &Caller) -> Self {
        Self {
            org: caller.org,
            person: match caller.subject {
                Subject::Person(person) => Some(person),
                _ => None,
            },
            groups: caller.groups.clone(),
            roles: match caller.subject {
                Subject::Person(_) => caller.roles.clone(),
                _ => BTreeSet::new(),
            },
        }
    }

    /// Tells readers apart that may read different things; for keys of caches.
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(self.org.to_string());
        for part in [
            self.person.map(|person| person.to_string()).unwrap_or_default(),
            serde_json::json!(self.groups).to_string(),
            serde_json::json!(self.roles).to_string(),
        ] {
            digest.update([0]);
            digest.update(part);
        }
        format!("{:x}", digest.finalize())
    }
}

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The collection, by name.
    pub collection: String,
    /// The path in it, or the address of a web page.
    pub path: String,
}

/// A document in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it is.
    pub spot: Spot,
    /// Its title.
    pub title: String,
    /// Its language as a BCP 47 tag, where that was told or seen.
    pub language: Option<String>,
    /// When it was understood last.
    pub indexed_at: Option<DateTime<Utc>>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The passages, best first.
    pub passages: Vec<Passage>,
    /// The version of what was searched, as [`Knowledge::version`] gives it.
    pub version: String,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// Where it is; its number is its place in the answer, from 1.
    pub source: Citation,
    /// Its whole text, with the passages around it where there was room.
    pub text: String,
    /// How well it fits, 0 to 1; to be compared within one answer only.
    pub score: f32,
    /// How many of the question's telling words it holds, 0 to 1: with nothing near 1 the answer is not known.
    pub coverage: f32,
    /// Tokens of the text.
    pub tokens: usize,
}
