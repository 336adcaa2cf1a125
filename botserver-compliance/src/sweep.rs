//! Entries are not kept for longer than the settings want.

use std::time::Duration;

use async_trait::async_trait;
use botlib::{Caller, OrgId};
use botstate::{
    Db,
    audit::Act,
    db::{self, Connection},
    job::Sweep,
};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use uuid::Uuid;

use crate::store::{chains, entries};

/// Entries that one transaction deletes: others wait for it.
const AT_ONCE: i64 = 1_000;

/// Deletes the beginnings of chains. What stays can be verified as before, since a chain keeps the hash before its first
/// entry.
pub(crate) struct Old {
    pub(crate) db: Db,
    /// How long entries are kept.
    pub(crate) keep: Duration,
}

#[async_trait]
impl Sweep for Old {
    async fn sweep(&self, now: DateTime<Utc>) -> Result<(), db::Error> {
        let keep = TimeDelta::from_std(self.keep).unwrap_or(TimeDelta::MAX);
        let Some(before) = now.checked_sub_signed(keep) else {
            return Ok(());
        };
        let known = self.db.read(|conn| chains::list(conn).map_err(db::Error::from)).await?;
        for chain in known {
            let mut first = chain.first_seq;
            loop {
                let org_id = chain.org_id.clone();
                let cutting = self
                    .db
                    .write(move |conn| cut(conn, &org_id, before).map_err(db::Error::from));
                match cutting.await? {
                    Some(now_first) => first = now_first,
                    None => break,
                }
            }
            if first > chain.first_seq {
                self.report(&chain, first, now).await?;
            }
        }
        Ok(())
    }
}

impl Old {
    async fn report(&self, chain: &chains::Chain, first: i64, now: DateTime<Utc>) -> Result<(), db::Error> {
        let count = first - chain.first_seq;
        tracing::info!("{count} entries of the audit log were deleted because of their age");
        let Ok(org) = Uuid::parse_str(&chain.org_id) else {
            return Ok(());
        };
        let act = Act::of(&Caller::system(OrgId::from_uuid(org)), "audit.prune")
            .with("entries", count)
            .with("first", first);
        self.db
            .write(move |conn| act.record(conn, now).map_err(db::Error::from))
            .await
    }
}

/// Deletes the oldest entries that are older than `before`, but never the last, and tells which is the first now.
fn cut(conn: &mut Connection, org_id: &str, before: DateTime<Utc>) -> QueryResult<Option<i64>> {
    chains::lock(conn)?;
    let mut chain = chains::get(conn, org_id)?;
    let young = entries::first_since(conn, org_id, chain.first_seq, before)?;
    let first = young
        .unwrap_or(chain.last_seq)
        .min(chain.last_seq)
        .min(chain.first_seq + AT_ONCE);
    if first <= chain.first_seq {
        return Ok(None);
    }
    let Some(previous) = entries::hash_of(conn, org_id, first - 1)? else {
        // The chain is broken here: that is to be seen, not to be deleted.
        return Ok(None);
    };
    chain.first_seq = first;
    chain.first_previous = previous;
    chains::put(conn, &chain)?;
    entries::delete_before(conn, org_id, first)?;
    Ok(Some(first))
}
