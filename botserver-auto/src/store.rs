//! SQL, and nothing else.

pub(crate) mod files;
pub(crate) mod memories;
pub(crate) mod programs;
pub(crate) mod prompts;
