//! Identifiers: `UUIDv7` newtypes, so that no function takes a bot where it wants a person.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text was not a UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind} id: a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057 is expected")]
pub struct ParseIdError {
    kind: &'static str,
    text: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, ordered by the time of its making.
            #[expect(clippy::new_without_default, reason = "a default id would be a new one each time")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id that wraps `uuid`.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($kind, " {}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                match Uuid::parse_str(text) {
                    Ok(uuid) => Ok(Self(uuid)),
                    Err(_) => Err(ParseIdError { kind: $kind, text: text.chars().take(64).collect() }),
                }
            }
        }
    )*};
}

ids! {
    /// An organisation: the tenant of everything.
    OrgId, "organisation";
    /// A bot of an organisation.
    BotId, "bot";
    /// Someone with an account.
    PersonId, "person";
    /// Someone without an account.
    VisitorId, "visitor";
    /// One conversation between someone and a bot; the chat protocol calls it `session_id`.
    ConversationId, "conversation";
    /// One signing-in of a person on one device.
    SessionId, "session";
    /// One turn: an input and all that it brought about.
    TurnId, "turn";
    /// A group of people.
    GroupId, "group";
    /// A role that somebody was granted.
    GrantId, "grant";
    /// Somebody's invitation into an organisation.
    InvitationId, "invitation";
    /// One published event.
    EventId, "event";
    /// One request, as logs and error documents name it.
    RequestId, "request";
    /// One running server process.
    NodeId, "node";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_reads_back() {
        let id = BotId::new();

        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn wrong_text_names_what_was_expected() {
        let error = "bot-1".parse::<BotId>().unwrap_err();

        assert!(error.to_string().starts_with("\"bot-1\" is not a bot id"), "{error}");
    }
}
