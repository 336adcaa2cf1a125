//! Tokens of chance. The database keeps their hash only, so that reading it lets nobody in.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use botlib::Secret;
use sha2::{Digest, Sha256};

use crate::Error;

/// What tokens of sessions begin with, so that scanners of leaked secrets can tell them.
pub(crate) const SESSION_PREFIX: &str = "bs_";
/// What API keys begin with.
pub(crate) const KEY_PREFIX: &str = "bk_";
/// What tokens of one-time links begin with.
pub(crate) const LINK_PREFIX: &str = "bl_";
/// What tokens of invitations begin with.
pub(crate) const INVITATION_PREFIX: &str = "bi_";

/// A new token of 256 bits that begins with `prefix`.
pub(crate) fn fresh(prefix: &str) -> Result<Secret, Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Crypto(format!("no chance to be had: {error}")))?;
    Ok(Secret::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))))
}

/// The SHA-256 of `token` in hexadecimal digits. Its 256 bits of chance need no slow hash.
pub(crate) fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes())
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_256_bits_and_never_repeat() {
        let (one, other) = (fresh(SESSION_PREFIX).unwrap(), fresh(SESSION_PREFIX).unwrap());

        assert_eq!(one.expose().len(), "bs_".len() + 43);
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn hash_is_sha256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            hash("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
