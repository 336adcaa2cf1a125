//! Rows of the audit log.

pub(crate) mod acts;
pub(crate) mod chains;
pub(crate) mod entries;
