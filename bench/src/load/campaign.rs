//! A run of turns and what came of it.

use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    number::{float, length},
    protocol::{Latency, Ran, Run},
};

/// Connections share so many tallies.
const TALLIES: usize = 16;

/// A run of turns on many connections.
pub(super) struct Campaign {
    run: Run,
    begin: Instant,
    tallies: Vec<Mutex<Tally>>,
    finished: mpsc::UnboundedSender<()>,
}

/// What came of some connections' turns.
struct Tally {
    /// Microseconds.
    latency: Histogram<u64>,
    total: u64,
    counted: u64,
    errors: u64,
    unsent: u64,
    first_error: Option<String>,
}

impl Tally {
    fn new() -> Self {
        Self {
            latency: Histogram::new_with_bounds(1, 120_000_000, 3).expect("the bounds are in order and far apart"),
            total: 0,
            counted: 0,
            errors: 0,
            unsent: 0,
            first_error: None,
        }
    }
}

impl Campaign {
    pub(super) fn new(run: Run, finished: mpsc::UnboundedSender<()>) -> Self {
        Self {
            run,
            // A moment for all connections to hear of it.
            begin: Instant::now() + Duration::from_millis(20),
            tallies: (0..TALLIES).map(|_| Mutex::new(Tally::new())).collect(),
            finished,
        }
    }

    /// Whether the connection takes part.
    pub(super) fn includes(&self, number: usize) -> bool {
        number < self.run.active
    }

    /// When the first turn of a connection is due and the time from one to the next; nothing in a closed loop.
    pub(super) fn schedule(&self, number: usize) -> Option<(Instant, Duration)> {
        let rate = self.run.rate?;
        let step = 1.0 / rate;
        let period = Duration::from_secs_f64(step * length(self.run.active));
        Some((self.begin + Duration::from_secs_f64(step * length(number)), period))
    }

    /// When turns begin.
    pub(super) fn begin(&self) -> Instant {
        self.begin
    }

    /// When no further turn begins.
    pub(super) fn end(&self) -> Instant {
        self.begin + self.run.warmup + self.run.measured
    }

    /// Notes a turn that counts from `since` and is over now.
    pub(super) fn note(&self, number: usize, since: Instant) {
        let now = Instant::now();
        let counts = since >= self.begin + self.run.warmup && (self.run.rate.is_some() || now <= self.end());
        self.tally(number, |tally| {
            tally.total += 1;
            if counts {
                tally.counted += 1;
                let micros = u64::try_from((now - since).as_micros()).unwrap_or(u64::MAX);
                tally.latency.saturating_record(micros);
            }
        });
    }

    /// Notes a turn that failed.
    pub(super) fn fail(&self, number: usize, error: &anyhow::Error) {
        self.tally(number, |tally| {
            tally.errors += 1;
            tally.first_error.get_or_insert_with(|| format!("{error:#}"));
        });
    }

    /// Notes turns that were due and did not begin.
    pub(super) fn skip(&self, number: usize, turns: u64) {
        self.tally(number, |tally| tally.unsent += turns);
    }

    /// Says that a connection has taken its last turn.
    pub(super) fn finish(&self) {
        // Nobody listens any more when the run took too long.
        let _ = self.finished.send(());
    }

    fn tally(&self, number: usize, change: impl FnOnce(&mut Tally)) {
        if let Some(tally) = self.tallies.get(number % TALLIES) {
            change(&mut tally.lock());
        }
    }

    /// All tallies together.
    pub(super) fn result(&self) -> Ran {
        let mut sum = Tally::new();
        for tally in &self.tallies {
            let tally = tally.lock();
            // Both have the same range.
            let _ = sum.latency.add(&tally.latency);
            sum.total += tally.total;
            sum.counted += tally.counted;
            sum.errors += tally.errors;
            sum.unsent += tally.unsent;
            sum.first_error = sum.first_error.or_else(|| tally.first_error.clone());
        }
        Ran {
            total: sum.total,
            counted: sum.counted,
            errors: sum.errors,
            unsent: sum.unsent,
            latency: latency(&sum.latency),
            first_error: sum.first_error,
        }
    }
}

/// The times in a histogram of microseconds.
pub(super) fn latency(times: &Histogram<u64>) -> Latency {
    let at = |quantile: f64| float(times.value_at_quantile(quantile)) / 1000.0;
    Latency {
        p50: at(0.5),
        p99: at(0.99),
        p999: at(0.999),
        max: float(times.max()) / 1000.0,
    }
}
