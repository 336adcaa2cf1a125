//! Security headers of every answer.

use axum::response::Response;
use http::{HeaderValue, header};

/// Everything from this server, nothing inline, nothing from elsewhere: model output cannot load or run anything.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
                      connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'self'";

/// Marks an answer, as an extension of the response, as a page that the configured other sites may show in a frame.
///
/// ```
/// use axum::{Extension, response::{Html, IntoResponse}};
///
/// async fn widget() -> impl IntoResponse {
///     (Extension(botserver_core::Embeddable), Html("<p>hello"))
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Embeddable;

pub(crate) struct SecurityHeaders {
    policy: HeaderValue,
    embeddable: HeaderValue,
    insists_on_tls: bool,
}

impl SecurityHeaders {
    pub(crate) fn new(embedders: &[String], insists_on_tls: bool) -> Self {
        let policy = HeaderValue::from_static(POLICY);
        // An origin with a `;` or a space would add directives of its own.
        let sane = |origin: &&String| !origin.contains(|c: char| c == ';' || c == ',' || c.is_whitespace());
        let embeddable = embedders
            .iter()
            .filter(sane)
            .fold(POLICY.to_owned(), |list, origin| list + " " + origin.as_str());
        let embeddable = HeaderValue::from_str(&embeddable).unwrap_or_else(|_| policy.clone());
        Self {
            policy,
            embeddable,
            insists_on_tls,
        }
    }

    /// Adds what the handler has not set itself.
    pub(crate) fn apply(&self, response: &mut Response, is_api: bool) {
        let is_embeddable = response.extensions().get::<Embeddable>().is_some();
        let policy = if is_embeddable { &self.embeddable } else { &self.policy };
        let headers = response.headers_mut();
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert_with(|| policy.clone());
        let mut set = |name, value| {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        };
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        // Not `no-referrer`: with it browsers send `Origin: null` to their own server as well.
        set(header::REFERRER_POLICY, "same-origin");
        set(
            http::HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        );
        set(
            http::HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        );
        if is_api {
            set(header::CACHE_CONTROL, "no-store");
        }
        if self.insists_on_tls {
            set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
        }
    }
}
