//! Which sites may act through a browser: cookies travel with requests that other sites cause.

use http::{HeaderMap, Method, StatusCode, header, uri::Authority};
use url::Url;

use crate::Problem;

/// The origins whose pages may change something or open a socket.
pub(crate) struct Origins {
    own: Option<String>,
    others: Vec<String>,
}

impl Origins {
    pub(crate) fn new(public_url: Option<&Url>, others: &[String]) -> Self {
        Self {
            own: public_url.map(|url| url.origin().ascii_serialization()),
            others: others
                .iter()
                .map(|origin| origin.trim_end_matches('/').to_owned())
                .collect(),
        }
    }

    /// Refuses upgrades from pages of other sites, and changes by them that a cookie would authorise.
    pub(crate) fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        let is_upgrade = headers.contains_key(header::UPGRADE);
        let changes_with_cookie = !method.is_safe() && headers.contains_key(header::COOKIE);
        let Some(origin) = headers
            .get(header::ORIGIN)
            .filter(|_| is_upgrade || changes_with_cookie)
        else {
            return Ok(());
        };
        let origin = origin.to_str().unwrap_or("null");
        if self.is_own(origin, headers) || self.others.iter().any(|other| other == "*" || other == origin) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "http/origin-refused",
            "Pages of this site may not do that",
        )
        .detail("the operator can add the site's origin to cors_origins"))
    }

    fn is_own(&self, origin: &str, headers: &HeaderMap) -> bool {
        if self.own.as_deref() == Some(origin) {
            return true;
        }
        // The scheme is not compared: behind a proxy that ends TLS the server cannot know it.
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
        let origin = origin
            .split_once("://")
            .and_then(|(_, authority)| authority.parse::<Authority>().ok());
        host.is_some() && host == origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &Method, given: &[(http::HeaderName, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "bots.example:8080".parse().unwrap());
        for (name, value) in given {
            headers.insert(name, value.parse().unwrap());
        }
        let public = Url::parse("https://chat.example/").unwrap();
        Origins::new(Some(&public), &["https://shop.example/".to_owned()])
            .check(method, &headers)
            .is_ok()
    }

    #[test]
    fn sockets_open_only_for_pages_of_known_sites() {
        let cases = [
            ("http://bots.example:8080", true),
            ("https://bots.example:8080", true),
            ("https://chat.example", true),
            ("https://shop.example", true),
            ("https://evil.example", false),
            ("https://bots.example", false),
            ("null", false),
        ];
        for (origin, allowed) in cases {
            let given = [(header::UPGRADE, "websocket"), (header::ORIGIN, origin)];
            assert_eq!(check(&Method::GET, &given), allowed, "{origin}");
        }
    }

    #[test]
    fn programs_send_no_origin_and_pass() {
        assert!(check(&Method::GET, &[(header::UPGRADE, "websocket")]));
    }

    #[test]
    fn foreign_pages_cannot_spend_a_cookie_on_a_change() {
        let foreign = (header::ORIGIN, "https://evil.example");

        assert!(!check(&Method::POST, &[foreign.clone(), (header::COOKIE, "session=1")]));
        assert!(check(&Method::POST, std::slice::from_ref(&foreign)));
        assert!(check(&Method::GET, &[foreign, (header::COOKIE, "session=1")]));
    }
}
