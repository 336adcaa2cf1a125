//! The composition: one function, top to bottom, and the only place that knows features.

use std::sync::Arc;

use anyhow::Context;
use botlib::{Chance, Clock, NodeId, SystemChance, SystemClock};
#[cfg(feature = "auto")]
use botserver_auto::{AutoService, basic::Trace};
#[cfg(feature = "auto")]
use botserver_core::outbound::Outbound;
use botserver_core::{App, Composed};
#[cfg(any(feature = "auto", feature = "llm", feature = "chat"))]
use botstate::keyword::{Keyword, Registry};
#[cfg(feature = "auto")]
use botstate::service::Service as _;
use botstate::{
    AppState, Config, Db, Lifecycle, Ports,
    db::{self, MigrationReport},
    event::EventBus,
    shared::{Cache, Leases, Local, PubSub, RateLimit, Valkey},
};

/// What every command stands on.
pub(crate) struct Base {
    pub(crate) state: AppState,
    pub(crate) migrated: MigrationReport,
}

/// What a server gets from its surroundings, the machine's own by default. Tests of bots give theirs.
pub(crate) struct Surroundings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: Arc<dyn Chance>,
    /// Keywords in place of those with the same phrase.
    #[cfg(any(feature = "auto", feature = "llm", feature = "chat"))]
    pub(crate) keywords: Vec<Keyword>,
    /// The client of scripts' requests in place of the one that the configuration describes.
    #[cfg(feature = "auto")]
    pub(crate) outbound: Option<Outbound>,
    /// Hears of every line of a script that runs.
    #[cfg(feature = "auto")]
    pub(crate) trace: Option<Arc<dyn Trace>>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            chance: Arc::new(SystemChance),
            #[cfg(any(feature = "auto", feature = "llm", feature = "chat"))]
            keywords: Vec::new(),
            #[cfg(feature = "auto")]
            outbound: None,
            #[cfg(feature = "auto")]
            trace: None,
        }
    }
}

/// Opens what the configuration names; no domain yet.
#[cfg(any(feature = "auth", feature = "chat", feature = "compliance"))]
pub(crate) async fn base(config: Config) -> anyhow::Result<Base> {
    base_in(config, &Surroundings::default()).await
}

async fn base_in(config: Config, surroundings: &Surroundings) -> anyhow::Result<Base> {
    let clock = Arc::clone(&surroundings.clock);
    let (db, migrated) = Db::open(&config.database).await?;
    let org = db::default_org(&db, clock.now())
        .await
        .context("could not prepare the database")?;
    let shared = Shared::open(&config, &clock)?;
    let state = AppState {
        config: Arc::new(config),
        db,
        lifecycle: Lifecycle::new(),
        clock,
        chance: Arc::clone(&surroundings.chance),
        node: NodeId::new(),
        org,
        events: EventBus::new(Arc::clone(&shared.pubsub)),
        cache: shared.cache,
        pubsub: shared.pubsub,
        leases: shared.leases,
        limits: shared.limits,
        ports: Ports::default(),
    };
    Ok(Base { state, migrated })
}

/// A whole server, ready to answer.
pub(crate) struct Server {
    pub(crate) state: AppState,
    pub(crate) app: Composed,
    #[cfg(feature = "trial")]
    pub(crate) chat: botserver_chat::ChatService,
    #[cfg(feature = "trial")]
    pub(crate) tasks: botserver_tasks::TasksService,
    /// The address with which the first administrator sets a password, while nobody has.
    pub(crate) claim: Option<String>,
    pub(crate) migrated: MigrationReport,
}

/// Composes the server from every domain that is compiled in.
pub(crate) async fn server(config: Config) -> anyhow::Result<Server> {
    server_in(config, Surroundings::default()).await
}

/// The same server in other surroundings.
pub(crate) async fn server_in(config: Config, surroundings: Surroundings) -> anyhow::Result<Server> {
    let Base { state, migrated } = base_in(config, &surroundings).await?;
    #[cfg(any(
        feature = "auth",
        feature = "auto",
        feature = "llm",
        feature = "chat",
        feature = "drive",
        feature = "gateway",
        feature = "tasks"
    ))]
    let mut state = state;
    #[cfg(feature = "drive")]
    {
        let program = botserver_drive::ReaderProgram::Itself;
        state.ports.extractor = Some(Arc::new(botserver_drive::extractor(program)));
    }
    #[cfg(feature = "llm")]
    let llm = botserver_llm::service(llm_config(&state.config)?, Some(Arc::clone(&state.limits)));
    #[cfg(feature = "llm")]
    {
        state.ports.models = Some(llm.models());
        state.ports.embedders = Some(llm.embedders());
        state.ports.rerankers = Some(llm.rerankers());
    }
    #[cfg(feature = "usage")]
    let usage = {
        let usage = botserver_usage::UsageService::new(&state);
        // Whoever takes the ports from here on is counted.
        state.ports.models = Some(usage.models(llm.models()));
        state.ports.embedders = Some(usage.embedders(llm.embedders()));
        state.ports.ledger = Some(usage.ledger());
        usage
    };
    #[cfg(feature = "gateway")]
    let mcp = {
        #[cfg(feature = "auto")]
        let given = surroundings.outbound.clone();
        #[cfg(not(feature = "auto"))]
        let given = None;
        let mcp = mcp_client(&state.config, given)?;
        state.ports.foreign = Some(Arc::new(mcp.clone()));
        mcp
    };
    #[cfg(feature = "vectordb")]
    let known = botstate::run::Late::default();
    #[cfg(feature = "auth")]
    let accounts = botstate::run::Late::default();
    #[cfg(all(feature = "vectordb", feature = "auto"))]
    let websites = surroundings.outbound.clone();
    #[cfg(all(feature = "vectordb", not(feature = "auto")))]
    let websites = None;
    #[cfg(feature = "auto")]
    let dialogs = AutoService::new(auto_handles(&state, surroundings.outbound, surroundings.trace)?);
    #[cfg(feature = "tasks")]
    let tasks = {
        let tasks = botserver_tasks::TasksService::new(&state);
        state.ports.jobs = Some(tasks.jobs());
        tasks
    };
    #[cfg(any(
        feature = "auto",
        feature = "llm",
        feature = "chat",
        feature = "gateway",
        feature = "tasks"
    ))]
    {
        let mut keywords = Registry::new();
        #[cfg(feature = "llm")]
        if let Some(models) = &state.ports.models {
            for keyword in botserver_llm::keywords(models) {
                keywords.register(keyword);
            }
        }
        #[cfg(feature = "chat")]
        for keyword in botserver_chat::keywords_of(&state) {
            keywords.register(keyword);
        }
        #[cfg(feature = "gateway")]
        for keyword in botserver_gateway::keywords(&mcp) {
            keywords.register(keyword);
        }
        #[cfg(feature = "auth")]
        for keyword in botserver_auth::keywords(&accounts) {
            keywords.register(keyword);
        }
        #[cfg(feature = "auto")]
        dialogs.register_keywords(&mut keywords);
        #[cfg(feature = "tasks")]
        tasks.register_keywords(&mut keywords);
        #[cfg(feature = "vectordb")]
        botserver_vectordb::KnowledgeService::register_keywords(&known, &mut keywords);
        for keyword in surroundings.keywords {
            keywords.replace(keyword);
        }
        state.ports.keywords = Arc::new(keywords);
    }
    #[cfg(feature = "auto")]
    let packages = {
        let bots_dir = &state.config.bots_dir;
        if botserver_auto::write_first_bot(bots_dir)
            .with_context(|| format!("could not make {}", bots_dir.display()))?
        {
            tracing::info!(
                "made a first bot in {}: change it and see it change",
                bots_dir.display()
            );
        }
        let packages = dialogs.mount(Arc::clone(&state.ports.keywords)).await;
        state.ports.bots = Some(Arc::clone(&packages.bots));
        state.ports.dialogs = Some(Arc::clone(&packages.dialogs));
        state.ports.tables = Some(dialogs.table_queries());
        dialogs.sweep(&state);
        packages
    };

    let mut app = App::new(&state).checks([state.db.health_check()]);
    if let Some(url) = &state.config.redis_url {
        app = app.checks([Valkey::connect(url.expose())?.health_check()]);
    }
    #[cfg(feature = "llm")]
    {
        let gpus = botserver_llm::Nvidia::new(state.config.llm.nvml_library.clone());
        app = app
            .checks(botstate::service::Service::health_checks(&llm))
            .gpus(Arc::new(gpus));
    }
    #[cfg(not(feature = "auth"))]
    let claim = None;
    #[cfg(feature = "auth")]
    let claim = {
        let auth = botserver_auth::AuthService::start(&state).await?;
        accounts.fill(Arc::new(auth.clone()));
        state.ports.visitors = Some(Arc::new(auth.clone()));
        app = app
            .authenticator(Arc::new(auth.clone()))
            .routes(botserver_auth::routes(&auth));
        auth.ensure_first_admin()
            .await?
            .map(|link| link.url.expose().to_owned())
    };
    #[cfg(feature = "vectordb")]
    let knowledge = {
        let embedders = state.ports.embedders.clone().unwrap_or_else(|| llm.embedders());
        let knowledge = match &state.config.qdrant_url {
            Some(url) => {
                let qdrant = botserver_vectordb::Qdrant::new(url.expose(), state.config.qdrant_key.clone())?;
                app = app.checks([qdrant.health_check()]);
                botserver_vectordb::KnowledgeService::with_index(&state, embedders, Arc::new(qdrant))
            }
            None => botserver_vectordb::KnowledgeService::new(&state, embedders),
        };
        let knowledge = knowledge.with_outbound(guarded(&state.config, websites)?);
        state.ports.knowledge.fill(knowledge.port());
        known.fill(Arc::new(knowledge.clone()));
        app = app.routes(knowledge.routes());
        knowledge
    };
    #[cfg(feature = "chat")]
    let chat = botserver_chat::ChatService::new(&state);
    #[cfg(feature = "chat")]
    {
        app = app.routes(botserver_chat::routes(&state, &chat));
        chat.start();
    }
    #[cfg(feature = "tasks")]
    {
        app = app.routes(tasks.routes());
        // After conversations, which carry out what jobs order.
        tasks.start(&state);
        #[cfg(feature = "auto")]
        tasks.follow_rows(&state, dialogs.row_changes());
    }
    #[cfg(feature = "compliance")]
    {
        // After jobs, among which is the upkeep of the log.
        let compliance = botserver_compliance::ComplianceService::new(&state);
        app = app.routes(compliance.routes());
        compliance.start(&state);
    }
    #[cfg(feature = "vectordb")]
    knowledge.start();
    #[cfg(feature = "usage")]
    {
        app = app.routes(usage.start(&state).routes());
    }
    #[cfg(feature = "auto")]
    {
        app = app.routes(packages.routes());
    }
    #[cfg(feature = "gateway")]
    {
        app = app.routes(botserver_gateway::routes(&botserver_gateway::Gateway::new(&state)));
    }
    #[cfg(feature = "ui")]
    {
        app = app.routes(botserver_ui::routes());
    }
    let app = app.build();
    #[cfg(feature = "auto")]
    dialogs.api().set(app.local.clone());
    Ok(Server {
        state,
        app,
        #[cfg(feature = "trial")]
        chat,
        #[cfg(feature = "trial")]
        tasks,
        claim,
        migrated,
    })
}

/// What dialogs use of the server.
#[cfg(feature = "auto")]
fn auto_handles(
    state: &AppState,
    outbound: Option<Outbound>,
    trace: Option<Arc<dyn Trace>>,
) -> anyhow::Result<botserver_auto::AutoHandles> {
    let config = &state.config;
    let outbound = match outbound {
        Some(outbound) => outbound,
        None => botserver_auto::outbound(config.http.allow_private.clone())?,
    };
    Ok(botserver_auto::AutoHandles {
        bots_dir: config.bots_dir.clone(),
        data_dir: config.data_dir.clone(),
        public_url: config.http.public_url.clone(),
        limits: config.script,
        org: state.org,
        node: state.node,
        db: state.db.clone(),
        lifecycle: state.lifecycle.clone(),
        clock: Arc::clone(&state.clock),
        cache: Arc::clone(&state.cache),
        rates: Arc::clone(&state.limits),
        api: botserver_auto::LocalApi::default(),
        models: state.ports.models.clone(),
        events: state.events.clone(),
        outbound,
        trace,
    })
}

/// What reaches MCP servers, through `given` in place of a client of its own.
#[cfg(feature = "gateway")]
pub(crate) fn mcp_client(
    config: &Config,
    given: Option<botserver_core::outbound::Outbound>,
) -> anyhow::Result<botserver_gateway::McpClient> {
    let outbound = guarded(config, given)?;
    Ok(botserver_gateway::McpClient::new(
        &outbound,
        config.mcp_commands.clone(),
    ))
}

/// The way out that is given, or the guarded client that the configuration describes.
#[cfg(any(feature = "gateway", feature = "vectordb", feature = "llm"))]
pub(crate) fn guarded(
    config: &Config,
    given: Option<botserver_core::outbound::Outbound>,
) -> anyhow::Result<botserver_core::outbound::Outbound> {
    use botserver_core::outbound::{Outbound, OutboundPolicy};
    if let Some(given) = given {
        return Ok(given);
    }
    Ok(Outbound::new(OutboundPolicy {
        allow_networks: config.http.allow_private.clone(),
        ..OutboundPolicy::default()
    })?)
}

/// The language model's section in the words of its crate.
#[cfg(feature = "llm")]
pub(crate) fn llm_config(config: &Config) -> anyhow::Result<botserver_llm::LlmConfig> {
    let catalogue = config.llm.catalogue.as_ref().map(|file| {
        std::fs::read_to_string(file).with_context(|| {
            format!(
                "could not read the table of models {}: check llm_catalogue",
                file.display()
            )
        })
    });
    Ok(botserver_llm::LlmConfig {
        provider: config.llm.provider.clone(),
        models: config.llm.models.clone(),
        keys: config.llm.keys.clone(),
        requests_per_minute: config.llm.rate_limit,
        tokens_per_minute: config.llm.tpm_limit,
        catalogue: catalogue.transpose()?,
        models_dir: config.llm.models_dir.clone(),
        embedding_model: config.llm.embedding_model.clone(),
        model_threads: config.llm.model_threads,
        base_url: config.llm.url.clone(),
        api_key: config.llm.key.clone(),
        model: config.llm.model.clone(),
        first_token_timeout: config.llm.first_token_timeout,
        idle_timeout: config.llm.idle_timeout,
        ..botserver_llm::LlmConfig::default()
    })
}

struct Shared {
    cache: Arc<dyn Cache>,
    pubsub: Arc<dyn PubSub>,
    leases: Arc<dyn Leases>,
    limits: Arc<dyn RateLimit>,
}

impl Shared {
    fn open(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        Ok(match &config.redis_url {
            Some(url) => Self::of(Arc::new(Valkey::connect(url.expose())?)),
            None => Self::of(Arc::new(Local::new(Arc::clone(clock)))),
        })
    }

    fn of<T: Cache + PubSub + Leases + RateLimit>(shared: Arc<T>) -> Self {
        Self {
            cache: Arc::clone(&shared) as Arc<dyn Cache>,
            pubsub: Arc::clone(&shared) as Arc<dyn PubSub>,
            leases: Arc::clone(&shared) as Arc<dyn Leases>,
            limits: shared,
        }
    }
}

#[cfg(all(
    test,
    feature = "auth",
    feature = "auto",
    feature = "chat",
    feature = "llm",
    feature = "tasks",
    feature = "ui"
))]
mod tests;
