//! The arithmetic of rate limits, in whole microseconds, so that every implementation gives the same numbers.
//!
//! The generic cell rate algorithm in its virtual scheduling form (ITU-T I.371, annex A): a key keeps one
//! number, the *theoretical arrival time* of its next unit if units came evenly.

use std::time::Duration;

use super::{Decision, Quota};

/// The longest period, a century: together with the present it stays below 2^53, which Lua counts exactly.
const LONGEST_US: u64 = 100 * 365 * 24 * 3600 * 1_000_000;

/// A quota in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gcra {
    /// Time in which one unit comes back.
    pub(super) interval: i64,
    /// Time in which all of them come back.
    pub(super) capacity: i64,
    /// The whole period, as the caller wrote it.
    period: Duration,
}

impl Gcra {
    pub(super) fn new(quota: Quota) -> Self {
        let period = quota.period.as_micros().min(u128::from(LONGEST_US));
        let interval = i64::try_from(period / u128::from(quota.burst.max(1)))
            .unwrap_or(i64::MAX)
            .max(1);
        Self {
            interval,
            capacity: interval.saturating_mul(i64::from(quota.burst)),
            period: quota.period,
        }
    }

    /// The time that `cost` units take to come back, or a refusal when there can never be so many at once.
    pub(super) fn increment(&self, cost: u32) -> Result<i64, Decision> {
        let increment = self.interval.saturating_mul(i64::from(cost));
        if increment > self.capacity {
            return Err(Decision::Refused {
                retry_after: self.period,
            });
        }
        Ok(increment)
    }

    /// Decides at `now` for a key with the theoretical arrival time `tat`; the new one when it is allowed.
    pub(super) fn decide(&self, tat: Option<i64>, now: i64, increment: i64) -> (Decision, Option<i64>) {
        // A clock that went back must not lock a key out for longer than its period.
        let tat = tat.unwrap_or(now).clamp(now, now.saturating_add(self.capacity));
        let next = tat.saturating_add(increment);
        let wait = next.saturating_sub(self.capacity).saturating_sub(now);
        if wait > 0 {
            return (
                Decision::Refused {
                    retry_after: micros(wait),
                },
                None,
            );
        }
        let remaining = (self.capacity - (next - now)) / self.interval;
        (
            Decision::Allowed {
                remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            },
            Some(next),
        )
    }
}

/// `us` microseconds, or none when negative.
pub(super) fn micros(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota {
        burst: 3,
        period: Duration::from_secs(30),
    };
    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_burst_is_taken_at_once_and_then_one_each_interval() {
        let gcra = Gcra::new(QUOTA);
        let increment = gcra.increment(1).unwrap();
        let mut tat = None;
        let mut seen = Vec::new();

        for now in [0, 0, 0, 0, 9 * SECOND, 10 * SECOND, 10 * SECOND, 45 * SECOND] {
            let (decision, next) = gcra.decide(tat, now, increment);
            tat = next.or(tat);
            seen.push(match decision {
                Decision::Allowed { remaining } => i64::from(remaining),
                Decision::Refused { retry_after } => -i64::try_from(retry_after.as_secs()).unwrap(),
            });
        }

        assert_eq!(seen, [2, 1, 0, -10, -1, 0, -10, 2]);
    }

    #[test]
    fn more_than_the_burst_is_never_allowed() {
        assert_eq!(
            Gcra::new(QUOTA).increment(4),
            Err(Decision::Refused {
                retry_after: QUOTA.period
            })
        );
    }

    #[test]
    fn a_clock_that_goes_back_does_not_lock_out_for_longer_than_the_period() {
        let gcra = Gcra::new(QUOTA);

        let (decision, _) = gcra.decide(Some(1_000 * SECOND), 0, gcra.interval);

        assert_eq!(
            decision,
            Decision::Refused {
                retry_after: Duration::from_secs(10)
            }
        );
    }
}
