//! Verifies a chain, in several parts at once.

use std::{fmt, str::FromStr};

use botstate::{Db, db};
use futures::future::join_all;

use crate::store::{
    chains::{self, Chain},
    entries,
};

/// Entries that are read at once.
const PAGE: i64 = 10_000;
/// Parts of fewer entries are not worth a thread.
const SMALL: i64 = 50_000;

/// A log that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The organisation.
    pub org: String,
    /// The first entry that is kept.
    pub first_seq: i64,
    /// The last entry; one less than the first when there is none.
    pub last_seq: i64,
    /// Its hash: who keeps it elsewhere can prove later that nothing before it was changed.
    pub last_hash: String,
}

/// A log that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry is not what was sealed.
    #[error("entry {seq} of organisation {org} was changed: {what}")]
    Changed {
        /// The organisation.
        org: String,
        /// The entry.
        seq: i64,
        /// What does not fit.
        what: &'static str,
    },
    /// An entry is gone.
    #[error("entry {seq} of organisation {org} is missing")]
    Missing {
        /// The organisation.
        org: String,
        /// The entry.
        seq: i64,
    },
    /// The end is not what the server noted.
    #[error("the log of organisation {org} does not end as noted: {what}")]
    End {
        /// The organisation.
        org: String,
        /// What does not fit.
        what: String,
    },
}

/// What a log is known to contain, `ORGANISATION:SEQ:HASH`, from a place where nobody could change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    org: String,
    seq: i64,
    hash: String,
}

impl FromStr for Expected {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        match (parts.next(), parts.next().map(str::parse), parts.next(), parts.next()) {
            (Some(org), Some(Ok(seq)), Some(hash), None) if hash.len() == 64 => Ok(Self {
                org: org.to_owned(),
                seq,
                hash: hash.to_ascii_lowercase(),
            }),
            _ => Err("must be ORGANISATION:SEQ:HASH, as `botserver audit head` prints it".to_owned()),
        }
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.last_seq + 1 - self.first_seq;
        let hold = if count == 1 { "entry holds" } else { "entries hold" };
        write!(f, "{}:{}:{}  {count} {hold}", self.org, self.last_seq, self.last_hash)
    }
}

/// Verifies every organisation's log, and that each contains what is expected of it.
pub(crate) async fn all(db: &Db, expected: &[Expected]) -> Result<Result<Vec<Verified>, Broken>, db::Error> {
    let known = db.read(|conn| chains::list(conn).map_err(db::Error::from)).await?;
    if let Some(gone) = expected
        .iter()
        .find(|expected| known.iter().all(|chain| chain.org_id != expected.org))
    {
        return Ok(Err(Broken::End {
            org: gone.org.clone(),
            what: "it has no log".to_owned(),
        }));
    }
    let mut verified = Vec::with_capacity(known.len());
    for chain in known {
        match one(db, chain, expected).await? {
            Ok(good) => verified.push(good),
            Err(broken) => return Ok(Err(broken)),
        }
    }
    Ok(Ok(verified))
}

async fn one(db: &Db, mut chain: Chain, expected: &[Expected]) -> Result<Result<Verified, Broken>, db::Error> {
    loop {
        let found = check(db, &chain, expected).await?;
        let org = chain.org_id.clone();
        let now = db
            .read(move |conn| chains::get(conn, &org).map_err(db::Error::from))
            .await?;
        // Old entries were deleted meanwhile, as the settings want it.
        if found.is_err() && now.first_seq > chain.first_seq {
            chain = now;
            continue;
        }
        return Ok(found.map(|()| Verified {
            org: chain.org_id,
            first_seq: chain.first_seq,
            last_seq: chain.last_seq,
            last_hash: chain.last_hash,
        }));
    }
}

async fn check(db: &Db, chain: &Chain, expected: &[Expected]) -> Result<Result<(), Broken>, db::Error> {
    let threads = std::thread::available_parallelism().map_or(1, |count| i64::try_from(count.get()).unwrap_or(1));
    let count = chain.last_seq + 1 - chain.first_seq;
    let part = (count / threads + 1).max(SMALL);
    let starts = (0..).map(|number| chain.first_seq + number * part);
    let parts = starts.take_while(|start| *start <= chain.last_seq).map(|start| {
        let end = (start + part).min(chain.last_seq + 1);
        check_part(db, chain, start, end)
    });
    for outcome in join_all(parts).await {
        if let Err(broken) = outcome? {
            return Ok(Err(broken));
        }
    }
    check_end(db, chain, expected).await
}

/// Verifies entries `start..end`, given that the one before has the hash that it says.
async fn check_part(db: &Db, chain: &Chain, start: i64, end: i64) -> Result<Result<(), Broken>, db::Error> {
    let mut previous = if start == chain.first_seq {
        chain.first_previous.clone()
    } else {
        match hash_of(db, chain, start - 1).await? {
            Some(hash) => hash,
            None => return Ok(Err(missing(chain, start - 1))),
        }
    };
    let mut next = start;
    while next < end {
        let (org, first, last) = (chain.org_id.clone(), next, (next + PAGE).min(end));
        let outcome = db
            .read(move |conn| {
                let page = entries::range(conn, &org, first, last).map_err(db::Error::from)?;
                Ok::<_, db::Error>(check_page(&org, &page, first, last, previous))
            })
            .await?;
        previous = match outcome {
            Ok(hash) => hash,
            Err(broken) => return Ok(Err(broken)),
        };
        next = last;
    }
    Ok(Ok(()))
}

/// The hash of the last entry of a page without fault.
fn check_page(org: &str, page: &[crate::Entry], first: i64, end: i64, mut previous: String) -> Result<String, Broken> {
    let changed = |seq, what| {
        Err(Broken::Changed {
            org: org.to_owned(),
            seq,
            what,
        })
    };
    let mut seq = first;
    for entry in page {
        if entry.seq != seq {
            break;
        }
        if entry.expected_hash(&previous) != entry.hash {
            return changed(seq, "its hash does not fit");
        }
        if !entry.has_its_detail() {
            return changed(seq, "its detail does not fit");
        }
        previous.clone_from(&entry.hash);
        seq += 1;
    }
    if seq < end {
        return Err(Broken::Missing {
            org: org.to_owned(),
            seq,
        });
    }
    Ok(previous)
}

async fn check_end(db: &Db, chain: &Chain, expected: &[Expected]) -> Result<Result<(), Broken>, db::Error> {
    let end = |what: String| {
        Ok(Err(Broken::End {
            org: chain.org_id.clone(),
            what,
        }))
    };
    let last_hash = if chain.last_seq < chain.first_seq {
        Some(chain.first_previous.clone())
    } else {
        hash_of(db, chain, chain.last_seq).await?
    };
    if last_hash.as_ref() != Some(&chain.last_hash) {
        return end(format!("the hash of entry {} is another", chain.last_seq));
    }
    let org = chain.org_id.clone();
    let (stored, now) = db
        .read(move |conn| {
            let stored = entries::last_stored(conn, &org)?;
            Ok::<_, db::Error>((stored, chains::get(conn, &org)?))
        })
        .await?;
    if let Some(stored) = stored.filter(|stored| *stored > now.last_seq) {
        return end(format!("there is an entry {stored} behind the last one"));
    }
    for expected in expected.iter().filter(|expected| expected.org == chain.org_id) {
        if expected.seq < chain.first_seq - 1 {
            return end(format!("entry {} was deleted because of its age", expected.seq));
        }
        let hash = if expected.seq == chain.first_seq - 1 {
            Some(chain.first_previous.clone())
        } else {
            hash_of(db, chain, expected.seq).await?
        };
        match hash {
            Some(hash) if hash == expected.hash => {}
            Some(_) => return end(format!("the hash of entry {} is not the expected one", expected.seq)),
            None => return Ok(Err(missing(chain, expected.seq))),
        }
    }
    Ok(Ok(()))
}

async fn hash_of(db: &Db, chain: &Chain, seq: i64) -> Result<Option<String>, db::Error> {
    let org = chain.org_id.clone();
    db.read(move |conn| entries::hash_of(conn, &org, seq).map_err(db::Error::from))
        .await
}

fn missing(chain: &Chain, seq: i64) -> Broken {
    Broken::Missing {
        org: chain.org_id.clone(),
        seq,
    }
}
