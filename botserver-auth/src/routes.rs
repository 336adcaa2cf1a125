//! HTTP in, HTTP out.

mod keys;
mod people;
mod sessions;
mod visitors;

use axum::extract::FromRequestParts;
use botlib::{Access, PageRequest, Permission, Role};
use botserver_core::{Problem, RequestContext, Routes};
use http::{header, request::Parts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{AuthService, Source};

/// Routes of the domain, under `/api/auth` and `/api/users`.
pub fn routes(auth: &AuthService) -> Routes {
    use botserver_core::routes as of;
    const OWN: Access = Access::Needs(Permission::AccountManage);
    const READ: Access = Access::Needs(Permission::UsersRead);
    const WRITE: Access = Access::Needs(Permission::UsersWrite);
    Routes::new("auth")
        .route(Access::Public, of!(visitors::visit))
        .route(Access::Public, of!(sessions::sign_in))
        .route(Access::Public, of!(sessions::claim))
        .route(OWN, of!(sessions::sign_out))
        .route(OWN, of!(sessions::get_me))
        .route(OWN, of!(sessions::list_sessions))
        .route(OWN, of!(sessions::end_session))
        .route(OWN, of!(sessions::change_password))
        .route(OWN, of!(keys::create_key))
        .route(OWN, of!(keys::list_keys))
        .route(OWN, of!(keys::revoke_key))
        .merge(
            Routes::new("users")
                .route(READ, of!(people::list_people))
                .route(WRITE, of!(people::invite))
                .route(READ, of!(people::get_person))
                .route(WRITE, of!(people::update_person))
                .route(WRITE, of!(people::renew_link)),
        )
        .with_state(auth.clone())
}

impl<S: Send + Sync> FromRequestParts<S> for Source {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let context = RequestContext::from_request_parts(parts, state).await?;
        let agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        Ok(Self::new(context.client_key(), agent.unwrap_or("unknown")))
    }
}

/// Which page of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// The `next` of the page before; absent for the first page.
    #[param(format = "uuid")]
    after: Option<String>,
    /// Items wanted; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

impl TryFrom<PageQuery> for PageRequest {
    type Error = Problem;

    fn try_from(query: PageQuery) -> Result<Self, Problem> {
        match query.limit {
            None | Some(1..=200) => Ok(Self {
                after: query.after,
                limit: query.limit,
            }),
            Some(_) => Err(Problem::invalid().field("limit", "must be 1 to 200")),
        }
    }
}

/// What somebody with an account may do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PersonRole {
    /// Talks to bots and manages the own account.
    Member,
    /// Looks after bots and the server's health.
    Operator,
    /// May do everything.
    Admin,
}

impl From<PersonRole> for Role {
    fn from(role: PersonRole) -> Self {
        match role {
            PersonRole::Member => Self::Member,
            PersonRole::Operator => Self::Operator,
            PersonRole::Admin => Self::Admin,
        }
    }
}
