//! What happens around every request, from the outside in.
//!
//! 1. [`envelope`]: request id, client address, span, metrics, security headers.
//! 2. CORS and compression, from `tower-http`.
//! 3. [`finish`]: the deadline; panics and bare error statuses become problem documents.
//! 4. [`admit`]: load, origin, authentication, rate limit.
//!
//! The guard of the route comes after that, then the handler.

pub(crate) mod admit;
pub(crate) mod context;
pub(crate) mod envelope;
pub(crate) mod finish;
pub(crate) mod headers;
pub(crate) mod limit;
pub(crate) mod origin;

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use botstate::config::HttpConfig;
use http::{HeaderName, HeaderValue, Method, header};
use std::{sync::Arc, time::Duration};
use tower_http::{
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
};

/// Puts `router` behind everything of this module.
pub(crate) fn around(router: Router, http: &HttpConfig, gate: Arc<admit::Gate>) -> Router {
    let outside = Arc::new(envelope::Outside::new(http));
    let router = router
        .layer(DefaultBodyLimit::max(http.body_limit_bytes))
        .layer(from_fn_with_state(gate, admit::admit))
        .layer(from_fn_with_state(
            finish::Deadline(http.request_timeout),
            finish::finish,
        ))
        // Leaves out images, small answers and event streams, which must not wait in a buffer.
        .layer(CompressionLayer::new());
    let router = match cors(&http.cors_origins) {
        Some(layer) => router.layer(layer),
        None => router,
    };
    router.layer(from_fn_with_state(outside, envelope::envelope))
}

/// Lets pages of `origins` call the API; without any there are no CORS headers at all.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers([
            header::LOCATION,
            header::RETRY_AFTER,
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(Duration::from_mins(10));
    Some(if origins.iter().any(|origin| origin == "*") {
        // Without credentials: a page of anywhere must not act as whoever happens to look at it.
        layer.allow_origin(AllowOrigin::any())
    } else {
        let origins = origins
            .iter()
            .filter_map(|origin| HeaderValue::from_str(origin.trim_end_matches('/')).ok());
        layer.allow_origin(AllowOrigin::list(origins)).allow_credentials(true)
    })
}
