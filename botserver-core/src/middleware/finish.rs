//! Turns whatever went wrong into a problem document: deadlines, panics, statuses without a body.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use http::{HeaderName, StatusCode, header};

use super::{admit::OVERLOADED, context::RequestContext};
use crate::{Problem, problem::PROBLEM_JSON};

/// Marks an answer, as an extension of the response, as an error with a body of its own that must not become a
/// problem document.
#[derive(Debug, Clone, Copy)]
pub struct OwnBody;

/// The longest time until an answer begins. Sockets and event streams begin at once, so it never ends them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(pub(crate) Duration);

pub(crate) async fn finish(State(Deadline(limit)): State<Deadline>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestContext>().map(|context| context.id);
    let running = AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut response = match tokio::time::timeout(limit, running).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => Problem::internal(format!("a handler panicked: {}", message(panic.as_ref()))).into_response(),
        Err(_) => late(limit).into_response(),
    };
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_meant(&response) => return response,
        None => bare(status),
    };
    report(&problem);
    let problem = match id {
        Some(id) => problem.instance(id),
        None => problem,
    };
    dressed(&response, problem)
}

fn late(limit: Duration) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "server/timeout",
        "The server took too long, try again",
    )
    .detail(format!("no answer began within {} s", limit.as_secs_f64()))
    .retry_after(1)
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// The one place where a server fault is logged, with everything that led to it. Overload
/// is only counted: a line for each refusal would add to it.
fn report(problem: &Problem) {
    let kind = problem.document().kind.as_str();
    if problem.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(problem.kind = kind, "{}", problem.chain());
    } else if problem.status().is_server_error() && kind != OVERLOADED {
        tracing::warn!(problem.kind = kind, "{}", problem.chain());
    } else {
        tracing::debug!(problem.kind = kind, "{}", problem.chain());
    }
}

/// A page that explains the error to people, or the body that another protocol asks for, stays as it is.
fn is_meant(response: &Response) -> bool {
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    response.extensions().get::<OwnBody>().is_some()
        || kind.is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with(PROBLEM_JSON))
}

/// The problem of a status that came without one: from the router, an extractor of axum, or a service of tower.
fn bare(status: StatusCode) -> Problem {
    let (kind, title) = match status {
        StatusCode::BAD_REQUEST => ("http/bad-request", "The request is not understood"),
        StatusCode::NOT_FOUND => ("http/not-found", "Not found"),
        StatusCode::METHOD_NOT_ALLOWED => ("http/method-not-allowed", "This path does not answer this method"),
        StatusCode::PAYLOAD_TOO_LARGE => ("http/too-large", "The request body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("http/unsupported-media-type", "The media type is not understood"),
        StatusCode::UPGRADE_REQUIRED => ("http/upgrade-required", "This path speaks WebSocket"),
        status if status.is_server_error() => ("server/internal", "The server failed"),
        status => (
            "http/refused",
            status.canonical_reason().unwrap_or("The request is refused"),
        ),
    };
    Problem::new(status, kind, title)
}

/// The problem's answer with the headers that the first answer had and that still hold, such as `Allow`.
fn dressed(first: &Response, problem: Problem) -> Response {
    const OF_THE_BODY: [HeaderName; 5] = [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::ETAG,
        header::LAST_MODIFIED,
    ];
    let mut response = problem.into_response();
    for (name, value) in first.headers() {
        if !OF_THE_BODY.contains(name) && !response.headers().contains_key(name) {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}
