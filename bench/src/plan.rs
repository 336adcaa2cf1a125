//! How long and how often is measured.

use std::time::Duration;

use crate::cli::Cli;

/// How long and how often is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Times that server and baseline take turns.
    pub(crate) rounds: usize,
    /// The part of a run that counts.
    pub(crate) measured: Duration,
    /// The part before it.
    pub(crate) warmup: Duration,
    /// Idle sessions.
    pub(crate) crowd: usize,
    /// How long turns are taken among them.
    pub(crate) crowd_measured: Duration,
    /// Words of an answer, 50 a second, when few are streamed.
    pub(crate) words: u64,
    /// Words of an answer, 50 a second, when many are streamed.
    pub(crate) many_words: u64,
    /// Before memory and threads are looked at: the runtime keeps idle threads for ten seconds.
    pub(crate) settle: Duration,
}

impl Plan {
    pub(crate) fn of(cli: &Cli) -> Self {
        let quick = cli.quick;
        Self {
            rounds: cli.rounds.unwrap_or(if quick { 2 } else { 5 }).max(1),
            measured: Duration::from_secs(if quick { 2 } else { 5 }),
            warmup: Duration::from_millis(if quick { 300 } else { 1000 }),
            crowd: cli.crowd.unwrap_or(if quick { 1000 } else { 10_000 }).max(1),
            crowd_measured: Duration::from_secs(if quick { 3 } else { 15 }),
            words: if quick { 100 } else { 250 },
            many_words: if quick { 250 } else { 3000 },
            settle: Duration::from_secs(12),
        }
    }
}
