//! What can fail, and the problem it becomes.

use std::time::Duration;

use botlib::{GrantId, GroupId, OrgId, Permission, PersonId, SessionId};
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
    /// The name is taken: the field that has it.
    #[error("this name is taken: choose another one")]
    NameTaken(&'static str),
    /// There is no such group in the organisation.
    #[error("there is no group {0}")]
    UnknownGroup(GroupId),
    /// There is no group with this name.
    #[error("there is no group called {0:?}")]
    UnknownName(String),
    /// Nobody in the organisation has this mail address.
    #[error("nobody here has this mail address")]
    UnknownAddress,
    /// A group would lie inside itself.
    #[error("a group cannot lie inside itself")]
    GroupCircle,
    /// There is no such role in the organisation.
    #[error("there is no role called {0:?}")]
    UnknownRole(String),
    /// A role that every organisation has.
    #[error("this role belongs to the server and stays as it is: make one of your own")]
    BuiltIn,
    /// There is no such grant in the organisation.
    #[error("there is no grant {0}")]
    UnknownGrant(GrantId),
    /// There is no such open invitation.
    #[error("the invitation does not exist, was used already or has expired: ask for a new one")]
    UnknownInvitation,
    /// Somebody belongs to the organisation already.
    #[error("somebody with this mail address belongs to the organisation already")]
    AlreadyMember,
    /// The plan has no room for another member.
    #[error("the plan has no room for another member: take somebody out or choose another plan")]
    PlanFull,
    /// The organisation admits other mail domains only.
    #[error("the organisation does not admit mail addresses of this domain: change its settings or the address")]
    DomainRefused,
    /// There would be too many of something.
    #[error("there would be too many {0}: remove some first")]
    TooMany(&'static str),
    /// The account is another organisation's.
    #[error("another organisation looks after this account: take the person out of this one instead")]
    ForeignAccount,
    /// Nobody has been proved.
    #[error("nobody is signed in")]
    Unproved,
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
            Error::UnknownPerson(_) | Error::UnknownAddress => Self::not_found("person"),
            Error::UnknownSession(_) => Self::not_found("session"),
            Error::UnknownKey(_) => Self::not_found("key"),
            Error::KeyOfKey => new(
                StatusCode::FORBIDDEN,
                "auth/key-of-key",
                "A key cannot have this permission",
            ),
            Error::UnknownOrg(_) => Self::not_found("organisation"),
            Error::NameTaken(field) => {
                new(StatusCode::CONFLICT, "auth/name-taken", "The name is taken").field(*field, "is taken")
            }
            Error::UnknownGroup(_) | Error::UnknownName(_) => Self::not_found("group"),
            Error::GroupCircle => new(
                StatusCode::CONFLICT,
                "auth/group-circle",
                "A group cannot lie inside itself",
            ),
            Error::UnknownRole(_) => Self::not_found("role"),
            Error::BuiltIn => new(StatusCode::CONFLICT, "auth/built-in-role", "The role cannot be changed"),
            Error::UnknownGrant(_) => Self::not_found("grant"),
            Error::UnknownInvitation => new(
                StatusCode::NOT_FOUND,
                "auth/unknown-invitation",
                "The invitation is not good any more",
            ),
            Error::AlreadyMember => new(
                StatusCode::CONFLICT,
                "auth/already-member",
                "The person belongs to the organisation already",
            ),
            Error::PlanFull => new(StatusCode::CONFLICT, "auth/plan-full", "The plan has no room"),
            Error::DomainRefused => new(
                StatusCode::CONFLICT,
                "auth/domain-refused",
                "The mail domain is not admitted",
            ),
            Error::TooMany(_) => new(StatusCode::CONFLICT, "auth/too-many", "There are too many"),
            Error::ForeignAccount => new(
                StatusCode::FORBIDDEN,
                "auth/foreign-account",
                "Another organisation looks after this account",
            ),
            Error::Unproved => Self::unauthenticated(),
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
            Error::NameTaken("/name"),
            Error::UnknownGroup(GroupId::new()),
            Error::UnknownName("x".to_owned()),
            Error::UnknownAddress,
            Error::GroupCircle,
            Error::UnknownRole("x".to_owned()),
            Error::BuiltIn,
            Error::UnknownGrant(GrantId::new()),
            Error::UnknownInvitation,
            Error::AlreadyMember,
            Error::PlanFull,
            Error::DomainRefused,
            Error::TooMany("groups"),
            Error::ForeignAccount,
            Error::Unproved,
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
