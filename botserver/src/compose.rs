//! The composition: one function, top to bottom, and the only place that knows features.

use std::sync::Arc;

use anyhow::Context;
use botlib::{Clock, NodeId, SystemClock};
#[cfg(feature = "auto")]
use botserver_auto::AutoService;
use botserver_core::{App, Composed};
#[cfg(any(feature = "auto", feature = "llm", feature = "chat"))]
use botstate::keyword::Registry;
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

/// Opens what the configuration names; no domain yet.
pub(crate) async fn base(config: Config) -> anyhow::Result<Base> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
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
    /// The address with which the first administrator sets a password, while nobody has.
    pub(crate) claim: Option<String>,
    pub(crate) migrated: MigrationReport,
}

/// Composes the server from every domain that is compiled in.
pub(crate) async fn server(config: Config) -> anyhow::Result<Server> {
    let Base { state, migrated } = base(config).await?;
    #[cfg(any(feature = "auth", feature = "auto", feature = "llm", feature = "chat"))]
    let mut state = state;
    #[cfg(feature = "llm")]
    let llm = botserver_llm::service(llm_config(&state.config));
    #[cfg(feature = "auto")]
    let dialogs = AutoService::new(auto_handles(&state)?);
    #[cfg(any(feature = "auto", feature = "llm", feature = "chat"))]
    {
        let mut keywords = Registry::new();
        #[cfg(feature = "llm")]
        llm.register(&mut keywords);
        #[cfg(feature = "chat")]
        for keyword in botserver_chat::keywords() {
            keywords.register(keyword);
        }
        #[cfg(feature = "auto")]
        dialogs.register_keywords(&mut keywords);
        state.ports.keywords = Arc::new(keywords);
    }
    #[cfg(feature = "llm")]
    {
        state.ports.models = Some(llm.models());
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
        packages
    };

    let mut app = App::new(&state).checks([state.db.health_check()]);
    if let Some(url) = &state.config.redis_url {
        app = app.checks([Valkey::connect(url.expose())?.health_check()]);
    }
    #[cfg(feature = "llm")]
    {
        app = app.checks(botstate::service::Service::health_checks(&llm));
    }
    #[cfg(not(feature = "auth"))]
    let claim = None;
    #[cfg(feature = "auth")]
    let claim = {
        let auth = botserver_auth::AuthService::start(&state).await?;
        state.ports.visitors = Some(Arc::new(auth.clone()));
        app = app
            .authenticator(Arc::new(auth.clone()))
            .routes(botserver_auth::routes(&auth));
        auth.ensure_first_admin()
            .await?
            .map(|link| link.url.expose().to_owned())
    };
    #[cfg(feature = "chat")]
    {
        let chat = botserver_chat::ChatService::new(&state);
        app = app.routes(botserver_chat::routes(&state, &chat));
        chat.start();
    }
    #[cfg(feature = "auto")]
    {
        app = app.routes(packages.routes());
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
        claim,
        migrated,
    })
}

/// What dialogs use of the server.
#[cfg(feature = "auto")]
fn auto_handles(state: &AppState) -> anyhow::Result<botserver_auto::AutoHandles> {
    let config = &state.config;
    Ok(botserver_auto::AutoHandles {
        bots_dir: config.bots_dir.clone(),
        limits: config.script,
        org: state.org,
        node: state.node,
        db: state.db.clone(),
        lifecycle: state.lifecycle.clone(),
        clock: Arc::clone(&state.clock),
        cache: Arc::clone(&state.cache),
        rates: Arc::clone(&state.limits),
        api: botserver_auto::LocalApi::default(),
        events: state.events.clone(),
        outbound: botserver_auto::outbound(config.http.allow_private.clone())?,
    })
}

/// The language model's section in the words of its crate.
#[cfg(feature = "llm")]
pub(crate) fn llm_config(config: &Config) -> botserver_llm::LlmConfig {
    botserver_llm::LlmConfig {
        base_url: config.llm.url.clone(),
        api_key: config.llm.key.clone(),
        model: config.llm.model.clone(),
        first_token_timeout: config.llm.first_token_timeout,
        idle_timeout: config.llm.idle_timeout,
        ..botserver_llm::LlmConfig::default()
    }
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
    feature = "ui"
))]
mod tests;
