//! Hearing of every line that runs: for coverage, and for whoever steps through a script.

use std::fmt;

use super::Program;

/// Hears of lines before they run. A machine that is traced waits until the call comes back.
///
/// Only programs that were [compiled for it](super::Options::trace) stop at every line; others run many of their lines
/// as one.
pub trait Trace: fmt::Debug + Send + Sync + 'static {
    /// The line of `program` that runs next, counted from 1.
    fn line(&self, program: &Program, line: u32);
}
