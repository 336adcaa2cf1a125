//! Words that every crate shares.
//!
//! Identifiers, the [`Caller`], dynamic [`Value`]s of the dialog language, pages of results, problem
//! documents and the frames of the chat protocol live here. Nothing in this crate does I/O and nothing
//! needs an async runtime, so it compiles in seconds and every other crate may depend on it.

mod authorise;
mod caller;
mod chance;
mod clock;
mod id;
mod page;
mod permission;
mod problem;
mod secret;
pub mod value;
pub mod wire;
pub mod words;

pub use authorise::{Decision, Resource, authorise};
pub use caller::{Access, Caller, Role, Subject};
pub use chance::{Chance, FixedChance, SystemChance};
pub use clock::{Clock, ManualClock, SystemClock};
pub use id::{
    BotId, ConversationId, EventId, GrantId, GroupId, InvitationId, NodeId, OrgId, ParseIdError, PersonId, RequestId,
    SessionId, TurnId, VisitorId,
};
pub use page::{Cursor, Page, PageRequest};
pub use permission::Permission;
pub use problem::{FieldProblem, Problem};
pub use secret::Secret;
pub use value::Value;
