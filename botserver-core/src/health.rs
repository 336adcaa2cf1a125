//! Whether the server lives and is ready: `/health/live`, `/health/ready`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::Access;
use botstate::{Lifecycle, service::HealthCheck};
use futures::future::join_all;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Json, OwnBody, Routes, routes};

/// The longest that a dependency may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer is kept, so that asking often costs the dependencies little.
const FRESH: Duration = Duration::from_secs(1);

/// Asks the dependencies, and remembers for a second what they said.
#[derive(Clone)]
pub(crate) struct Health(Arc<Inner>);

struct Inner {
    checks: Vec<Box<dyn HealthCheck>>,
    lifecycle: Lifecycle,
    last: tokio::sync::Mutex<Option<(Instant, Vec<DependencyView>)>>,
}

/// Whether the server is ready, and what it depends on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReadyView {
    /// How it is.
    status: Status,
    /// Everything that it depends on.
    dependencies: Vec<DependencyView>,
}

/// How the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// Everything is there.
    Ready,
    /// It works, without something that is not required.
    Degraded,
    /// Something that is required is away.
    Unavailable,
    /// It is shutting down.
    Draining,
}

/// One dependency.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct DependencyView {
    /// Its name.
    name: &'static str,
    /// Whether the server is of no use without it.
    required: bool,
    /// Whether it is there.
    ok: bool,
    /// A word about its state, or what is wrong and what to do about it.
    detail: String,
    /// The time that it took to answer.
    duration_ms: u64,
}

/// Says that the process answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LiveView {
    /// Always `live`.
    #[schema(example = "live")]
    status: &'static str,
}

impl Health {
    pub(crate) fn new(checks: Vec<Box<dyn HealthCheck>>, lifecycle: Lifecycle) -> Self {
        Self(Arc::new(Inner {
            checks,
            lifecycle,
            last: tokio::sync::Mutex::new(None),
        }))
    }

    async fn ready(&self) -> ReadyView {
        let dependencies = self.dependencies().await;
        let status = if self.0.lifecycle.is_draining() {
            Status::Draining
        } else if dependencies
            .iter()
            .any(|dependency| dependency.required && !dependency.ok)
        {
            Status::Unavailable
        } else if dependencies.iter().any(|dependency| !dependency.ok) {
            Status::Degraded
        } else {
            Status::Ready
        };
        ReadyView { status, dependencies }
    }

    async fn dependencies(&self) -> Vec<DependencyView> {
        // Held while asking: whoever comes meanwhile waits for this answer, at most for `PATIENCE`.
        let mut last = self.0.last.lock().await;
        if let Some((at, dependencies)) = last.as_ref()
            && at.elapsed() < FRESH
        {
            return dependencies.clone();
        }
        let dependencies = join_all(self.0.checks.iter().map(|check| ask(check.as_ref()))).await;
        *last = Some((Instant::now(), dependencies.clone()));
        dependencies
    }
}

async fn ask(check: &dyn HealthCheck) -> DependencyView {
    let started = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, check.check()).await;
    let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())));
    let ok = answer.is_ok();
    DependencyView {
        name: check.name(),
        required: check.is_required(),
        ok,
        detail: answer.unwrap_or_else(|wrong| wrong),
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

/// The routes of this module.
pub(crate) fn routes(health: Health) -> Routes {
    Routes::new("health")
        .route(Access::Public, routes!(show_live))
        .route(Access::Public, routes!(show_ready))
        .route(Access::Public, routes!(show_health))
        .route(Access::Public, routes!(show_api_health))
        .with_state(health)
}

/// Says that the process answers; asks nothing else.
#[utoipa::path(get, path = "/health/live", operation_id = "live", responses((status = 200, body = LiveView)))]
async fn show_live() -> Json<LiveView> {
    Json(LiveView { status: "live" })
}

/// Says whether the server is ready, with the state of each dependency.
#[utoipa::path(
    get, path = "/health/ready", operation_id = "ready",
    responses(
        (status = 200, description = "Ready, or degraded", body = ReadyView),
        (status = 503, description = "Not ready, or shutting down", body = ReadyView),
    )
)]
async fn show_ready(State(health): State<Health>) -> Response {
    let view = health.ready().await;
    match view.status {
        Status::Ready | Status::Degraded => Json(view).into_response(),
        Status::Unavailable | Status::Draining => {
            (StatusCode::SERVICE_UNAVAILABLE, Extension(OwnBody), Json(view)).into_response()
        }
    }
}

/// The same as `/health/ready`, for clients that know only this path.
#[utoipa::path(
    get, path = "/health", operation_id = "health",
    responses(
        (status = 200, description = "Ready, or degraded", body = ReadyView),
        (status = 503, description = "Not ready, or shutting down", body = ReadyView),
    )
)]
async fn show_health(health: State<Health>) -> Response {
    show_ready(health).await
}

/// The same as `/health/ready`, for clients that know only this path.
#[utoipa::path(
    get, path = "/api/health", operation_id = "api_health",
    responses(
        (status = 200, description = "Ready, or degraded", body = ReadyView),
        (status = 503, description = "Not ready, or shutting down", body = ReadyView),
    )
)]
async fn show_api_health(health: State<Health>) -> Response {
    show_ready(health).await
}
