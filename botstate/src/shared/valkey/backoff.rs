//! Pauses between attempts to connect.

use std::time::Duration;

/// The first pause; each following one is twice as long.
const FIRST: Duration = Duration::from_millis(50);

/// The longest pause, so that a server that comes back is found within a second.
const LONGEST: Duration = Duration::from_secs(1);

/// How often connecting failed in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause before the next attempt, between half and all of what its number asks for: nodes that lost
    /// the server together must not come back together.
    pub(super) fn pause(&mut self) -> Duration {
        let whole = FIRST.saturating_mul(1_u32 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let chance = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
        whole.mul_f64(0.5 + chance / 2.0)
    }

    /// Starts over after a success.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_within_a_second() {
        let mut backoff = Backoff::default();

        let pauses: Vec<_> = (0..40).map(|_| backoff.pause()).collect();

        assert!(pauses.first().is_some_and(|pause| *pause <= FIRST));
        assert!(
            pauses
                .iter()
                .skip(6)
                .all(|pause| (LONGEST / 2..=LONGEST).contains(pause)),
            "{pauses:?}"
        );
    }
}
