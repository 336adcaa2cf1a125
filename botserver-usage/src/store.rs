//! SQL, and nothing else.

pub(crate) mod budgets;
pub(crate) mod calls;
pub(crate) mod counters;
