//! The HTTP clients to providers.
//!
//! Operators name the addresses, so private and loopback ones are allowed here, unlike in the client that
//! scripts use.

use std::time::Duration;

use botstate::model::ModelError;
use bytes::Bytes;
use reqwest::{Client, ClientBuilder, RequestBuilder, StatusCode, header, redirect};
use tokio::time::timeout;

use crate::endpoint::Endpoint;

/// Makes ring the process's TLS provider unless one was chosen already. Safe to call any number of times.
pub fn ensure_tls() {
    // An error says that a provider is installed, which is all that matters.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
}

/// One client for addresses of this machine and its networks, which no proxy may see, and one for the rest.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    local: Client,
    public: Client,
}

impl Http {
    /// Builds both clients.
    pub(crate) fn new(connect_timeout: Duration) -> Result<Self, String> {
        ensure_tls();
        Ok(Self {
            local: build(|| builder(connect_timeout).no_proxy())?,
            public: build(|| builder(connect_timeout))?,
        })
    }

    /// The client for an address.
    pub(crate) fn client(&self, local: bool) -> &Client {
        if local { &self.local } else { &self.public }
    }
}

fn builder(connect_timeout: Duration) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("BotServer/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        // A redirect would carry the key to an address that nobody configured.
        .redirect(redirect::Policy::none())
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_mins(1))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(10))
}

/// Builds a client; on a machine without trusted certificates one that still reaches plain HTTP.
fn build(builder: impl Fn() -> ClientBuilder) -> Result<Client, String> {
    builder().build().or_else(|error| {
        tracing::warn!(
            reason = %reason(&error),
            "no trusted certificates on this machine, so models cannot be reached over https: install ca-certificates"
        );
        builder().tls_certs_only([]).build().map_err(|error| reason(&error))
    })
}

/// The body of a whole answer that says that all went well.
///
/// # Errors
/// [`ModelError`], as the status and the clock have it.
pub(crate) async fn exchange(
    request: RequestBuilder,
    endpoint: &Endpoint,
    longest: Duration,
) -> Result<Bytes, ModelError> {
    let url = || endpoint.shown.to_string();
    let unreachable = |error: reqwest::Error| ModelError::Unreachable {
        url: url(),
        reason: reason(&error),
    };
    let answer = async {
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response.bytes().await.map_err(unreachable)?;
        Ok((status, retry_after, body))
    };
    let late = |_elapsed| ModelError::Timeout {
        url: url(),
        seconds: longest.as_secs(),
    };
    let (status, retry_after, body) = timeout(longest, answer).await.map_err(late)??;
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(ModelError::Unauthorized { url: url() }),
        StatusCode::TOO_MANY_REQUESTS => Err(ModelError::Limited {
            url: url(),
            retry_after,
        }),
        status if !status.is_success() => Err(ModelError::Refused {
            url: url(),
            status: status.as_u16(),
            reason: String::from_utf8_lossy(&body).chars().take(300).collect(),
        }),
        _ => Ok(body),
    }
}

/// What lies at the bottom of a failed request, without its address (which may carry credentials).
pub(crate) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
