//! What the measures and the load client say to each other: one JSON document a line.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// To whom connections are opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// The bare echo.
    Echo,
    /// A bot, as a new visitor with a token each.
    Bot {
        /// The bot's name.
        name: String,
        /// Whether it begins with a turn of its own.
        greets: bool,
    },
    /// A model behind OpenAI's chat completions.
    Model {
        /// The model's name.
        name: String,
        /// The key, where one is needed.
        key: Option<String>,
    },
}

/// What the load client is to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Open connections and keep them.
    Connect {
        /// Host and port.
        address: String,
        /// Who is there.
        target: Target,
        /// How many.
        count: usize,
    },
    /// Take turns on them.
    Run(Run),
    /// Close them.
    Close,
    /// Read answers word by word, on connections of their own.
    Stream(Streams),
}

/// Answers that are read word by word.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Streams {
    /// Host and port.
    pub(crate) address: String,
    /// Who is there.
    pub(crate) target: Target,
    /// How many at once.
    pub(crate) count: usize,
    /// Words of each answer.
    pub(crate) words: u64,
    /// The time from one word to the next.
    pub(crate) pace: Duration,
}

/// A run of turns.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Turns a second in all; nothing means that each connection begins its next turn when one is over.
    pub(crate) rate: Option<f64>,
    /// How many connections take part.
    pub(crate) active: usize,
    /// The part that does not count.
    pub(crate) warmup: Duration,
    /// The part that does.
    pub(crate) measured: Duration,
}

/// What the load client answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// All connections are open.
    Connected {
        /// How long that took.
        within: Duration,
    },
    /// The run is over.
    Ran(Ran),
    /// All connections are closed.
    Closed,
    /// All answers were read.
    Streamed(Streamed),
    /// It could not be done.
    Failed(String),
}

/// What came of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ran {
    /// Turns in all, those of the warm-up too.
    pub(crate) total: u64,
    /// Turns that ended in the part that counts.
    pub(crate) counted: u64,
    /// Turns that failed.
    pub(crate) errors: u64,
    /// Turns that were due and could not begin.
    pub(crate) unsent: u64,
    /// The first of the errors.
    pub(crate) first_error: Option<String>,
    /// How long turns took. A turn that was due while the one before it still ran counts from when it was due.
    pub(crate) latency: Latency,
}

/// What came of answers that were read word by word.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Streamed {
    /// From the question to the first word.
    pub(crate) first: Latency,
    /// From one word to the next.
    pub(crate) gap: Latency,
    /// Words that came, each behind the one before it.
    pub(crate) words: u64,
    /// Words that did not.
    pub(crate) missing: u64,
    /// Answers that failed.
    pub(crate) errors: u64,
    /// The first of the errors.
    pub(crate) first_error: Option<String>,
}

/// How long turns took, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// Half of them took less.
    pub(crate) p50: f64,
    /// 99 of 100 took less.
    pub(crate) p99: f64,
    /// 999 of 1,000 took less.
    pub(crate) p999: f64,
    /// The longest.
    pub(crate) max: f64,
}
