//! Searching, figures, and how indexing goes.

use axum::extract::State;
use botlib::wire::Citation;
use botserver_core::{Auth, Json, Path, Problem};
use botstate::knowledge::{Query, Reader};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::service::KnowledgeService;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SearchRequest {
    /// The bot whose documents are searched, by name or id.
    bot: String,
    /// What is asked.
    #[schema(min_length = 1, max_length = 4000, pattern = r"[^\s\x00-\x1f\x7f-\x9f]")]
    query: String,
    /// The collections to search; all that the caller may read when absent.
    #[serde(default)]
    collections: Option<Vec<String>>,
    /// Passages wanted at most, 1 to 50; 10 when absent.
    #[schema(minimum = 1, maximum = 50)]
    #[serde(default)]
    limit: Option<usize>,
    /// Tokens that the passages may have together, 50 to 32,000; 4,000 when absent.
    #[schema(minimum = 50, maximum = 32000)]
    #[serde(default)]
    tokens: Option<usize>,
}

/// A passage that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PassageView {
    /// Its place in the list, from 1.
    number: u32,
    /// The collection.
    collection: String,
    /// The document's path in its collection, or the address of a web page.
    document: String,
    /// The document's title.
    title: String,
    /// The version of the document: the beginning of its content hash.
    version: String,
    /// The page, from 1, where documents have pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u32>,
    /// The headings above the passage, outermost first.
    headings: Vec<String>,
    /// The text, with the passages around it where there was room.
    text: String,
    /// How well it fits, 0 to 1; to be compared within one answer only.
    score: f32,
    /// How many of the question's telling words it holds, 0 to 1.
    coverage: f32,
    /// Tokens of the text.
    tokens: usize,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SearchAnswer {
    /// The passages, best first.
    passages: Vec<PassageView>,
}

/// Searches documents of a bot.
#[utoipa::path(post, path = "/api/kb/search", request_body = SearchRequest,
    responses((status = 200, body = SearchAnswer)))]
pub(super) async fn search_knowledge(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Json(request): Json<SearchRequest>,
) -> Result<Json<SearchAnswer>, Problem> {
    let limit = request.limit.unwrap_or(10);
    let tokens = request.tokens.unwrap_or(4_000);
    let mut problem = None;
    let is_blank = request.query.chars().all(|c| c.is_whitespace() || c.is_control());
    if is_blank || request.query.chars().count() > 4_000 {
        problem = Some(("query", "must have 1 to 4000 characters, one of them visible"));
    } else if !(1..=50).contains(&limit) {
        problem = Some(("limit", "must be 1 to 50"));
    } else if !(50..=32_000).contains(&tokens) {
        problem = Some(("tokens", "must be 50 to 32000"));
    }
    if let Some((field, detail)) = problem {
        return Err(Problem::invalid().field(field, detail));
    }
    let bot = knowledge.bot(&caller, &request.bot)?;
    let reader = Reader::of(&caller);
    let collections = match request.collections {
        Some(collections) => collections,
        None => knowledge.readable_collections(&bot, &reader).await?,
    };
    let query = Query {
        text: request.query,
        bot,
        collections,
        reader,
        limit,
        tokens,
    };
    let found = knowledge.find(&query).await?;
    let passages = found.passages.into_iter().map(|passage| {
        let Citation {
            number,
            collection,
            document,
            title,
            version,
            page,
            headings,
            ..
        } = passage.source;
        PassageView {
            number,
            collection,
            document,
            title,
            version,
            page,
            headings,
            text: passage.text,
            score: passage.score,
            coverage: passage.coverage,
            tokens: passage.tokens,
        }
    });
    Ok(Json(SearchAnswer {
        passages: passages.collect(),
    }))
}

/// Figures of a collection.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CollectionFigures {
    /// The name.
    name: String,
    /// Documents.
    documents: usize,
    /// Documents that wait to be indexed.
    waiting: usize,
    /// Documents that cannot be read.
    failed: usize,
    /// Passages.
    passages: i64,
    /// Passages with a vector.
    vectors: i64,
    /// Bytes on disk, estimated.
    disk_bytes: i64,
    /// Bytes in memory once it is searched, estimated.
    memory_bytes: i64,
    /// What made the vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    embedder: Option<String>,
}

/// Figures of what the caller may read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Figures {
    /// By name.
    collections: Vec<CollectionFigures>,
    /// Documents added in the last seven days.
    documents_added_last_week: usize,
    /// Documents added in the last thirty days.
    documents_added_last_month: usize,
}

/// Tells figures about the documents of a bot that the caller may read.
#[utoipa::path(get, path = "/api/kb/{bot}/statistics", params(("bot" = String, Path)),
    responses((status = 200, body = Figures)))]
pub(super) async fn knowledge_statistics(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Path(bot): Path<String>,
) -> Result<Json<Figures>, Problem> {
    let bot = knowledge.bot(&caller, &bot)?;
    let numbers = knowledge.numbers(&bot, &Reader::of(&caller)).await?;
    let collections = numbers.collections.into_iter().map(|one| CollectionFigures {
        name: one.name,
        documents: one.documents,
        waiting: one.waiting,
        failed: one.failed,
        passages: one.chunks,
        vectors: one.vectors,
        disk_bytes: one.disk,
        memory_bytes: one.memory,
        embedder: one.embedder,
    });
    Ok(Json(Figures {
        collections: collections.collect(),
        documents_added_last_week: numbers.added_last_week,
        documents_added_last_month: numbers.added_last_month,
    }))
}

/// A document that cannot be read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemView {
    /// The collection.
    collection: String,
    /// The document's path.
    document: String,
    /// Why it cannot be read.
    reason: String,
}

/// How indexing goes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProgressView {
    /// Documents that wait.
    waiting: i64,
    /// Documents that can be found.
    ready: i64,
    /// Documents that cannot be read.
    failed: i64,
    /// Documents that nobody may read, which are not indexed.
    hidden: i64,
    /// The document that is indexed now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    /// Why kb.permissions.yaml cannot be understood; nobody may read anything until it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_error: Option<String>,
    /// What failed, a hundred at most.
    problems: Vec<ProblemView>,
}

/// Tells how the indexing of a bot's documents goes.
#[utoipa::path(get, path = "/api/kb/{bot}/progress", params(("bot" = String, Path)),
    responses((status = 200, body = ProgressView)))]
pub(super) async fn indexing_progress(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Path(bot): Path<String>,
) -> Result<Json<ProgressView>, Problem> {
    let progress = knowledge.progress(&caller, &bot).await?;
    let problems = progress
        .problems
        .into_iter()
        .map(|(collection, document, reason)| ProblemView {
            collection,
            document,
            reason,
        });
    Ok(Json(ProgressView {
        waiting: progress.waiting,
        ready: progress.ready,
        failed: progress.failed,
        hidden: progress.hidden,
        current: progress.current,
        permissions_error: progress.permissions_error,
        problems: problems.collect(),
    }))
}

/// Looks at the bot's package now, and tries documents again that could not be read.
#[utoipa::path(post, path = "/api/kb/{bot}/index", params(("bot" = String, Path)), responses((status = 202)))]
pub(super) async fn index_again(
    State(knowledge): State<KnowledgeService>,
    Auth(caller): Auth,
    Path(bot): Path<String>,
) -> Result<StatusCode, Problem> {
    knowledge.index_again(&caller, &bot).await?;
    Ok(StatusCode::ACCEPTED)
}
