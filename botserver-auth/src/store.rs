//! SQL, and nothing else. Every function takes the connection first and the organisation second.

pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod organizations;
pub(crate) mod people;
pub(crate) mod sessions;
