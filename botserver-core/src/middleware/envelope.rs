//! The outermost layer: names, measures and logs a request, and dresses its answer.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use botstate::config::HttpConfig;
use http::HeaderValue;
use ipnet::IpNet;
use tracing::Instrument;

use super::{
    context::{Peer, REQUEST_ID, RequestContext},
    headers::SecurityHeaders,
};
use crate::metrics;

pub(crate) struct Outside {
    trusted: Vec<IpNet>,
    headers: SecurityHeaders,
}

impl Outside {
    pub(crate) fn new(http: &HttpConfig) -> Self {
        Self {
            trusted: http.trusted_proxies.clone(),
            headers: SecurityHeaders::new(&http.cors_origins, http.hsts),
        }
    }
}

pub(crate) async fn envelope(State(outside): State<Arc<Outside>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let context = RequestContext::read(request.headers(), peer, &outside.trusted);
    request.extensions_mut().insert(context);
    let method = request.method().clone();
    let is_api = is_api(request.uri().path());
    // The template, not the path: it has few values, and none of them is somebody's secret.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let span = tracing::info_span!("http.request", request.id = %context.id, http.method = %method, http.route = route);

    let mut response = next.run(request).instrument(span.clone()).await;

    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| {
        let duration_ms = elapsed.as_secs_f64() * 1000.0;
        tracing::debug!(http.status = status, duration_ms, "{method} {route} {status}");
    });
    metrics::observe(&method, route, status, elapsed);
    outside.headers.apply(&mut response, is_api);
    if let Ok(id) = HeaderValue::from_str(&context.id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/v1/")
}
