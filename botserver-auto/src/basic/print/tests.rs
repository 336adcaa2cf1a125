//! What was printed means what was read.
