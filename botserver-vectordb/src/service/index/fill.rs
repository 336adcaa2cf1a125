//! Fills an index that keeps points of its own from the rows, when it is new or was lost.

use std::{collections::HashMap, sync::Arc};

use botstate::{
    db,
    dialog::Bot,
    vector::{Nearest, Point},
};
use uuid::Uuid;

use super::KnowledgeService;
use crate::{
    error::Error,
    library::space,
    model::Collection,
    store::{chunks, collections, documents},
};

/// Documents whose points are brought at once.
const AT_ONCE: usize = 16;

impl KnowledgeService {
    /// Brings the points of collections of which the index has none, once in the life of this process.
    pub(super) async fn fill(&self, bot: &Arc<Bot>) -> Result<(), Error> {
        if self.index.is_volatile() || self.filled.lock().contains(&bot.id) {
            return Ok(());
        }
        let (org, id) = (bot.org, bot.id);
        let all = self
            .db
            .read(move |conn| collections::list(conn, org, id).map_err(db::Error::from))
            .await?;
        for collection in &all {
            if let Some(embedder) = &collection.embedder {
                self.fill_collection(collection, embedder).await?;
            }
        }
        self.filled.lock().insert(id);
        Ok(())
    }

    async fn fill_collection(&self, collection: &Collection, embedder: &str) -> Result<(), Error> {
        let (org, id) = (collection.org, collection.id);
        let entries = self
            .db
            .read(move |conn| documents::list(conn, org, id).map_err(db::Error::from))
            .await?;
        let access: HashMap<Uuid, String> = entries.into_iter().map(|entry| (entry.id, entry.access)).collect();
        let ids: Vec<Uuid> = access.keys().copied().collect();
        let mut is_checked = false;
        for some in ids.chunks(AT_ONCE) {
            let (some, target) = (some.to_vec(), embedder.to_owned());
            let read = self.db.read(move |conn| {
                let stored = chunks::of_documents(conn, &some)?;
                let of: Vec<Uuid> = stored.iter().map(|chunk| chunk.id).collect();
                Ok::<_, db::Error>((stored, chunks::vectors(conn, &target, &of)?))
            });
            let (stored, mut vectors) = read.await?;
            let points: Vec<Point> = stored
                .into_iter()
                .filter_map(|chunk| {
                    Some(Point {
                        id: chunk.id,
                        document: chunk.document,
                        access: access.get(&chunk.document)?.clone(),
                        vector: vectors.remove(&chunk.id)?,
                    })
                })
                .collect();
            let Some(first) = points.first() else { continue };
            if !is_checked {
                let any = Nearest {
                    space: space(collection, embedder),
                    vector: first.vector.clone(),
                    access: access
                        .values()
                        .cloned()
                        .collect::<std::collections::BTreeSet<_>>()
                        .into_iter()
                        .collect(),
                    limit: 1,
                };
                if !self.index.search(&any).await?.is_empty() {
                    return Ok(());
                }
                is_checked = true;
                tracing::info!(
                    "the index {} gets the passages of {}",
                    self.index.name(),
                    collection.name
                );
            }
            self.index.upsert(&space(collection, embedder), points).await?;
        }
        Ok(())
    }
}
