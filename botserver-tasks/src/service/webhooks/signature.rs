//! Signatures of Standard Webhooks (specification 1.0.0): HMAC-SHA256 over `id.timestamp.body`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use http::HeaderMap;
use sha2::Sha256;

use super::LONGEST_ID;
use crate::error::Error;

/// How far the sender's clock may be from ours, in seconds; an older request may be somebody's who has listened.
const WINDOW: i64 = 5 * 60;

/// Checks the signature and gives the request's id.
pub(super) fn check(secret: &str, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Result<String, Error> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(timestamp), Some(signatures)) = (
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
    ) else {
        return Err(Error::Unsigned(
            "the headers webhook-id, webhook-timestamp and webhook-signature are needed",
        ));
    };
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(Error::Unsigned("webhook-id must have 1 to 255 characters"));
    }
    let sent: i64 = timestamp
        .parse()
        .map_err(|_not_a_number| Error::Unsigned("webhook-timestamp must be seconds since 1970"))?;
    if (now.timestamp() - sent).abs() > WINDOW {
        return Err(Error::Unsigned("webhook-timestamp is more than five minutes away"));
    }
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD
            .decode(encoded)
            .map_err(|_damaged| Error::Unsigned("the bot's webhook-secret is no Base64 after whsec_"))?,
        None => secret.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)
        .map_err(|_length| Error::Unsigned("the bot's webhook-secret cannot be used"))?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    let fits = signatures
        .split_whitespace()
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .filter_map(|encoded| STANDARD.decode(encoded).ok())
        .any(|given| mac.clone().verify_slice(&given).is_ok());
    if fits {
        Ok(id.to_owned())
    } else {
        Err(Error::Unsigned("the signature does not fit the request"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(id: &str, timestamp: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", timestamp.parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        headers
    }

    // The example of the specification's libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SENT: &str = "1614265330";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_published_example_is_accepted() {
        let several = format!("v1,AAAA v2,xyz {SIGNATURE}");

        let id = check(SECRET, &headers(ID, SENT, &several), BODY, at(1_614_265_400)).unwrap();

        assert_eq!(id, ID);
    }

    #[test]
    fn whatever_differs_is_refused() {
        let now = at(1_614_265_400);
        let good = || headers(ID, SENT, SIGNATURE);
        let refused = |result: Result<String, Error>| matches!(result, Err(Error::Unsigned(_)));

        assert!(refused(check(SECRET, &good(), b"{}", now)));
        assert!(refused(check("whsec_AAAA", &good(), BODY, now)));
        assert!(refused(check(
            SECRET,
            &headers("msg_other", SENT, SIGNATURE),
            BODY,
            now
        )));
        assert!(refused(check(SECRET, &headers(ID, "1614265331", SIGNATURE), BODY, now)));
        assert!(refused(check(SECRET, &headers(ID, SENT, "v1,"), BODY, now)));
        assert!(refused(check(SECRET, &HeaderMap::new(), BODY, now)));
        assert!(refused(check(SECRET, &good(), BODY, at(1_614_265_330 + 301))));
        assert!(refused(check(SECRET, &good(), BODY, at(1_614_265_330 - 301))));
    }
}
