//! What can fail, and the problem it becomes.

use std::time::Duration;

use botlib::{OrgId, Permission, PersonId, SessionId};
use botserver_core::Problem;
use botstate::{db, shared::SharedError};
use http::StatusCode;

use crate::password::Weakness;

/// Why something about people, sessions or tokens failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No bot has this name or id.
    #[error("there is no bot called {0:?}")]
    UnknownBot(String),
    /// The bot talks to people only.
    #[error("the bot talks to people who have signed in")]
    BotNotPublic,
    /// No such account, another password, or an account that is disabled: which of them is not told.
    #[error("the mail address or the password is wrong")]
    WrongCredentials,
    /// The password in use was given wrongly.
    #[error("the current password is wrong")]
    WrongCurrentPassword,
    /// Too many tries; the next may come after this time.
    #[error("too many tries from this address: try again in {} s", .0.as_secs() + 1)]
    TooManyTries(Duration),
    /// More passwords are being checked than the server has room for.
    #[error("too many sign-ins at once: try again in a moment")]
    Busy,
    /// The token is forged, malformed, expired or revoked.
    #[error("the token is wrong, has expired or was revoked: sign in again")]
    BadToken,
    /// A cookie came with a request that a page of another site caused.
    #[error("a cookie counts for pages of this server only: send a token instead")]
    CrossOrigin,
    /// The one-time link is unknown, used or too old.
    #[error("the link does not exist, was used already or has expired: ask for a new one")]
    UnknownLink,
    /// The password may not be used.
    #[error("{0}")]
    WeakPassword(Weakness),
    /// A value does not fit: the field, and what is wrong with it.
    #[error("{field} {reason}")]
    Invalid {
        /// The field, as a JSON pointer or parameter name.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Somebody has this mail address already.
    #[error("somebody has this mail address already")]
    EmailTaken,
    /// Nobody would be left to administer the organisation.
    #[error("this is the last administrator: make somebody else one first")]
    LastAdmin,
    /// There is no such person in the organisation.
    #[error("there is no person {0}")]
    UnknownPerson(PersonId),
    /// The caller has no such session.
    #[error("there is no session {0}")]
    UnknownSession(SessionId),
    /// The caller has no such key.
    #[error("there is no key {0}")]
    UnknownKey(SessionId),
    /// A key may not look after the account that it acts for.
    #[error("a key cannot have the permission account.manage: sign in for that")]
    KeyOfKey,
    /// There is no such organisation.
    #[error("there is no organisation {0}")]
    UnknownOrg(OrgId),
    /// The caller does not hold the permission.
    #[error("this needs the permission {}", .0.name())]
    Forbidden(Permission),
    /// The caller has no account.
    #[error("this is for people with an account")]
    NotAPerson,
    /// The database failed.
    #[error("reading or writing accounts failed")]
    Database(#[source] db::Error),
    /// The limits could not be counted, and nobody may guess passwords without them.
    #[error("counting the tries failed")]
    Limits(#[source] SharedError),
    /// Chance, hashing or signing failed.
    #[error("the cryptography failed: {0}")]
    Crypto(String),
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        Self::Database(error)
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let new = |status, kind, title| Self::new(status, kind, title).detail(error.to_string());
        match &error {
            Error::UnknownBot(_) => new(StatusCode::NOT_FOUND, "chat/unknown-bot", "There is no such bot"),
            Error::BotNotPublic => new(
                StatusCode::UNAUTHORIZED,
                "auth/bot-not-public",
                "Sign in to talk to this bot",
            ),
            Error::WrongCredentials => new(StatusCode::UNAUTHORIZED, "auth/wrong-credentials", "Signing in failed"),
            Error::WrongCurrentPassword => new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "auth/wrong-password",
                "The current password is wrong",
            )
            .field("/current", "is not the password in use"),
            Error::TooManyTries(wait) => new(StatusCode::TOO_MANY_REQUESTS, "auth/too-many-tries", "Too many tries")
                .retry_after(wait.as_secs() + 1),
            Error::Busy => new(
                StatusCode::SERVICE_UNAVAILABLE,
                "auth/busy",
                "Too many people sign in, try again soon",
            )
            .retry_after(2),
            Error::BadToken => new(StatusCode::UNAUTHORIZED, "auth/bad-token", "The token is not accepted"),
            Error::CrossOrigin => new(
                StatusCode::UNAUTHORIZED,
                "auth/cross-origin",
                "The cookie does not count for this site",
            ),
            Error::UnknownLink => new(
                StatusCode::NOT_FOUND,
                "auth/unknown-link",
                "The link is not good any more",
            ),
            Error::WeakPassword(weakness) => new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "auth/weak-password",
                "The password may not be used",
            )
            .field("/password", weakness.to_string()),
            Error::Invalid { field, reason } => Self::invalid().field(*field, *reason),
            Error::EmailTaken => new(StatusCode::CONFLICT, "auth/email-taken", "The mail address is taken"),
            Error::LastAdmin => new(StatusCode::CONFLICT, "auth/last-admin", "An administrator must remain"),
            Error::UnknownPerson(_) => Self::not_found("person"),
            Error::UnknownSession(_) => Self::not_found("session"),
            Error::UnknownKey(_) => Self::not_found("key"),
            Error::KeyOfKey => new(
                StatusCode::FORBIDDEN,
                "auth/key-of-key",
                "A key cannot have this permission",
            ),
            Error::UnknownOrg(_) => Self::not_found("organisation"),
            Error::Forbidden(permission) => Self::forbidden(permission.name()),
            Error::NotAPerson => new(
                StatusCode::FORBIDDEN,
                "auth/not-a-person",
                "This is for people with an account",
            ),
            Error::Database(db::Error::Unavailable(_) | db::Error::Busy) | Error::Limits(_) => Self::unavailable(error),
            Error::Database(_) | Error::Crypto(_) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_status_class_and_title() {
        let violation = db::Violation {
            name: "people_pk".to_owned(),
            duplicate: true,
        };
        let errors = [
            Error::UnknownBot("x".to_owned()),
            Error::BotNotPublic,
            Error::WrongCredentials,
            Error::WrongCurrentPassword,
            Error::TooManyTries(Duration::from_secs(9)),
            Error::Busy,
            Error::BadToken,
            Error::CrossOrigin,
            Error::UnknownLink,
            Error::WeakPassword(Weakness::TooShort),
            Error::Invalid {
                field: "/email",
                reason: "is empty",
            },
            Error::EmailTaken,
            Error::LastAdmin,
            Error::UnknownPerson(PersonId::new()),
            Error::UnknownSession(SessionId::new()),
            Error::UnknownKey(SessionId::new()),
            Error::KeyOfKey,
            Error::UnknownOrg(OrgId::new()),
            Error::Forbidden(Permission::UsersRead),
            Error::NotAPerson,
            Error::Database(db::Error::Busy),
            Error::Database(db::Error::Violated(violation)),
            Error::Limits(SharedError("away".to_owned())),
            Error::Crypto("no chance".to_owned()),
        ];

        let table: Vec<String> = errors
            .into_iter()
            .map(|error| {
                let name = format!("{error:?}")
                    .split(['(', ' ', '{'])
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                let problem = Problem::from(error).for_client();
                format!("{name:<22} {} {:<24} {}", problem.status, problem.kind, problem.title)
            })
            .collect();

        insta::assert_snapshot!(table.join("\n"));
    }
}
