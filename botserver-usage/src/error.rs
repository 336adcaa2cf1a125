//! What can fail, and the problem it becomes.

use botlib::Permission;
use botserver_core::Problem;
use botstate::{db, model::ModelError};
use chrono::{DateTime, Utc};

/// Why something about usage failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A budget has no room for a call.
    #[error("{budget} is spent")]
    Exhausted {
        /// Which one.
        budget: String,
        /// When there is something to spend again.
        renews_at: DateTime<Utc>,
    },
    /// A setting of a bot cannot be read.
    #[error("{0}")]
    Setting(String),
    /// A value does not fit.
    #[error("{field} {reason}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no such thing, as far as the caller may know.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// The caller does not hold the permission.
    #[error("this needs the permission {}", .0.name())]
    Forbidden(Permission),
    /// Own usage is that of a person or a visitor.
    #[error("this is for people and visitors")]
    Nobody,
    /// The database.
    #[error("could not read or store what models cost")]
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
            Error::Exhausted { .. } | Error::Setting(_) => Self::unavailable(error),
            Error::Invalid { field, reason } => Self::invalid().field(format!("/{field}"), *reason),
            Error::Unknown(thing) => Self::not_found(thing),
            Error::Forbidden(permission) => Self::forbidden(permission.name()),
            Error::Nobody => Self::forbidden(Permission::ChatTalk.name()),
            Error::Database(db::Error::Unavailable(_) | db::Error::Busy) => Self::unavailable(error).retry_after(1),
            Error::Database(_) => Self::internal(error),
        }
    }
}

/// What a call that was not made fails with.
impl From<Error> for ModelError {
    fn from(error: Error) -> Self {
        match error {
            Error::Exhausted { budget, renews_at } => Self::Exhausted { budget, renews_at },
            Error::Database(cause) => {
                tracing::error!(error = %cause, "no model is asked, since the budgets cannot be read");
                Self::NotAsked {
                    reason: "the budgets cannot be read: try again once the database answers".to_owned(),
                }
            }
            other => Self::NotAsked {
                reason: other.to_string(),
            },
        }
    }
}
