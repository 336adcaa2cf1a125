//! What every cache does.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{Shared, unique};

const LONG: Duration = Duration::from_mins(1);

pub(crate) async fn a_value_is_there_until_it_is_removed(ports: Arc<impl Shared>) {
    let key = unique("value");
    let before = ports.get(&key).await.unwrap();
    ports.set(&key, Bytes::from("one"), LONG).await.unwrap();
    ports.set(&key, Bytes::from("two"), LONG).await.unwrap();
    let there = ports.get(&key).await.unwrap();
    ports.remove(&key).await.unwrap();
    ports.remove(&key).await.unwrap();

    assert_eq!(
        (before, there, ports.get(&key).await.unwrap()),
        (None, Some(Bytes::from("two")), None)
    );
}

pub(crate) async fn a_value_expires(ports: Arc<impl Shared>) {
    let (short, long, none) = (unique("short"), unique("long"), unique("none"));
    ports
        .set(&short, Bytes::from("s"), Duration::from_millis(40))
        .await
        .unwrap();
    ports.set(&long, Bytes::from("l"), LONG).await.unwrap();
    ports.set(&none, Bytes::from("n"), Duration::ZERO).await.unwrap();

    tokio::time::sleep(Duration::from_millis(80)).await;

    assert_eq!(ports.get(&short).await.unwrap(), None);
    assert_eq!(ports.get(&none).await.unwrap(), None);
    assert_eq!(ports.get(&long).await.unwrap(), Some(Bytes::from("l")));
}

pub(crate) async fn only_the_first_sets_an_absent_value(ports: Arc<impl Shared>) {
    let key = unique("first");
    let tries = (0..20).map(|number| {
        let (ports, key) = (Arc::clone(&ports), key.clone());
        tokio::spawn(async move {
            ports
                .set_if_absent(&key, Bytes::from(number.to_string()), LONG)
                .await
                .unwrap()
        })
    });

    let set: Vec<bool> = futures::future::join_all(tries)
        .await
        .into_iter()
        .map(|set| set.unwrap())
        .collect();
    let winner = set.iter().position(|set| *set).unwrap();

    assert_eq!(set.iter().filter(|set| **set).count(), 1);
    assert_eq!(ports.get(&key).await.unwrap(), Some(Bytes::from(winner.to_string())));
}

pub(crate) async fn values_are_bytes_of_any_kind(ports: Arc<impl Shared>) {
    for value in [
        Bytes::new(),
        Bytes::from_static(b"\0\r\n\xff$-1"),
        Bytes::from(vec![0xA5; 1 << 20]),
    ] {
        let key = unique("bytes é*?[");

        ports.set(&key, value.clone(), LONG).await.unwrap();

        assert_eq!(ports.get(&key).await.unwrap(), Some(value));
    }
}
