//! Decides whether a request is worked on: load, origin, credential, rate limit.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use botlib::{Caller, OrgId};
use http::StatusCode;
use tokio::sync::Semaphore;

use super::{context::RequestContext, limit::Limiter, origin::Origins};
use crate::{
    Problem,
    auth::{Authenticator, Refused, is_refusal},
};

/// Requests worked on at once. More would only wait behind each other, so they are sent away at once.
pub(crate) const IN_FLIGHT: usize = 1024;

/// The class of the refusal.
pub(crate) const OVERLOADED: &str = "server/overloaded";

pub(crate) struct Gate {
    pub(crate) org: OrgId,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) origins: Origins,
    pub(crate) limiter: Limiter,
    pub(crate) in_flight: Semaphore,
}

pub(crate) async fn admit(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let context = match RequestContext::from_request_parts(&mut parts, &()).await {
        Ok(context) => context,
        Err(never) => match never {},
    };
    // Whoever asks for health must hear of it just when the server is full.
    if is_health(parts.uri.path()) {
        parts.extensions.insert(Caller::nobody(gate.org, context.id));
        return next.run(Request::from_parts(parts, body)).await;
    }
    let Ok(_working) = gate.in_flight.try_acquire() else {
        return overloaded().into_response();
    };
    match gate.identify(&mut parts, &context).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

impl Gate {
    /// Puts the caller beside the request, unless the request may not go on.
    async fn identify(&self, parts: &mut http::request::Parts, context: &RequestContext) -> Result<(), Problem> {
        self.origins.check(&parts.method, &parts.headers)?;
        let caller = match self
            .authenticator
            .authenticate(&parts.headers, self.org, context.id)
            .await
        {
            Ok(caller) => caller,
            // Guesses count against the address that they come from; the route says whether they matter.
            Err(problem) if is_refusal(&problem) => {
                tracing::info!("refused a credential: {problem}");
                parts.extensions.insert(Refused(problem));
                Caller::nobody(self.org, context.id)
            }
            Err(problem) => return Err(problem),
        };
        self.limiter.take(&caller, context).await?;
        parts.extensions.insert(caller);
        Ok(())
    }
}

/// Whether `path` is one of those that are answered whatever happens.
pub(crate) fn is_health(path: &str) -> bool {
    path == "/health" || path.starts_with("/health/") || path == "/api/health"
}

fn overloaded() -> Problem {
    metrics::counter!("http_requests_overloaded_total").increment(1);
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        OVERLOADED,
        "The server is busy, try again soon",
    )
    .detail(format!("{IN_FLIGHT} requests are being worked on"))
    .retry_after(1)
}
