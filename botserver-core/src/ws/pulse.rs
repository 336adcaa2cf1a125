//! Peers that are gone without a word.

use std::time::Duration;

use tokio::time::{Instant, Interval};

/// A peer that has been silent so long is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(25);
/// A peer that has been silent so long is gone.
const DEAD_AFTER: Duration = Duration::from_mins(1);

/// Watches when a peer was heard last.
#[derive(Debug)]
pub struct Pulse {
    heard_at: Instant,
    ticks: Interval,
}

/// What a silent peer calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// A ping, which a peer that is there answers.
    Ping,
    /// Giving it up: it answered no ping.
    Dead,
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new()
    }
}

impl Pulse {
    /// The pulse of a peer that is there now.
    pub fn new() -> Self {
        let heard_at = Instant::now();
        Self {
            heard_at,
            ticks: tokio::time::interval_at(heard_at + PING_EVERY, PING_EVERY),
        }
    }

    /// Notes that something came from the peer.
    pub fn heard(&mut self) {
        self.heard_at = Instant::now();
    }

    /// Waits until the peer has been silent for too long. Nothing is lost when the wait is dropped.
    pub async fn next(&mut self) -> Beat {
        loop {
            self.ticks.tick().await;
            let silent = self.heard_at.elapsed();
            if silent > DEAD_AFTER {
                return Beat::Dead;
            }
            if silent >= PING_EVERY {
                return Beat::Ping;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silent_peer_is_asked_and_then_given_up() {
        let mut pulse = Pulse::new();
        let started = Instant::now();

        let beats = [pulse.next().await, pulse.next().await, pulse.next().await];

        assert_eq!(beats, [Beat::Ping, Beat::Ping, Beat::Dead]);
        assert_eq!(started.elapsed().as_secs(), 75);
    }

    #[tokio::test(start_paused = true)]
    async fn peer_that_is_heard_is_left_alone() {
        let mut pulse = Pulse::new();

        for _ in 0..10 {
            let waited = tokio::time::timeout(Duration::from_secs(20), pulse.next()).await;
            assert!(waited.is_err());
            pulse.heard();
        }
    }
}
