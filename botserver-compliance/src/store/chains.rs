//! Where each organisation's log begins and ends.

use botstate::{
    db::{Connection, audit_chains},
    on_each,
};
use diesel::prelude::*;

use crate::chain::GENESIS;

/// The lock under which one node at a time seals; any number that nothing else on the server locks.
const LOCK: i64 = 0x626f_7461_7564_6974;

/// An organisation's log.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_chains)]
pub(crate) struct Chain {
    pub(crate) org_id: String,
    /// The first entry that is kept.
    pub(crate) first_seq: i64,
    /// The hash before it.
    pub(crate) first_previous: String,
    /// The last entry; one less than the first when there is none.
    pub(crate) last_seq: i64,
    /// Its hash.
    pub(crate) last_hash: String,
}

impl Chain {
    fn new(org_id: &str) -> Self {
        Self {
            org_id: org_id.to_owned(),
            first_seq: 1,
            first_previous: GENESIS.to_owned(),
            last_seq: 0,
            last_hash: GENESIS.to_owned(),
        }
    }
}

/// Keeps other nodes from the ends of the chains until the transaction ends. SQLite has one writer anyway.
pub(crate) fn lock(conn: &mut Connection) -> QueryResult<()> {
    match conn {
        Connection::Sqlite(_) => Ok(()),
        Connection::Postgres(conn) => diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(LOCK)
            .execute(conn)
            .map(|_| ()),
    }
}

/// Every organisation's log.
pub(crate) fn list(conn: &mut Connection) -> QueryResult<Vec<Chain>> {
    on_each!(conn, |conn| audit_chains::table
        .order(audit_chains::org_id)
        .select(Chain::as_select())
        .load(conn))
}

/// An organisation's log; an empty one when nothing is sealed.
pub(crate) fn get(conn: &mut Connection, org_id: &str) -> QueryResult<Chain> {
    let found = on_each!(conn, |conn| audit_chains::table
        .find(org_id)
        .select(Chain::as_select())
        .first(conn)
        .optional())?;
    Ok(found.unwrap_or_else(|| Chain::new(org_id)))
}

/// Stores where the log begins and ends now.
pub(crate) fn put(conn: &mut Connection, chain: &Chain) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::insert_into(audit_chains::table)
        .values((
            audit_chains::org_id.eq(&chain.org_id),
            audit_chains::first_seq.eq(chain.first_seq),
            audit_chains::first_previous.eq(&chain.first_previous),
            audit_chains::last_seq.eq(chain.last_seq),
            audit_chains::last_hash.eq(&chain.last_hash),
        ))
        .on_conflict(audit_chains::org_id)
        .do_update()
        .set((
            audit_chains::first_seq.eq(chain.first_seq),
            audit_chains::first_previous.eq(&chain.first_previous),
            audit_chains::last_seq.eq(chain.last_seq),
            audit_chains::last_hash.eq(&chain.last_hash),
        ))
        .execute(conn))?;
    Ok(())
}
