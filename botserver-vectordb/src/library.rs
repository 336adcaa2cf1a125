//! The shelves: collections in memory, read when somebody asks and brought up to date by what has changed since.

use std::{collections::HashMap, sync::Arc, time::Instant};

use botstate::{
    Db, db,
    vector::{Point, Space, VectorIndex},
};
use parking_lot::Mutex;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};
use uuid::Uuid;

use crate::{
    error::Error,
    model::{Collection, Entry},
    shelf::Shelf,
    store::{chunks, documents},
};

/// Documents whose passages are read at once.
const AT_ONCE: usize = 64;

/// Collections in memory; cheap to clone.
#[derive(Clone)]
pub(crate) struct Library {
    db: Db,
    index: Arc<dyn VectorIndex>,
    shelves: Arc<Mutex<HashMap<Uuid, Arc<RwLock<Shelf>>>>>,
}

/// The points of a collection by an embedder.
pub(crate) fn space(collection: &Collection, embedder: &str) -> Space {
    Space {
        org: collection.org,
        bot: collection.bot,
        collection: collection.id,
        embedder: embedder.to_owned(),
    }
}

impl Library {
    pub(crate) fn new(db: Db, index: Arc<dyn VectorIndex>) -> Self {
        Self {
            db,
            index,
            shelves: Arc::default(),
        }
    }

    /// The shelf of a collection, as it was when its row was read or later.
    pub(crate) async fn shelf(&self, collection: &Collection) -> Result<OwnedRwLockReadGuard<Shelf>, Error> {
        let shelf = Arc::clone(self.shelves.lock().entry(collection.id).or_default());
        let read = Arc::clone(&shelf).read_owned().await;
        if read.is_current(collection) {
            return Ok(read);
        }
        drop(read);
        let mut write = Arc::clone(&shelf).write_owned().await;
        // Somebody else may have brought it up to date meanwhile, or even further.
        if !write.is_current(collection) && write.version <= collection.version {
            self.refresh(&mut write, collection).await?;
        }
        Ok(write.downgrade())
    }

    async fn refresh(&self, shelf: &mut Shelf, collection: &Collection) -> Result<(), Error> {
        let begun = Instant::now();
        let (org, id) = (collection.org, collection.id);
        let entries = self
            .db
            .read(move |conn| documents::list(conn, org, id).map_err(db::Error::from))
            .await?;
        let space = collection
            .embedder
            .as_deref()
            .map(|embedder| space(collection, embedder));
        if shelf.embedder != collection.embedder {
            if let Some(before) = shelf.embedder.as_deref()
                && self.index.is_volatile()
            {
                self.index.clear(&self::space(collection, before)).await?;
            }
            // Vectors of another embedder are other points: everything is brought again.
            *shelf = Shelf::default();
        }
        let changes = shelf.compare(&entries);
        let volatile = space.as_ref().filter(|_| self.index.is_volatile());
        if let Some(space) = volatile
            && !changes.gone.is_empty()
        {
            self.index.remove(space, &changes.gone, &[]).await?;
        }
        let count = changes.missing.len();
        for some in changes.missing.chunks(AT_ONCE) {
            self.bring(shelf, some, volatile).await?;
        }
        shelf.settle(collection);
        if count > AT_ONCE {
            tracing::info!(
                duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
                "read {count} documents of the collection {} into memory",
                collection.name
            );
        }
        Ok(())
    }

    async fn bring(&self, shelf: &mut Shelf, entries: &[Entry], space: Option<&Space>) -> Result<(), Error> {
        let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
        let embedder = space.map(|space| space.embedder.clone());
        let read = self.db.read(move |conn| {
            let stored = chunks::of_documents(conn, &ids)?;
            let of: Vec<Uuid> = stored.iter().map(|chunk| chunk.id).collect();
            let vectors = match &embedder {
                Some(embedder) => chunks::vectors(conn, embedder, &of)?,
                None => HashMap::new(),
            };
            Ok::<_, db::Error>((stored, vectors))
        });
        let (stored, mut vectors) = read.await?;
        let mut by_document: HashMap<Uuid, Vec<chunks::Stored>> = HashMap::new();
        for chunk in stored {
            by_document.entry(chunk.document).or_default().push(chunk);
        }
        let mut points = Vec::with_capacity(vectors.len());
        for entry in entries {
            let own = by_document.remove(&entry.id).unwrap_or_default();
            shelf.add(entry, &own);
            points.extend(own.iter().filter_map(|chunk| {
                Some(Point {
                    id: chunk.id,
                    document: entry.id,
                    access: entry.access.clone(),
                    vector: vectors.remove(&chunk.id)?,
                })
            }));
            // Whoever chats goes first.
            tokio::task::yield_now().await;
        }
        if let Some(space) = space {
            self.index.upsert(space, points).await?;
        }
        Ok(())
    }

    /// Forgets a collection that is gone.
    pub(crate) async fn forget(&self, collection: &Collection) -> Result<(), Error> {
        self.shelves.lock().remove(&collection.id);
        if let Some(embedder) = &collection.embedder {
            self.index.clear(&space(collection, embedder)).await?;
        }
        Ok(())
    }

    /// Bytes of a collection that is in memory, its vectors aside; 0 for one that is not.
    pub(crate) async fn bytes(&self, collection: Uuid) -> usize {
        let shelf = self.shelves.lock().get(&collection).cloned();
        match shelf {
            Some(shelf) => shelf.read().await.bytes(),
            None => 0,
        }
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library").finish_non_exhaustive()
    }
}
