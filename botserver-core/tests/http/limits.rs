//! Rate limits.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use botserver_core::{Composed, Peer};
use botstate::shared::{Decision, Quota, RateLimit, SharedError};

use crate::support::{Answer, app, get, request, send};

fn limited() -> Composed {
    app(|handles| {
        (handles.http.rate_per_minute, handles.http.rate_burst) = (30, 3);
        handles.http.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    })
}

async fn from(app: &Composed, peer: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = request("GET", "/api/orders", headers);
    request
        .extensions_mut()
        .insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1)));
    send(app, request).await
}

#[tokio::test]
async fn burst_is_refused_with_the_time_to_wait() {
    let app = limited();
    for _ in 0..3 {
        assert_eq!(from(&app, "8.8.8.8", &[]).await.status, 200);
    }

    let refused = from(&app, "8.8.8.8", &[]).await;

    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), "2");
    assert_eq!(refused.problem()["retry_after"], 2);
    assert_eq!(
        from(&app, "8.8.4.4", &[]).await.status,
        200,
        "another address has its own limit"
    );
}

#[tokio::test]
async fn people_are_counted_wherever_they_are_and_apart_from_others_at_their_address() {
    let app = limited();
    let member = [("authorization", "Bearer member")];
    for peer in ["8.8.8.1", "8.8.8.2", "8.8.8.3"] {
        assert_eq!(from(&app, peer, &member).await.status, 200);
    }

    assert_eq!(from(&app, "8.8.8.4", &member).await.status, 429);
    assert_eq!(from(&app, "8.8.8.1", &[]).await.status, 200);
}

#[tokio::test]
async fn guessed_credentials_count_against_the_address() {
    let app = limited();
    for guess in ["a", "b", "c"] {
        assert_eq!(
            from(&app, "8.8.8.8", &[("authorization", &format!("Bearer {guess}"))])
                .await
                .status,
            401
        );
    }

    assert_eq!(
        from(&app, "8.8.8.8", &[("authorization", "Bearer d")]).await.status,
        429
    );
}

#[tokio::test]
async fn clients_behind_a_proxy_are_told_apart_and_cannot_pretend() {
    let app = limited();
    for _ in 0..3 {
        assert_eq!(
            from(&app, "10.0.0.1", &[("x-forwarded-for", "6.6.6.6, 8.8.8.8")])
                .await
                .status,
            200
        );
    }

    assert_eq!(
        from(&app, "10.0.0.1", &[("x-forwarded-for", "7.7.7.7, 8.8.8.8")])
            .await
            .status,
        429
    );
    assert_eq!(
        from(&app, "8.8.8.8", &[("x-forwarded-for", "9.9.9.9")]).await.status,
        429
    );
    assert_eq!(
        from(&app, "10.0.0.1", &[("x-forwarded-for", "8.8.4.4")]).await.status,
        200
    );
}

#[tokio::test]
async fn health_is_not_limited() {
    let app = limited();
    for _ in 0..10 {
        assert_eq!(get(&app, "/health/live", &[]).await.status, 200);
    }
}

struct Away(Duration, Arc<AtomicUsize>);

#[async_trait]
impl RateLimit for Away {
    async fn take(&self, _key: &str, _quota: Quota, _cost: u32) -> Result<Decision, SharedError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.0).await;
        Err(SharedError("connection refused".to_owned()))
    }
}

#[tokio::test]
async fn requests_pass_quickly_while_the_server_behind_the_limit_is_away() {
    for delay in [Duration::ZERO, Duration::from_mins(1)] {
        let asked = Arc::new(AtomicUsize::new(0));
        let app = app(|handles| {
            (handles.http.rate_per_minute, handles.http.rate_burst) = (30, 3);
            handles.limits = Arc::new(Away(delay, Arc::clone(&asked)));
        });
        let started = std::time::Instant::now();

        for _ in 0..20 {
            assert_eq!(from(&app, "8.8.8.8", &[]).await.status, 200);
        }

        let seconds = usize::try_from(started.elapsed().as_secs()).unwrap();
        assert!(
            (1..=1 + seconds).contains(&asked.load(Ordering::SeqCst)),
            "a server that failed is left alone for a second, but {asked:?} in {seconds} s"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn work_beyond_what_the_server_takes_is_sent_away_at_once() {
    let app = app(|_| ());
    let busy = futures::future::join_all((0..1024).map(|_| get(&app, "/api/sleep/500", &[])));
    let late = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let started = tokio::time::Instant::now();
        let (refused, health) = (
            get(&app, "/api/orders", &[]).await,
            get(&app, "/health/live", &[]).await,
        );
        (refused, health, started.elapsed())
    };

    let (busy, (refused, health, elapsed)) = tokio::join!(busy, late);

    assert!(busy.iter().all(|answer| answer.status == 200));
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"));
    assert_eq!(refused.problem()["type"], "server/overloaded");
    assert_eq!(health.status, 200);
    assert_eq!(elapsed, Duration::ZERO, "on a clock of the test's own");
    assert_eq!(get(&app, "/api/orders", &[]).await.status, 200);
}
