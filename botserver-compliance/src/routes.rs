//! HTTP in, HTTP out.

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::{Access, Permission};
use botserver_core::{Auth, Json, Problem, Query, Routes, routes as of};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream;
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    chain::Entry,
    service::{ComplianceService, Head},
    store::entries::Filter,
};

/// Entries that an export reads at once.
const PAGE: i64 = 1_000;

pub(crate) fn routes(service: &ComplianceService) -> Routes {
    const READ: Access = Access::Needs(Permission::AuditRead);
    const EXPORT: Access = Access::Needs(Permission::AuditExport);
    Routes::new("audit")
        .route(READ, of!(list_audit))
        .route(EXPORT, of!(export_audit))
        .route(READ, of!(get_audit_head))
        .with_state(service.clone())
}

/// Which page of the log.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct AuditQuery {
    /// Only what this actor did, such as `person:ID`.
    actor: Option<String>,
    /// Only this action, such as `auth.sign-in`.
    action: Option<String>,
    /// Only what was done to this, such as `person:ID`.
    object: Option<String>,
    /// The `next` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    after: Option<String>,
    /// Items wanted, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// An entry of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryView {
    /// Counts the entries of the organisation from 1.
    seq: i64,
    /// The id of the act.
    id: String,
    /// When it happened.
    at: Option<DateTime<Utc>>,
    /// Who: `person:ID`, `visitor:ID`, `bot:ID`, `nobody`, `system` or `command-line`.
    actor: String,
    /// What, such as `auth.sign-in`.
    action: String,
    /// On what, as `kind:ID`.
    #[serde(skip_serializing_if = "String::is_empty")]
    object: String,
    /// `done`, `refused` or `failed`.
    outcome: String,
    /// The id of the request.
    #[serde(skip_serializing_if = "String::is_empty")]
    request: String,
    /// More about it; absent once it was blotted out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    detail: Option<serde_json::Value>,
    /// The entry's hash, which the next one holds.
    hash: String,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            id: entry.id,
            at: DateTime::from_timestamp_micros(entry.at),
            actor: entry.actor,
            action: entry.action,
            object: entry.object,
            outcome: entry.outcome,
            request: entry.request,
            detail: entry.detail.and_then(|detail| serde_json::from_str(&detail).ok()),
            hash: entry.hash,
        }
    }
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditPage {
    /// The entries, the newest first.
    items: Vec<EntryView>,
    /// The next page's `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Where the log ends: what to keep elsewhere, to prove later that nothing before it was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeadView {
    /// The organisation.
    org: Uuid,
    /// The first entry that is kept.
    first_seq: i64,
    /// The last entry; one less than the first when there is none.
    last_seq: i64,
    /// Its hash.
    last_hash: String,
    /// Acts that are on record and not sealed yet.
    waiting: i64,
}

/// From where an export begins.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct ExportQuery {
    /// The first entry wanted; the first that is kept when absent.
    #[param(minimum = 1)]
    from: Option<i64>,
}

/// Lists what happened, the newest first.
#[utoipa::path(get, path = "/api/audit", params(AuditQuery), responses((status = 200, body = AuditPage)))]
async fn list_audit(
    State(service): State<ComplianceService>,
    Auth(caller): Auth,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditPage>, Problem> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Problem::invalid().field("limit", "must be 1 to 200"));
    }
    let filter = Filter {
        actor: query.actor,
        action: query.action,
        object: query.object,
    };
    let page = service.list(&caller, filter, query.after, limit).await?;
    Ok(Json(AuditPage {
        items: page.items.into_iter().map(EntryView::from).collect(),
        next: page.next.map(|cursor| cursor.0),
    }))
}

/// Tells where the log ends.
#[utoipa::path(get, path = "/api/audit/head", responses((status = 200, body = HeadView)))]
async fn get_audit_head(
    State(service): State<ComplianceService>,
    Auth(caller): Auth,
) -> Result<Json<HeadView>, Problem> {
    let head = service.head(&caller).await?;
    Ok(Json(HeadView {
        org: *caller.org.as_uuid(),
        first_seq: head.first_seq,
        last_seq: head.last_seq,
        last_hash: head.last_hash,
        waiting: head.waiting,
    }))
}

/// Gives the log as lines of JSON, oldest first, with all that is needed to verify it elsewhere. The export goes on record.
#[utoipa::path(get, path = "/api/audit/export", params(ExportQuery),
    responses((status = 200, body = String, content_type = "application/x-ndjson")))]
async fn export_audit(
    State(service): State<ComplianceService>,
    Auth(caller): Auth,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let from = query.from.unwrap_or(1);
    if from < 1 {
        return Err(Problem::invalid().field("from", "must be 1 or more"));
    }
    let head = service.begin_export(&caller, from).await?;
    let body = Body::from_stream(lines(service, head, from));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

/// The entries as lines, read page by page while the client takes them.
fn lines(
    service: ComplianceService,
    head: Head,
    from: i64,
) -> impl futures::Stream<Item = Result<Bytes, crate::Error>> + Send + 'static {
    let first = from.max(head.first_seq);
    stream::try_unfold(first, move |next| {
        let (service, org, last) = (service.clone(), head.org.clone(), head.last_seq);
        async move {
            if next > last {
                return Ok(None);
            }
            let end = (next + PAGE).min(last + 1);
            let page = service.range(org, next, end).await?;
            let mut text = Vec::new();
            for entry in page {
                // An entry has only texts and numbers, which always can be written.
                let _ = serde_json::to_writer(&mut text, &entry);
                text.push(b'\n');
            }
            Ok(Some((Bytes::from(text), end)))
        }
    })
}
