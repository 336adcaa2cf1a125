//! SQL, and nothing else.

pub(crate) mod memories;
pub(crate) mod programs;
