//! Who asks: the [`Authenticator`] port, the [`Auth`] extractor and the guard of every route.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use botlib::{Access, Caller, Decision, OrgId, Permission, RequestId, Resource, Subject, authorise};
use http::{HeaderMap, StatusCode, header, request::Parts};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use crate::Problem;

/// Proves who sends a request. `botserver-auth` implements it; without one everyone is nobody.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Who sent a request with `headers`: [`Caller::nobody`] of `org` when there is no credential at all.
    ///
    /// # Errors
    /// A 401 when there is a credential and it is wrong, expired or revoked, and a 503 when that could not be
    /// found out: nobody is let in because something is broken.
    async fn authenticate(&self, headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Problem>;

    /// The ways to prove oneself, by name, as the API's description lists them.
    fn schemes(&self) -> Vec<(String, SecurityScheme)> {
        vec![(
            "bearer".to_owned(),
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        )]
    }
}

/// The authenticator of a server that knows nobody.
pub(crate) struct Nobody;

#[async_trait]
impl Authenticator for Nobody {
    async fn authenticate(&self, _headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Problem> {
        Ok(Caller::nobody(org, request))
    }
}

/// Lets a fixed token read the metrics, for scrapers that cannot sign in, and asks the next authenticator otherwise.
pub(crate) struct MetricsToken {
    pub(crate) token: botlib::Secret,
    pub(crate) next: Arc<dyn Authenticator>,
}

#[async_trait]
impl Authenticator for MetricsToken {
    async fn authenticate(&self, headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Problem> {
        use subtle::ConstantTimeEq;
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default();
        if !given.is_empty() && bool::from(given.as_bytes().ct_eq(self.token.expose().as_bytes())) {
            let mut scraper = Caller::nobody(org, request);
            scraper.subject = Subject::System;
            scraper.permissions.insert(Permission::MonitoringRead);
            return Ok(scraper);
        }
        self.next.authenticate(headers, org, request).await
    }

    fn schemes(&self) -> Vec<(String, SecurityScheme)> {
        self.next.schemes()
    }
}

/// Why the credential of a request was not accepted; beside a [`Caller`] that is nobody.
#[derive(Debug, Clone)]
pub(crate) struct Refused(pub(crate) Problem);

/// The caller of a request.
///
/// Handlers of public routes see nobody in it when nothing was proved; handlers of other routes are only reached
/// by callers who hold the route's permission.
#[derive(Debug, Clone)]
pub struct Auth(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Auth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Caller>()
            .cloned()
            .map(Self)
            .ok_or_else(Problem::unauthenticated)
    }
}

/// What the guard of a route knows about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gate {
    pub(crate) access: Access,
    /// Whether clients of the API call it, who want to hear of a bad credential even where none is needed.
    pub(crate) is_api: bool,
}

/// Lets only callers through whom the route's access admits.
pub(crate) async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    match admits(gate, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn admits(gate: Gate, request: &Request) -> Result<(), Problem> {
    let refused = request.extensions().get::<Refused>();
    let caller = request.extensions().get::<Caller>();
    match gate.access {
        // A stale cookie must not lock a browser out of signing in again, while a bad `Authorization` header is
        // a mistake of the client in any case.
        Access::Public => match refused {
            Some(Refused(problem)) if gate.is_api && request.headers().contains_key(header::AUTHORIZATION) => {
                Err(problem.clone())
            }
            _ => Ok(()),
        },
        Access::Needs(permission) => {
            if let Some(Refused(problem)) = refused {
                return Err(problem.clone());
            }
            let caller = caller.ok_or_else(Problem::unauthenticated)?;
            match authorise(caller, permission, &Resource::route()) {
                Decision::Allowed => Ok(()),
                Decision::Unproved => Err(Problem::unauthenticated()),
                Decision::Forbidden(permission) => {
                    tracing::warn!(subject = ?caller.subject, permission = permission.name(), "refused a caller");
                    Err(Problem::forbidden(permission.name()))
                }
                Decision::Invisible => Err(Problem::not_found("path")),
            }
        }
    }
}

/// The refusal of a credential, with whatever status and class the authenticator gave it.
pub(crate) fn is_refusal(problem: &Problem) -> bool {
    problem.status() == StatusCode::UNAUTHORIZED
}
