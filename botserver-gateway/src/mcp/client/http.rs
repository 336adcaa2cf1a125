//! Streamable HTTP.

use botserver_core::outbound::{Outbound, OutboundRequest, OutboundResponse};
use botstate::dialog::{Fault, FaultKind};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::{
    garbled,
    message::{self, PROTOCOL, Reply},
    result,
};

const SESSION: &str = "mcp-session-id";
const VERSION: &str = "mcp-protocol-version";

/// A talk with a server behind an address.
pub(super) struct Session {
    outbound: Outbound,
    url: String,
    token: Option<String>,
    /// What the server calls this talk.
    name: Option<HeaderValue>,
    version: Option<HeaderValue>,
    number: u64,
}

impl Session {
    pub(super) fn new(outbound: Outbound, url: String, token: Option<String>) -> Self {
        Self {
            outbound,
            url,
            token,
            name: None,
            version: None,
            number: 0,
        }
    }

    /// Speaks this version from now on.
    pub(super) fn agree_on(&mut self, version: &str) {
        let version = HeaderValue::from_str(version);
        self.version = Some(version.unwrap_or(HeaderValue::from_static(PROTOCOL)));
    }

    pub(super) async fn ask(&mut self, method: &str, params: Value) -> Result<Value, Fault> {
        self.number += 1;
        let body = message::request(self.number, method, &params);
        let response = self.send(Method::POST, body).await?;
        if let Some(session) = response.headers.get(SESSION) {
            self.name = Some(session.clone());
        }
        let host = self.host();
        if !response.status.is_success() {
            return Err(refused(&host, response.status));
        }
        let text = String::from_utf8_lossy(&response.body);
        let kind = response.headers.get(header::CONTENT_TYPE);
        let is_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let reply = if is_stream {
            message::in_events(&text, self.number)
        } else {
            serde_json::from_str::<Reply>(&text)
                .ok()
                .filter(|reply| reply.answers(self.number))
        };
        result(&host, reply.ok_or_else(|| garbled(&host))?)
    }

    pub(super) async fn tell(&mut self, method: &str) -> Result<(), Fault> {
        let response = self.send(Method::POST, message::notification(method)).await?;
        if response.status.is_success() {
            Ok(())
        } else {
            Err(refused(&self.host(), response.status))
        }
    }

    /// Ends the session, where the server made one.
    pub(super) async fn close(self) {
        if self.name.is_some()
            && let Err(fault) = self.send(Method::DELETE, String::new()).await
        {
            tracing::debug!(%fault, "an MCP session was left to end by itself");
        }
    }

    async fn send(&self, method: Method, body: String) -> Result<OutboundResponse, Fault> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("application/json, text/event-stream"),
        );
        for (name, value) in [(SESSION, &self.name), (VERSION, &self.version)] {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        if let Some(token) = &self.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_not_a_header| {
                Fault::new(
                    FaultKind::Argument,
                    "the token of the MCP server has characters that no header may have",
                )
            })?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let request = OutboundRequest {
            headers,
            body: body.into(),
            ..OutboundRequest::new(method, self.url.clone())
        };
        self.outbound.send(request).await.map_err(|error| {
            let kind = if error.is_refusal() {
                FaultKind::Permission
            } else {
                FaultKind::Network
            };
            Fault::new(kind, format!("could not reach the MCP server: {error}"))
        })
    }

    fn host(&self) -> String {
        let url = url::Url::parse(&self.url).ok();
        url.and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

fn refused(host: &str, status: StatusCode) -> Fault {
    let kind = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => FaultKind::Permission,
        _ => FaultKind::Network,
    };
    Fault::new(kind, format!("the MCP server {host} answered {status}"))
}
