//! Links to files of bots that anyone may follow until they expire.

use std::sync::Arc;

use botlib::Secret;
use botstate::{
    Db, db,
    dialog::{Fault, FaultKind},
};
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tokio::sync::OnceCell;
use url::Url;

use super::{FilePath, address};
use crate::basic::number::hexadecimal;

/// Signs links and checks their signatures; cheap to clone.
#[derive(Clone)]
pub(crate) struct Links {
    db: Option<Db>,
    key: Arc<OnceCell<Secret>>,
    public_url: Option<Url>,
}

impl Links {
    /// Links with the key that all nodes share, under the server's public address.
    pub(crate) fn stored(db: &Db, public_url: Option<Url>) -> Self {
        Self {
            db: Some(db.clone()),
            key: Arc::default(),
            public_url,
        }
    }

    /// Links that nobody can follow, as no server runs.
    pub(crate) fn passing() -> Self {
        Self {
            db: None,
            key: Arc::new(OnceCell::new_with(Some(Secret::new("no server answers this link")))),
            public_url: None,
        }
    }

    async fn key(&self) -> Result<&Secret, Fault> {
        let made = self.key.get_or_try_init(|| async {
            match &self.db {
                Some(db) => db::server_key(db, "file-links")
                    .await
                    .map_err(|error| error.to_string()),
                None => Err("no server runs".to_owned()),
            }
        });
        made.await.map_err(|error| {
            Fault::new(
                FaultKind::Data,
                format!("could not read the key of file links: {error}"),
            )
        })
    }

    /// The address of a file that is good until `expires`.
    pub(crate) async fn sign(&self, bot: &str, path: &FilePath, expires: DateTime<Utc>) -> Result<String, Fault> {
        let stamp = expires.timestamp();
        let tag = hexadecimal(mac(self.key().await?, bot, path, stamp).finalize().into_bytes().iter());
        let address = format!("{}&expires={stamp}&signature={tag}", address(bot, path));
        Ok(match &self.public_url {
            Some(base) => base.join(&address).map_or(address, String::from),
            None => address,
        })
    }

    /// Whether a link is whole and not expired.
    pub(crate) async fn check(
        &self,
        bot: &str,
        path: &FilePath,
        expires: i64,
        signature: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, Fault> {
        let bytes: Option<Vec<u8>> = signature
            .as_bytes()
            .chunks(2)
            .map(|pair| {
                std::str::from_utf8(pair)
                    .ok()
                    .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            })
            .collect();
        let mac = mac(self.key().await?, bot, path, expires);
        let is_whole = bytes.is_some_and(|bytes| mac.verify_slice(&bytes).is_ok());
        Ok(is_whole && expires >= now.timestamp())
    }
}

fn mac(key: &Secret, bot: &str, path: &FilePath, expires: i64) -> Hmac<Sha256> {
    // HMAC takes keys of any length.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{}\n{path}\n{expires}", bot.to_lowercase()).as_bytes());
    mac
}
