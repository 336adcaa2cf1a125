//! What can fail, and the problem it becomes.

use botserver_core::Problem;
use botstate::db;
use http::StatusCode;

/// Why a conversation could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no bot of that name or id, or the caller may not know of it.
    #[error("there is no bot {0:?}")]
    UnknownBot(String),
    /// The bot is for people with an account only.
    #[error("this bot is for people who are signed in")]
    NotPublic,
    /// There is no such conversation, or it belongs to somebody else.
    #[error("there is no such conversation")]
    UnknownConversation,
    /// There is no such file in the conversation.
    #[error("there is no such file in this conversation")]
    UnknownFile,
    /// Nothing of that name is remembered of the caller.
    #[error("nothing of that name is remembered")]
    UnknownMemory,
    /// The bot has no such prompt, or no such version of it.
    #[error("there is no such prompt")]
    UnknownPrompt,
    /// No answer of the conversation was given with a prompt of the package.
    #[error("no answer of this conversation can be rated")]
    NothingToRate,
    /// The bot has no such tool.
    #[error("the bot has no tool {0:?}")]
    UnknownTool(String),
    /// Too many messages wait in this conversation.
    #[error("{0} messages already wait in this conversation")]
    Waiting(u32),
    /// Messages come faster than the limit allows.
    #[error("messages come too fast")]
    TooFast(std::time::Duration),
    /// Another node works on the conversation and did not finish in time.
    #[error("another server works on this conversation")]
    Elsewhere,
    /// The message makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The file is too large.
    #[error("a file may have {0} bytes at most")]
    TooLarge(usize),
    /// This server was built without the part that this needs.
    #[error("this server was built without {0}")]
    NotBuiltIn(&'static str),
    /// The database.
    #[error("could not store the conversation")]
    Database(#[from] db::Error),
    /// The cache server.
    #[error("could not reach the other servers")]
    Shared(#[from] botstate::shared::SharedError),
    /// A stored text cannot be read.
    #[error("the stored conversation is damaged")]
    Damaged(#[from] serde_json::Error),
    /// A fault of the server ended the turn.
    #[error("the turn broke off")]
    Broken,
    /// The server stops.
    #[error("the server is shutting down")]
    Stopping,
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
            Error::UnknownBot(_) => {
                problem(StatusCode::NOT_FOUND, "chat/unknown-bot", "No such bot").detail(error.to_string())
            }
            Error::NotPublic => Self::unauthenticated().detail(error.to_string()),
            Error::UnknownConversation => problem(
                StatusCode::NOT_FOUND,
                "chat/unknown-conversation",
                "No such conversation",
            ),
            Error::UnknownMemory => problem(StatusCode::NOT_FOUND, "chat/unknown-memory", "Nothing of that name"),
            Error::UnknownPrompt => problem(StatusCode::NOT_FOUND, "chat/unknown-prompt", "No such prompt"),
            Error::NothingToRate => problem(StatusCode::NOT_FOUND, "chat/nothing-to-rate", "No answer can be rated")
                .detail(error.to_string()),
            Error::UnknownFile => problem(StatusCode::NOT_FOUND, "chat/unknown-file", "No such file"),
            Error::UnknownTool(_) => {
                problem(StatusCode::NOT_FOUND, "chat/unknown-tool", "No such tool").detail(error.to_string())
            }
            Error::Waiting(_) => problem(
                StatusCode::TOO_MANY_REQUESTS,
                "chat/too-many-waiting",
                "Too many messages wait",
            )
            .detail(error.to_string())
            .retry_after(1),
            Error::TooFast(wait) => Self::too_many(wait.as_secs().max(1)),
            Error::Elsewhere => problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "chat/busy-elsewhere",
                "The conversation is busy",
            )
            .retry_after(1)
            .because(error),
            Error::Invalid(detail) => Self::invalid().detail(detail.clone()),
            Error::TooLarge(_) => problem(
                StatusCode::PAYLOAD_TOO_LARGE,
                "chat/file-too-large",
                "The file is too large",
            )
            .detail(error.to_string()),
            Error::NotBuiltIn(_) => problem(
                StatusCode::NOT_IMPLEMENTED,
                "chat/not-built-in",
                "Not part of this server",
            )
            .detail(error.to_string()),
            Error::Database(db::Error::Unavailable(_) | db::Error::Busy) | Error::Shared(_) | Error::Stopping => {
                Self::unavailable(error).retry_after(1)
            }
            Error::Database(_) | Error::Damaged(_) | Error::Broken => Self::internal(error),
        }
    }
}
