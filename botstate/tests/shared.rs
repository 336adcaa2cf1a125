//! The contract of the shared ports, held by each implementation, and what the one with a server does when
//! the server is away, hangs or restarts.
#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "contracts are tests, though they are called by others; they start tasks that end with them"
)]

mod contract {
    pub(crate) mod cache;
    pub(crate) mod leases;
    pub(crate) mod limits;
    pub(crate) mod topics;
}

use std::sync::Arc;
use std::time::{Duration, Instant};

use botlib::{ManualClock, SystemClock};
use botserver_tests::servers::Redis;
use botstate::shared::{Cache, Decision, Heard, Leases, Local, PubSub, Quota, RateLimit, Valkey};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use uuid::Uuid;

/// All that an implementation must be.
pub(crate) trait Shared: Cache + PubSub + Leases + RateLimit {}

impl<T: Cache + PubSub + Leases + RateLimit> Shared for T {}

/// Runs each contract against each implementation.
macro_rules! hold {
    ($($area:ident :: $contract:ident)*) => {
        mod in_this_process {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $contract() {
                    let local = super::Local::new(super::Arc::new(super::SystemClock));
                    super::contract::$area::$contract(super::Arc::new(local)).await;
                }
            )*
        }

        mod on_a_server {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $contract() {
                    let Some(server) = super::Redis::shared() else { return };
                    let valkey = super::Valkey::connect(&server.url).unwrap();
                    super::contract::$area::$contract(super::Arc::new(valkey)).await;
                }
            )*
        }
    };
}

hold! {
    cache::a_value_is_there_until_it_is_removed
    cache::a_value_expires
    cache::only_the_first_sets_an_absent_value
    cache::values_are_bytes_of_any_kind
    topics::listeners_hear_the_topics_that_begin_with_their_prefix
    topics::a_dropped_listener_does_not_end_the_others
    topics::messages_of_one_publisher_keep_their_order
    topics::a_slow_listener_hears_a_gap_and_goes_on
    topics::ten_thousand_listeners_hear_their_own_topic
    leases::two_holders_never_hold_a_lease_at_once
    leases::a_lease_is_renewed_by_its_holder_and_expires
    leases::only_its_holder_gives_a_lease_back
    limits::a_burst_is_allowed_and_then_counted_down
    limits::units_come_back_evenly
    limits::several_units_are_taken_at_once_or_not_at_all
    limits::takers_at_once_never_get_more_than_the_burst
}

/// A name that no other test and no other run uses.
pub(crate) fn unique(name: &str) -> String {
    format!("test:{}:{name}", Uuid::now_v7())
}

/// The longest that anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// What `stream` hears next.
pub(crate) async fn next(stream: &mut BoxStream<'static, Heard>) -> Heard {
    let heard = tokio::time::timeout(PATIENCE, stream.next()).await;
    heard
        .expect("something is heard within a minute")
        .expect("the stream does not end")
}

pub(crate) fn message(topic: &str, text: impl Into<String>) -> Heard {
    Heard::Message(topic.to_owned(), Bytes::from(text.into()))
}

#[tokio::test]
async fn cached_values_stay_within_their_bytes() {
    let local = Local::new(Arc::new(SystemClock));
    let value = Bytes::from(vec![7; 64 << 10]);

    for number in 0..3_000 {
        local
            .set(&format!("k:{number}"), value.clone(), Duration::from_mins(1))
            .await
            .unwrap();
        local.get("k:0").await.unwrap();
    }

    let mut kept = Vec::new();
    for number in 0..3_000 {
        if local.get(&format!("k:{number}")).await.unwrap().is_some() {
            kept.push(number);
        }
    }
    assert!(
        (900..=1_024).contains(&kept.len()),
        "{} values of 64 KiB were kept",
        kept.len()
    );
    assert_eq!(
        (kept[0], kept[1], kept[kept.len() - 1]),
        (0, 3_001 - kept.len(), 2_999),
        "those last used were kept"
    );
}

#[tokio::test]
async fn in_this_process_the_clock_that_was_given_counts() {
    let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
    let local = Local::new(Arc::<ManualClock>::clone(&clock));
    let minute = Duration::from_mins(1);
    let quota = Quota {
        burst: 1,
        period: minute,
    };
    local.set("value", Bytes::from_static(b"1"), minute).await.unwrap();
    local.acquire("lease", "a", minute).await.unwrap();
    local.take("limit", quota, 1).await.unwrap();

    clock.advance(TimeDelta::seconds(59));
    let before = (
        local.get("value").await.unwrap().is_some(),
        local.acquire("lease", "b", minute).await.unwrap(),
        local.take("limit", quota, 1).await.unwrap(),
    );
    clock.advance(TimeDelta::seconds(1));
    let after = (
        local.get("value").await.unwrap().is_some(),
        local.acquire("lease", "b", minute).await.unwrap(),
        local.take("limit", quota, 1).await.unwrap(),
    );

    assert_eq!(
        before,
        (
            true,
            false,
            Decision::Refused {
                retry_after: Duration::from_secs(1)
            }
        )
    );
    assert_eq!(after, (false, true, Decision::Allowed { remaining: 0 }));
}

#[tokio::test]
async fn addresses_that_ask_for_tls_are_refused() {
    for url in ["rediss://127.0.0.1/", "valkeys://127.0.0.1/"] {
        let error = Valkey::connect(url).unwrap_err();

        assert!(error.to_string().contains("TLS"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_later_is_found() {
    let Some(mut server) = Redis::own() else { return };
    server.kill().unwrap();

    let valkey = Valkey::connect(&server.url).unwrap();
    let get = valkey.get("k").await;
    let subscribe = valkey.subscribe("test:").await.map(drop);
    let ping = valkey.ping().await;
    server.restart().unwrap();

    assert!(get.is_err() && subscribe.is_err() && ping.is_err());
    works_again(&valkey).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_gives_every_listener_a_gap_and_then_new_messages() {
    let Some(mut server) = Redis::own() else { return };
    let (listener, publisher) = (
        Valkey::connect(&server.url).unwrap(),
        Valkey::connect(&server.url).unwrap(),
    );
    let topic = "conversation:0198c0de-0000-7000-8000-000000000001:0198c0de-0000-7000-8000-000000000002";
    let mut exact = listener.subscribe(topic).await.unwrap();
    let mut short = listener.subscribe("conv").await.unwrap();
    publisher.publish(topic, Bytes::from("before")).await.unwrap();
    assert_eq!(
        (next(&mut exact).await, next(&mut short).await),
        (message(topic, "before"), message(topic, "before"))
    );

    server.kill().unwrap();
    server.restart().unwrap();

    assert_eq!(
        (next(&mut exact).await, next(&mut short).await),
        (Heard::Gap, Heard::Gap)
    );
    // The publisher's own connection is a dead one: its first message must arrive all the same.
    publisher.publish(topic, Bytes::from("after")).await.unwrap();
    assert_eq!(
        (next(&mut exact).await, next(&mut short).await),
        (message(topic, "after"), message(topic, "after"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_makes_calls_fail_in_time_and_is_used_again_afterwards() {
    let Some(mut server) = Redis::own() else { return };
    let valkey = Arc::new(Valkey::connect(&server.url).unwrap());
    let mut stream = valkey.subscribe("test:").await.unwrap();
    valkey.set("k", Bytes::from("v"), Duration::from_mins(1)).await.unwrap();

    server.pause().unwrap();
    let started = Instant::now();
    let calls = futures::future::join_all((0..100).map(|_| {
        let valkey = Arc::clone(&valkey);
        async move { valkey.get("k").await }
    }));
    let answers = calls.await;
    let took = started.elapsed();
    let subscribed = valkey.subscribe("other:").await.map(drop);
    // Long enough for the subscriptions to notice too.
    tokio::time::sleep(Duration::from_secs(6)).await;
    server.resume().unwrap();

    assert!(answers.iter().all(Result::is_err) && subscribed.is_err());
    assert!(
        took < PATIENCE,
        "calls took {took:?}, as if each had waited for the one before"
    );
    works_again(&valkey).await;
    assert_eq!(next(&mut stream).await, Heard::Gap);
    assert_eq!(valkey.get("k").await.unwrap(), Some(Bytes::from("v")));
}

/// Calls and subscriptions work again in the end.
async fn works_again(valkey: &Valkey) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let result = async {
            valkey.ping().await?;
            valkey.subscribe("back:").await.map(drop)
        };
        match result.await {
            Ok(()) => return,
            Err(error) => assert!(Instant::now() < deadline, "not back within {PATIENCE:?}: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
