//! The nouns: people, sessions, links, visits.

pub(crate) mod standing;
pub(crate) mod tenants;

use std::{collections::BTreeSet, fmt, sync::Arc};

use botlib::{BotId, ConversationId, OrgId, Permission, PersonId, Role, Secret, SessionId};
use botstate::dialog::Bot;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::Error;

/// Letters of a name at most.
const NAME_MAX: usize = 200;
/// Letters of a device's description at most.
const DEVICE_MAX: usize = 200;
/// Letters of a mail address at most (RFC 5321, 4.5.3.1.3).
const EMAIL_MAX: usize = 254;

/// Somebody with an account.
#[derive(Clone)]
pub struct Person {
    /// The id.
    pub id: PersonId,
    /// The mail address in its normal form, unique on the server.
    pub email: String,
    /// The name, as people write it.
    pub name: String,
    /// The organisation that looks after the account.
    pub home: OrgId,
    /// What the person is in the organisation that was asked about.
    pub role: Role,
    /// Since when the person may not act there, unless they may.
    pub suspended_at: Option<DateTime<Utc>>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When it was disabled, unless it is in use.
    pub disabled_at: Option<DateTime<Utc>>,
    /// The password's hash as a PHC string; nothing until the person has opened the one-time link.
    pub(crate) password_hash: Option<String>,
}

impl Person {
    /// Whether the one-time link was used: a person without a password cannot sign in.
    pub fn has_password(&self) -> bool {
        self.password_hash.is_some()
    }

    /// Whether the person can sign in and act in the organisation.
    pub(crate) fn is_working(&self) -> bool {
        self.disabled_at.is_none() && self.suspended_at.is_none() && self.has_password()
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// One signing-in of a person on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// The organisation that it works in.
    pub org: OrgId,
    /// What the client called itself.
    pub device: String,
    /// When the person signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends however much it is used.
    pub expires_at: DateTime<Utc>,
}

/// A key with which a program acts for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The id, under which its end is told like a session's.
    pub id: SessionId,
    /// For whom it acts.
    pub person: PersonId,
    /// The organisation that it is good in.
    pub org: OrgId,
    /// What the person calls it.
    pub name: String,
    /// What it may do, as far as the person may.
    pub permissions: BTreeSet<Permission>,
    /// The bots that it is for; nothing when for all.
    pub bots: Option<BTreeSet<BotId>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to the minute.
    pub seen_at: Option<DateTime<Utc>>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// A key to make.
#[derive(Debug, Clone, Default)]
pub struct NewKey {
    /// What to call it.
    pub name: String,
    /// What it may do; talk to bots when empty.
    pub permissions: BTreeSet<Permission>,
    /// Names of the bots that it is for; all when absent.
    pub bots: Option<Vec<String>>,
    /// How long it is good; 90 days when absent, 366 at most.
    pub lasts: Option<TimeDelta>,
}

/// A session that has just begun, with its token, which is shown this once.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who signed in.
    pub person: Person,
    /// The session.
    pub session: Session,
    /// The session's token.
    pub token: Secret,
}

/// A link with which a person sets a password, once and within a day.
#[derive(Debug, Clone)]
pub struct ClaimLink {
    /// The address to open, with the token behind `#` so that it reaches no server's log.
    pub url: Secret,
    /// Whose account it is.
    pub email: String,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}

/// With what somebody signs in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The mail address, as it was typed.
    pub email: String,
    /// The password.
    pub password: Secret,
}

/// Where a request comes from.
#[derive(Debug, Clone)]
pub struct Source {
    /// What limits count by, from [`RequestContext::client_key`](botserver_core::RequestContext::client_key).
    pub address: String,
    /// What the client calls itself.
    pub device: String,
}

impl Source {
    /// A source; of `device` at most 200 letters are kept.
    pub fn new(address: String, device: &str) -> Self {
        let device = device
            .chars()
            .filter(|letter| !letter.is_control())
            .take(DEVICE_MAX)
            .collect();
        Self { address, device }
    }
}

/// An account to make.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The mail address, as it was typed.
    pub email: String,
    /// The name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
}

/// What to change about a person; absent values stay.
#[derive(Debug, Clone, Default)]
pub struct PersonChange {
    /// The name.
    pub name: Option<String>,
    /// What the person may do.
    pub role: Option<Role>,
    /// Whether the account is shut.
    pub disabled: Option<bool>,
}

/// Leave to talk to a bot in one conversation.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The visitor, or the person who is signed in.
    pub user: Uuid,
    /// Whether it is a person.
    pub is_signed_in: bool,
    /// The conversation, which the user owns.
    pub conversation: ConversationId,
    /// The bot.
    pub bot: Arc<Bot>,
    /// The token that proves it all.
    pub token: Secret,
    /// Until when the token is good.
    pub expires_at: DateTime<Utc>,
}

impl Visit {
    /// The bot's id.
    pub fn bot_id(&self) -> BotId {
        self.bot.id
    }
}

/// The form in which mail addresses are kept and compared.
///
/// Lower case throughout: RFC 5321 lets the part before `@` be case-sensitive, no mail service that people use is,
/// and two accounts that differ in case only would be a trap.
pub(crate) fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The normal form of a mail address that an account may be made for.
pub(crate) fn checked_email(text: &str) -> Result<String, Error> {
    let email = normal_email(text);
    let invalid = |reason| {
        Err(Error::Invalid {
            field: "/email",
            reason,
        })
    };
    let Some((local, domain)) = email.rsplit_once('@') else {
        return invalid("is not a mail address");
    };
    if local.is_empty() || domain.is_empty() || local.contains('@') {
        return invalid("is not a mail address");
    }
    if email.contains(char::is_whitespace) || text.contains(char::is_control) {
        return invalid("has a space or control character");
    }
    if text.chars().count() > EMAIL_MAX {
        return invalid("is longer than 254 characters");
    }
    Ok(email)
}

/// A name without spaces around it.
pub(crate) fn checked_name(text: &str) -> Result<String, Error> {
    let name = text.trim();
    let invalid = |reason| Err(Error::Invalid { field: "/name", reason });
    if name.is_empty() {
        return invalid("is empty");
    }
    if text.chars().count() > NAME_MAX {
        return invalid("is longer than 200 characters");
    }
    if text.contains(char::is_control) {
        return invalid("has a control character");
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_have_one_normal_form() {
        assert_eq!(
            checked_email("  Ana.Souza@Example.ORG ").unwrap(),
            "ana.souza@example.org"
        );
        assert_eq!(checked_email("admin@localhost").unwrap(), "admin@localhost");
    }

    #[test]
    fn what_is_no_mail_address_is_refused() {
        for text in [
            "",
            "ana",
            "@example.org",
            "ana@",
            "a@b@c",
            "a b@example.org",
            "a\n@example.org",
        ] {
            assert!(checked_email(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_are_trimmed_and_not_empty() {
        assert_eq!(checked_name(" Ana ").unwrap(), "Ana");
        assert!(checked_name(" ").is_err());
        assert!(checked_name(&"a".repeat(201)).is_err());
    }
}
