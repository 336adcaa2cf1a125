//! Pages and assets over HTTP.

use axum::{
    Extension,
    body::Body,
    response::{IntoResponse, Response},
};
use botlib::Access;
use botserver_core::{Embeddable, Path, Problem, Routes};
use http::{HeaderMap, StatusCode, header};

use crate::assets::{Asset, asset, is_version, version};

/// Kept without a question: the address changes when the contents do.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Kept, but asked about each time.
const ASK_EACH_TIME: &str = "no-cache";

/// The routes of the pages. All are public: what a visitor may do is decided where the pages ask.
pub fn routes() -> Routes {
    Routes::new("ui")
        .page(Access::Public, "/", show_default_chat)
        .page(Access::Public, "/{bot}", show_chat)
        .page(Access::Public, "/claim", show_claim)
        .page(Access::Public, "/admin", show_admin)
        .page(Access::Public, "/api/docs", show_docs)
        .page(Access::Public, "/embed.js", show_widget)
        .page(Access::Public, "/favicon.ico", show_icon)
        .page(Access::Public, "/assets/{*path}", show_asset)
}

async fn show_default_chat(headers: HeaderMap) -> Result<impl IntoResponse, Problem> {
    Ok((Extension(Embeddable), answer("index.html", &headers, ASK_EACH_TIME)?))
}

/// The chat page of a bot. The page finds out itself whether there is such a bot, and says so; names with a point are
/// files that browsers and crawlers look for, never bots.
async fn show_chat(Path(bot): Path<String>, headers: HeaderMap) -> Result<impl IntoResponse, Problem> {
    if bot.contains('.') {
        return Err(Problem::not_found("page"));
    }
    Ok((Extension(Embeddable), answer("index.html", &headers, ASK_EACH_TIME)?))
}

async fn show_claim(headers: HeaderMap) -> Result<Response, Problem> {
    answer("claim.html", &headers, ASK_EACH_TIME)
}

/// The console. It holds nothing by itself: what its user may see, the API decides.
async fn show_admin(headers: HeaderMap) -> Result<Response, Problem> {
    answer("admin.html", &headers, ASK_EACH_TIME)
}

async fn show_docs(headers: HeaderMap) -> Result<Response, Problem> {
    answer("docs.html", &headers, ASK_EACH_TIME)
}

async fn show_widget(headers: HeaderMap) -> Result<Response, Problem> {
    answer("embed.js", &headers, ASK_EACH_TIME)
}

async fn show_icon(headers: HeaderMap) -> Result<Response, Problem> {
    answer("assets/icon.svg", &headers, ASK_EACH_TIME)
}

/// An asset, with or without a version before its path. A version that is not the present one comes from a page that was
/// loaded before an upgrade: it gets what there is now, and asks again next time.
async fn show_asset(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let (named, file) = match path.split_once('/') {
        Some((name, rest)) if is_version(name) => (Some(name), rest),
        _ => (None, path.as_str()),
    };
    let is_present = named.is_some_and(|name| name == version());
    let keep = if is_present { FOR_EVER } else { ASK_EACH_TIME };
    answer(&format!("assets/{file}"), &headers, keep)
}

fn answer(path: &str, request: &HeaderMap, keep: &'static str) -> Result<Response, Problem> {
    let Asset { bytes, mime, etag } = asset(path).ok_or_else(|| Problem::not_found("page"))?;
    let is_known = is_named(request, &etag);
    let head = [(header::CACHE_CONTROL, keep.to_owned()), (header::ETAG, etag)];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    Ok((head, [(header::CONTENT_TYPE, mime)], Body::from(bytes)).into_response())
}

/// Whether `If-None-Match` names `etag`, compared weakly (RFC 9110, section 13.1.2).
fn is_named(request: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let known = opaque(etag);
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(|tag| tag.trim() == "*" || opaque(tag) == known)
}
