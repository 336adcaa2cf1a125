//! What every publish/subscribe does.

use std::sync::Arc;

use botstate::shared::Heard;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::StreamExt as _;
use uuid::Uuid;

use crate::{Shared, message, next, unique};

pub(crate) async fn listeners_hear_the_topics_that_begin_with_their_prefix(ports: Arc<impl Shared>) {
    let root = unique("*[é]?");
    let deep = format!("{root}:{}:events", Uuid::now_v7());
    let topics = [
        root.clone(),
        format!("{root}x"),
        format!("{root}:a"),
        deep.clone(),
        format!("{deep}:1"),
    ];
    let prefixes = [
        root.clone(),
        format!("{root}:"),
        format!("{root}:a"),
        deep.clone(),
        format!("{deep}:1"),
    ];
    let mut streams = Vec::new();
    for prefix in &prefixes {
        streams.push(ports.subscribe(prefix).await.unwrap());
    }

    for topic in &topics {
        ports.publish(topic, Bytes::from(topic.clone())).await.unwrap();
    }
    ports
        .publish(&root.replace('*', "star"), Bytes::from("a prefix is not a pattern"))
        .await
        .unwrap();
    let end = format!("{deep}:1:end");
    ports.publish(&end, Bytes::from("end")).await.unwrap();

    for (prefix, stream) in prefixes.iter().zip(&mut streams) {
        let expected = topics
            .iter()
            .filter(|topic| topic.starts_with(prefix))
            .map(|topic| message(topic, topic));
        for expected in expected.chain(end.starts_with(prefix).then(|| message(&end, "end"))) {
            assert_eq!(next(stream).await, expected, "listening to {prefix}");
        }
        assert_eq!(stream.next().now_or_never(), None, "listening to {prefix}");
    }
}

pub(crate) async fn a_dropped_listener_does_not_end_the_others(ports: Arc<impl Shared>) {
    let topic = unique("topic");
    let first = ports.subscribe(&topic).await.unwrap();
    let mut second = ports.subscribe(&topic).await.unwrap();
    let third = ports.subscribe(&topic).await.unwrap();
    drop(first);
    drop(third);

    ports.publish(&topic, Bytes::from("still")).await.unwrap();
    assert_eq!(next(&mut second).await, message(&topic, "still"));
    drop(second);
    ports.publish(&topic, Bytes::from("nobody")).await.unwrap();
    let mut again = ports.subscribe(&topic).await.unwrap();
    ports.publish(&topic, Bytes::from("again")).await.unwrap();

    // What was sent to nobody may still be on its way when the next one begins to listen.
    let mut heard = next(&mut again).await;
    if heard == message(&topic, "nobody") {
        heard = next(&mut again).await;
    }
    assert_eq!(heard, message(&topic, "again"));
}

pub(crate) async fn messages_of_one_publisher_keep_their_order(ports: Arc<impl Shared>) {
    let topic = unique("order");
    let mut stream = ports.subscribe(&topic).await.unwrap();

    for number in 0..500 {
        ports.publish(&topic, Bytes::from(number.to_string())).await.unwrap();
    }

    for number in 0..500 {
        assert_eq!(next(&mut stream).await, message(&topic, number.to_string()));
    }
}

pub(crate) async fn a_slow_listener_hears_a_gap_and_goes_on(ports: Arc<impl Shared>) {
    let topic = unique("slow");
    let mut slow = ports.subscribe(&topic).await.unwrap();
    let mut quick = ports.subscribe(&topic).await.unwrap();

    for number in 0..3_000 {
        ports.publish(&topic, Bytes::from(number.to_string())).await.unwrap();
        assert_eq!(next(&mut quick).await, message(&topic, number.to_string()));
    }

    assert_eq!(next(&mut slow).await, Heard::Gap);
    let mut last = None;
    while last != Some(message(&topic, "2999")) {
        last = Some(next(&mut slow).await);
    }
    ports.publish(&topic, Bytes::from("after")).await.unwrap();
    assert_eq!(next(&mut slow).await, message(&topic, "after"));
}

pub(crate) async fn ten_thousand_listeners_hear_their_own_topic(ports: Arc<impl Shared>) {
    let org = Uuid::now_v7();
    let topics: Vec<_> = (0..10_000)
        .map(|_| format!("conversation:{org}:{}", Uuid::now_v7()))
        .collect();
    // Some at a time: each waits for its turn no longer than people would.
    let subscriptions = topics.clone().into_iter().map(|topic| {
        let ports = Arc::clone(&ports);
        async move { ports.subscribe(&topic).await.unwrap() }
    });
    let mut streams: Vec<_> = futures::stream::iter(subscriptions).buffered(100).collect().await;

    for (number, topic) in topics.iter().enumerate() {
        ports.publish(topic, Bytes::from(number.to_string())).await.unwrap();
    }

    for (number, (topic, stream)) in topics.iter().zip(&mut streams).enumerate() {
        assert_eq!(next(stream).await, message(topic, number.to_string()));
        assert_eq!(stream.next().now_or_never(), None);
    }
}
