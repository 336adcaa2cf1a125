//! Answers that are no answer.

use std::{sync::Arc, time::Duration};

use botlib::{Clock, Secret, SystemClock};
use botstate::model::ModelError;
use chrono::DateTime;
use futures::StreamExt;
use reqwest::{
    Response, StatusCode,
    header::{HeaderMap, LOCATION, RETRY_AFTER},
};
use serde_json::Value;
use tokio::time::timeout;

use super::{retry::Retry, whole_seconds};

/// Bytes read of a refusal, and how long reading may take.
const LARGEST: usize = 64 << 10;
const LONGEST: Duration = Duration::from_secs(5);

/// Characters of a provider's message that are kept.
const SHORT: usize = 300;

/// Why one try failed and whether another one may help.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ModelError,
    pub(crate) retry: Retry,
}

impl From<ModelError> for Failure {
    /// A request that was not made, and that would not be made another time.
    fn from(error: ModelError) -> Self {
        Self {
            error,
            retry: Retry::No,
        }
    }
}

impl Failure {
    /// The connection failed or broke off.
    pub(crate) fn network(shown: &Arc<str>, reason: impl Into<String>) -> Self {
        let error = ModelError::Unreachable {
            url: shown.to_string(),
            reason: reason.into(),
        };
        Self {
            error,
            retry: Retry::Soon,
        }
    }

    /// The answer breaks the protocol.
    pub(crate) fn garbled(shown: &Arc<str>, reason: &str) -> Self {
        Self {
            error: ModelError::Garbled {
                url: shown.to_string(),
                reason: shorten(reason),
            },
            retry: Retry::No,
        }
    }

    /// The provider reports an error of that HTTP status.
    pub(crate) fn refused(shown: &Arc<str>, status: u16, reason: &str, after: Option<Duration>) -> Self {
        let retry = match after {
            _ if status != 429 && status < 500 => Retry::No,
            Some(pause) => Retry::After(pause),
            None => Retry::Soon,
        };
        let url = shown.to_string();
        let error = match status {
            401 => ModelError::Unauthorized { url },
            429 => ModelError::Limited {
                url,
                retry_after: after.map(whole_seconds),
            },
            _ => ModelError::Refused {
                url,
                status,
                reason: shorten(reason),
            },
        };
        Self { error, retry }
    }
}

/// Reads a response whose status is not a success.
pub(crate) async fn read(response: Response, shown: &Arc<str>, key: Option<&Secret>) -> Failure {
    let status = response.status();
    let after = retry_after(response.headers());
    if status.is_redirection() {
        let to = response
            .headers()
            .get(LOCATION)
            .and_then(|to| to.to_str().ok())
            .unwrap_or("nowhere");
        let reason = format!("it redirects to {to}, and redirects are not followed: check llm-url");
        return Failure::refused(shown, status.as_u16(), &reason, None);
    }
    let body = body(response).await;
    let (mut message, code) = match serde_json::from_slice::<Value>(&body) {
        Ok(json) => message_and_code(&json),
        Err(_) => (plain_text(&body), None),
    };
    if let Some(key) = key.map(Secret::expose).filter(|key| !key.is_empty()) {
        message = message.replace(key, "[secret]");
    }
    if message.trim().is_empty() {
        message = status.canonical_reason().unwrap_or("no reason given").to_lowercase();
        if status == StatusCode::NOT_FOUND {
            message.push_str(": check llm-url and llm-endpoint-path");
        }
    }
    if code.as_deref() == Some("insufficient_quota") {
        // The status says to slow down, but no pause brings the money back.
        let url = shown.to_string();
        let error = ModelError::Refused {
            url,
            status: status.as_u16(),
            reason: shorten(&message),
        };
        return Failure {
            error,
            retry: Retry::No,
        };
    }
    Failure::refused(shown, status.as_u16(), &message, after)
}

/// What a provider's error object says, and its code. There are about as many shapes as providers.
pub(crate) fn message_and_code(json: &Value) -> (String, Option<String>) {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let json = json.get(0).unwrap_or(json);
    let error = json.get("error").unwrap_or(json);
    let error = error.get(0).unwrap_or(error);
    let message = text(error)
        .or_else(|| {
            ["message", "detail", "msg"]
                .iter()
                .find_map(|name| error.get(name).and_then(text))
        })
        .or_else(|| json.pointer("/detail/0/msg").and_then(text))
        .or_else(|| json.get("message").and_then(text))
        .unwrap_or_default();
    let code = ["code", "type"]
        .iter()
        .find_map(|name| error.get(name))
        .map(|code| match code {
            Value::String(code) => code.clone(),
            other => other.to_string(),
        });
    (message, code)
}

/// At most `SHORT` characters on one line.
pub(crate) fn shorten(text: &str) -> String {
    let mut short = String::new();
    for (count, c) in text
        .split_whitespace()
        .flat_map(|word| word.chars().chain([' ']))
        .enumerate()
    {
        if count == SHORT {
            short.push('…');
            return short;
        }
        short.push(if c.is_control() { ' ' } else { c });
    }
    short.truncate(short.trim_end().len());
    short
}

/// A body that is not JSON, unless it is a page for browsers.
fn plain_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.trim_start().starts_with('<') {
        String::new()
    } else {
        text.into_owned()
    }
}

/// What can be read of the body within the limits.
async fn body(response: Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    let _cut_off_when_slow = timeout(LONGEST, async {
        while let Some(Ok(piece)) = stream.next().await {
            bytes.extend_from_slice(&piece);
            if bytes.len() >= LARGEST {
                break;
            }
        }
    })
    .await;
    bytes
}

/// The pause that a provider asks for: milliseconds, seconds or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|value| value.parse().ok()) {
        return Some(Duration::from_millis(ms));
    }
    let value = text(RETRY_AFTER.as_str())?;
    let seconds = value
        .parse()
        .ok()
        .and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    seconds.or_else(|| {
        let moment = DateTime::parse_from_rfc2822(value).ok()?;
        Some((moment.to_utc() - SystemClock.now()).to_std().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_found_in_every_shape() {
        for (body, expected) in [
            (r#"{"error":{"message":"bad tool","code":"invalid"}}"#, "bad tool"),
            (r#"{"error":"model not loaded"}"#, "model not loaded"),
            (r#"{"object":"error","message":"too long","code":400}"#, "too long"),
            (r#"{"detail":"not found"}"#, "not found"),
            (
                r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#,
                "field required",
            ),
            (r#"[{"error":{"message":"inside a list"}}]"#, "inside a list"),
        ] {
            let json: Value = serde_json::from_str(body).unwrap();

            assert_eq!(message_and_code(&json).0, expected, "{body}");
        }
    }

    #[test]
    fn long_messages_become_one_short_line() {
        assert_eq!(shorten("  two\n lines\t"), "two lines");
        assert_eq!(shorten(&"é".repeat(1000)).chars().count(), SHORT + 1);
    }

    #[test]
    fn pauses_are_read_in_every_form() {
        let header = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            retry_after(&headers)
        };

        assert_eq!(header("retry-after-ms", "40"), Some(Duration::from_millis(40)));
        assert_eq!(header("retry-after", "2"), Some(Duration::from_secs(2)));
        assert_eq!(
            header("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(Duration::ZERO)
        );
        assert_eq!(header("retry-after", "-1"), None);
        assert_eq!(header("retry-after", "soon"), None);
    }
}
