//! Indexing of one document: read, cut, embed what is new, and put in place at once.

use std::{collections::HashMap, sync::Arc};

use botlib::words::guess_language;
use botstate::{
    db,
    dialog::Bot,
    document::{BlockKind, Document, Limits, Source},
    embed::Embedder,
    vector::Point,
};
use uuid::Uuid;

use super::{BATCH, KnowledgeService};
use crate::{
    access::Access,
    chunk::{Chunk, Sizes, cut},
    error::Error,
    library::space,
    model::{Collection, Entry, Origin, State, title_of},
    package,
    store::{
        chunks::{self, Stored},
        collections,
        documents::{self, Outcome},
    },
};

/// A document that is cut.
struct Cut {
    title: String,
    language: Option<String>,
    media_type: String,
    warnings: Vec<String>,
    /// Passages with their hashes.
    chunks: Vec<(Chunk, String)>,
}

/// Passages in their places: what stays, and what is new.
struct Plan {
    order: Vec<(Uuid, i32)>,
    kept: Vec<(Uuid, Option<u32>, usize)>,
    fresh: Vec<Stored>,
}

impl KnowledgeService {
    /// Indexes a document. What is wrong with it is noted in its row; an error is what another try may mend.
    pub(super) async fn index_document(&self, bot: &Arc<Bot>, entry: &Entry) -> Result<(), Error> {
        let (org, id, of) = (bot.org, bot.id, entry.collection);
        let found = self
            .db
            .read(move |conn| collections::list(conn, org, id).map_err(db::Error::from))
            .await?;
        let Some(collection) = found.into_iter().find(|collection| collection.id == of) else {
            // It went away meanwhile, and the document with it.
            return Ok(());
        };
        if entry.access == Access::Nobody.key() {
            return self.put_aside(&collection, entry, State::Hidden, None).await;
        }
        match self.read(bot, &collection, entry).await? {
            Ok(document) => {
                let sizes = Sizes::of(&bot.settings);
                let path = entry.path.clone();
                let Some(cut) = self.backstage.run(move || prepare(&document, &path, sizes)).await else {
                    return self
                        .put_aside(
                            &collection,
                            entry,
                            State::Failed,
                            Some("it could not be cut into passages".to_owned()),
                        )
                        .await;
                };
                self.place(bot, &collection, entry, cut).await
            }
            Err(reason) => self.put_aside(&collection, entry, State::Failed, Some(reason)).await,
        }
    }

    /// The text of a document, or why it cannot be read.
    async fn read(&self, bot: &Bot, collection: &Collection, entry: &Entry) -> Result<Result<Document, String>, Error> {
        let Some(extractor) = &self.extractor else {
            return Ok(Err("this server was built without a reader of documents".to_owned()));
        };
        if !extractor.reads(&entry.path) && entry.origin != Origin::Website {
            return Ok(Err(format!(
                "files like {} are not read: give a PDF, an office document, a web page or a text",
                entry.path.rsplit('/').next().unwrap_or_default()
            )));
        }
        let source = match entry.origin {
            Origin::Package => {
                let seen = self.seen.lock().get(&bot.id).and_then(|seen| {
                    let lying = seen.looked.collections.get(&collection.name)?;
                    lying.get(&entry.path).map(|lying| lying.path.clone())
                });
                match seen {
                    Some(path) => Source::File(path),
                    None => match self.find_file(bot, collection, entry).await {
                        Some(path) => Source::File(path),
                        None => return Ok(Err("the file is gone".to_owned())),
                    },
                }
            }
            Origin::Api | Origin::Website => {
                let (org, id) = (bot.org, entry.id);
                let bytes = self
                    .db
                    .read(move |conn| documents::content(conn, org, id).map_err(db::Error::from))
                    .await?;
                match bytes {
                    Some(bytes) => Source::Bytes {
                        name: entry.path.clone(),
                        bytes: bytes.into(),
                    },
                    None => return Ok(Err("its content is gone".to_owned())),
                }
            }
        };
        let mut limits = Limits::default();
        if let Some(megabytes) = bot.settings.parse::<u64>("kb-doc-max-size") {
            limits.bytes = limits.bytes.min(megabytes.saturating_mul(1 << 20));
        }
        Ok(extractor
            .extract(source, limits)
            .await
            .map_err(|error| error.to_string()))
    }

    /// The file of a document of which only another process has told.
    async fn find_file(&self, bot: &Bot, collection: &Collection, entry: &Entry) -> Option<std::path::PathBuf> {
        let (dir, bot, name, path) = (
            self.bots_dir.clone(),
            bot.name.clone(),
            collection.name.to_lowercase(),
            entry.path.clone(),
        );
        let found = tokio::task::spawn_blocking(move || {
            let looked = package::look(&package::folder(&dir, &bot).ok()??).ok()?;
            let mut all = looked.collections.into_iter();
            let (_, mut lying) = all.find(|(known, _)| known.to_lowercase() == name)?;
            lying.remove(&path).map(|lying| lying.path)
        });
        found.await.ok()?
    }

    /// Notes that a document has no passages.
    async fn put_aside(
        &self,
        collection: &Collection,
        entry: &Entry,
        state: State,
        error: Option<String>,
    ) -> Result<(), Error> {
        if let Some(error) = &error {
            tracing::warn!(kb.collection = %collection.name,
                "{}/{} is skipped: {error}", collection.name, entry.path);
        }
        metrics::counter!("knowledge_documents_total", "outcome" => state.name()).increment(1);
        let (outcome, now, id) = (
            Outcome {
                title: title_of(&entry.path),
                error,
                ..Outcome::default()
            },
            self.clock.now(),
            entry.id,
        );
        let owned = entry.clone();
        self.db
            .write(move |conn| {
                if documents::settle(conn, &owned, state, &outcome, now)? {
                    chunks::place(conn, id, &[])?;
                }
                Ok::<_, db::Error>(())
            })
            .await?;
        if let Some(embedder) = collection.embedder.as_deref()
            && !self.index.is_volatile()
        {
            self.index.remove(&space(collection, embedder), &[id], &[]).await?;
        }
        Ok(())
    }

    /// Embeds the passages that are new and lets them be found instead of the old ones.
    async fn place(&self, bot: &Arc<Bot>, collection: &Collection, entry: &Entry, cut: Cut) -> Result<(), Error> {
        let embedder = self.embedders.for_bot(bot);
        let (of, id) = (collection.id, entry.id);
        let hashes: Vec<String> = cut.chunks.iter().map(|(_, hash)| hash.clone()).collect();
        let target = embedder.id().to_owned();
        let (before, known) = self
            .db
            .read(move |conn| {
                let before = chunks::of_document(conn, id)?;
                Ok::<_, db::Error>((before, chunks::known_vectors(conn, of, &target, &hashes)?))
            })
            .await?;
        let tokens: usize = cut.chunks.iter().map(|(chunk, _)| chunk.tokens).sum();
        let outcome = Outcome {
            title: cut.title.clone(),
            media_type: Some(cut.media_type.clone()),
            language: cut.language.clone(),
            error: None,
            warnings: cut.warnings.clone(),
            chunks: i32::try_from(cut.chunks.len()).unwrap_or(i32::MAX),
            tokens: i64::try_from(tokens).unwrap_or(i64::MAX),
        };
        let title = cut.title.clone();
        let plan = plan(entry.id, cut, before);
        self.db
            .write(move |conn| chunks::unstage(conn, id).map_err(db::Error::from))
            .await?;
        for some in plan.fresh.chunks(BATCH * 2) {
            self.stage(collection, entry, &embedder, some, &title, &known).await?;
        }
        self.bring_kept(collection, entry, embedder.id(), &plan.kept).await?;
        metrics::counter!("knowledge_documents_total", "outcome" => "ready").increment(1);
        let (order, kept, owned, now) = (plan.order.clone(), plan.kept, entry.clone(), self.clock.now());
        let (is_first, target) = (collection.embedder.is_none(), embedder.id().to_owned());
        self.db
            .write(move |conn| {
                if !documents::settle(conn, &owned, State::Ready, &outcome, now)? {
                    // Other bytes came meanwhile, which wait to be indexed.
                    chunks::unstage(conn, owned.id)?;
                    return Ok(());
                }
                chunks::place(conn, owned.id, &order)?;
                for (id, page, repeated) in kept {
                    chunks::set_page(conn, id, page, repeated)?;
                }
                if is_first {
                    collections::set_embedder(conn, owned.collection, &target)?;
                }
                Ok::<_, db::Error>(())
            })
            .await?;
        if !self.index.is_volatile() {
            let keep: Vec<Uuid> = plan.order.iter().map(|(id, _)| *id).collect();
            self.index
                .remove(&space(collection, embedder.id()), &[entry.id], &keep)
                .await?;
        }
        Ok(())
    }

    /// Tells an index that keeps points of its own who may read the passages that stay.
    async fn bring_kept(
        &self,
        collection: &Collection,
        entry: &Entry,
        embedder: &str,
        kept: &[(Uuid, Option<u32>, usize)],
    ) -> Result<(), Error> {
        if self.index.is_volatile() || kept.is_empty() {
            return Ok(());
        }
        let (ids, target) = (kept.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), embedder.to_owned());
        let vectors = self
            .db
            .read(move |conn| chunks::vectors(conn, &target, &ids).map_err(db::Error::from))
            .await?;
        let points = vectors.into_iter().map(|(id, vector)| Point {
            id,
            document: entry.id,
            access: entry.access.clone(),
            vector,
        });
        Ok(self
            .index
            .upsert(&space(collection, embedder), points.collect())
            .await?)
    }

    /// Writes passages that are not in use yet, with their vectors.
    async fn stage(
        &self,
        collection: &Collection,
        entry: &Entry,
        embedder: &Arc<dyn Embedder>,
        some: &[Stored],
        title: &str,
        known: &HashMap<String, Vec<f32>>,
    ) -> Result<(), Error> {
        let texts = some
            .iter()
            .filter(|chunk| !known.contains_key(&chunk.hash))
            .map(|chunk| crate::chunk::whole(title, &chunk.headings, &chunk.body))
            .collect();
        let mut embedded = self.embed(embedder, texts).await?.into_iter();
        let mut vectors: Vec<(Uuid, Vec<f32>)> = Vec::with_capacity(some.len());
        for chunk in some {
            let vector = known.get(&chunk.hash).cloned().or_else(|| embedded.next());
            vectors.extend(vector.map(|vector| (chunk.id, vector)));
        }
        if !self.index.is_volatile() {
            let points = vectors.iter().map(|(id, vector)| Point {
                id: *id,
                document: entry.id,
                access: entry.access.clone(),
                vector: vector.clone(),
            });
            self.index
                .upsert(&space(collection, embedder.id()), points.collect())
                .await?;
        }
        let (org, of, target, staged) = (collection.org, collection.id, embedder.id().to_owned(), some.to_vec());
        self.db
            .write(move |conn| {
                chunks::stage(conn, org, of, &staged)?;
                chunks::add_vectors(conn, org, &target, &vectors).map_err(db::Error::from)
            })
            .await?;
        Ok(())
    }
}

fn prepare(document: &Document, path: &str, sizes: Sizes) -> Cut {
    let first_heading = document.blocks.iter().take(3).find_map(|block| match &block.kind {
        BlockKind::Heading { level: 1, text } => Some(text.clone()),
        _ => None,
    });
    let title = document.title.clone().filter(|title| !title.trim().is_empty());
    let title: String = title
        .or(first_heading)
        .unwrap_or_else(|| title_of(path))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(300)
        .collect();
    let chunks = cut(document, sizes);
    let language = document.language.clone().or_else(|| {
        let bodies: Vec<_> = chunks.iter().take(8).map(|chunk| chunk.body.as_str()).collect();
        guess_language(&bodies.join("\n")).map(str::to_owned)
    });
    Cut {
        chunks: chunks
            .into_iter()
            .map(|chunk| {
                let hash = chunk.hash(&title);
                (chunk, hash)
            })
            .collect(),
        title,
        language,
        media_type: document.media_type.clone(),
        warnings: document.warnings.clone(),
    }
}

/// Passages that were there before stay, wherever they are now.
fn plan(document: Uuid, cut: Cut, before: Vec<Stored>) -> Plan {
    let mut known: HashMap<String, Vec<Uuid>> = HashMap::new();
    for row in before.into_iter().rev() {
        known.entry(row.hash).or_default().push(row.id);
    }
    let mut plan = Plan {
        order: Vec::with_capacity(cut.chunks.len()),
        kept: Vec::new(),
        fresh: Vec::new(),
    };
    for (position, (chunk, hash)) in cut.chunks.into_iter().enumerate() {
        let position = i32::try_from(position).unwrap_or(i32::MAX);
        if let Some(id) = known.get_mut(&hash).and_then(Vec::pop) {
            plan.order.push((id, position));
            plan.kept.push((id, chunk.page, chunk.repeated));
            continue;
        }
        let id = Uuid::now_v7();
        plan.order.push((id, position));
        plan.fresh.push(Stored {
            id,
            document,
            position,
            page: chunk.page,
            headings: chunk.headings,
            body: chunk.body,
            repeated: chunk.repeated,
            tokens: chunk.tokens,
            hash,
        });
    }
    plan
}
