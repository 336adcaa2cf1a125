//! SQL, and nothing else.

pub(crate) mod jobs;
pub(crate) mod memories;
pub(crate) mod schedules;
pub(crate) mod waits;
