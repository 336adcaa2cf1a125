//! How an entry is hashed.
//!
//! `hash = SHA-256(n(previous hash) n(organisation) n(seq) n(id) n(at) n(actor) n(action) n(object) n(outcome) n(request)
//! n(detail hash))` and `detail hash = SHA-256(n(salt) n(detail))`, where `n(text)` is the netstring `length:text,` with the
//! length in bytes (<https://cr.yp.to/proto/netstrings.txt>). Hashes are written in lower-case hexadecimal, `at` as
//! microseconds since 1970, and the hash before the first entry is [`GENESIS`]. A detail may be blotted out together with
//! its salt: its hash stays, so the chain holds, and without the salt nobody can guess what was there.

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The hash before the first entry.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One sealed entry, as it is exported: a line of JSON each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The organisation.
    pub org: String,
    /// Counts the organisation's entries from 1, without gaps.
    pub seq: i64,
    /// The id of the act.
    pub id: String,
    /// When it happened, in microseconds since 1970.
    pub at: i64,
    /// Who: `person:ID`, `visitor:ID`, `bot:ID`, `nobody`, `system` or `command-line`.
    pub actor: String,
    /// What, such as `auth.sign-in`.
    pub action: String,
    /// On what, as `kind:ID`; may be empty.
    pub object: String,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// The id of the request; empty for none.
    pub request: String,
    /// More about it: a JSON object; absent once it was blotted out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What keeps the detail from being guessed from its hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// The hash of salt and detail.
    pub detail_hash: String,
    /// The hash of the entry.
    pub hash: String,
}

impl Entry {
    /// The hash that the entry must have behind the one with hash `previous`.
    pub(crate) fn expected_hash(&self, previous: &str) -> String {
        let (seq, at) = (self.seq.to_string(), self.at.to_string());
        digest(&[
            previous,
            &self.org,
            &seq,
            &self.id,
            &at,
            &self.actor,
            &self.action,
            &self.object,
            &self.outcome,
            &self.request,
            &self.detail_hash,
        ])
    }

    /// Whether the detail is what its hash says, or was blotted out.
    pub(crate) fn has_its_detail(&self) -> bool {
        match (&self.salt, &self.detail) {
            (Some(salt), Some(detail)) => detail_hash(salt, detail) == self.detail_hash,
            (None, None) => true,
            _ => false,
        }
    }
}

/// The hash of a detail.
pub(crate) fn detail_hash(salt: &str, detail: &str) -> String {
    digest(&[salt, detail])
}

fn digest(fields: &[&str]) -> String {
    let mut bytes = Vec::with_capacity(512);
    for field in fields {
        bytes.extend_from_slice(field.len().to_string().as_bytes());
        bytes.push(b':');
        bytes.extend_from_slice(field.as_bytes());
        bytes.push(b',');
    }
    hex(&Sha256::digest(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a text does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cannot_run_into_each_other() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        // What `printf '1:a,2:bc,' | sha256sum` answers.
        assert_eq!(
            digest(&["a", "bc"]),
            "d16f37a638ba770eff5e5da16e42c72f44dc44fd4da2eeffa698877ed1fd986c"
        );
    }
}
