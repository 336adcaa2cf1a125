//! What every rate limit does. The numbers are the same for each implementation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use botstate::shared::{Decision, Quota};

use crate::{Shared, unique};

/// So slow that no unit comes back during a test.
const SLOW: Quota = Quota {
    burst: 5,
    period: Duration::from_secs(5_000),
};

/// Time within which the calls of one test are made.
const SLACK: Duration = Duration::from_mins(2);

pub(crate) async fn a_burst_is_allowed_and_then_counted_down(ports: Arc<impl Shared>) {
    let key = unique("burst");

    for remaining in (0..5).rev() {
        assert_eq!(
            ports.take(&key, SLOW, 1).await.unwrap(),
            Decision::Allowed { remaining }
        );
    }
    let refused = ports.take(&key, SLOW, 1).await.unwrap();
    let other = ports.take(&unique("other"), SLOW, 1).await.unwrap();

    assert_wait(refused, Duration::from_secs(1_000));
    assert_eq!(other, Decision::Allowed { remaining: 4 }, "each key has its own count");
}

pub(crate) async fn units_come_back_evenly(ports: Arc<impl Shared>) {
    let key = unique("even");
    let quota = Quota {
        burst: 2,
        period: Duration::from_millis(600),
    };
    let started = Instant::now();
    let mut allowed = 0_u32;
    while allowed < 6 {
        match ports.take(&key, quota, 1).await.unwrap() {
            Decision::Allowed { .. } => allowed += 1,
            Decision::Refused { retry_after } => {
                assert!(retry_after <= Duration::from_millis(300), "{retry_after:?}");
                assert!(started.elapsed() < SLACK, "only {allowed} were allowed");
                tokio::time::sleep(retry_after).await;
            }
        }
    }

    // Two at once, then one each 300 ms, which clocks that differ may count a little differently.
    let took = started.elapsed();
    assert!(
        took >= Duration::from_millis(4 * 300 - 50),
        "6 were allowed within {took:?}"
    );
}

pub(crate) async fn several_units_are_taken_at_once_or_not_at_all(ports: Arc<impl Shared>) {
    let key = unique("cost");
    let mut decisions = Vec::new();
    for cost in [3, 0, 3, 2, 6] {
        decisions.push(ports.take(&key, SLOW, cost).await.unwrap());
    }
    let nothing = ports
        .take(
            &unique("nothing"),
            Quota {
                burst: 0,
                period: SLOW.period,
            },
            1,
        )
        .await
        .unwrap();

    assert_eq!(decisions[0], Decision::Allowed { remaining: 2 });
    assert_eq!(decisions[1], Decision::Allowed { remaining: 2 }, "asking costs nothing");
    assert_wait(decisions[2], Duration::from_secs(1_000));
    assert_eq!(
        decisions[3],
        Decision::Allowed { remaining: 0 },
        "what was refused took nothing"
    );
    assert_eq!(
        decisions[4],
        Decision::Refused {
            retry_after: SLOW.period
        },
        "more than the burst is never there"
    );
    assert_eq!(
        nothing,
        Decision::Refused {
            retry_after: SLOW.period
        }
    );
}

pub(crate) async fn takers_at_once_never_get_more_than_the_burst(ports: Arc<impl Shared>) {
    let key = unique("together");
    let quota = Quota {
        burst: 20,
        period: Duration::from_hours(10),
    };
    let takers = (0..60).map(|_| {
        let (ports, key) = (Arc::clone(&ports), key.clone());
        tokio::spawn(async move { ports.take(&key, quota, 1).await.unwrap() })
    });

    let decisions = futures::future::join_all(takers).await;

    let allowed = decisions
        .into_iter()
        .filter(|decision| matches!(decision, Ok(Decision::Allowed { .. })))
        .count();
    assert_eq!(allowed, 20);
}

/// A refusal whose wait is `expected`, less what has passed since.
fn assert_wait(decision: Decision, expected: Duration) {
    let Decision::Refused { retry_after } = decision else {
        panic!("{decision:?} is no refusal")
    };
    let is_right = retry_after <= expected && expected <= retry_after + SLACK;
    assert!(is_right, "{retry_after:?} instead of {expected:?}");
}
