//! Why a request to the outside failed.

use std::{net::IpAddr, time::Duration};

/// Why a request to the outside failed.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The text is not a URL.
    #[error("{0:?} is not a URL such as https://example.com/path")]
    NotAUrl(String),
    /// Only `http` and `https` are spoken.
    #[error("{0}: addresses are not fetched, only http: and https:")]
    Scheme(String),
    /// The URL carries a user name or password.
    #[error("the address must not hold a user name or password; send them in a header")]
    Credentials,
    /// The address is not public.
    #[error(
        "{host} is at {address}, which is not a public address; the operator can allow its network with BOTSERVER_ALLOW_PRIVATE"
    )]
    Private {
        /// The host of the URL.
        host: String,
        /// One of its addresses.
        address: IpAddr,
    },
    /// The port is not one of the web's.
    #[error("port {port} of {host} is not one that public servers answer on (80, 443, 8080, 8443)")]
    Port {
        /// The host of the URL.
        host: String,
        /// The port of the URL.
        port: u16,
    },
    /// The name has no address.
    #[error("could not find {0}")]
    UnknownHost(String, #[source] std::io::Error),
    /// The header may not be set by scripts.
    #[error("the header {0} cannot be set")]
    Header(String),
    /// There were too many redirects.
    #[error("gave up after {0} redirects")]
    Redirects(usize),
    /// A redirect had no usable target.
    #[error("the server redirected to {0:?}, which is not an address")]
    Target(String),
    /// A redirect would hand the body to another server.
    #[error("the server redirected to {0}, which would get what was meant for it; send the request there yourself")]
    Elsewhere(String),
    /// The answer is too large.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The answer did not come in time.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The connection failed.
    #[error("could not fetch from {host}")]
    Failed {
        /// The host of the URL.
        host: String,
        /// What went wrong. It names no address with its query.
        #[source]
        source: reqwest::Error,
    },
    /// What answers in place of the network has no answer.
    #[error("{host} was not asked: {reason}")]
    Unanswered {
        /// The host of the URL.
        host: String,
        /// Why there is none.
        reason: String,
    },
    /// The client could not be made.
    #[error("could not set up the client for requests to the outside")]
    Setup(#[source] reqwest::Error),
}

impl OutboundError {
    /// Whether the request was refused here, before anything was sent to where it would have gone.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::NotAUrl(_)
                | Self::Scheme(_)
                | Self::Credentials
                | Self::Private { .. }
                | Self::Port { .. }
                | Self::Header(_)
                | Self::Target(_)
                | Self::Elsewhere(_)
        )
    }
}
