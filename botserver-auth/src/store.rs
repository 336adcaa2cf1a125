//! SQL, and nothing else. Every function takes the connection first and the organisation second; those that find out
//! of which organisation a token is, and those about a person's own account, take the token or the person instead.

pub(crate) mod bots;
pub(crate) mod groups;
pub(crate) mod invitations;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod members;
pub(crate) mod organizations;
pub(crate) mod people;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod standings;
