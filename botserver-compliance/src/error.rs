//! What can fail, and the problem it becomes.

use botserver_core::Problem;
use botstate::db;

/// Why something about the audit log failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A cursor that no page gave.
    #[error("{0} is no place in the audit log")]
    BadCursor(String),
    /// The database.
    #[error("could not read or write the audit log")]
    Database(#[from] db::Error),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::BadCursor(_) => Self::invalid().field("after", "must be the `next` of another page"),
            Error::Database(db::Error::Unavailable(_) | db::Error::Busy) => Self::unavailable(error).retry_after(1),
            Error::Database(_) => Self::internal(error),
        }
    }
}
