//! BEGIN TRANSACTION, COMMIT and ROLLBACK.
//!
//! Changes between them are kept as data in the state of the conversation. Each is tried at once, on top of those
//! before it and then undone, so that its faults and its result are known where it is written; COMMIT makes all of them
//! in one transaction of the database.

use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::Turn,
};

use super::{Data, change::Change};
use crate::tables::{Ask, Error, Work};

/// Changes that one transaction may have.
const MOST: usize = 1000;

pub(super) fn begin(turn: &mut dyn Turn) -> Result<Value, Fault> {
    let session = turn.session();
    if session.transaction.is_some() {
        return Err(Fault::new(FaultKind::Data, "a transaction has begun already")
            .hint("end it with COMMIT or ROLLBACK before the next one"));
    }
    session.transaction = Some(Vec::new());
    Ok(Value::Null)
}

pub(super) fn roll_back(turn: &mut dyn Turn) -> Result<Value, Fault> {
    match turn.session().transaction.take() {
        Some(_) => Ok(Value::Null),
        None => Err(none("ROLLBACK")),
    }
}

fn none(word: &str) -> Fault {
    Fault::new(FaultKind::Data, format!("{word} without a transaction")).hint("BEGIN TRANSACTION begins one")
}

/// The changes of the transaction so far; none outside of one.
pub(super) fn pending(turn: &mut dyn Turn) -> Result<Vec<Change>, Fault> {
    let changes = turn.session().transaction.clone().unwrap_or_default();
    changes
        .into_iter()
        .map(|change| {
            serde_json::from_value(change)
                .map_err(|error| Fault::new(FaultKind::State, format!("the transaction cannot be read: {error}")))
        })
        .collect()
}

/// Makes changes again.
pub(super) fn replay(changes: Vec<Change>, work: &mut Work<'_>) -> Result<(), Error> {
    for mut change in changes {
        change.make(work)?;
    }
    Ok(())
}

/// Adds a change.
pub(super) fn add(turn: &mut dyn Turn, change: &Change) -> Result<(), Fault> {
    let change = serde_json::to_value(change)
        .map_err(|error| Fault::new(FaultKind::Internal, format!("a change cannot be kept: {error}")))?;
    let changes = turn.session().transaction.get_or_insert_default();
    if changes.len() >= MOST {
        let message = format!("a transaction may have {MOST} changes at most");
        return Err(Fault::new(FaultKind::Limit, message).hint("SAVE and MERGE take lists of rows"));
    }
    changes.push(change);
    Ok(())
}

impl Data {
    pub(super) async fn commit(&self, turn: &mut dyn Turn) -> Result<Value, Fault> {
        if turn.session().transaction.is_none() {
            return Err(none("COMMIT"));
        }
        let changes = pending(turn)?;
        // Until the changes are made they stay in the stored state: a crash makes this call again.
        turn.flush().await?;
        let making = self.tables.write(Ask::of(turn), move |work| {
            replay(changes, work)?;
            Ok(Value::Null)
        });
        let made = making.await;
        turn.session().transaction = None;
        made
    }
}
