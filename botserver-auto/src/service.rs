//! The service: what the server is composed with.

use std::{collections::HashSet, fmt, path::PathBuf, sync::Arc};

use botlib::{Clock, NodeId, OrgId};
use botserver_core::{
    Routes,
    outbound::{Outbound, OutboundError, OutboundPolicy, Transport},
};
use botstate::{
    AppState, Db, Lifecycle,
    config::ScriptConfig,
    dialog::{Bots, Dialogs},
    event::EventBus,
    keyword::Registry,
    model::Models,
    rows::{RowChanges, TableQueries},
    service::Service,
    shared::{Cache, RateLimit},
};
use ipnet::IpNet;
use parking_lot::Mutex;
use url::Url;

use crate::{
    basic::{Options, Trace},
    bots::Shelf,
    dap,
    dialogs::Scripts,
    files::{Drives, Links},
    keywords::{self, FileHost, Host, LocalApi, Memory, Sources},
    mounted::Language,
    mounts::{Mounts, State},
    routes,
    sweep::Unused,
    tables::{Home, Tables},
    watch,
};

/// The largest answer that a script gets from outside, in bytes; a text of the language has the same limit.
const LARGEST_ANSWER: usize = 1 << 20;

/// The longest that a request to the outside may take, the redirects included.
const OUTBOUND_TIMEOUT: std::time::Duration = std::time::Duration::from_mins(1);

/// The client of scripts' requests: to public addresses and to `allowed` networks only.
///
/// # Errors
/// When TLS cannot be set up.
pub fn outbound(allowed: Vec<IpNet>) -> Result<Outbound, OutboundError> {
    Outbound::new(policy(allowed))
}

/// The same client with `transport` in place of the network.
///
/// # Errors
/// As [`outbound`].
pub fn outbound_through(allowed: Vec<IpNet>, transport: Arc<dyn Transport>) -> Result<Outbound, OutboundError> {
    Outbound::with_transport(policy(allowed), transport)
}

fn policy(allowed: Vec<IpNet>) -> OutboundPolicy {
    OutboundPolicy {
        allow_networks: allowed,
        timeout: OUTBOUND_TIMEOUT,
        max_bytes: LARGEST_ANSWER,
        ..OutboundPolicy::default()
    }
}

/// What dialogs use of the server.
#[derive(Clone)]
pub struct AutoHandles {
    /// The folder with the packages.
    pub bots_dir: PathBuf,
    /// The folder with what the server keeps.
    pub data_dir: PathBuf,
    /// The address that people use, for links that leave the server.
    pub public_url: Option<Url>,
    /// Limits of scripts.
    pub limits: ScriptConfig,
    /// The organisation that owns the bots.
    pub org: OrgId,
    /// This process.
    pub node: NodeId,
    /// The database, which keeps programs and the bots' memory.
    pub db: Db,
    /// Tasks and shutdown.
    pub lifecycle: Lifecycle,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Values that may vanish.
    pub cache: Arc<dyn Cache>,
    /// Limits over all nodes.
    pub rates: Arc<dyn RateLimit>,
    /// The server's own API, set once it is composed.
    pub api: LocalApi,
    /// Language models, where there are any.
    pub models: Option<Arc<dyn Models>>,
    /// Events between domains.
    pub events: EventBus,
    /// The client of scripts' requests, made by [`outbound`].
    pub outbound: Outbound,
    /// Hears of every line that runs, when somebody wants to know.
    pub trace: Option<Arc<dyn Trace>>,
}

impl AutoHandles {
    /// The handles of a server's state.
    ///
    /// # Errors
    /// When the client of scripts' requests cannot be set up.
    pub fn of(state: &AppState) -> Result<Self, OutboundError> {
        Ok(Self {
            bots_dir: state.config.bots_dir.clone(),
            data_dir: state.config.data_dir.clone(),
            public_url: state.config.http.public_url.clone(),
            limits: state.config.script,
            org: state.org,
            node: state.node,
            db: state.db.clone(),
            lifecycle: state.lifecycle.clone(),
            clock: Arc::clone(&state.clock),
            cache: Arc::clone(&state.cache),
            rates: Arc::clone(&state.limits),
            api: LocalApi::default(),
            models: state.ports.models.clone(),
            events: state.events.clone(),
            outbound: outbound(state.config.http.allow_private.clone())?,
            trace: None,
        })
    }
}

/// The bots of this server and their language, once the packages are mounted.
#[derive(Clone)]
pub struct Mount {
    /// The bots that run.
    pub bots: Arc<dyn Bots>,
    /// Starts and restores their dialogs.
    pub dialogs: Arc<dyn Dialogs>,
    /// Their files.
    files: FileHost,
    /// Their debuggers.
    debug: dap::Host,
}

/// Dialogs of this server; cheap to clone.
#[derive(Clone)]
pub struct AutoService {
    handles: AutoHandles,
    files: FileHost,
    shelf: Arc<Shelf>,
    tables: Tables,
}

impl AutoService {
    /// The service over the server's handles. Register the keywords of all services, then [mount](Self::mount).
    pub fn new(handles: AutoHandles) -> Self {
        let shelf = Arc::new(Shelf::default());
        let home = if handles.db.kind() == "postgres" {
            Home::Server(handles.db.clone())
        } else {
            Home::Folder(handles.data_dir.join("tables"))
        };
        let (clock, events) = (Arc::clone(&handles.clock), handles.events.clone());
        let tables = Tables::new(home, Arc::clone(&shelf), clock, Some(events));
        let drives = Drives::new(&handles.data_dir, &handles.bots_dir);
        let files = FileHost {
            sources: Sources::new(&drives).with_tables(Arc::new(tables.clone())),
            drives,
            links: Links::stored(&handles.db, handles.public_url.clone()),
            db: Some(handles.db.clone()),
        };
        Self {
            handles,
            files,
            shelf,
            tables,
        }
    }

    /// Changes of bots' rows that wait for the scripts which they start.
    pub fn row_changes(&self) -> Arc<dyn RowChanges> {
        Arc::new(self.tables.clone())
    }

    /// Questions of readers over the bots' tables.
    pub fn table_queries(&self) -> Arc<dyn TableQueries> {
        Arc::new(self.tables.clone())
    }

    /// Deletes programs of earlier versions when nothing has run them for as long as the server keeps such things.
    pub fn sweep(&self, state: &AppState) {
        if let (Some(jobs), Some(keep)) = (&state.ports.jobs, state.config.keep) {
            jobs.sweep(Arc::new(Unused {
                db: self.handles.db.clone(),
                shelf: Arc::clone(&self.shelf),
                keep,
            }));
        }
    }

    /// The server's own API as scripts call it.
    pub fn api(&self) -> &LocalApi {
        &self.handles.api
    }

    /// Mounts every package of the folder with the keywords of `registry`, and follows its changes from then on.
    ///
    /// A package with errors that is mounted for the first time runs with the scripts that have none; the others
    /// fault when they are started. Later, a version with errors does not replace the one that runs.
    pub async fn mount(&self, registry: Arc<Registry>) -> Mount {
        let handles = self.handles.clone();
        let bots = Arc::clone(&self.shelf);
        let language = Language::new(&registry).with_options(Options {
            trace: handles.trace.is_some(),
        });
        let debuggers = Arc::new(dap::Debuggers::default());
        let packages = Arc::new(Mounts {
            folder: handles.bots_dir,
            org: handles.org,
            node: handles.node,
            db: handles.db.clone(),
            clock: handles.clock,
            events: handles.events,
            language: Arc::new(language),
            shelf: Arc::clone(&bots),
            state: tokio::sync::Mutex::new(State::default()),
            kept: Mutex::new(HashSet::new()),
        });
        packages.refresh(true).await;
        watch::start(Arc::clone(&packages), &handles.lifecycle);
        let dialogs = Arc::new(Scripts::new(
            Arc::clone(&bots),
            handles.db,
            handles.limits,
            handles.trace,
            Arc::clone(&debuggers),
        ));
        Mount {
            bots,
            dialogs,
            files: self.files.clone(),
            debug: dap::Host {
                mounts: packages,
                registry,
                debuggers,
                lifecycle: handles.lifecycle,
            },
        }
    }
}

impl Mount {
    /// Routes that tell of the bots, give out their files, and let debuggers in.
    pub fn routes(&self) -> Routes {
        routes::router(Arc::clone(&self.bots))
            .merge(routes::files(Arc::clone(&self.bots), self.files.clone()))
            .merge(dap::routes(self.debug.clone()))
    }
}

impl Service for AutoService {
    fn name(&self) -> &'static str {
        "auto"
    }

    fn register_keywords(&self, registry: &mut Registry) {
        let host = Host {
            memory: Memory::stored(&self.handles.db, Arc::clone(&self.handles.clock)),
            cache: Arc::clone(&self.handles.cache),
            limits: Arc::clone(&self.handles.rates),
            outbound: self.handles.outbound.clone(),
            api: self.handles.api.clone(),
            files: self.files.clone(),
            tables: self.tables.clone(),
            models: self.handles.models.clone(),
        };
        for keyword in keywords::keywords(&host) {
            registry.register(keyword);
        }
    }
}

impl fmt::Debug for AutoService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoService")
            .field("bots_dir", &self.handles.bots_dir)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AutoHandles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoHandles")
            .field("bots_dir", &self.bots_dir)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.bots.list().iter().map(|bot| bot.name.clone()).collect();
        f.debug_struct("Mount").field("bots", &names).finish_non_exhaustive()
    }
}
