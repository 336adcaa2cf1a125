//! Amazon's signature version 4 of a POST request, as the IAM user guide describes it.

use std::fmt::Write;

use botstate::model::ModelError;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use url::{Position, Url};

use crate::client::{hex, secret};

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Who signs.
pub(super) struct Credentials<'a> {
    id: &'a str,
    secret: &'a str,
    session: Option<&'a str>,
}

impl<'a> Credentials<'a> {
    /// The credentials in `id:secret` or `id:secret:session token`; nothing when it is neither.
    pub(super) fn read(key: &'a str) -> Option<Self> {
        let (id, rest) = key.split_once(':')?;
        let (secret, session) = match rest.split_once(':') {
            Some((secret, session)) => (secret, Some(session)),
            None => (rest, None),
        };
        Some(Self { id, secret, session })
    }

    /// Adds the signature of a request with `headers` and `body` to its headers.
    pub(super) fn sign(
        &self,
        headers: &mut HeaderMap,
        url: &Url,
        body: &[u8],
        region: &str,
        service: &str,
        now: DateTime<Utc>,
    ) -> Result<(), ModelError> {
        let moment = now.format("%Y%m%dT%H%M%SZ").to_string();
        let day = moment.get(..8).unwrap_or_default();
        headers.insert(DATE, plain(&moment)?);
        if let Some(session) = self.session {
            headers.insert(TOKEN, secret(session)?);
        }
        // What lies between host and path: the host with its port when that is not the usual one.
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let mut lines = String::new();
        let mut signed = String::new();
        for (name, value) in [
            ("content-type", headers.get(CONTENT_TYPE)),
            ("host", None),
            ("x-amz-date", headers.get(DATE)),
            ("x-amz-security-token", headers.get(TOKEN)),
        ] {
            let value = match value {
                Some(value) => value.to_str().unwrap_or_default(),
                None if name == "host" => host,
                None => continue,
            };
            let _infallible = writeln!(lines, "{name}:{value}");
            if !signed.is_empty() {
                signed.push(';');
            }
            signed.push_str(name);
        }
        let request = format!(
            "POST\n{}\n{}\n{lines}\n{signed}\n{}",
            encoded(url.path()),
            url.query().unwrap_or_default(),
            hex(&Sha256::digest(body)),
        );
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let text = format!(
            "AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}",
            hex(&Sha256::digest(request.as_bytes()))
        );
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in [day, region, service, "aws4_request"] {
            key = mac(&key, part)?;
        }
        let signature = hex(&mac(&key, &text)?);
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}",
            self.id
        );
        headers.insert(AUTHORIZATION, secret(&value)?);
        Ok(())
    }
}

fn plain(value: &str) -> Result<HeaderValue, ModelError> {
    HeaderValue::from_str(value).map_err(|error| ModelError::NotAsked {
        reason: format!("the date of the request cannot be written: {error}"),
    })
}

fn mac(key: &[u8], text: &str) -> Result<Vec<u8>, ModelError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|error| ModelError::NotAsked {
        reason: format!("the request cannot be signed: {error}"),
    })?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

/// The path, which is encoded already, encoded once more: every service but S3 signs it so.
fn encoded(path: &str) -> String {
    let mut twice = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            twice.push(char::from(byte));
        } else {
            let _infallible = write!(twice, "%{byte:02X}");
        }
    }
    twice
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    /// The expected signatures were made by botocore 1.44 from the same request.
    #[test]
    fn signatures_are_those_of_amazons_own_client() {
        let url = "https://bedrock-runtime.eu-central-1.amazonaws.com/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse-stream";
        let now = Utc.with_ymd_and_hms(2026, 11, 20, 12, 34, 56).unwrap();
        for (key, expected) in [
            (
                "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                "SignedHeaders=content-type;host;x-amz-date, \
                 Signature=65b6dbb261879745e16ef0b889678a069560bb5e71db57cdf56b28985c61e253",
            ),
            (
                "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY:SESSION/tok+en==",
                "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
                 Signature=6815872e3a8811c554d3be2bb82b6ac76fb0bd6ee76af1c4ec83d068a02f3b90",
            ),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));

            Credentials::read(key)
                .unwrap()
                .sign(
                    &mut headers,
                    &Url::parse(url).unwrap(),
                    b"{\"messages\":[]}",
                    "eu-central-1",
                    "bedrock",
                    now,
                )
                .unwrap();

            assert_eq!(
                headers[AUTHORIZATION].to_str().unwrap(),
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/eu-central-1/bedrock/aws4_request, {expected}"
                )
            );
        }
    }
}
