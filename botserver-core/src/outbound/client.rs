//! The client: one request, its redirects, a bounded answer.

use std::{error::Error as _, io, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use reqwest::redirect;
use url::Url;

use super::{
    Lookup, OutboundError, OutboundPolicy, SystemLookup, Transport,
    policy::Reach,
    resolver::{GuardedResolver, Refused, Unknown},
};

/// The longest that a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Headers that belong to the connection and not to whoever asks.
const OURS: [HeaderName; 8] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::PROXY_AUTHORIZATION,
];

/// A request to the outside.
#[derive(Debug, Clone)]
pub struct OutboundRequest {
    /// The method.
    pub method: Method,
    /// Where to, as the script wrote it.
    pub url: String,
    /// The headers. They are not sent on to another host that a redirect leads to.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
}

impl OutboundRequest {
    /// A request without headers and body.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct OutboundResponse {
    /// The status, which may be an error.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// Where it came from, after redirects.
    pub url: Url,
    /// The body.
    pub body: Bytes,
}

/// Sends requests of scripts within an [`OutboundPolicy`]; cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    policy: Arc<OutboundPolicy>,
    public: reqwest::Client,
    allowed: reqwest::Client,
    /// What answers in place of the network.
    transport: Option<Arc<dyn Transport>>,
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl Outbound {
    /// A client within `policy`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(policy: OutboundPolicy) -> Result<Self, OutboundError> {
        Self::with_lookup(policy, &(Arc::new(SystemLookup) as Arc<dyn Lookup>))
    }

    /// The same client for answers of at most `max_bytes`.
    #[must_use]
    pub fn limited_to(&self, max_bytes: usize) -> Self {
        let mut policy = OutboundPolicy::clone(&self.policy);
        policy.max_bytes = max_bytes;
        Self {
            policy: Arc::new(policy),
            ..self.clone()
        }
    }

    /// A client within `policy` that finds addresses through `lookup`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn with_lookup(policy: OutboundPolicy, lookup: &Arc<dyn Lookup>) -> Result<Self, OutboundError> {
        crate::install_tls();
        let policy = Arc::new(policy);
        let client = |reach| {
            let resolver = GuardedResolver {
                lookup: Arc::clone(lookup),
                policy: Arc::clone(&policy),
                reach,
            };
            reqwest::Client::builder()
                .dns_resolver(Arc::new(resolver))
                // A proxy would connect to where we do not see, and a redirect would skip the checks.
                .no_proxy()
                .redirect(redirect::Policy::none())
                .referer(false)
                .connect_timeout(CONNECT_TIMEOUT)
                .user_agent(concat!("botserver/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(OutboundError::Setup)
        };
        Ok(Self {
            public: client(Reach::Public)?,
            allowed: client(Reach::Allowed)?,
            policy,
            transport: None,
        })
    }

    /// A client within `policy` whose requests `transport` answers instead of the network.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn with_transport(policy: OutboundPolicy, transport: Arc<dyn Transport>) -> Result<Self, OutboundError> {
        Ok(Self {
            transport: Some(transport),
            ..Self::new(policy)?
        })
    }

    /// Sends `request`, follows redirects, and reads the whole answer. A status of error is an answer too.
    ///
    /// # Errors
    /// When the policy refuses the request or a redirect, or no whole answer came.
    pub async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        let timeout = self.policy.timeout;
        let result = match tokio::time::timeout(timeout, self.follow(request)).await {
            Ok(result) => result,
            Err(_) => Err(OutboundError::Timeout(timeout)),
        };
        if let Err(error) = &result
            && error.is_refusal()
        {
            tracing::warn!("refused a request to the outside: {error}");
        }
        result
    }

    async fn follow(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        let mut hop = Hop::first(request)?;
        for _ in 0..=self.policy.max_redirects {
            let response = self.fetch(&hop).await?;
            match hop.next(&response)? {
                Some(next) => hop = next,
                None => return self.read(hop.url, response).await,
            }
        }
        Err(OutboundError::Redirects(self.policy.max_redirects))
    }

    pub(super) fn policy(&self) -> &OutboundPolicy {
        &self.policy
    }

    pub(super) async fn fetch(&self, hop: &Hop) -> Result<reqwest::Response, OutboundError> {
        let client = match self.policy.check(&hop.url)? {
            Reach::Public => &self.public,
            Reach::Allowed => &self.allowed,
        };
        if let Some(transport) = &self.transport {
            return Self::ask(&**transport, hop).await;
        }
        let request = client
            .request(hop.method.clone(), hop.url.clone())
            .headers(hop.headers.clone());
        let request = if hop.body.is_empty() {
            request
        } else {
            request.body(hop.body.clone())
        };
        request.send().await.map_err(|error| self.explain(&hop.url, error))
    }

    async fn ask(transport: &dyn Transport, hop: &Hop) -> Result<reqwest::Response, OutboundError> {
        let host = || hop.url.host_str().unwrap_or_default().to_owned();
        let mut request = http::Request::new(hop.body.clone());
        *request.method_mut() = hop.method.clone();
        *request.headers_mut() = hop.headers.clone();
        *request.uri_mut() = hop
            .url
            .as_str()
            .parse()
            .map_err(|_not_a_uri| OutboundError::NotAUrl(hop.url.to_string()))?;
        match transport.answer(request).await {
            Ok(response) => Ok(response.map(reqwest::Body::from).into()),
            Err(reason) => Err(OutboundError::Unanswered { host: host(), reason }),
        }
    }

    async fn read(&self, url: Url, mut response: reqwest::Response) -> Result<OutboundResponse, OutboundError> {
        let limit = self.policy.max_bytes;
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(OutboundError::TooLarge(limit));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.explain(&url, error))? {
            if body.len() + chunk.len() > limit {
                return Err(OutboundError::TooLarge(limit));
            }
            body.extend_from_slice(&chunk);
        }
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok(OutboundResponse {
            status,
            headers,
            url,
            body: body.freeze(),
        })
    }

    pub(super) fn explain(&self, url: &Url, error: reqwest::Error) -> OutboundError {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut cause = error.source();
        while let Some(inner) = cause {
            if let Some(refused) = inner.downcast_ref::<Refused>() {
                return self
                    .policy
                    .refusal(&host, refused.address, url.port_or_known_default().unwrap_or_default());
            }
            if let Some(Unknown(kind)) = inner.downcast_ref::<Unknown>() {
                return OutboundError::UnknownHost(host, io::Error::from(*kind));
            }
            cause = inner.source();
        }
        // Queries hold keys and tokens: the address does not belong into messages.
        OutboundError::Failed {
            host,
            source: error.without_url(),
        }
    }
}

/// One request of a chain of redirects.
pub(super) struct Hop {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

impl Hop {
    /// The request as it was asked for.
    pub(super) fn first(request: OutboundRequest) -> Result<Self, OutboundError> {
        let Ok(url) = Url::parse(&request.url) else {
            return Err(OutboundError::NotAUrl(request.url.chars().take(200).collect()));
        };
        Ok(Self {
            method: request.method,
            url,
            headers: checked(request.headers)?,
            body: request.body,
        })
    }

    /// Where it went.
    pub(super) fn into_url(self) -> Url {
        self.url
    }

    /// Where `response` sends us, if it does (RFC 9110, section 15.4).
    pub(super) fn next(&self, response: &reqwest::Response) -> Result<Option<Self>, OutboundError> {
        let status = response.status();
        let Some(target) = response.headers().get(header::LOCATION).filter(|_| is_redirect(status)) else {
            return Ok(None);
        };
        let target = String::from_utf8_lossy(target.as_bytes());
        let Ok(url) = self.url.join(&target) else {
            return Err(OutboundError::Target(target.chars().take(200).collect()));
        };
        // A browser turns these into GET as well; 307 and 308 exist to keep the method.
        let becomes_get = status == StatusCode::SEE_OTHER
            || (matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND) && self.method == Method::POST);
        let keeps_origin = url.origin() == self.url.origin();
        let method = if becomes_get && self.method != Method::HEAD {
            Method::GET
        } else {
            self.method.clone()
        };
        let body = if becomes_get { Bytes::new() } else { self.body.clone() };
        // A body may hold secrets as much as a header. Headers can be left out, while a request without its body
        // would mean something else.
        if !keeps_origin && !body.is_empty() {
            return Err(OutboundError::Elsewhere(url.host_str().unwrap_or_default().to_owned()));
        }
        let mut headers = if keeps_origin {
            self.headers.clone()
        } else {
            // Which part is asked for is no secret, and the answer would be another without it.
            let range = self.headers.get(header::RANGE).cloned();
            range.map(|range| (header::RANGE, range)).into_iter().collect()
        };
        if body.is_empty() {
            headers.remove(header::CONTENT_TYPE);
        }
        Ok(Some(Self {
            method,
            url,
            headers,
            body,
        }))
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn checked(headers: HeaderMap) -> Result<HeaderMap, OutboundError> {
    match headers.keys().find(|name| OURS.contains(name)) {
        Some(name) => Err(OutboundError::Header(name.to_string())),
        None => Ok(headers),
    }
}
