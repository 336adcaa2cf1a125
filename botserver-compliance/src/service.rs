//! The rules: what is listed, exported and verified, and that exports go on record.

use std::{sync::Arc, time::Duration};

use botlib::{Caller, Clock, Page};
use botserver_core::Routes;
use botstate::{AppState, Db, Lifecycle, audit::Act, db};

use crate::{
    chain::Entry,
    error::Error,
    routes, seal,
    store::{acts, chains, entries},
    sweep::Old,
    verify::{self, Broken, Expected, Verified},
};

/// The audit log of this server; cheap to clone.
#[derive(Clone)]
pub struct ComplianceService {
    db: Db,
    clock: Arc<dyn Clock>,
    lifecycle: Arc<Lifecycle>,
    keep: Option<Duration>,
}

/// Where an organisation's log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The organisation.
    pub org: String,
    /// The first entry that is kept.
    pub first_seq: i64,
    /// The last entry; one less than the first when there is none.
    pub last_seq: i64,
    /// Its hash.
    pub last_hash: String,
    /// Acts that are on record and will be sealed within a second or so.
    pub waiting: i64,
}

impl ComplianceService {
    /// The service over the state's handles.
    pub fn new(state: &AppState) -> Self {
        Self {
            db: state.db.clone(),
            clock: Arc::clone(&state.clock),
            lifecycle: Arc::new(state.lifecycle.clone()),
            keep: state.config.audit_keep,
        }
    }

    /// Routes under `/api/audit`.
    pub fn routes(&self) -> Routes {
        routes::routes(self)
    }

    /// Starts to seal acts, and to delete what is older than the settings want.
    pub fn start(&self, state: &AppState) {
        self.lifecycle
            .spawn(seal::serve(self.db.clone(), Arc::clone(&self.lifecycle)));
        if let (Some(keep), Some(jobs)) = (self.keep, &state.ports.jobs) {
            jobs.sweep(Arc::new(Old {
                db: self.db.clone(),
                keep,
            }));
        }
    }

    /// Seals what waits, and tells how much it was.
    ///
    /// # Errors
    /// When the database fails; acts are kept.
    pub async fn seal(&self) -> Result<usize, Error> {
        Ok(seal::all(&self.db).await?)
    }

    /// Verifies the log of every organisation, and that it contains what is `expected`.
    ///
    /// # Errors
    /// When the database fails. A log that does not hold is an answer and no error of this kind.
    pub async fn verify(&self, expected: &[Expected]) -> Result<Result<Vec<Verified>, Broken>, Error> {
        Ok(verify::all(&self.db, expected).await?)
    }

    /// Where the log of every organisation ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heads(&self) -> Result<Vec<Head>, Error> {
        let known = self.db.read(|conn| chains::list(conn).map_err(db::Error::from)).await?;
        Ok(known.into_iter().map(|chain| head(chain, 0)).collect())
    }

    /// Where the caller's organisation's log ends.
    pub(crate) async fn head(&self, caller: &Caller) -> Result<Head, Error> {
        let org = caller.org;
        self.db
            .read(move |conn| {
                let waiting = acts::count(conn, org)?;
                Ok(head(chains::get(conn, &org.to_string())?, waiting))
            })
            .await
    }

    /// A page of the caller's organisation's log, the newest entries first.
    pub(crate) async fn list(
        &self,
        caller: &Caller,
        filter: entries::Filter,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Entry>, Error> {
        let before = after
            .map(|text| text.parse::<i64>().map_err(|_not_a_number| Error::BadCursor(text)))
            .transpose()?;
        let (org, wanted) = (caller.org, i64::try_from(limit + 1).unwrap_or(i64::MAX));
        let found = self
            .db
            .read(move |conn| Ok::<_, Error>(entries::page(conn, org, &filter, before, wanted)?))
            .await?;
        Ok(Page::of(found, limit, |entry| entry.seq.to_string()))
    }

    /// Puts on record that the caller takes the log with them, and tells what there is to take.
    pub(crate) async fn begin_export(&self, caller: &Caller, from: i64) -> Result<Head, Error> {
        let act = Act::of(caller, "audit.export").with("from", from);
        let (org, now) = (caller.org, self.clock.now());
        self.db
            .write(move |conn| {
                act.record(conn, now)?;
                Ok(head(chains::get(conn, &org.to_string())?, 0))
            })
            .await
    }

    /// Entries `first..end` of an organisation, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn range(&self, org: String, first: i64, end: i64) -> Result<Vec<Entry>, Error> {
        self.db
            .read(move |conn| Ok::<_, Error>(entries::range(conn, &org, first, end)?))
            .await
    }
}

fn head(chain: chains::Chain, waiting: i64) -> Head {
    Head {
        org: chain.org_id,
        first_seq: chain.first_seq,
        last_seq: chain.last_seq,
        last_hash: chain.last_hash,
        waiting,
    }
}
