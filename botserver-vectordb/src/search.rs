//! A search, from the question to passages with their sources.

mod alike;
mod passages;
mod rerank;

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use botlib::words::each_word;
use botstate::{
    db,
    dialog::Bot,
    embed::Side,
    knowledge::{Found, Query, Reader},
    vector::Nearest,
};
use tokio::sync::OwnedRwLockReadGuard;

use crate::{
    error::Error,
    fuse::{Candidate, Weights, fuse},
    lexical::{self, Asked, Scored},
    library::space,
    model::Collection,
    service::KnowledgeService,
    shelf::Shelf,
    store::collections,
};

/// Passages that each index gives to be mixed.
const EACH: usize = 100;

/// Characters of a question that count.
const LONGEST: usize = 4_000;

/// With a vector that only knows how words look: how near a passage without any of them must be to be an answer.
const ALIKE: f32 = 0.3;

/// A collection that is searched.
struct Open {
    collection: Collection,
    shelf: OwnedRwLockReadGuard<Shelf>,
    /// What the reader may read there.
    access: Vec<String>,
}

impl KnowledgeService {
    /// The best passages for a question.
    pub(crate) async fn find(&self, query: &Query) -> Result<Found, Error> {
        let begun = Instant::now();
        let (all, version) = self.searched(&query.bot, &query.reader, &query.collections).await?;
        let mut open = Vec::with_capacity(all.len());
        for collection in all {
            let shelf = self.library.shelf(&collection).await?;
            let access = self.readable(&shelf, &query.reader).await?;
            if !access.is_empty() {
                open.push(Open {
                    collection,
                    shelf,
                    access,
                });
            }
        }
        let text: String = query.text.chars().take(LONGEST).collect();
        let weights = Self::weights(&open).with(&query.bot.settings);
        let near = if weights.vectors > 0.0 {
            self.near(&query.bot, &open, &text).await?
        } else {
            Vec::new()
        };
        let asked = text.clone();
        let (open, scored) = tokio::task::spawn_blocking(move || {
            let scored = if weights.words > 0.0 {
                score(&open, &asked)
            } else {
                Vec::new()
            };
            (open, scored)
        })
        .await
        .map_err(|error| Error::Database(db::Error::Unavailable(error.to_string())))?;
        let mut found = scored;
        let has_words = !found.is_empty();
        found.extend(near);
        let mut fused = fuse(found, weights);
        if weights.needs_words && !has_words {
            fused.retain(|one| one.cosine.is_some_and(|cosine| cosine >= ALIKE));
        }
        let fused = self.reranked(&open, fused, query, &text).await?;
        let passages = self.passages(&open, fused, query).await?;
        metrics::histogram!("knowledge_search_seconds").record(begun.elapsed().as_secs_f64());
        Ok(Found { passages, version })
    }

    /// The collections with these names that are the reader's to search, and the version of all of them.
    async fn searched(
        &self,
        bot: &Arc<Bot>,
        reader: &Reader,
        names: &[String],
    ) -> Result<(Vec<Collection>, String), Error> {
        if reader.org != bot.org {
            return Ok((Vec::new(), String::new()));
        }
        let (org, id) = (bot.org, bot.id);
        let (all, policy) = self
            .db
            .read(move |conn| {
                let all = collections::list(conn, org, id)?;
                Ok::<_, db::Error>((all, collections::policy(conn, org, id)?))
            })
            .await?;
        let wanted: BTreeSet<String> = names.iter().map(|name| plain(name)).collect();
        let mut chosen = all;
        chosen.retain(|collection| wanted.contains(&plain(&collection.name)));
        let version = version_of(&chosen, policy.version);
        Ok((chosen, version))
    }

    /// What the reader may read of a shelf, by the keys of its sections.
    pub(crate) async fn readable(&self, shelf: &Shelf, reader: &Reader) -> Result<Vec<String>, Error> {
        self.admitted(shelf.sections.keys().map(String::as_str), reader).await
    }

    /// What the vectors find; nothing for collections whose embedder cannot be had.
    async fn near(&self, bot: &Arc<Bot>, open: &[Open], text: &str) -> Result<Vec<Candidate>, Error> {
        let mut found = Vec::new();
        for (place, one) in open.iter().enumerate() {
            let Some(id) = &one.collection.embedder else { continue };
            let Some(vector) = self.question(bot, id, text).await else {
                continue;
            };
            let query = Nearest {
                space: space(&one.collection, id),
                vector: vector.to_vec(),
                access: one.access.clone(),
                limit: EACH,
            };
            let near = self.index.search(&query).await?;
            found.extend(
                near.into_iter()
                    // Points whose documents are gone, or have other readers now, are on their way out of the index.
                    .filter(|near| {
                        let known = one.shelf.documents.get(&near.document);
                        known.is_some_and(|known| one.access.contains(&known.access))
                    })
                    .map(|near| Candidate {
                        chunk: near.id,
                        document: near.document,
                        collection: place,
                        words: 0.0,
                        coverage: 0.0,
                        cosine: Some(near.score),
                        score: 0.0,
                    }),
            );
        }
        Ok(found)
    }

    /// The vector of a question; nothing when the embedder fails, because words alone still answer.
    async fn question(&self, bot: &Arc<Bot>, id: &str, text: &str) -> Option<Arc<[f32]>> {
        let key = (id.to_owned(), text.to_owned());
        if let Some(known) = self.questions.lock().get(&key) {
            return Some(Arc::clone(known));
        }
        let embedder = self.embedders.find(bot, id)?;
        match embedder.embed(&[text.to_owned()], Side::Query).await {
            Ok(mut vectors) => {
                let vector: Arc<[f32]> = vectors.pop()?.into();
                self.questions.lock().put(key, Arc::clone(&vector));
                Some(vector)
            }
            Err(error) => {
                tracing::warn!(bot.name = %bot.name, %error, "a question was searched by its words only");
                None
            }
        }
    }

    fn weights(open: &[Open]) -> Weights {
        let embedders = open.iter().filter_map(|one| one.collection.embedder.as_deref());
        // Where collections have different embedders, the one that knows less decides.
        let mut all: Vec<Weights> = embedders.map(Weights::of).collect();
        all.sort_by(|a, b| a.vectors.total_cmp(&b.vectors));
        all.first().copied().unwrap_or(Weights::of("hash-"))
    }
}

/// What the words find.
fn score(open: &[Open], text: &str) -> Vec<Candidate> {
    let sections = || {
        open.iter().enumerate().flat_map(|(place, one)| {
            let own = one.access.iter().filter_map(|access| one.shelf.sections.get(access));
            own.map(move |section| (place, section))
        })
    };
    let mut words: Vec<String> = Vec::new();
    let mut terms: BTreeSet<String> = BTreeSet::new();
    each_word(text, |word| {
        // A word counts once, whatever its forms, and not at all where it says nothing in any section.
        let term = sections().find_map(|(_, section)| section.term(word));
        if let Some(term) = term
            && terms.insert(term)
        {
            words.push(word.to_owned());
        }
    });
    let places: Vec<_> = sections().collect();
    let asked: Vec<Asked<'_>> = places
        .iter()
        .map(|(_, section)| Asked {
            part: &section.part,
            terms: section.numbers(&words),
        })
        .collect();
    let found: Vec<Scored> = lexical::search(&asked, EACH);
    found
        .into_iter()
        .filter_map(|one| {
            let (collection, section) = places.get(one.part)?;
            let (chunk, document) = *section.passages.get(one.place)?;
            Some(Candidate {
                chunk,
                document,
                collection: *collection,
                words: one.score,
                coverage: one.coverage,
                cosine: None,
                score: 0.0,
            })
        })
        .collect()
}

/// A collection's name as it is compared.
pub(crate) fn plain(name: &str) -> String {
    let name = name.trim().to_lowercase();
    name.strip_suffix(".gbkb").map_or(name.clone(), str::to_owned)
}

/// Names the state of collections together with who may read them.
pub(crate) fn version_of(all: &[Collection], policy: i64) -> String {
    let mut parts: Vec<String> = all
        .iter()
        .map(|one| format!("{}:{}", one.id.simple(), one.version))
        .collect();
    parts.sort();
    format!("{policy}/{}", parts.join(","))
}
