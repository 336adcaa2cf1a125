//! Passwords: what is accepted, and how they are kept.
//!
//! argon2id with the parameters of OWASP's first choice: 19 MiB, two passes, one lane. Hashing runs on as many threads
//! as the machine has cores less one, so that a storm of sign-ins leaves the chat alive and never takes more than
//! 19 MiB for each of them; who would wait behind too many others is sent away at once.

mod policy;

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::SaltString,
};
use botlib::Secret;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

pub(crate) use policy::{Weakness, check};

use crate::Error;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashings that may wait for each that runs: about two seconds of work.
const WAITING_EACH: usize = 64;
/// Longer ones in bytes are no password of ours, which has 256 letters at most.
const BYTES_MAX: usize = 4096;

/// Makes and compares hashes of passwords, a few at a time.
#[derive(Clone)]
pub(crate) struct Hasher {
    running: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// Compared with when there is no account, so that this takes as long as when there is one.
    dummy: Arc<str>,
}

impl Hasher {
    /// A hasher for this machine.
    pub(crate) async fn start() -> Result<Self, Error> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let running = cores.saturating_sub(1).max(1);
        let mut hasher = Self::with_room(running, running * WAITING_EACH);
        hasher.dummy = hasher.hash(crate::token::opaque::fresh("")?).await?.into();
        Ok(hasher)
    }

    fn with_room(running: usize, waiting: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(running)),
            places: Arc::new(Semaphore::new(running + waiting)),
            dummy: Arc::from(""),
        }
    }

    /// The hash of `password` as a PHC string.
    pub(crate) async fn hash(&self, password: Secret) -> Result<String, Error> {
        self.run(move || hash(&password)).await?
    }

    /// Whether `password` is the one that `kept` was made from. Takes equally long when nothing is kept.
    pub(crate) async fn verify(&self, password: Secret, kept: Option<String>) -> Result<bool, Error> {
        let dummy = Arc::clone(&self.dummy);
        self.run(move || {
            let is_right = verify(&password, kept.as_deref().unwrap_or(&dummy));
            is_right && kept.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok().ok_or(Error::Busy)?;
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .ok()
            .ok_or(Error::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            // Held here, not by the caller: one who goes away must not make room for work that still runs.
            let _held = (place, running);
            work()
        });
        done.await
            .map_err(|error| Error::Crypto(format!("hashing a password: {error}")))
    }
}

/// Whether `kept` was made with weaker parameters than are used now.
pub(crate) fn is_outdated(kept: &str) -> bool {
    let Ok(hash) = PasswordHash::new(kept) else { return true };
    let Ok(params) = Params::try_from(&hash) else {
        return true;
    };
    hash.algorithm != Algorithm::Argon2id.ident()
        || (params.m_cost(), params.t_cost(), params.p_cost()) < (MEMORY_KIB, PASSES, LANES)
}

/// One spelling of each letter, however the keyboard composed it (NIST SP 800-63B-4, 3.1.1.2).
pub(crate) fn normal(password: &str) -> String {
    password.nfkc().collect()
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| Error::Crypto(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &Secret) -> Result<String, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Crypto(format!("hashing a password: {error}"));
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|error| failed(&error))?;
    let salt = SaltString::encode_b64(&salt).map_err(|error| failed(&error))?;
    let hash = argon2()?.hash_password(normal(password.expose()).as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| failed(&error))
}

fn verify(password: &Secret, kept: &str) -> bool {
    let password = if password.expose().len() > BYTES_MAX {
        ""
    } else {
        password.expose()
    };
    let Ok(hash) = PasswordHash::new(kept) else {
        return false;
    };
    // The parameters of the hash count, not those in force now.
    Argon2::default()
        .verify_password(normal(password).as_bytes(), &hash)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn password_is_kept_as_argon2id_with_its_own_salt() {
        let hasher = Hasher::start().await.unwrap();
        let password = Secret::new("seven wooden spoons");

        let one = hasher.hash(password.clone()).await.unwrap();
        let other = hasher.hash(password.clone()).await.unwrap();

        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(!is_outdated(&one));
        assert!(hasher.verify(password, Some(one.clone())).await.unwrap());
        assert!(
            !hasher
                .verify(Secret::new("seven wooden spoon"), Some(one))
                .await
                .unwrap()
        );
        assert!(!hasher.verify(Secret::new(""), None).await.unwrap());
    }

    #[tokio::test]
    async fn letters_composed_differently_are_the_same_password() {
        let hasher = Hasher::start().await.unwrap();
        let kept = hasher
            .hash(Secret::new("caf\u{e9} com p\u{e3}o de queijo"))
            .await
            .unwrap();

        assert!(
            hasher
                .verify(Secret::new("cafe\u{301} com pa\u{303}o de queijo"), Some(kept))
                .await
                .unwrap()
        );
    }

    #[test]
    fn weaker_or_unknown_hashes_are_outdated() {
        let hash =
            |params: &str| format!("${params}$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b1dWRWJTmaaJObGw4Zb1Vm3eQo");

        assert!(!is_outdated(&hash("argon2id$v=19$m=19456,t=2,p=1")));
        assert!(!is_outdated(&hash("argon2id$v=19$m=47104,t=1,p=1")));
        for weak in [
            "argon2id$v=19$m=12288,t=3,p=1",
            "argon2i$v=19$m=19456,t=2,p=1",
            "argon2id$v=19$m=19456,t=1,p=1",
        ] {
            assert!(is_outdated(&hash(weak)), "{weak}");
        }
        assert!(is_outdated("plain"));
    }

    #[tokio::test]
    async fn who_would_wait_behind_too_many_is_sent_away() {
        let hasher = Hasher::with_room(1, 1);
        let (go, wait) = std::sync::mpsc::channel::<()>();

        let third = async {
            while hasher.places.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            let third = hasher.run(|| true).await;
            go.send(()).unwrap();
            third
        };
        let (first, second, third) = tokio::join!(hasher.run(move || wait.recv().is_ok()), hasher.run(|| true), third);

        assert!(first.unwrap() && second.unwrap());
        assert!(matches!(third, Err(Error::Busy)));
        assert!(hasher.run(|| true).await.unwrap());
    }
}
