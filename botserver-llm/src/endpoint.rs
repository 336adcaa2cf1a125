//! Where a provider answers.

use std::{net::IpAddr, sync::Arc};

use url::{Host, Url};

/// The path that the protocol gives to chats.
const CHAT: &str = "chat/completions";

/// The address of a provider's chats.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// The whole address, credentials included.
    pub(crate) url: Url,
    /// The address for people: without credentials and query.
    pub(crate) shown: Arc<str>,
    /// Whether it is on this machine or its networks.
    pub(crate) local: bool,
}

impl Endpoint {
    /// The endpoint for a base address with or without a version, and a path when the settings name one.
    pub(crate) fn parse(base: &str, path: Option<&str>) -> Result<Self, String> {
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err("its address must begin with http:// or https://".to_owned());
        }
        let mut url = Url::parse(base).map_err(|error| format!("its address cannot be read: {error}"))?;
        url.set_fragment(None);
        url.set_path(&join(url.path(), path));
        let mut shown = url.clone();
        shown.set_query(None);
        // Neither can fail for addresses that have a host, which http and https always have.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        let local = is_local(&url);
        Ok(Self {
            url,
            shown: shown.as_str().into(),
            local,
        })
    }

    /// The endpoint of a provider's embeddings for a base address with or without a version.
    pub(crate) fn embeddings(base: &str) -> Result<Self, String> {
        let has_version = Url::parse(base).is_ok_and(|url| url.path().split('/').any(is_version));
        Self::parse(base, Some(if has_version { "embeddings" } else { "v1/embeddings" }))
    }

    /// Whether both addresses belong to the same server.
    pub(crate) fn same_server(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }
}

fn join(base: &str, path: Option<&str>) -> String {
    let base = base.trim_end_matches('/');
    let wanted = match path {
        Some(path) => path.trim_matches('/'),
        // Providers put their version in front (`/v1`) or further inside (`/v1beta/openai`).
        None if base.split('/').any(is_version) => CHAT,
        None => "v1/chat/completions",
    };
    if base.ends_with(&format!("/{wanted}")) || base.ends_with(&format!("/{CHAT}")) {
        return base.to_owned();
    }
    // `…/v1` and `v1/chat/completions` overlap.
    let overlap = wanted
        .split('/')
        .next()
        .and_then(|first| base.strip_suffix(&format!("/{first}")));
    format!("{}/{wanted}", overlap.unwrap_or(base))
}

fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            !name.contains('.')
                || [".localhost", ".local", ".internal"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(ip)) => is_local_ip(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_local_ip(IpAddr::V6(ip)),
        None => false,
    }
}

fn is_local_ip(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_and_without_a_version_lead_to_the_chats() {
        let cases = [
            (
                "http://localhost:8081",
                None,
                "http://localhost:8081/v1/chat/completions",
            ),
            (
                "http://localhost:8081/",
                None,
                "http://localhost:8081/v1/chat/completions",
            ),
            (
                "http://localhost:8081/v1",
                None,
                "http://localhost:8081/v1/chat/completions",
            ),
            (
                "http://localhost:8081/v1/",
                None,
                "http://localhost:8081/v1/chat/completions",
            ),
            (
                "https://a.example/openai/v1/chat/completions",
                None,
                "https://a.example/openai/v1/chat/completions",
            ),
            (
                "https://a.example/api/paas/v4",
                None,
                "https://a.example/api/paas/v4/chat/completions",
            ),
            (
                "https://a.example/v1beta/openai/",
                None,
                "https://a.example/v1beta/openai/chat/completions",
            ),
            (
                "https://a.example/api",
                None,
                "https://a.example/api/v1/chat/completions",
            ),
            (
                "http://b:1",
                Some("/v1/chat/completions"),
                "http://b:1/v1/chat/completions",
            ),
            (
                "http://b:1/v1",
                Some("/v1/chat/completions"),
                "http://b:1/v1/chat/completions",
            ),
            ("http://b:1/v1", Some("chat"), "http://b:1/v1/chat"),
            (
                "http://b:1/x/chat/completions?api-version=2",
                None,
                "http://b:1/x/chat/completions?api-version=2",
            ),
        ];

        for (base, path, expected) in cases {
            assert_eq!(
                Endpoint::parse(base, path).unwrap().url.as_str(),
                expected,
                "{base} with {path:?}"
            );
        }
    }

    #[test]
    fn addresses_lead_to_the_embeddings() {
        for (base, expected) in [
            ("http://localhost:8082", "http://localhost:8082/v1/embeddings"),
            ("http://b:1/v1/", "http://b:1/v1/embeddings"),
            ("http://b:1/v1/embeddings", "http://b:1/v1/embeddings"),
            (
                "https://a.example/v1beta/openai",
                "https://a.example/v1beta/openai/embeddings",
            ),
        ] {
            assert_eq!(Endpoint::embeddings(base).unwrap().url.as_str(), expected, "{base}");
        }
    }

    #[test]
    fn the_shown_address_has_no_credentials() {
        let endpoint = Endpoint::parse("https://ann:secret@a.example/v1?key=secret", None).unwrap();

        assert_eq!(&*endpoint.shown, "https://a.example/v1/chat/completions");
    }

    #[test]
    fn an_address_without_a_scheme_is_refused_with_the_remedy() {
        assert_eq!(
            Endpoint::parse("localhost:8081", None).unwrap_err(),
            "its address must begin with http:// or https://"
        );
    }

    #[test]
    fn addresses_of_own_networks_are_told_apart() {
        for (url, local) in [
            ("http://127.0.0.1:1", true),
            ("http://localhost", true),
            ("http://[::1]:9", true),
            ("http://10.1.2.3", true),
            ("http://llama:8080", true),
            ("https://api.openai.com", false),
            ("http://8.8.8.8", false),
        ] {
            assert_eq!(Endpoint::parse(url, None).unwrap().local, local, "{url}");
        }
    }
}
