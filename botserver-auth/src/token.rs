//! Tokens: opaque ones that the database knows, and signed ones that carry what they prove.

pub(crate) mod opaque;
pub(crate) mod signed;
