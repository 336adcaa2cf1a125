//! When and how long to wait before asking again.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// Retries of one request at most.
const RETRIES: u32 = 2;

/// The longest pause that a provider may ask for and get; a person is waiting.
const LONGEST: Duration = Duration::from_secs(15);

/// The longest pause where another model can be asked instead.
const SHORT: Duration = Duration::from_millis(500);

/// How long it is worth waiting for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Another one can be asked.
    Short,
    /// There is no other.
    Long,
}

/// Whether asking again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// The same answer would come.
    No,
    /// After a pause of our choice.
    Soon,
    /// After the pause that the provider asks for.
    After(Duration),
}

/// The pauses of one request.
#[derive(Debug)]
pub(super) struct Backoff {
    tries: u32,
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// Pauses of about `first`, then about twice as long.
    pub(super) fn new(first: Duration, patience: Patience) -> Self {
        Self {
            tries: 0,
            first,
            longest: match patience {
                Patience::Short => SHORT,
                Patience::Long => LONGEST,
            },
        }
    }

    /// The pause before the next try, when there may be one and it fits into the time that is `left`.
    pub(super) fn pause(&mut self, retry: Retry, left: Duration) -> Option<Duration> {
        if self.tries >= RETRIES {
            return None;
        }
        let pause = match retry {
            Retry::Soon => jittered(self.first * 2_u32.pow(self.tries)),
            Retry::After(wanted) if wanted <= self.longest => wanted + jittered(self.first / 4),
            Retry::No | Retry::After(_) => return None,
        };
        self.tries += 1;
        (pause < left).then_some(pause)
    }
}

/// Between half of `pause` and all of it, so that those who failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    // Every RandomState has other keys, which is chance enough for this.
    let chance = u32::try_from(RandomState::new().hash_one(0_u8) % 1000).unwrap_or_default();
    pause / 2 + pause * chance / 2000
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Duration = Duration::from_mins(1);

    #[test]
    fn pauses_grow_and_end_after_two() {
        let mut backoff = Backoff::new(Duration::from_millis(200), Patience::Long);

        let first = backoff.pause(Retry::Soon, LEFT).unwrap();
        let second = backoff.pause(Retry::Soon, LEFT).unwrap();

        assert!((100..=200).contains(&first.as_millis()), "{first:?}");
        assert!((200..=400).contains(&second.as_millis()), "{second:?}");
        assert_eq!(backoff.pause(Retry::Soon, LEFT), None);
    }

    #[test]
    fn the_providers_pause_is_kept_unless_a_person_would_wait_too_long() {
        let mut backoff = Backoff::new(Duration::from_millis(200), Patience::Long);

        assert!(backoff.pause(Retry::After(Duration::from_secs(2)), LEFT).unwrap() >= Duration::from_secs(2));
        assert_eq!(backoff.pause(Retry::After(Duration::from_secs(16)), LEFT), None);
        let mut hasty = Backoff::new(Duration::from_millis(200), Patience::Short);
        assert_eq!(hasty.pause(Retry::After(Duration::from_secs(2)), LEFT), None);
        assert_eq!(
            backoff.pause(Retry::After(Duration::from_secs(2)), Duration::from_secs(1)),
            None
        );
    }
}
