//! What concerns browsers only: the session's cookie, and which pages it counts for.

use botstate::Config;
use http::{HeaderMap, HeaderValue, header, uri::Authority};

/// The cookie that holds a session's token.
pub const SESSION_COOKIE: &str = "botserver_session";

/// Writes and reads the session's cookie.
#[derive(Debug, Clone)]
pub(crate) struct Cookies {
    is_secure: bool,
    own_origin: Option<String>,
}

impl Cookies {
    pub(crate) fn new(config: &Config) -> Self {
        let public_url = config.http.public_url.as_ref();
        Self {
            is_secure: config.http.hsts || public_url.is_some_and(|url| url.scheme() == "https"),
            own_origin: public_url.map(|url| url.origin().ascii_serialization()),
        }
    }

    /// The header that gives the browser `token` for `seconds`; zero takes it away.
    pub(crate) fn header(&self, token: &str, seconds: u64) -> Option<HeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let cookie = format!("{SESSION_COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut value = HeaderValue::from_str(&cookie).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether the request was not caused by a page of another site.
    pub(crate) fn is_same_origin(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        let Ok(origin) = origin.to_str() else { return false };
        if self.own_origin.as_deref() == Some(origin) {
            return true;
        }
        // The scheme is not compared: behind a proxy that ends TLS the server cannot know it.
        let authority = |text: &str| text.parse::<Authority>().ok();
        let host = headers
            .get(header::HOST)
            .and_then(|host| authority(host.to_str().ok()?));
        host.is_some() && host == origin.split_once("://").and_then(|(_, rest)| authority(rest))
    }
}

/// The session's token in the cookies of a request.
pub(crate) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == SESSION_COOKIE && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(header::HeaderName, &str)]) -> HeaderMap {
        given
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn cookie_is_found_among_others() {
        let request = headers(&[(header::COOKIE, "a=1; botserver_session=bs_x ;b=2")]);

        assert_eq!(session_cookie(&request), Some("bs_x"));
        assert_eq!(
            session_cookie(&headers(&[(header::COOKIE, "xbotserver_session=bs_x")])),
            None
        );
    }

    #[test]
    fn only_pages_of_this_server_are_the_same_origin() {
        let cookies = Cookies {
            is_secure: true,
            own_origin: Some("https://chat.example".to_owned()),
        };
        let cases = [
            ("https://chat.example", true),
            ("http://bots.local:8080", true),
            ("http://bots.local", false),
            ("https://chat.example.evil.example", false),
            ("https://evil.example", false),
            ("null", false),
        ];
        for (origin, expected) in cases {
            let request = headers(&[(header::HOST, "bots.local:8080"), (header::ORIGIN, origin)]);
            assert_eq!(cookies.is_same_origin(&request), expected, "{origin}");
        }
        assert!(cookies.is_same_origin(&HeaderMap::new()));
    }

    #[test]
    fn cookie_is_out_of_reach_of_scripts_and_secure_behind_tls() {
        let header = |is_secure| {
            Cookies {
                is_secure,
                own_origin: None,
            }
            .header("bs_x", 60)
            .unwrap()
        };

        assert_eq!(
            header(true),
            "botserver_session=bs_x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            header(false),
            "botserver_session=bs_x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
    }
}
