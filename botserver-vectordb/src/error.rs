//! What can fail, and the problem it becomes.

use botserver_core::Problem;
use botstate::{
    db,
    dialog::{Fault, FaultKind},
    model::ModelError,
    vector::VectorError,
};
use http::StatusCode;

use crate::model::BadName;

/// Why something about knowledge failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such bot, collection or document, as far as the caller may know.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// What was sent cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// There is one already.
    #[error("there is a collection {0} already")]
    Exists(String),
    /// It belongs to the bot's package.
    #[error("{0} is part of the bot's package: change the package")]
    OfPackage(String),
    /// More than a bot may have.
    #[error("{0}")]
    TooMany(String),
    /// The embedder.
    #[error("could not turn a text into a vector")]
    Embedder(#[from] ModelError),
    /// The index of vectors.
    #[error("could not ask the index of vectors")]
    Index(#[from] VectorError),
    /// The database.
    #[error("could not read or store what the bot knows")]
    Database(#[from] db::Error),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<BadName> for Error {
    fn from(bad: BadName) -> Self {
        Self::Invalid(bad.0)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::Unknown(thing) => Self::not_found(thing),
            Error::Invalid(detail) => Self::invalid().detail(detail.clone()),
            Error::Exists(_) => {
                Self::new(StatusCode::CONFLICT, "kb/exists", "The name is taken").detail(error.to_string())
            }
            Error::OfPackage(_) => Self::new(StatusCode::CONFLICT, "kb/of-package", "It belongs to the bot's package")
                .detail(error.to_string()),
            Error::TooMany(detail) => {
                Self::new(StatusCode::CONFLICT, "kb/too-many", "The bot knows as much as it may").detail(detail.clone())
            }
            Error::Embedder(_) | Error::Index(_) => Self::unavailable(error).retry_after(5),
            Error::Database(db::Error::Unavailable(_) | db::Error::Busy) => Self::unavailable(error).retry_after(1),
            Error::Database(_) => Self::internal(error),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Unknown(_) => FaultKind::NotFound,
            Error::Invalid(_) | Error::Exists(_) => FaultKind::Argument,
            Error::OfPackage(_) => FaultKind::Permission,
            Error::TooMany(_) => FaultKind::Limit,
            Error::Embedder(_) | Error::Index(_) => FaultKind::Network,
            Error::Database(_) => FaultKind::Data,
        };
        let reason = std::error::Error::source(&error).map(ToString::to_string);
        match reason {
            Some(reason) => Self::new(kind, format!("{error}: {reason}")),
            None => Self::new(kind, error.to_string()),
        }
    }
}
