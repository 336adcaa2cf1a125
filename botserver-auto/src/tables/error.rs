//! Why work on a bot's tables ended without a commit.

use botstate::{
    db,
    dialog::{Fault, FaultKind},
};

/// Why a transaction of a bot's database was rolled back.
#[derive(Debug)]
pub(crate) enum Error {
    /// The script's fault, or the caller's.
    Fault(Fault),
    /// The database's.
    Db(db::Error),
    /// It was only tried, inside BEGIN TRANSACTION.
    Tried,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        Self::Db(error)
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Error {
    /// What the script hears.
    pub(super) fn into_fault(self) -> Fault {
        match self {
            Self::Fault(fault) => fault,
            Self::Db(db::Error::Violated(violation)) if violation.duplicate => Fault::new(
                FaultKind::Data,
                format!("a row with the same {} is there already", columns(&violation.name)),
            )
            .hint("SAVE and MERGE change the row that is there"),
            Self::Db(error) => Fault::new(FaultKind::Data, format!("the bot's tables could not be used: {error}")),
            Self::Tried => Fault::new(FaultKind::Internal, "a transaction was tried and not kept"),
        }
    }
}

/// The columns of a violated constraint: SQLite names them, PostgreSQL names the index, which is named after them.
fn columns(name: &str) -> String {
    let parts = name.split(", ").map(|part| part.rsplit('.').next().unwrap_or(part));
    let joined = parts.collect::<Vec<_>>().join(", ");
    match joined.strip_prefix("unique ") {
        Some(rest) => rest.split_once(": ").map_or(rest, |(_, columns)| columns).to_owned(),
        None => joined,
    }
}
