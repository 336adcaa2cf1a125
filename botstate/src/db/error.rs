//! What can go wrong with the database.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Why a statement or a transaction failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The row is not there.
    #[error("no such row")]
    NotFound,
    /// A constraint said no.
    #[error("the database refused: {0}")]
    Violated(Violation),
    /// The database is away, full or too slow. Trying again later may help.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// More work waits than the server will hold.
    #[error("the database is too busy: try again in a moment")]
    Busy,
    /// A fault in our own statement or data.
    #[error("a statement failed: {0}")]
    Statement(String),
    /// The work itself panicked.
    #[error("the work on the database broke off")]
    Broken,
}

/// A constraint that was violated, by the name that the schema gives it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}")]
pub struct Violation {
    /// The constraint's name; on SQLite the columns, as `table.column, table.column`.
    pub name: String,
    /// Whether something exists already, rather than being missing or malformed.
    pub duplicate: bool,
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(kind, info) => {
                let message = info.message().to_owned();
                match kind {
                    DatabaseErrorKind::UniqueViolation
                    | DatabaseErrorKind::ForeignKeyViolation
                    | DatabaseErrorKind::CheckViolation
                    | DatabaseErrorKind::NotNullViolation => Self::Violated(Violation {
                        name: info.constraint_name().map_or_else(
                            || message.rsplit(": ").next().unwrap_or_default().to_owned(),
                            str::to_owned,
                        ),
                        duplicate: matches!(kind, DatabaseErrorKind::UniqueViolation),
                    }),
                    DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                        Self::Unavailable(message)
                    }
                    _ if is_outage(&message) => Self::Unavailable(message),
                    _ => Self::Statement(message),
                }
            }
            DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::of_transaction(*commit_error),
            DieselError::BrokenTransactionManager => Self::Unavailable("the connection broke".to_owned()),
            other => Self::Statement(other.to_string()),
        }
    }
}

impl Error {
    /// What the failure of a BEGIN, COMMIT or ROLLBACK means: they hold nothing of ours that could be wrong, so
    /// the database is at fault.
    pub(super) fn of_transaction(error: DieselError) -> Self {
        match Self::from(error) {
            Self::Statement(message) => Self::Unavailable(message),
            other => other,
        }
    }
}

/// Whether the message tells of a server or disk that is away: libpq and SQLite give no code for these
/// through Diesel, so their fixed English words are looked for.
fn is_outage(message: &str) -> bool {
    [
        "server closed the connection",
        "terminating connection",
        "could not connect",
        "could not receive data from server",
        "could not send data to server",
        "timeout expired",
        "connection to server",
        "no connection to the server",
        "the database system is",
        "too many connections",
        "too many clients",
        "remaining connection slots",
        "deadlock detected",
        "read-only transaction",
        "readonly database",
        "canceling statement due to",
        "disk is full",
        "disk I/O error",
        "No space left",
        "database is locked",
        "unable to open database",
        "SSL connection has been closed",
    ]
    .iter()
    .any(|words| message.contains(words))
}

impl From<DieselError> for OpenError {
    fn from(error: DieselError) -> Self {
        Self::Migration {
            name: "as a whole".to_owned(),
            reason: error.to_string(),
        }
    }
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder.
    #[error("cannot open the database file {path}: {reason}; make the folder writable or set BOTSERVER_DATA_DIR")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The server.
    #[error("cannot reach the database server: {0}; check DATABASE_URL and whether the server runs")]
    Server(String),
    /// Another process migrates and does not finish.
    #[error("another process has been migrating the database for {0} s; wait for it, or end it")]
    Locked(u64),
    /// A migration failed; nothing of it stays.
    #[error("migration {name} failed: {reason}; the database is as it was before")]
    Migration {
        /// The migration.
        name: String,
        /// What the database said.
        reason: String,
    },
    /// The database was made by a newer server.
    #[error(
        "the database has the migration {0}, which this server does not know; run the newer server, or restore a backup"
    )]
    TooNew(String),
}
