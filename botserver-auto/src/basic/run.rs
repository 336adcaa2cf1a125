//! What surrounds the code that runs on this thread: time, zone, chance and limits.
//!
//! Rhai's functions take no context of ours, so it lies in a thread-local for as long as a machine runs.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use botstate::dialog::Env;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// What functions of the library read.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) now: DateTime<Utc>,
    pub(crate) zone: Tz,
    pub(crate) locale: String,
    seed: u64,
    /// Random numbers drawn so far; with the seed it gives the next one.
    pub(crate) draws: u64,
}

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    static ALLOWED: Cell<u64> = const { Cell::new(0) };
    static USED: Cell<u64> = const { Cell::new(0) };
}

/// Ends the run when it is dropped.
pub(crate) struct Guard(());

/// Begins a run: at most `operations` of Rhai and `time` from now on.
pub(crate) fn enter(env: &Env, draws: u64, operations: u64, time: Duration) -> Guard {
    let run = Run {
        now: env.now,
        zone: env.zone.parse().unwrap_or(Tz::UTC),
        locale: env.locale.clone(),
        seed: env.seed,
        draws,
    };
    RUN.set(Some(run));
    DEADLINE.set(Instant::now().checked_add(time));
    ALLOWED.set(operations);
    USED.set(0);
    Guard(())
}

impl Drop for Guard {
    fn drop(&mut self) {
        RUN.set(None);
        DEADLINE.set(None);
    }
}

/// Reads the run; outside of one, the epoch in UTC.
pub(crate) fn with<T>(read: impl FnOnce(&mut Run) -> T) -> T {
    RUN.with_borrow_mut(|run| {
        read(run.get_or_insert_with(|| Run {
            now: DateTime::UNIX_EPOCH,
            zone: Tz::UTC,
            locale: "en".to_owned(),
            seed: 0,
            draws: 0,
        }))
    })
}

/// The next random number (`SplitMix64`): the same for the same seed and count, so that runs replay.
pub(crate) fn random() -> u64 {
    with(|run| {
        run.draws = run.draws.wrapping_add(1);
        let mut mixed = run.seed.wrapping_add(run.draws.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    })
}

/// Why the engine must stop now, asked at every operation of Rhai.
pub(crate) fn progress(operations: u64) -> Option<Exceeded> {
    USED.set(operations);
    if operations > ALLOWED.get() {
        return Some(Exceeded::Operations);
    }
    if operations.trailing_zeros() >= 8 && late() {
        Some(Exceeded::Time)
    } else {
        None
    }
}

/// Whether the time is up.
pub(crate) fn late() -> bool {
    DEADLINE.get().is_some_and(|deadline| Instant::now() > deadline)
}

/// Takes the operations that the last piece of code used off what is allowed; gives how many they were.
pub(crate) fn settle() -> u64 {
    let used = USED.replace(0);
    ALLOWED.set(ALLOWED.get().saturating_sub(used));
    used
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceeded {
    Operations,
    Time,
}
