//! What all leases do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::{Shared, unique};

pub(crate) async fn two_holders_never_hold_a_lease_at_once(ports: Arc<impl Shared>) {
    let name = unique("lease");
    let holders = Arc::new(AtomicUsize::new(0));
    let turns = Arc::new(AtomicUsize::new(0));
    let deadline = Instant::now() + Duration::from_mins(2);
    let tasks = (0..16).map(|number| {
        let (ports, name) = (Arc::clone(&ports), name.clone());
        let (holders, turns) = (Arc::clone(&holders), Arc::clone(&turns));
        tokio::spawn(async move {
            let holder = format!("holder-{number}");
            let mut mine = 0;
            while mine < 5 {
                assert!(Instant::now() < deadline, "{holder} starves");
                if !ports.acquire(&name, &holder, Duration::from_secs(10)).await.unwrap() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    continue;
                }
                assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two hold the lease");
                tokio::time::sleep(Duration::from_millis(1)).await;
                assert!(
                    ports.acquire(&name, &holder, Duration::from_secs(10)).await.unwrap(),
                    "it renews"
                );
                holders.fetch_sub(1, Ordering::SeqCst);
                ports.release(&name, &holder).await.unwrap();
                turns.fetch_add(1, Ordering::SeqCst);
                mine += 1;
            }
        })
    });

    for task in futures::future::join_all(tasks).await {
        task.unwrap();
    }

    assert_eq!(turns.load(Ordering::SeqCst), 80);
}

pub(crate) async fn a_lease_is_renewed_by_its_holder_and_expires(ports: Arc<impl Shared>) {
    let name = unique("expires");
    let ttl = Duration::from_secs(3);
    assert!(ports.acquire(&name, "a", ttl).await.unwrap());

    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(ports.acquire(&name, "a", ttl).await.unwrap(), "its holder renews it");
        assert!(
            !ports.acquire(&name, "b", ttl).await.unwrap(),
            "it is held for longer than its first time"
        );
    }
    tokio::time::sleep(ttl + Duration::from_millis(100)).await;

    assert!(
        ports.acquire(&name, "b", ttl).await.unwrap(),
        "an expired lease belongs to nobody"
    );
    assert!(
        !ports.acquire(&name, "a", ttl).await.unwrap(),
        "the former holder has lost it"
    );
}

pub(crate) async fn only_its_holder_gives_a_lease_back(ports: Arc<impl Shared>) {
    let name = unique("release");
    let ttl = Duration::from_mins(1);
    assert!(ports.acquire(&name, "a", ttl).await.unwrap());

    ports.release(&name, "b").await.unwrap();
    assert!(!ports.acquire(&name, "b", ttl).await.unwrap());
    ports.release(&name, "a").await.unwrap();
    ports.release(&name, "a").await.unwrap();

    assert!(ports.acquire(&name, "b", ttl).await.unwrap());
}
