//! The composition: routes of all domains behind one set of middleware.

use std::{sync::Arc, time::Duration};

use axum::Router;
use botlib::OrgId;
use botstate::{AppState, Lifecycle, config::HttpConfig, gpu::Gpus, service::HealthCheck, shared::RateLimit};
use tokio::sync::Semaphore;
use utoipa::openapi::OpenApi;

use crate::{
    Authenticator, Problem, RouteEntry, Routes,
    auth::{MetricsToken, Nobody},
    docs,
    health::{self, Health},
    machine::{self, Machine},
    metrics,
    middleware::{
        self,
        admit::{Gate, IN_FLIGHT},
        limit::Limiter,
        origin::Origins,
    },
};

/// How often measurements are folded together while nobody reads them.
const UPKEEP: Duration = Duration::from_secs(5);

/// What the server takes from the shared state.
#[derive(Clone)]
pub struct Handles {
    /// The HTTP section of the configuration.
    pub http: HttpConfig,
    /// Tasks and shutdown.
    pub lifecycle: Lifecycle,
    /// Limits over all nodes.
    pub limits: Arc<dyn RateLimit>,
    /// The organisation of callers who have not proved to belong to one.
    pub org: OrgId,
}

impl std::fmt::Debug for Handles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handles")
            .field("org", &self.org)
            .finish_non_exhaustive()
    }
}

impl From<&AppState> for Handles {
    fn from(state: &AppState) -> Self {
        Self {
            http: state.config.http.clone(),
            lifecycle: state.lifecycle.clone(),
            limits: Arc::clone(&state.limits),
            org: state.org,
        }
    }
}

/// A server in the making: give it routes, checks and an authenticator, then [`App::build`] it.
///
/// It is whole from the start: without anything added it answers health, metrics and the description of its API.
pub struct App {
    handles: Handles,
    routes: Routes,
    checks: Vec<Box<dyn HealthCheck>>,
    authenticator: Arc<dyn Authenticator>,
    machine: Machine,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}

/// A finished server.
#[derive(Clone)]
pub struct Composed {
    /// Answers requests.
    pub router: Router,
    /// The same routes behind their guards alone, for callers inside the process: whoever sends a request puts the
    /// [`Caller`](botlib::Caller) into its extensions.
    pub local: Router,
    /// The description of the API, as `/api/openapi.json` serves it.
    pub openapi: Arc<OpenApi>,
    /// Every route with who may enter, by path and method.
    pub entries: Vec<RouteEntry>,
}

impl std::fmt::Debug for Composed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composed")
            .field("entries", &self.entries)
            .finish_non_exhaustive()
    }
}

impl App {
    /// A server over `handles`, made from an [`AppState`] with `&state`.
    pub fn new(handles: impl Into<Handles>) -> Self {
        Self {
            handles: handles.into(),
            routes: Routes::new("core"),
            checks: Vec::new(),
            authenticator: Arc::new(Nobody),
            machine: Machine::default(),
        }
    }

    /// Adds routes of a domain.
    #[must_use]
    pub fn routes(mut self, routes: Routes) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Adds dependencies that `/health/ready` asks.
    #[must_use]
    pub fn checks(mut self, checks: impl IntoIterator<Item = Box<dyn HealthCheck>>) -> Self {
        self.checks.extend(checks);
        self
    }

    /// Sets who proves callers. Without it everyone is nobody, and only public routes answer.
    #[must_use]
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticator = authenticator;
        self
    }

    /// Sets who looks at the machine's graphics processors.
    #[must_use]
    pub fn gpus(mut self, gpus: Arc<dyn Gpus>) -> Self {
        self.machine.gpus = Some(gpus);
        self
    }

    /// Composes the server and starts its upkeep; must be called inside a Tokio runtime.
    pub fn build(self) -> Composed {
        metrics::install();
        keep_up(&self.handles.lifecycle);
        let http = &self.handles.http;
        let authenticator = match &http.metrics_token {
            Some(token) => Arc::new(MetricsToken {
                token: token.clone(),
                next: self.authenticator,
            }) as Arc<_>,
            None => self.authenticator,
        };
        let description = docs::Description::default();
        let documentation = docs::routes(description.clone(), &self.routes);
        let built = self
            .routes
            .merge(health::routes(Health::new(self.checks, self.handles.lifecycle.clone())))
            .merge(machine::routes(self.machine))
            .merge(documentation)
            .build(authenticator.schemes());
        let openapi = Arc::new(built.openapi);
        description.set(&openapi);
        let gate = Gate {
            org: self.handles.org,
            authenticator,
            origins: Origins::new(http.public_url.as_ref(), &http.cors_origins),
            limiter: Limiter::new(self.handles.limits, http.rate_per_minute, http.rate_burst),
            in_flight: Semaphore::new(IN_FLIGHT),
        };
        let router = built.router.fallback(unknown_path);
        Composed {
            local: router.clone(),
            router: middleware::around(router, http, Arc::new(gate)),
            openapi,
            entries: built.entries,
        }
    }
}

async fn unknown_path() -> Problem {
    Problem::not_found("path")
}

fn keep_up(lifecycle: &Lifecycle) {
    let draining = lifecycle.draining();
    lifecycle.spawn(async move {
        loop {
            tokio::select! {
                () = draining.cancelled() => return,
                () = tokio::time::sleep(UPKEEP) => metrics::upkeep(),
            }
        }
    });
}
