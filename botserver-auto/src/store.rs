//! SQL, and nothing else.

pub(crate) mod memories;
pub(crate) mod people;
pub(crate) mod programs;
