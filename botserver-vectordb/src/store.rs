//! SQL, and nothing else.

pub(crate) mod chunks;
pub(crate) mod collections;
pub(crate) mod counts;
pub(crate) mod documents;
pub(crate) mod sites;
