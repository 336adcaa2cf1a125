//! SQL, and nothing else.

pub(crate) mod conversations;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod prompts;
