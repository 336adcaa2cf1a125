//! The page behind an approval's link.

use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use botserver_core::{Path, Problem, Query};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::service::TasksService;

/// What proves that the link is ours.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Signed {
    /// The link's signature.
    signature: String,
}

/// The decision.
#[derive(Debug, ToSchema)]
pub(super) struct Decision {
    /// What is answered.
    answer: Choice,
}

/// The answers that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum Choice {
    /// It may go on.
    Approve,
    /// It may not.
    Refuse,
}

/// Shows what should be approved, with a button for each answer: mail programs open links, and must decide nothing.
#[utoipa::path(get, path = "/api/approvals/{token}", params(("token" = String, Path), Signed),
    responses((status = 200, content_type = "text/html", body = String)))]
pub(super) async fn show_approval(
    State(tasks): State<TasksService>,
    Path(token): Path<String>,
    Query(query): Query<Signed>,
) -> Result<Response, Problem> {
    let approval = tasks.approval(&token, &query.signature).await?;
    let body = format!(
        "<h1>Approval</h1><p>For {}, until {}.</p><form method=\"post\">\
         <button name=\"answer\" value=\"approve\">Approve</button> \
         <button name=\"answer\" value=\"refuse\">Refuse</button></form>",
        escape(&approval.from),
        approval.expires_at.format("%Y-%m-%d %H:%M UTC")
    );
    Ok(page(&body))
}

/// Approves or refuses, once.
#[utoipa::path(post, path = "/api/approvals/{token}", params(("token" = String, Path), Signed),
    request_body(content = Decision, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String)))]
pub(super) async fn decide_approval(
    State(tasks): State<TasksService>,
    Path(token): Path<String>,
    Query(query): Query<Signed>,
    body: Bytes,
) -> Result<Response, Problem> {
    let decision =
        decision(&body).ok_or_else(|| Problem::invalid().field("answer", "must be `approve` or `refuse`"))?;
    let approve = decision.answer == Choice::Approve;
    tasks.decide(&token, &query.signature, approve).await?;
    let word = if approve { "approved" } else { "refused" };
    Ok(page(&format!("<h1>Thank you</h1><p>It is {word}.</p>")))
}

/// The decision in a form's body.
fn decision(body: &[u8]) -> Option<Decision> {
    let (_, answer) = url::form_urlencoded::parse(body).find(|(name, _)| name == "answer")?;
    let answer = match answer.as_ref() {
        "approve" => Choice::Approve,
        "refuse" => Choice::Refuse,
        _ => return None,
    };
    Some(Decision { answer })
}

fn page(body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Approval</title></head><body><main>{body}</main></body></html>"
    );
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // With no referrer at all browsers would send the form from nowhere, which is refused.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    (StatusCode::OK, headers, Html(html)).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
