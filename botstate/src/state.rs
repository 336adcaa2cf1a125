//! Everything that the domains share, made once by the binary.

use std::sync::Arc;

use botlib::{Chance, Clock, NodeId, OrgId};

use crate::{
    Config, Db, Lifecycle,
    dialog::{Bots, Dialogs},
    document::Extractor,
    door::Conversations,
    embed::Embedders,
    event::EventBus,
    foreign::ForeignTools,
    identity::Visitors,
    job::Jobs,
    keyword::Registry,
    knowledge::Knowledge,
    model::Models,
    rerank::Rerankers,
    rows::TableQueries,
    run::{Late, Runner},
    shared::{Cache, Leases, PubSub, RateLimit},
    usage::Ledger,
};

/// The handles of a running server. Services take from it what they use.
#[derive(Clone)]
pub struct AppState {
    /// The configuration.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// Tasks and shutdown.
    pub lifecycle: Lifecycle,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// This process, as other nodes see it.
    pub node: NodeId,
    /// The organisation of callers who have not proved to belong to one.
    pub org: OrgId,
    /// Values that may vanish.
    pub cache: Arc<dyn Cache>,
    /// Messages between nodes.
    pub pubsub: Arc<dyn PubSub>,
    /// Locks between nodes.
    pub leases: Arc<dyn Leases>,
    /// Limits over all nodes.
    pub limits: Arc<dyn RateLimit>,
    /// Events between domains.
    pub events: EventBus,
    /// What the domains offer each other.
    pub ports: Ports,
}

/// What domains offer each other; absent when the domain is not compiled in.
#[derive(Clone, Default)]
pub struct Ports {
    /// Bots and their settings.
    pub bots: Option<Arc<dyn Bots>>,
    /// The dialog language.
    pub dialogs: Option<Arc<dyn Dialogs>>,
    /// Lets in people without an account.
    pub visitors: Option<Arc<dyn Visitors>>,
    /// Language models.
    pub models: Option<Arc<dyn Models>>,
    /// Keeps what models were asked.
    pub ledger: Option<Arc<dyn Ledger>>,
    /// Embedders of texts.
    pub embedders: Option<Arc<dyn Embedders>>,
    /// Rerankers of what searches find.
    pub rerankers: Option<Arc<dyn Rerankers>>,
    /// Reads the text of documents.
    pub extractor: Option<Arc<dyn Extractor>>,
    /// What the bots know from documents; filled when knowledge is composed.
    pub knowledge: Late<dyn Knowledge>,
    /// Questions over the bots' tables.
    pub tables: Option<Arc<dyn TableQueries>>,
    /// Runs scripts that nobody types for; filled when conversations are composed.
    pub runner: Late<dyn Runner>,
    /// Tools that other servers run.
    pub foreign: Option<Arc<dyn ForeignTools>>,
    /// Conversations for front doors; filled when conversations are composed.
    pub conversations: Late<dyn Conversations>,
    /// Durable jobs.
    pub jobs: Option<Arc<dyn Jobs>>,
    /// Keywords of all domains.
    pub keywords: Arc<Registry>,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}
