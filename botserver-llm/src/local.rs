//! Models that run in this process: encoders of the BERT family, from a folder each.
//!
//! Each model has a thread of its own that feeds it ([`worker`]); what they compute runs on one pool of threads, never
//! on those of the runtime. A folder is read when a bot names it ([`folder`]), the weights when something is asked.

mod folder;
mod network;
mod worker;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use botstate::{
    embed::{Embedder, Side},
    model::ModelError,
    rerank::Reranker,
};
use parking_lot::Mutex;
use rayon::ThreadPool;

use self::{
    folder::{Folder, Stamp},
    worker::{Input, Worker},
};
use crate::shelf::folder_name;

/// Whether this server can run models at all.
pub(crate) const IS_BUILT_IN: bool = true;

/// How much the threads step back behind those of conversations, from 0 to 19.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// The models of a folder.
pub(crate) struct Locals {
    folder: PathBuf,
    threads: Option<usize>,
    pool: OnceLock<Result<Arc<ThreadPool>, String>>,
    folders: Mutex<HashMap<String, (Stamp, Arc<Folder>)>>,
    workers: Mutex<HashMap<String, (String, Arc<Worker>)>>,
}

impl Locals {
    pub(crate) fn new(folder: PathBuf, threads: Option<usize>) -> Self {
        Self {
            folder,
            threads,
            pool: OnceLock::new(),
            folders: Mutex::default(),
            workers: Mutex::default(),
        }
    }

    /// The embedder in the folder of that name; nothing when there is no such folder.
    pub(crate) fn embedder(&self, name: &str) -> Result<Option<Arc<dyn Embedder>>, String> {
        let Some(folder) = self.folder(name)? else {
            return Ok(None);
        };
        if folder.is_reranker {
            return Err(format!("{} is a reranker: name an embedder", folder.path.display()));
        }
        let worker = self.worker(&folder)?;
        Ok(Some(Arc::new(LocalEmbedder { folder, worker })))
    }

    /// The reranker in the folder of that name; nothing when there is no such folder.
    pub(crate) fn reranker(&self, name: &str, top: usize) -> Result<Option<Arc<dyn Reranker>>, String> {
        let Some(folder) = self.folder(name)? else {
            return Ok(None);
        };
        if !folder.is_reranker {
            return Err(format!("{} is an embedder: name a reranker", folder.path.display()));
        }
        let worker = self.worker(&folder)?;
        Ok(Some(Arc::new(LocalReranker { folder, worker, top })))
    }

    fn folder(&self, name: &str) -> Result<Option<Arc<Folder>>, String> {
        let name = folder_name(name)?;
        let path = self.folder.join(name);
        if !path.is_dir() {
            return Ok(None);
        }
        let stamp = Stamp::of(&path);
        let mut folders = self.folders.lock();
        if let Some((known, folder)) = folders.get(name)
            && *known == stamp
        {
            return Ok(Some(Arc::clone(folder)));
        }
        let folder = Arc::new(Folder::read(name, &path)?);
        folders.insert(name.to_owned(), (stamp, Arc::clone(&folder)));
        Ok(Some(folder))
    }

    /// The worker of a folder. One whose model could not be loaded, or lies there no more as it was, is replaced; the
    /// thread of the old one ends with its last request.
    fn worker(&self, folder: &Arc<Folder>) -> Result<Arc<Worker>, String> {
        let pool = self.pool.get_or_init(|| pool(self.threads)).clone()?;
        let mut workers = self.workers.lock();
        if let Some((id, worker)) = workers.get(&folder.name)
            && *id == folder.id
            && !worker.has_failed()
        {
            return Ok(Arc::clone(worker));
        }
        let worker = Worker::start(Arc::clone(folder), pool)
            .map(Arc::new)
            .map_err(|error| format!("the system gives no thread for a model: {error}"))?;
        workers.insert(folder.name.clone(), (folder.id.clone(), Arc::clone(&worker)));
        Ok(worker)
    }
}

/// The threads on which all models compute.
fn pool(threads: Option<usize>) -> Result<Arc<ThreadPool>, String> {
    let all = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(all.saturating_sub(1)).max(1))
        .thread_name(|number| format!("model-{number}"))
        .start_handler(|_| {
            #[cfg(target_os = "linux")]
            if let Err(error) = rustix::process::setpriority_process(None, NICE) {
                tracing::debug!(%error, "a thread of models runs with the priority of all others");
            }
        })
        .build();
    pool.map(Arc::new)
        .map_err(|error| format!("the system gives no threads for models: {error}"))
}

/// An embedder in this process.
struct LocalEmbedder {
    folder: Arc<Folder>,
    worker: Arc<Worker>,
}

#[async_trait]
impl Embedder for LocalEmbedder {
    fn id(&self) -> &str {
        &self.folder.id
    }

    fn dimensions(&self) -> usize {
        self.folder.dimensions
    }

    fn max_tokens(&self) -> usize {
        self.folder.max_tokens
    }

    async fn embed(&self, texts: &[String], side: Side) -> Result<Vec<Vec<f32>>, ModelError> {
        let prefix = match side {
            Side::Query => &self.folder.prefixes.query,
            Side::Passage => &self.folder.prefixes.passage,
        };
        let inputs = texts.iter().map(|text| Input::One(format!("{prefix}{text}"))).collect();
        let mut vectors = self.worker.run(inputs, side == Side::Query).await?;
        for vector in &mut vectors {
            if !crate::embed::normalise(vector) {
                return Err(ModelError::NotAsked {
                    reason: format!("the model {} gives vectors without a length", self.folder.name),
                });
            }
        }
        Ok(vectors)
    }
}

/// A cross-encoder in this process.
struct LocalReranker {
    folder: Arc<Folder>,
    worker: Arc<Worker>,
    top: usize,
}

#[async_trait]
impl Reranker for LocalReranker {
    fn id(&self) -> &str {
        &self.folder.id
    }

    fn top(&self) -> usize {
        self.top
    }

    async fn rerank(&self, question: &str, texts: &[String]) -> Result<Vec<f32>, ModelError> {
        let pair = |text: &String| Input::Pair(question.to_owned(), text.clone());
        let scores = self.worker.run(texts.iter().map(pair).collect(), true).await?;
        Ok(scores
            .into_iter()
            .map(|score| crate::rerank::sigmoid(score.first().copied().unwrap_or(f32::NEG_INFINITY)))
            .collect())
    }
}
