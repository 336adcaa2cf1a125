//! The rules: who may add, see and take away what, and how documents come to be found.

mod documents;
mod index;
mod manage;
mod shelves;
mod statistics;
mod sync;
mod watch;

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use async_trait::async_trait;
use botlib::{BotId, Caller, Clock, Permission};
use botserver_core::outbound::Outbound;
use botstate::{
    AppState, Db, Lifecycle, db,
    dialog::{Bot, Bots, Fault},
    document::Extractor,
    embed::Embedders,
    job::Jobs,
    keyword::Registry,
    knowledge::{Found, Knowledge, Listed, Query, Reader, Spot},
    rerank::Rerankers,
    run::Late,
    service::Service,
    shared::Leases,
    vector::VectorIndex,
};
use lru::LruCache;
use parking_lot::Mutex;

use crate::{
    backstage::Backstage,
    dense::Exact,
    error::Error,
    keywords,
    library::Library,
    package::Seen,
    search::{plain, version_of},
    sites::{CRAWL, Crawler},
    store::collections,
};

pub(crate) use index::{INDEX, Indexer};
pub(crate) use manage::Upload;
pub(crate) use statistics::{CollectionNumbers, Numbers};

/// Questions whose vectors are remembered.
const QUESTIONS: NonZeroUsize = NonZeroUsize::new(2_000).expect("more than none");

/// What is remembered of questions, by embedder and text.
type Questions = Arc<Mutex<LruCache<(String, String), Arc<[f32]>>>>;

/// What bots know; cheap to clone.
#[derive(Clone)]
pub struct KnowledgeService {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lifecycle: Lifecycle,
    bots: Option<Arc<dyn Bots>>,
    bots_dir: PathBuf,
    pub(crate) embedders: Arc<dyn Embedders>,
    pub(crate) rerankers: Option<Arc<dyn Rerankers>>,
    pub(crate) extractor: Option<Arc<dyn Extractor>>,
    pub(crate) jobs: Option<Arc<dyn Jobs>>,
    pub(crate) index: Arc<dyn VectorIndex>,
    /// The embedded index, where that is the one, for its figures.
    exact: Option<Exact>,
    pub(crate) library: Library,
    pub(crate) questions: Questions,
    backstage: Backstage,
    /// Bots whose documents this process indexes now, with the document.
    busy: Arc<Mutex<HashMap<BotId, String>>>,
    /// Bots whose indexing failed, until it is tried again.
    resting: Arc<Mutex<HashMap<BotId, Instant>>>,
    leases: Arc<dyn Leases>,
    /// This process among others.
    node: Arc<str>,
    /// What was seen of packages at the last look.
    seen: Arc<Mutex<HashMap<BotId, Seen>>>,
    /// Bots whose documents are being looked at.
    looking: Arc<tokio::sync::Mutex<()>>,
    /// The way to websites, where there is one.
    pub(crate) outbound: Option<Outbound>,
    /// Bots whose points are in an index that keeps them.
    filled: Arc<Mutex<HashSet<BotId>>>,
    /// Documents whose trouble was said.
    said: Arc<Mutex<HashSet<String>>>,
}

impl KnowledgeService {
    /// The service over the state's handles, with the embedded index. The ports to bots, jobs, embedders and the
    /// extractor must be there already.
    pub fn new(state: &AppState, embedders: Arc<dyn Embedders>) -> Self {
        let exact = Exact::over(state.db.clone());
        let index: Arc<dyn VectorIndex> = Arc::new(exact.clone());
        Self {
            exact: Some(exact),
            ..Self::with_index(state, embedders, index)
        }
    }

    /// The service over another index.
    pub fn with_index(state: &AppState, embedders: Arc<dyn Embedders>, index: Arc<dyn VectorIndex>) -> Self {
        Self {
            db: state.db.clone(),
            clock: Arc::clone(&state.clock),
            lifecycle: state.lifecycle.clone(),
            bots: state.ports.bots.clone(),
            bots_dir: state.config.bots_dir.clone(),
            embedders,
            rerankers: state.ports.rerankers.clone(),
            extractor: state.ports.extractor.clone(),
            jobs: state.ports.jobs.clone(),
            library: Library::new(state.db.clone(), Arc::clone(&index)),
            index,
            exact: None,
            questions: Arc::new(Mutex::new(LruCache::new(QUESTIONS))),
            backstage: Backstage::start(),
            busy: Arc::default(),
            resting: Arc::default(),
            leases: Arc::clone(&state.leases),
            node: state.node.to_string().into(),
            seen: Arc::default(),
            looking: Arc::default(),
            filled: Arc::default(),
            said: Arc::default(),
            outbound: None,
        }
    }

    /// The same service, which reads websites through `outbound`.
    #[must_use]
    pub fn with_outbound(self, outbound: Outbound) -> Self {
        Self {
            outbound: Some(outbound),
            ..self
        }
    }

    /// The port through which others search.
    pub fn port(&self) -> Arc<dyn Knowledge> {
        Arc::new(self.clone())
    }

    /// Registers the keywords of knowledge, which find the service in `slot` once it is composed.
    pub fn register_keywords(slot: &Late<Self>, registry: &mut Registry) {
        for keyword in keywords::keywords(slot) {
            registry.register(keyword);
        }
    }

    /// Starts to follow the packages and to index what waits.
    pub fn start(&self) {
        if let Some(jobs) = &self.jobs {
            jobs.handle(INDEX, Arc::new(Indexer(self.clone())));
            jobs.handle(CRAWL, Arc::new(Crawler(self.clone())));
        }
        self.watch();
    }

    pub(crate) fn bot(&self, caller: &Caller, name: &str) -> Result<Arc<Bot>, Error> {
        let found = self.bots.as_ref().and_then(|bots| bots.find(name));
        // Whoever looks after knowledge sees that of bots which do not talk to them as well.
        let is_open = |bot: &Bot| caller.may_talk_to(bot.id) || caller.may(Permission::KnowledgeManage);
        found
            .filter(|bot| bot.org == caller.org && is_open(bot))
            .ok_or(Error::Unknown("bot"))
    }

    pub(crate) fn bot_of(&self, id: BotId) -> Option<Arc<Bot>> {
        self.bots.as_ref().and_then(|bots| bots.get(id))
    }
}

#[async_trait]
impl Knowledge for KnowledgeService {
    async fn search(&self, query: &Query) -> Result<Found, Fault> {
        Ok(self.find(query).await?)
    }

    async fn collections(&self, bot: &Bot, reader: &Reader) -> Result<Vec<String>, Fault> {
        Ok(self.readable_collections(bot, reader).await?)
    }

    async fn documents(
        &self,
        bot: &Bot,
        reader: &Reader,
        after: Option<&Spot>,
        limit: usize,
    ) -> Result<Vec<Listed>, Fault> {
        Ok(self.page_of(bot, reader, after, limit).await?)
    }

    async fn read(&self, bot: &Bot, reader: &Reader, spot: &Spot) -> Result<Option<(Listed, String)>, Fault> {
        Ok(self.text_of(bot, reader, spot).await?)
    }

    async fn version(&self, bot: BotId, names: &[String]) -> Result<String, Fault> {
        let Some(bot) = self.bot_of(bot) else {
            return Ok(String::new());
        };
        let (org, id) = (bot.org, bot.id);
        let read = self.db.read(move |conn| {
            let all = collections::list(conn, org, id)?;
            Ok::<_, db::Error>((all, collections::policy(conn, org, id)?))
        });
        let (mut all, policy) = read.await.map_err(Error::from)?;
        let wanted: HashSet<String> = names.iter().map(|name| plain(name)).collect();
        all.retain(|collection| wanted.contains(&plain(&collection.name)));
        Ok(version_of(&all, policy.version))
    }
}

impl Service for KnowledgeService {
    fn name(&self) -> &'static str {
        "knowledge"
    }
}

impl std::fmt::Debug for KnowledgeService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnowledgeService")
            .field("index", &self.index.name())
            .finish_non_exhaustive()
    }
}
