//! JSON-RPC as MCP speaks it.

use serde::Deserialize;
use serde_json::{Value, json};

/// The version that this client asks for.
pub(super) const PROTOCOL: &str = "2025-06-18";

/// A reply of a server.
#[derive(Debug, Deserialize)]
pub(super) struct Reply {
    #[serde(default)]
    pub(super) id: Option<Value>,
    #[serde(default)]
    pub(super) result: Option<Value>,
    #[serde(default)]
    pub(super) error: Option<Failure>,
    /// A request or notification of the server's own, which is none of ours.
    #[serde(default)]
    pub(super) method: Option<String>,
}

/// Why a server refused.
#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    #[serde(default)]
    pub(super) message: String,
}

impl Reply {
    /// Whether it answers the request with this number.
    pub(super) fn answers(&self, id: u64) -> bool {
        self.method.is_none() && self.id.as_ref().and_then(Value::as_u64) == Some(id)
    }
}

/// A request.
pub(super) fn request(id: u64, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

/// Something that wants no answer.
pub(super) fn notification(method: &str) -> String {
    json!({ "jsonrpc": "2.0", "method": method }).to_string()
}

/// The reply to request `id` among the events of a stream.
pub(super) fn in_events(text: &str, id: u64) -> Option<Reply> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split("\n\n").find_map(|event| {
        let data: Vec<&str> = event
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .map(|data| data.strip_prefix(' ').unwrap_or(data))
            .collect();
        let reply: Reply = serde_json::from_str(&data.join("\n")).ok()?;
        reply.answers(id).then_some(reply)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reply_is_found_among_other_events_however_they_are_written() {
        let text = ": hello\r\n\r\nevent: message\r\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\r\n\r\n\
                    id: 7\ndata: {\"jsonrpc\":\"2.0\",\"id\":2,\ndata: \"result\":{\"a\":1}}\n\n";

        assert_eq!(in_events(text, 2).unwrap().result.unwrap()["a"], 1);
        assert!(in_events(text, 1).is_none());
    }
}
