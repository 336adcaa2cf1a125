//! What is remembered of the caller, and of nobody else.

use axum::extract::State;
use botlib::Value;
use botserver_core::{Auth, Json, Path, Problem};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::service::ChatService;

/// Something that is remembered of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemoryView {
    /// Where it came from: `fact` and `memory` from scripts of any bot, `bot:ID` from those of one, `episode` from a
    /// conversation.
    scope: String,
    /// What it is called; for an episode the conversation.
    name: String,
    /// What is remembered.
    #[schema(value_type = Object)]
    value: serde_json::Value,
    /// When it was noted.
    updated_at: DateTime<Utc>,
    /// When it will be forgotten; absent for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
}

/// Everything that is remembered of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemoryList {
    /// The memories, by scope and name.
    items: Vec<MemoryView>,
}

/// What should be remembered instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryChange {
    /// The new value.
    #[schema(value_type = Object)]
    value: serde_json::Value,
}

/// Lists what is remembered of the caller.
#[utoipa::path(get, path = "/api/memory", responses((status = 200, body = MemoryList)))]
pub(super) async fn list_memory(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
) -> Result<Json<MemoryList>, Problem> {
    let rows = chat.memories(&caller).await?;
    let items = rows.into_iter().map(|row| MemoryView {
        value: row.value().to_json(),
        updated_at: row.updated_at.0,
        expires_at: row.expires_at.map(|moment| moment.0),
        scope: row.scope,
        name: row.name,
    });
    Ok(Json(MemoryList { items: items.collect() }))
}

/// Corrects something that is remembered of the caller.
#[utoipa::path(put, path = "/api/memory/{scope}/{name}", request_body = MemoryChange,
    params(("scope" = String, Path), ("name" = String, Path)), responses((status = 204)))]
pub(super) async fn update_memory(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path((scope, name)): Path<(String, String)>,
    Json(change): Json<MemoryChange>,
) -> Result<StatusCode, Problem> {
    chat.update_memory(&caller, scope, name, Value::from_json(&change.value))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets something that is remembered of the caller.
#[utoipa::path(delete, path = "/api/memory/{scope}/{name}", params(("scope" = String, Path), ("name" = String, Path)),
    responses((status = 204)))]
pub(super) async fn delete_memory(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path((scope, name)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    chat.delete_memory(&caller, scope, name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets everything that is remembered of the caller.
#[utoipa::path(delete, path = "/api/memory", responses((status = 204)))]
pub(super) async fn clear_memory(State(chat): State<ChatService>, Auth(caller): Auth) -> Result<StatusCode, Problem> {
    chat.clear_memory(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
