//! Collections and their documents.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::Page;
use botserver_core::{Auth, Json, Path, Problem, Query};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    model::{self, Collection, Entry, Origin},
    service::{KnowledgeService, Upload},
};

/// A collection.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CollectionView {
    /// The name.
    name: String,
    /// `package` or `api`: where it came from.
    origin: String,
    /// Documents that the caller may know of.
    documents: usize,
    /// Of these, the ones that can be found.
    ready: usize,
    /// Of these, the ones that wait to be indexed.
    waiting: usize,
    /// Of these, the ones that cannot be read.
    failed: usize,
    /// What made the vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    embedder: Option<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
}

impl CollectionView {
    fn new(collection: Collection, entries: &[Entry]) -> Self {
        let count = |state: model::State| entries.iter().filter(|entry| entry.state == state).count();
        Self {
            name: collection.name,
            origin: collection.origin.name().to_owned(),
            documents: entries.len(),
            ready: count(model::State::Ready),
            waiting: count(model::State::Waiting),
            failed: count(model::State::Failed),
            embedder: collection.embedder,
            created_at: collection.created_at,
        }
    }
}

/// Every collection that the caller may know of.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CollectionList {
    /// By name.
    items: Vec<CollectionView>,
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentView {
    /// The id.
    id: Uuid,
    /// The path in its collection, or the address of a web page.
    path: String,
    /// The title.
    title: String,
    /// `package`, `api` or `website`: where it came from.
    origin: String,
    /// `waiting`, `ready`, `failed` or `hidden`.
    state: String,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What was left out of it.
    warnings: Vec<String>,
    /// What kind of document it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    /// Its language.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// The SHA-256 of its bytes.
    hash: String,
    /// The size of its bytes.
    size_bytes: i64,
    /// Its passages.
    passages: i32,
    /// Their tokens.
    tokens: i64,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// When it was indexed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    indexed_at: Option<DateTime<Utc>>,
}

impl From<Entry> for DocumentView {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            path: entry.path,
            title: entry.title,
            origin: entry.origin.name().to_owned(),
            state: entry.state.name().to_owned(),
            error: entry.error,
            warnings: entry.warnings,
            media_type: entry.media_type,
            language: entry.language,
            hash: entry.hash,
            size_bytes: entry.size,
            passages: entry.chunks,
            tokens: entry.tokens,
            created_at: entry.created_at,
            indexed_at: entry.indexed_at,
        }
    }
}

/// A page of documents.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentPage {
    /// By path.
    items: Vec<DocumentView>,
    /// The next page's `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A collection to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewCollection {
    /// The name.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^(?!\s*(\.|$))[^/\\\x00-\x1f\x7f-\x9f]+$"
    )]
    name: String,
}

/// States that a list of documents may be about.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DocumentState {
    /// It will be indexed.
    Waiting,
    /// It can be found.
    Ready,
    /// It cannot be read.
    Failed,
    /// Nobody may read it.
    Hidden,
}

impl DocumentState {
    fn model(self) -> model::State {
        match self {
            Self::Waiting => model::State::Waiting,
            Self::Ready => model::State::Ready,
            Self::Failed => model::State::Failed,
            Self::Hidden => model::State::Hidden,
        }
    }
}

/// Which page of documents.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct DocumentQuery {
    /// Only documents in this state.
    #[param(inline)]
    state: Option<DocumentState>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Items wanted, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// Where a document is put.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct DocumentPlace {
    /// The path in the collection, with the ending that tells what it is.
    #[param(
        min_length = 1,
        max_length = 1000,
        pattern = r"^(?!(\s*\.?\s*[/\\])*\s*\.?\s*$)(?!(.*[/\\])?\s*\.\.\s*([/\\]|$))[^\x00-\x1f\x7f-\x9f]+$"
    )]
    path: String,
}

/// Lists the collections of a bot.
#[utoipa::path(get, path = "/api/kb/{bot}/collections", params(("bot" = String, Path)),
    responses((status = 200, body = CollectionList)))]
pub(super) async fn list_collections(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Path(bot): Path<String>,
) -> Result<Json<CollectionList>, Problem> {
    let all = knowledge.list(&caller, &bot).await?;
    let items = all
        .into_iter()
        .map(|(collection, entries)| CollectionView::new(collection, &entries))
        .collect();
    Ok(Json(CollectionList { items }))
}

/// Makes a collection.
#[utoipa::path(post, path = "/api/kb/{bot}/collections", params(("bot" = String, Path)), request_body = NewCollection,
    responses((status = 201, body = CollectionView), (status = 409, description = "The name is taken, or there are too many")))]
pub(super) async fn create_collection(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Path(bot): Path<String>,
    Json(new): Json<NewCollection>,
) -> Result<Response, Problem> {
    let made = knowledge.create_collection(&caller, &bot, &new.name).await?;
    let view = CollectionView::new(made, &[]);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Takes a collection away with every document in it.
#[utoipa::path(delete, path = "/api/kb/{bot}/collections/{collection}",
    params(("bot" = String, Path), ("collection" = String, Path)),
    responses((status = 204), (status = 409, description = "It belongs to the bot's package")))]
pub(super) async fn delete_collection(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Path((bot, collection)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    knowledge.delete_collection(&caller, &bot, &collection).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the documents of a collection.
#[utoipa::path(get, path = "/api/kb/{bot}/collections/{collection}/documents",
    params(("bot" = String, Path), ("collection" = String, Path), DocumentQuery),
    responses((status = 200, body = DocumentPage)))]
pub(super) async fn list_documents(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Path((bot, collection)): Path<(String, String)>,
    Query(query): Query<DocumentQuery>,
) -> Result<Json<DocumentPage>, Problem> {
    let limit @ 1..=200 = query.limit.unwrap_or(50) else {
        return Err(Problem::invalid().field("limit", "must be 1 to 200"));
    };
    let wanted = query.state.map(DocumentState::model);
    let entries = knowledge.list_documents(&caller, &bot, &collection).await?;
    let rest: Vec<Entry> = entries
        .into_iter()
        .filter(|entry| wanted.is_none_or(|state| entry.state == state))
        .filter(|entry| query.after.as_ref().is_none_or(|after| entry.path > *after))
        .take(limit + 1)
        .collect();
    let page = Page::of(rest, limit, |entry| entry.path.clone());
    Ok(Json(DocumentPage {
        items: page.items.into_iter().map(DocumentView::from).collect(),
        next: page.next.map(|cursor| cursor.0),
    }))
}

/// Shows a document's state.
#[utoipa::path(get, path = "/api/kb/{bot}/documents/{id}", params(("bot" = String, Path), ("id" = Uuid, Path)),
    responses((status = 200, body = DocumentView)))]
pub(super) async fn get_document(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Path((bot, id)): Path<(String, Uuid)>,
) -> Result<Json<DocumentView>, Problem> {
    let entry = knowledge.get_document(&caller, &bot, id).await?;
    Ok(Json(entry.into()))
}

/// A document's bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary, min_length = 1)]
pub(super) struct Content(#[expect(dead_code, reason = "only its schema is used: bodies come as bytes")] Vec<u8>);

/// Puts a document into a collection, which is made when it is not there; the one at its path is replaced. It can be
/// found a little later: its state tells when.
#[utoipa::path(post, path = "/api/kb/{bot}/collections/{collection}/documents",
    params(("bot" = String, Path), ("collection" = String, Path), DocumentPlace),
    request_body(content = Content, content_type = "application/octet-stream"),
    responses((status = 202, body = DocumentView),
        (status = 409, description = "It belongs to the bot's package, or there are too many"),
        (status = 413, description = "It is larger than 64 MiB")))]
pub(super) async fn upload_document(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Path((bot, collection)): Path<(String, String)>,
    Query(place): Query<DocumentPlace>,
    body: Bytes,
) -> Result<Response, Problem> {
    if body.is_empty() {
        return Err(Problem::invalid().detail("the document is empty"));
    }
    let upload = Upload {
        collection,
        path: place.path,
        origin: Origin::Api,
        bytes: body,
    };
    let found = knowledge.bot(&caller, &bot)?;
    let entry = knowledge.upload(&found, upload).await?;
    let location = format!("/api/kb/{}/documents/{}", found.id, entry.id);
    let view = DocumentView::from(entry);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)).into_response())
}

/// Takes a document away with every trace of it.
#[utoipa::path(delete, path = "/api/kb/{bot}/documents/{id}", params(("bot" = String, Path), ("id" = Uuid, Path)),
    responses((status = 204), (status = 409, description = "It belongs to the bot's package")))]
pub(super) async fn delete_document(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Path((bot, id)): Path<(String, Uuid)>,
) -> Result<StatusCode, Problem> {
    knowledge.delete_document(&caller, &bot, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
