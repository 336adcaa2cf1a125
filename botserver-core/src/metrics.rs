//! Measurements for Prometheus: `/metrics`.

mod process;

use std::{sync::OnceLock, time::Duration};

use http::Method;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Seconds, from a cached answer to the default deadline.
const BUCKETS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];
const REQUESTS: &str = "http_request_duration_seconds";

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Takes measurements from here on. The recorder belongs to the process, so later calls change nothing.
pub(crate) fn install() {
    recorder();
}

fn recorder() -> Option<&'static PrometheusHandle> {
    RECORDER
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS).ok()?.build_recorder();
            let handle = recorder.handle();
            if let Err(error) = metrics::set_global_recorder(recorder) {
                tracing::warn!("/metrics stays empty: another recorder of measurements is installed: {error}");
                return None;
            }
            metrics::describe_histogram!(REQUESTS, metrics::Unit::Seconds, "Time until an answer began, by route");
            metrics::describe_gauge!("http_connections", "Open connections, sockets included");
            Some(handle)
        })
        .as_ref()
}

/// Folds recent measurements into the totals. Without it they pile up while nobody reads `/metrics`.
pub(crate) fn upkeep() {
    if let Some(handle) = recorder() {
        handle.run_upkeep();
    }
}

/// Counts one request.
pub(crate) fn observe(method: &Method, route: &str, status: u16, elapsed: Duration) {
    let labels = [
        ("method", method_name(method).to_owned()),
        ("route", route.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::histogram!(REQUESTS, &labels).record(elapsed.as_secs_f64());
}

/// Methods are the client's text: unknown ones must not make new time series.
fn method_name(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
        _ => "OTHER",
    }
}

/// Everything measured, in the text format of Prometheus.
pub(crate) fn render() -> String {
    let mut text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    text.push_str(&process::measure());
    text
}
