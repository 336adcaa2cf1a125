//! `/api/auth/keys`: keys for programs that act for oneself.

use std::collections::BTreeSet;

use axum::extract::State;
use botlib::{Permission, SessionId};
use botserver_core::{Auth, Json, Path, Problem};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ApiKey, AuthService, NewKey};

/// A key to make.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateKey {
    /// What to call it in the list.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// What it may do of what the person may; `chat.talk` when empty, and never `account.manage`.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["chat.talk"]))]
    permissions: BTreeSet<Permission>,
    /// Names of the bots that it is for; all when absent.
    #[schema(required = false)]
    bots: Option<Vec<String>>,
    /// For how many days it is good; 90 when absent.
    #[schema(minimum = 1, maximum = 366, required = false)]
    days: Option<u16>,
}

/// A key. Its token is shown once, when it is made.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyView {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: SessionId,
    /// What it is called.
    name: String,
    /// What it may do.
    permissions: Vec<&'static str>,
    /// Ids of the bots that it is for; absent when for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    bots: Option<Vec<String>>,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    created_at: DateTime<Utc>,
    /// When it was used last, to the minute; absent when never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time", nullable = false)]
    seen_at: Option<DateTime<Utc>>,
    /// Until when it is good.
    #[schema(value_type = String, format = "date-time")]
    expires_at: DateTime<Utc>,
    /// The key itself, in the answer to its making only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "bk_…", nullable = false)]
    token: Option<String>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            permissions: key.permissions.into_iter().map(Permission::name).collect(),
            bots: key.bots.map(|bots| bots.iter().map(ToString::to_string).collect()),
            created_at: key.created_at,
            seen_at: key.seen_at,
            expires_at: key.expires_at,
            token: None,
        }
    }
}

/// The keys of a person.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyList {
    /// The keys that are good, the oldest first.
    items: Vec<KeyView>,
}

/// Makes a key with which programs may act for the caller.
#[utoipa::path(
    post,
    path = "/api/auth/keys",
    request_body = CreateKey,
    responses(
        (status = 201, description = "Made; the token is shown this once", body = KeyView),
        (status = 403, description = "A key cannot have such a permission", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such bot", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_key(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Json(given): Json<CreateKey>,
) -> Result<(StatusCode, Json<KeyView>), Problem> {
    let new = NewKey {
        name: given.name,
        permissions: given.permissions,
        bots: given.bots,
        lasts: given.days.map(|days| TimeDelta::days(days.into())),
    };
    let (key, token) = auth.create_key(&caller, new).await?;
    let view = KeyView {
        token: Some(token.expose().to_owned()),
        ..KeyView::from(key)
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Lists the caller's keys.
#[utoipa::path(get, path = "/api/auth/keys", responses((status = 200, description = "The keys", body = KeyList)))]
pub(crate) async fn list_keys(State(auth): State<AuthService>, Auth(caller): Auth) -> Result<Json<KeyList>, Problem> {
    let keys = auth.list_keys(&caller).await?;
    Ok(Json(KeyList {
        items: keys.into_iter().map(KeyView::from).collect(),
    }))
}

/// Revokes one of the caller's keys.
#[utoipa::path(
    delete,
    path = "/api/auth/keys/{id}",
    params(("id" = String, Path, description = "The key's id", format = "uuid")),
    responses(
        (status = 204, description = "Revoked"),
        (status = 404, description = "The caller has no such key", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn revoke_key(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    auth.revoke_key(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
