//! Seals acts into the chains.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use botstate::{
    Db, Lifecycle,
    db::{self, Connection},
};
use diesel::QueryResult;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::{
    chain::{Entry, detail_hash},
    store::{acts, chains, entries},
};

/// How often the server looks for acts.
const EVERY: Duration = Duration::from_secs(1);
/// Acts that one transaction seals.
const AT_ONCE: i64 = 500;

/// Seals what waits, until the server drains; then once more, so that a clean stop leaves nothing behind.
pub(crate) async fn serve(db: Db, lifecycle: Arc<Lifecycle>) {
    let draining = lifecycle.draining();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_troubled = false;
    while draining.run_until_cancelled(ticks.tick()).await.is_some() {
        match all(&db).await {
            Ok(_) => is_troubled = false,
            Err(error) if !is_troubled => {
                is_troubled = true;
                tracing::warn!("acts cannot be sealed into the audit log for now; they are kept: {error}");
            }
            Err(_) => {}
        }
    }
    if let Err(error) = all(&db).await {
        tracing::warn!("acts wait to be sealed when the server starts again: {error}");
    }
}

/// Seals everything that waits and tells how much it was.
pub(crate) async fn all(db: &Db) -> Result<usize, db::Error> {
    let mut count = 0;
    while db.read(|conn| acts::is_any(conn).map_err(db::Error::from)).await? {
        count += db.write(|conn| seal(conn).map_err(db::Error::from)).await?;
    }
    Ok(count)
}

/// Moves the oldest acts to the ends of their chains, in one transaction: an act is always in one of the two.
fn seal(conn: &mut Connection) -> QueryResult<usize> {
    chains::lock(conn)?;
    let waiting = acts::oldest(conn, AT_ONCE)?;
    let count = waiting.len();
    let ids: Vec<String> = waiting.iter().map(|act| act.id.clone()).collect();
    let mut by_org: BTreeMap<String, Vec<acts::ActRow>> = BTreeMap::new();
    for act in waiting {
        by_org.entry(act.org_id.clone()).or_default().push(act);
    }
    for (org_id, acts) in by_org {
        let mut chain = chains::get(conn, &org_id)?;
        let mut sealed = Vec::with_capacity(acts.len());
        for act in acts {
            let entry = sealed_entry(act, &chain);
            chain.last_seq = entry.seq;
            chain.last_hash.clone_from(&entry.hash);
            sealed.push(entry);
        }
        entries::insert(conn, sealed)?;
        chains::put(conn, &chain)?;
    }
    acts::delete(conn, &ids.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(count)
}

fn sealed_entry(act: acts::ActRow, chain: &chains::Chain) -> Entry {
    let salt = Uuid::new_v4().simple().to_string();
    let mut entry = Entry {
        org: act.org_id,
        seq: chain.last_seq + 1,
        id: act.id,
        at: act.at,
        actor: act.actor,
        action: act.action,
        object: act.object,
        outcome: act.outcome,
        request: act.request,
        detail_hash: detail_hash(&salt, &act.detail),
        detail: Some(act.detail),
        salt: Some(salt),
        hash: String::new(),
    };
    entry.hash = entry.expected_hash(&chain.last_hash);
    entry
}
