//! Where requests may go, and how much they may take.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;
use url::{Host, Url};

use super::{OutboundError, address};

/// Ports on which servers of the public web answer.
const WEB_PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// Where requests may go, and how much they may take.
#[derive(Debug, Clone)]
pub struct OutboundPolicy {
    /// Networks that may be reached although they are not public, on any port.
    pub allow_networks: Vec<IpNet>,
    /// The longest that a request may take, redirects and answer included.
    pub timeout: Duration,
    /// The largest answer, in bytes.
    pub max_bytes: usize,
    /// Redirects that are followed.
    pub max_redirects: usize,
}

impl Default for OutboundPolicy {
    /// Public addresses only, 30 s, 10 MiB, 5 redirects.
    fn default() -> Self {
        Self {
            allow_networks: Vec::new(),
            timeout: Duration::from_secs(30),
            max_bytes: 10 << 20,
            max_redirects: 5,
        }
    }
}

/// Which addresses a URL may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reach {
    /// Public ones and allowed ones.
    Public,
    /// Allowed ones only, because the port is none of the web's.
    Allowed,
}

impl OutboundPolicy {
    /// Whether a connection to `address` may be made within `reach`.
    pub(super) fn permits(&self, address: IpAddr, reach: Reach) -> bool {
        let reached = address::reached(address);
        self.allow_networks.iter().any(|network| network.contains(&reached))
            || (reach == Reach::Public && address::is_public(address))
    }

    /// Checks what a URL itself says. Names are checked by the resolver, when they are connected to.
    pub(super) fn check(&self, url: &Url) -> Result<Reach, OutboundError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(OutboundError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundError::Credentials);
        }
        let host = url.host().ok_or_else(|| OutboundError::NotAUrl(url.to_string()))?;
        let port = url.port_or_known_default().unwrap_or_default();
        let reach = if WEB_PORTS.contains(&port) {
            Reach::Public
        } else {
            Reach::Allowed
        };
        // The parser has turned every spelling of an IPv4 address (decimal, octal, hexadecimal, short) into one.
        let literal = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        match literal {
            Some(address) if !self.permits(address, reach) => Err(self.refusal(&host.to_string(), address, port)),
            _ => Ok(reach),
        }
    }

    /// Says whether it is the address or only the port that is refused.
    pub(super) fn refusal(&self, host: &str, address: IpAddr, port: u16) -> OutboundError {
        let host = host.to_owned();
        if self.permits(address, Reach::Public) {
            OutboundError::Port { host, port }
        } else {
            OutboundError::Private { host, address }
        }
    }
}
