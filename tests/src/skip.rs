//! Leaving a test out when the machine lacks what it needs.

use std::io::Write as _;

/// Says in one line that a test is left out and why; the line is seen whether or not output is captured.
///
/// # Panics
/// When the variable `CI` is set: there, everything must be installed.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads the environment of its run, not configuration"
)]
pub fn skipped(reason: &str) {
    assert!(std::env::var_os("CI").is_none(), "skipped in CI: {reason}");
    // Not `eprintln!`, which the test harness keeps to itself when the test passes.
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}
