//! What can fail, and the problem it becomes.

use botserver_core::Problem;
use botstate::{
    db,
    dialog::{Fault, FaultKind},
};
use http::StatusCode;

/// Why something about jobs, schedules or webhooks failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such job or schedule.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// No script of the bot answers at this address.
    #[error("no script of the bot answers here")]
    UnknownEndpoint,
    /// The request is not signed with the bot's secret.
    #[error("{0}")]
    Unsigned(&'static str),
    /// The bot has no secret for webhooks, and does not take unsigned requests.
    #[error("the bot takes no requests here: set webhook-secret, or webhook-public to true, in its config.csv")]
    NoSecret,
    /// The bot is for people with an account only.
    #[error("this bot is for people who are signed in")]
    NotPublic,
    /// The link is forged, was used, or is too old.
    #[error("the link is wrong, was used or has expired")]
    UnknownLink,
    /// What was sent cannot be read.
    #[error("{0}")]
    Invalid(String),
    /// The script could not go on.
    #[error("the script failed: {0}")]
    Failed(Fault),
    /// The script waits for something, so there is no answer.
    #[error("the script waits and has no answer yet")]
    Waiting,
    /// This server was built without the part that this needs.
    #[error("this server was built without {0}")]
    NotBuiltIn(&'static str),
    /// The database.
    #[error("could not read or store the job")]
    Database(#[from] db::Error),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let problem = |status, kind, title| Self::new(status, kind, title);
        match &error {
            Error::Unknown(thing) => Self::not_found(thing),
            Error::UnknownEndpoint => problem(StatusCode::NOT_FOUND, "tasks/unknown-endpoint", "Nothing answers here"),
            Error::Unsigned(_) => problem(StatusCode::UNAUTHORIZED, "tasks/unsigned", "The signature does not fit")
                .detail(error.to_string()),
            Error::NoSecret => problem(
                StatusCode::FORBIDDEN,
                "tasks/no-secret",
                "The bot takes no requests here",
            )
            .detail(error.to_string()),
            Error::NotPublic => Self::unauthenticated().detail(error.to_string()),
            Error::UnknownLink => {
                problem(StatusCode::NOT_FOUND, "tasks/unknown-link", "The link does not work").detail(error.to_string())
            }
            Error::Invalid(detail) => Self::invalid().detail(detail.clone()),
            Error::Failed(fault) if matches!(fault.kind, FaultKind::Network | FaultKind::Data) => {
                Self::unavailable(error).retry_after(1)
            }
            Error::Failed(_) => problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "tasks/script-failed",
                "The script failed",
            )
            .because(error),
            Error::Waiting => problem(
                StatusCode::ACCEPTED,
                "tasks/script-waits",
                "The script waits and has no answer yet",
            ),
            Error::NotBuiltIn(_) => problem(
                StatusCode::NOT_IMPLEMENTED,
                "tasks/not-built-in",
                "Not part of this server",
            )
            .detail(error.to_string()),
            Error::Database(db::Error::Unavailable(_) | db::Error::Busy) => Self::unavailable(error).retry_after(1),
            Error::Database(_) => Self::internal(error),
        }
    }
}
