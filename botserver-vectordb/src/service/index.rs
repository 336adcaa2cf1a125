//! Indexing: from a document's bytes to passages that can be found.
//!
//! One job works through all documents of a bot that wait, one at a time. What was done is in the rows, so a job that
//! breaks off is gone on with by the next.

mod document;
mod fill;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use botlib::{BotId, OrgId};
use botstate::{
    db,
    dialog::Bot,
    embed::{Embedder, Side},
    job::{Job, JobError, JobHandler, NewJob},
    vector::Point,
};
use uuid::Uuid;

use super::KnowledgeService;
use crate::{
    chunk::whole,
    error::Error,
    library::space,
    model::Collection,
    store::{chunks, collections, documents},
};

/// The kind of jobs that index the documents of a bot.
pub(crate) const INDEX: &str = "kb.index";

/// Passages that are embedded at once, so that questions of visitors come in between.
pub(super) const BATCH: usize = 32;

/// How long a node keeps the documents of a bot to itself without a sign of life.
const LEASE: Duration = Duration::from_mins(2);

/// How long after a failure nothing is tried.
const REST: Duration = Duration::from_secs(30);

/// Between two lines of progress in the log.
const TELL: Duration = Duration::from_secs(10);

/// Indexes documents when a job says so.
pub(crate) struct Indexer(pub(crate) KnowledgeService);

#[async_trait]
impl JobHandler for Indexer {
    async fn run(&self, job: Job) -> Result<(), JobError> {
        let Some(bot) = job.bot else {
            return Err(JobError::Never("the job names no bot".to_owned()));
        };
        self.0.index_bot(bot).await.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            JobError::Again(cause.map_or(error.to_string(), |cause| format!("{error}: {cause}")))
        })
    }
}

/// Says that a bot's documents are not worked on any more, however the work ended.
struct Busy<'a>(&'a KnowledgeService, BotId);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.lock().remove(&self.1);
    }
}

impl KnowledgeService {
    /// The change that orders the indexing of a bot's documents; nothing where the server has no jobs.
    pub(crate) fn index_job(&self, org: OrgId, bot: BotId) -> Option<db::Change> {
        let job = NewJob {
            org,
            bot: Some(bot),
            kind: INDEX,
            payload: serde_json::json!({}),
            key: None,
            due_at: self.clock.now(),
        };
        self.jobs.as_ref().map(|jobs| jobs.enqueue(job))
    }

    /// Indexes in this process, which has no jobs; what is cut off is found waiting by the next start.
    pub(crate) fn index_without_jobs(&self, bot: BotId) {
        let service = self.clone();
        self.lifecycle.spawn(async move {
            if let Err(error) = service.index_bot(bot).await {
                tracing::warn!(bot.id = %bot, %error, "documents were not indexed; another try follows");
            }
        });
    }

    /// Indexes every document of a bot that waits.
    pub(crate) async fn index_bot(&self, id: BotId) -> Result<(), Error> {
        let Some(bot) = self.bot_of(id) else { return Ok(()) };
        if self.busy.lock().contains_key(&id) {
            // Whoever works on it comes to what was added last.
            return Ok(());
        }
        let lease = format!("kb:{}:{id}", bot.org);
        if !self.renew(&lease).await {
            return Ok(());
        }
        self.busy.lock().insert(id, String::new());
        let _busy = Busy(self, id);
        let result = self.index_all(&bot, &lease).await;
        // The lease expires by itself where the server between the nodes is away.
        let _ = self.leases.release(&lease, &self.node).await;
        if result.is_err() {
            self.resting.lock().insert(id, Instant::now() + REST);
        }
        result
    }

    async fn renew(&self, lease: &str) -> bool {
        self.leases.acquire(lease, &self.node, LEASE).await.unwrap_or(false)
    }

    async fn index_all(&self, bot: &Arc<Bot>, lease: &str) -> Result<(), Error> {
        let draining = self.lifecycle.draining();
        let (org, id) = (bot.org, bot.id);
        let (mut done, mut told) = (0_u64, Instant::now());
        let begun = Instant::now();
        self.fill(bot).await?;
        loop {
            if draining.is_cancelled() || !self.renew(lease).await {
                return Ok(());
            }
            let next = self
                .db
                .read(move |conn| documents::next_waiting(conn, org, id).map_err(db::Error::from))
                .await?;
            let Some(entry) = next else { break };
            self.busy.lock().insert(id, entry.path.clone());
            self.index_document(bot, &entry).await?;
            done += 1;
            if told.elapsed() >= TELL {
                told = Instant::now();
                self.tell(bot, done).await?;
            }
        }
        if done > 0 {
            let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(bot.name = %bot.name, duration_ms = took,
                "indexed {done} documents of {} in {:.1} s", bot.name, begun.elapsed().as_secs_f32());
        }
        self.embed_anew(bot, lease).await
    }

    /// One line of progress.
    async fn tell(&self, bot: &Bot, done: u64) -> Result<(), Error> {
        let (org, id) = (bot.org, bot.id);
        let counts = self
            .db
            .read(move |conn| documents::count_by_state(conn, org, id).map_err(db::Error::from))
            .await?;
        let of = |state: &str| counts.get(state).copied().unwrap_or_default();
        tracing::info!(bot.name = %bot.name,
            "indexing documents of {}: {done} now, {} wait, {} can be found, {} failed",
            bot.name, of("waiting"), of("ready"), of("failed"));
        Ok(())
    }

    /// Brings collections to the embedder that the bot has now. The one before answers until all vectors are there.
    async fn embed_anew(&self, bot: &Arc<Bot>, lease: &str) -> Result<(), Error> {
        let embedder = self.embedders.for_bot(bot);
        let (org, id) = (bot.org, bot.id);
        let all = self
            .db
            .read(move |conn| collections::list(conn, org, id).map_err(db::Error::from))
            .await?;
        for collection in all {
            let Some(before) = collection.embedder.clone().filter(|before| before != embedder.id()) else {
                continue;
            };
            tracing::info!(bot.name = %bot.name,
                "the collection {} of {} gets vectors of {} instead of {before}", collection.name, bot.name, embedder.id());
            if !self.embed_collection(&collection, &embedder, lease).await? {
                return Ok(());
            }
            let target = embedder.id().to_owned();
            self.db
                .write(move |conn| {
                    collections::set_embedder(conn, collection.id, &target)?;
                    chunks::forget_other_vectors(conn, collection.id, &target).map_err(db::Error::from)
                })
                .await?;
            if !self.index.is_volatile() {
                self.index.clear(&space(&collection, &before)).await?;
            }
        }
        Ok(())
    }

    /// Gives every passage of a collection a vector; false when the server stops before the end.
    async fn embed_collection(
        &self,
        collection: &Collection,
        embedder: &Arc<dyn Embedder>,
        lease: &str,
    ) -> Result<bool, Error> {
        let draining = self.lifecycle.draining();
        let (org, id) = (collection.org, collection.id);
        loop {
            if draining.is_cancelled() || !self.renew(lease).await {
                return Ok(false);
            }
            let target = embedder.id().to_owned();
            let some = self
                .db
                .read(move |conn| chunks::without_vector(conn, id, &target, 256).map_err(db::Error::from))
                .await?;
            if some.is_empty() {
                return Ok(true);
            }
            let texts = some
                .iter()
                .map(|(chunk, title)| whole(title, &chunk.headings, &chunk.body))
                .collect();
            let vectors = self.embed(embedder, texts).await?;
            let pairs: Vec<(Uuid, Vec<f32>)> = some.iter().map(|(chunk, _)| chunk.id).zip(vectors).collect();
            if !self.index.is_volatile() {
                let documents: Vec<Uuid> = some.iter().map(|(chunk, _)| chunk.document).collect();
                let access = self
                    .db
                    .read(move |conn| {
                        let all = documents::list(conn, org, id)?;
                        let wanted = all.into_iter().filter(|entry| documents.contains(&entry.id));
                        Ok::<_, db::Error>(wanted.map(|entry| (entry.id, entry.access)).collect::<Vec<_>>())
                    })
                    .await?;
                let access: std::collections::HashMap<Uuid, String> = access.into_iter().collect();
                let points = some.iter().zip(&pairs).filter_map(|((chunk, _), (id, vector))| {
                    Some(Point {
                        id: *id,
                        document: chunk.document,
                        access: access.get(&chunk.document)?.clone(),
                        vector: vector.clone(),
                    })
                });
                self.index
                    .upsert(&space(collection, embedder.id()), points.collect())
                    .await?;
            }
            let target = embedder.id().to_owned();
            self.db
                .write(move |conn| chunks::add_vectors(conn, org, &target, &pairs).map_err(db::Error::from))
                .await?;
        }
    }

    /// The vectors of texts, a few at a time, on the thread that yields.
    pub(super) async fn embed(&self, embedder: &Arc<dyn Embedder>, texts: Vec<String>) -> Result<Vec<Vec<f32>>, Error> {
        let mut vectors = Vec::with_capacity(texts.len());
        for some in texts.chunks(BATCH) {
            let (embedder, some) = (Arc::clone(embedder), some.to_vec());
            let runtime = tokio::runtime::Handle::current();
            let embedded = self
                .backstage
                .run(move || runtime.block_on(async { embedder.embed(&some, Side::Passage).await }))
                .await;
            match embedded {
                Some(result) => vectors.extend(result?),
                None => return Err(Error::Invalid("the embedder broke off".to_owned())),
            }
        }
        Ok(vectors)
    }
}
