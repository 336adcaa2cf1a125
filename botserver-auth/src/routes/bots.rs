//! `/api/bots/{bot}/access`: who may talk to which bot.

use std::collections::BTreeSet;

use axum::extract::State;
use botlib::{GroupId, PersonId};
use botserver_core::{Auth, Json, Path, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AuthService, BotAccess, Visibility};

/// Whom a bot talks to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VisibilityName {
    /// Everybody, where its package lets it.
    Public,
    /// People of the organisation.
    Organization,
    /// The groups and people that are named.
    Restricted,
}

impl From<VisibilityName> for Visibility {
    fn from(name: VisibilityName) -> Self {
        match name {
            VisibilityName::Public => Self::Public,
            VisibilityName::Organization => Self::Organization,
            VisibilityName::Restricted => Self::Restricted,
        }
    }
}

impl From<Visibility> for VisibilityName {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Public,
            Visibility::Organization => Self::Organization,
            Visibility::Restricted => Self::Restricted,
        }
    }
}

/// Who may talk to a bot.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct BotAccessView {
    /// Whom it talks to.
    visibility: VisibilityName,
    /// Ids of the groups that a restricted bot is for.
    #[serde(default)]
    #[schema(value_type = Vec<uuid::Uuid>, max_items = 500)]
    groups: BTreeSet<GroupId>,
    /// Ids of the people that a restricted bot is for.
    #[serde(default)]
    #[schema(value_type = Vec<uuid::Uuid>, max_items = 500)]
    people: BTreeSet<PersonId>,
}

impl From<BotAccess> for BotAccessView {
    fn from(access: BotAccess) -> Self {
        Self {
            visibility: access.visibility.into(),
            groups: access.groups,
            people: access.people,
        }
    }
}

/// Shows who may talk to a bot.
#[utoipa::path(
    get,
    path = "/api/bots/{bot}/access",
    params(("bot" = String, Path, description = "The bot's name or id")),
    responses(
        (status = 200, description = "Who may talk to it", body = BotAccessView),
        (status = 404, description = "No such bot", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_access(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(bot): Path<String>,
) -> Result<Json<BotAccessView>, Problem> {
    Ok(Json(auth.get_bot_access(&caller, &bot).await?.into()))
}

/// Says who may talk to a bot. It counts at once, also for those who talk to it.
#[utoipa::path(
    put,
    path = "/api/bots/{bot}/access",
    params(("bot" = String, Path, description = "The bot's name or id")),
    request_body = BotAccessView,
    responses(
        (status = 200, description = "Who may talk to it now", body = BotAccessView),
        (status = 404, description = "No such bot, group or person", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_access(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(bot): Path<String>,
    Json(given): Json<BotAccessView>,
) -> Result<Json<BotAccessView>, Problem> {
    let access = BotAccess {
        visibility: given.visibility.into(),
        groups: given.groups,
        people: given.people,
    };
    Ok(Json(auth.set_bot_access(&caller, &bot, access).await?.into()))
}
