//! Where a provider answers.

use std::{net::IpAddr, sync::Arc};

use url::{Host, Url};

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
    /// The endpoint for a base address with or without a version, and a path when the settings name one. The
    /// `usual` path begins with a version.
    pub(crate) fn parse(base: &str, path: Option<&str>, usual: &str) -> Result<Self, String> {
        let mut url = read(base)?;
        url.set_path(&join(url.path(), path, usual));
        Ok(Self::of(url))
    }

    /// The endpoint at exactly that path below the base address.
    pub(crate) fn exact(base: &str, path: &str) -> Result<Self, String> {
        let mut url = read(base)?;
        let below = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{below}/{}", path.trim_start_matches('/')));
        Ok(Self::of(url))
    }

    /// The endpoint of a deployment at Azure, unless the base address names one already.
    pub(crate) fn azure(base: &str, path: Option<&str>, deployment: &str, version: &str) -> Result<Self, String> {
        let mut url = read(base)?;
        let given = url.path().trim_end_matches('/').to_owned();
        if path.is_some() || given.split('/').any(is_version) {
            return Self::parse(base, path, "v1/chat/completions");
        }
        if !given.contains("/deployments/") {
            url.set_path(&given);
            if let Ok(mut segments) = url.path_segments_mut() {
                segments.pop_if_empty();
                if !given.ends_with("/openai") {
                    segments.push("openai");
                }
                segments.extend(["deployments", deployment]);
            }
        }
        let given = url.path().trim_end_matches('/').to_owned();
        if !given.ends_with("/chat/completions") {
            url.set_path(&format!("{given}/chat/completions"));
        }
        if !url.query_pairs().any(|(name, _)| name == "api-version") {
            url.query_pairs_mut().append_pair("api-version", version);
        }
        Ok(Self::of(url))
    }

    /// The endpoint of a model at Google, whose path behind the version is `model`.
    pub(crate) fn google(base: &str, path: Option<&str>, version: &str, model: &str) -> Result<Self, String> {
        let mut url = read(base)?;
        let below = url.path().trim_matches('/').to_owned();
        let mut parts: Vec<&str> = below.split('/').filter(|part| !part.is_empty()).collect();
        if !parts.iter().any(|part| is_version(part)) {
            parts.push(version);
        }
        let whole = format!("/{}/{model}:streamGenerateContent", parts.join("/"));
        url.set_path(path.unwrap_or(&whole));
        if !url.query_pairs().any(|(name, _)| name == "alt") {
            url.query_pairs_mut().append_pair("alt", "sse");
        }
        Ok(Self::of(url))
    }

    /// The address of a server, for comparing it.
    pub(crate) fn server(base: &str) -> Result<Self, String> {
        read(base).map(Self::of)
    }

    fn of(url: Url) -> Self {
        let mut shown = url.clone();
        shown.set_query(None);
        // Neither can fail for addresses that have a host, which http and https always have.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        let local = is_local(&url);
        Self {
            url,
            shown: shown.as_str().into(),
            local,
        }
    }

    /// The endpoint of a provider's embeddings for a base address with or without a version.
    pub(crate) fn embeddings(base: &str) -> Result<Self, String> {
        Self::parse(base, None, "v1/embeddings")
    }

    /// The endpoint of a reranker for a base address with or without the `usual` path.
    pub(crate) fn reranks(base: &str, usual: &str) -> Result<Self, String> {
        let mut url = read(base)?;
        let below = url.path().trim_end_matches('/').to_owned();
        if !below.ends_with("/rerank") {
            let path = if usual.contains('/') {
                join(&below, None, usual)
            } else {
                format!("{below}/{usual}")
            };
            url.set_path(&path);
        }
        Ok(Self::of(url))
    }

    /// Whether both addresses belong to the same server.
    pub(crate) fn same_server(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }
}

fn read(base: &str) -> Result<Url, String> {
    if !base.starts_with("http://") && !base.starts_with("https://") {
        return Err("its address must begin with http:// or https://".to_owned());
    }
    let mut url = Url::parse(base).map_err(|error| format!("its address cannot be read: {error}"))?;
    url.set_fragment(None);
    Ok(url)
}

fn join(base: &str, path: Option<&str>, usual: &str) -> String {
    let base = base.trim_end_matches('/');
    let unversioned = usual.split_once('/').map_or(usual, |(_version, rest)| rest);
    let wanted = match path {
        Some(path) => path.trim_matches('/'),
        // Providers put their version in front (`/v1`) or further inside (`/v1beta/openai`).
        None if base.split('/').any(is_version) => unversioned,
        None => usual,
    };
    if base.ends_with(&format!("/{wanted}")) || base.ends_with(&format!("/{unversioned}")) {
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
                Endpoint::parse(base, path, "v1/chat/completions").unwrap().url.as_str(),
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
    fn addresses_lead_to_the_rerankers() {
        for (base, usual, expected) in [
            (
                "https://api.cohere.com",
                "v2/rerank",
                "https://api.cohere.com/v2/rerank",
            ),
            ("https://api.jina.ai/v1", "v1/rerank", "https://api.jina.ai/v1/rerank"),
            ("http://localhost:8080/", "rerank", "http://localhost:8080/rerank"),
            (
                "http://localhost:8080/rerank",
                "v1/rerank",
                "http://localhost:8080/rerank",
            ),
        ] {
            assert_eq!(Endpoint::reranks(base, usual).unwrap().url.as_str(), expected, "{base}");
        }
    }

    #[test]
    fn the_shown_address_has_no_credentials() {
        let endpoint = Endpoint::parse(
            "https://ann:secret@a.example/v1?key=secret",
            None,
            "v1/chat/completions",
        )
        .unwrap();

        assert_eq!(&*endpoint.shown, "https://a.example/v1/chat/completions");
    }

    #[test]
    fn an_address_without_a_scheme_is_refused_with_the_remedy() {
        assert_eq!(
            Endpoint::parse("localhost:8081", None, "v1/chat/completions").unwrap_err(),
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
            assert_eq!(
                Endpoint::parse(url, None, "v1/chat/completions").unwrap().local,
                local,
                "{url}"
            );
        }
    }
}
