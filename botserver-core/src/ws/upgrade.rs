//! The opening handshake.

use std::{fmt, future::Future};

use axum::{
    extract::{
        FromRequestParts,
        ws::{WebSocket, WebSocketUpgrade},
    },
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};

use crate::Problem;

/// The version of the protocol, as the handshake names it.
const VERSION: &str = "13";
/// What a socket reads at once. Idle sockets are many and frames small, so it is little.
const READ_BYTES: usize = 4096;
/// What is gathered before it is sent without a flush, so that frames that are ready together leave together.
const WRITE_BYTES: usize = 16 * 1024;

/// A handshake that is in order, as an extractor for pages made with [`Routes::page`](crate::Routes::page).
///
/// A request that is no handshake, or one for another version of the protocol, is refused with 426 and what to
/// upgrade to; a handshake that breaks the protocol with 400.
pub struct Upgrade(WebSocketUpgrade);

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upgrade").finish_non_exhaustive()
    }
}

impl Upgrade {
    /// Speaks the subprotocol `name`, if the client offers it.
    #[must_use]
    pub fn protocol(self, name: &'static str) -> Self {
        Self(self.0.protocols([name]))
    }

    /// Accepts, and runs `serve` with the socket in a task of its own. Messages may have `largest` bytes; up to four
    /// times as many wait to be sent, and then sending fails.
    pub fn accept<F, Serving>(self, largest: usize, serve: F) -> Response
    where
        F: FnOnce(WebSocket) -> Serving + Send + 'static,
        Serving: Future<Output = ()> + Send + 'static,
    {
        self.0
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(WRITE_BYTES)
            .max_write_buffer_size(largest.saturating_mul(4).saturating_add(WRITE_BYTES))
            .max_message_size(largest)
            .max_frame_size(largest)
            .on_upgrade(serve)
    }
}

/// Why a handshake was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is no handshake, or one for another version of the protocol.
    Other(String),
    /// It breaks the protocol.
    Broken(String),
}

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        check(&parts.headers)?;
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await;
        upgrade
            .map(Self)
            .map_err(|rejection| Refused::Broken(rejection.body_text()))
    }
}

/// What axum does not look at, or answers with less than a client could use.
fn check(headers: &HeaderMap) -> Result<(), Refused> {
    let is = |name: &HeaderName, value: &str| {
        headers
            .get(name)
            .is_some_and(|given| given.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
    };
    if !is(&header::UPGRADE, "websocket") {
        return Err(Refused::Other("connect with a WebSocket client".to_owned()));
    }
    if !is(&header::SEC_WEBSOCKET_VERSION, VERSION) {
        let detail = format!("only version {VERSION} of the protocol is spoken here");
        return Err(Refused::Other(detail));
    }
    match headers.get(header::SEC_WEBSOCKET_KEY) {
        Some(key) if is_nonce(key.as_bytes()) => Ok(()),
        _ => Err(Refused::Broken(
            "Sec-WebSocket-Key must be 16 bytes in base64".to_owned(),
        )),
    }
}

/// Whether `key` is 16 bytes in base64 (RFC 6455, section 4.2.1).
fn is_nonce(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    match key {
        [digits @ .., b'=', b'='] => digits.len() == 22 && digits.iter().all(is_digit),
        _ => false,
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Other(detail) => {
                let (kind, title) = ("http/upgrade-required", "This path speaks WebSocket");
                let problem = Problem::new(StatusCode::UPGRADE_REQUIRED, kind, title).detail(detail);
                let mut response = problem.into_response();
                let headers = response.headers_mut();
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
                response
            }
            Self::Broken(detail) => {
                let (kind, title) = ("http/bad-handshake", "The handshake breaks the protocol");
                let problem = Problem::new(StatusCode::BAD_REQUEST, kind, title);
                problem.detail(detail).into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_sixteen_bytes_in_base64() {
        let cases = [
            ("dGhlIHNhbXBsZSBub25jZQ==", true),
            ("AAAAAAAAAAAAAAAAAAAAAA==", true),
            ("", false),
            ("==", false),
            ("dGhlIHNhbXBsZSBub25jZQ", false),
            ("dGhlIHNhbXBsZSBub25jZQ=", false),
            ("dGhlIHNhbXBsZSBub25jZQaa==", false),
            ("dGhlIHNhbXBsZSBub25j Q==", false),
        ];
        for (key, valid) in cases {
            assert_eq!(is_nonce(key.as_bytes()), valid, "{key}");
        }
    }
}
