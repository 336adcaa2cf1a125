//! What is known of a request before anything else: its id and where it comes from.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use axum::extract::FromRequestParts;
use botlib::RequestId;
use http::{HeaderMap, HeaderName, request::Parts};
use ipnet::IpNet;

/// The header that names a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The other end of the connection, put there by the server.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// A request's id and origin, for handlers that need them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestContext {
    /// The id in logs, problem documents and the header `x-request-id`.
    pub id: RequestId,
    /// The client's address: the peer's, or what a trusted proxy says. Nothing when no socket is involved.
    pub client: Option<IpAddr>,
    /// Whether the client's side of a trusted proxy is encrypted.
    pub is_secure: bool,
}

impl RequestContext {
    /// Reads the context of a request from `peer`. Headers of peers outside `trusted` mean nothing.
    pub(crate) fn read(headers: &HeaderMap, peer: Option<IpAddr>, trusted: &[IpNet]) -> Self {
        let peer = peer.map(|address| address.to_canonical());
        let is_proxy = peer.is_some_and(|peer| is_within(trusted, peer));
        if !is_proxy {
            return Self {
                id: RequestId::new(),
                client: peer,
                is_secure: false,
            };
        }
        let id = headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let proto = headers.get(FORWARDED_PROTO).and_then(|value| value.to_str().ok());
        Self {
            id: id.unwrap_or_else(RequestId::new),
            client: forwarded_for(headers, trusted).or(peer),
            is_secure: proto.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https")),
        }
    }

    /// What limits count by: an IPv4 address, or the /64 that an IPv6 client can choose its addresses from.
    pub fn client_key(&self) -> String {
        match self.client {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
        }
    }
}

/// The last address in the list that is not a trusted proxy's: whatever stands before it, anyone may have written.
fn forwarded_for(headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut hops: Vec<&str> = Vec::new();
    for value in headers.get_all(FORWARDED_FOR) {
        hops.extend(value.to_str().ok()?.split(','));
    }
    let mut last = None;
    for hop in hops.into_iter().rev() {
        let address: IpAddr = hop.trim().parse().ok().map(|address: IpAddr| address.to_canonical())?;
        if !is_within(trusted, address) {
            return Some(address);
        }
        last = Some(address);
    }
    last
}

fn is_within(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let found = parts.extensions.get::<Self>().copied();
        Ok(found.unwrap_or_else(|| Self {
            id: RequestId::new(),
            client: None,
            is_secure: false,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(peer: &str, forwarded: &[&str]) -> RequestContext {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        headers.insert(REQUEST_ID, "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap());
        RequestContext::read(&headers, Some(peer.parse().unwrap()), &["10.0.0.0/8".parse().unwrap()])
    }

    #[test]
    fn forwarded_headers_of_strangers_mean_nothing() {
        let context = read("203.0.113.7", &["198.51.100.1"]);

        assert_eq!(context.client, Some("203.0.113.7".parse().unwrap()));
        assert_ne!(context.id.to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
    }

    #[test]
    fn client_is_the_last_hop_that_no_trusted_proxy_owns() {
        let cases = [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["1.1.1.1, 198.51.100.1, 10.0.0.9"], "198.51.100.1"),
            (&["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            (&["::ffff:198.51.100.1"], "198.51.100.1"),
            (&["10.0.0.3, 10.0.0.4"], "10.0.0.3"),
            (&["1.1.1.1, nonsense"], "10.0.0.2"),
            (&[], "10.0.0.2"),
        ];
        for (forwarded, client) in cases {
            assert_eq!(
                read("10.0.0.2", forwarded).client,
                Some(client.parse().unwrap()),
                "{forwarded:?}"
            );
        }
    }

    #[test]
    fn request_id_of_a_trusted_proxy_is_kept() {
        assert_eq!(
            read("10.0.0.2", &[]).id.to_string(),
            "01890a5d-ac96-774b-bcce-b302099a8057"
        );
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_limit() {
        let key = |address: &str| {
            RequestContext {
                client: address.parse().ok(),
                ..read("10.0.0.2", &[])
            }
            .client_key()
        };

        assert_eq!(key("2a00:1:2:3:4:5:6:7"), key("2a00:1:2:3::1"));
        assert_ne!(key("2a00:1:2:3::1"), key("2a00:1:2:4::1"));
    }
}
