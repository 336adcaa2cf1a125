//! The server with no domain: health, metrics, description.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use botserver_core::{App, Composed};
use botstate::service::HealthCheck;

use crate::support::{get, handles};

#[tokio::test]
async fn it_answers_health_with_no_other_service() {
    let app = App::new(handles()).build();

    assert_eq!(get(&app, "/health/live", &[]).await.body, r#"{"status":"live"}"#);
    for path in ["/health/ready", "/health", "/api/health"] {
        let answer = get(&app, path, &[]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (200, r#"{"status":"ready","dependencies":[]}"#)
        );
    }
}

#[tokio::test]
async fn real_state_makes_a_server_with_its_database_among_the_dependencies() {
    let folder = tempfile::tempdir().unwrap();
    let config = botstate::config::for_tests(folder.path());
    let (db, _) = botstate::Db::open(&config.database).await.unwrap();
    let app = App::new(handles()).checks([db.health_check()]).build();

    let ready = get(&app, "/health/ready", &[]).await.json();

    assert_eq!(ready["status"], "ready");
    assert_eq!(
        (
            ready["dependencies"][0]["name"].as_str(),
            ready["dependencies"][0]["ok"].as_bool()
        ),
        (Some("database"), Some(true))
    );
}

struct Dependency {
    name: &'static str,
    required: bool,
    delay: Duration,
    ok: bool,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl HealthCheck for Dependency {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_required(&self) -> bool {
        self.required
    }

    async fn check(&self) -> Result<String, String> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.delay).await;
        if self.ok {
            Ok("fine".to_owned())
        } else {
            Err("refused; start it".to_owned())
        }
    }
}

fn with(dependencies: &[(&'static str, bool, u64, bool)]) -> (Composed, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let checks = dependencies.iter().map(|&(name, required, delay_ms, ok)| {
        let delay = Duration::from_millis(delay_ms);
        Box::new(Dependency {
            name,
            required,
            delay,
            ok,
            asked: Arc::clone(&asked),
        }) as Box<dyn HealthCheck>
    });
    (App::new(handles()).checks(checks).build(), asked)
}

#[tokio::test]
async fn missing_dependency_makes_it_unready_only_when_required() {
    let (degraded, _) = with(&[("database", true, 0, true), ("cache", false, 0, false)]);
    let (unready, _) = with(&[("database", true, 0, false), ("cache", false, 0, true)]);

    let degraded = get(&degraded, "/health/ready", &[]).await;
    let unready = get(&unready, "/health/ready", &[]).await;

    assert_eq!(
        (degraded.status.as_u16(), degraded.json()["status"].as_str()),
        (200, Some("degraded"))
    );
    assert_eq!(
        (unready.status.as_u16(), unready.json()["status"].as_str()),
        (503, Some("unavailable"))
    );
    assert_eq!(unready.json()["dependencies"][0]["detail"], "refused; start it");
}

#[tokio::test(start_paused = true)]
async fn dependencies_are_asked_together_and_at_most_two_seconds() {
    let (app, _) = with(&[
        ("a", true, 300, true),
        ("b", true, 300, true),
        ("slow", false, 60_000, true),
    ]);
    let started = tokio::time::Instant::now();

    let ready = get(&app, "/health/ready", &[]).await.json();

    assert_eq!(started.elapsed().as_secs(), 2, "on a clock of the test's own");
    assert_eq!(ready["dependencies"][2]["detail"], "no answer within 2 s");
    assert_eq!(ready["status"], "degraded");
}

#[tokio::test]
async fn dependencies_are_asked_once_a_second_however_often_health_is() {
    let (app, asked) = with(&[("a", true, 0, true)]);
    let started = Instant::now();
    for _ in 0..200 {
        get(&app, "/health/ready", &[]).await;
    }

    let seconds = usize::try_from(started.elapsed().as_secs()).unwrap();
    assert!((1..=1 + seconds).contains(&asked.load(Ordering::SeqCst)), "{asked:?}");
}

#[tokio::test]
async fn draining_server_is_not_ready_and_still_alive() {
    let handles = handles();
    let lifecycle = handles.lifecycle.clone();
    let app = App::new(handles).build();

    lifecycle.shutdown(Duration::ZERO).await;

    let ready = get(&app, "/health/ready", &[]).await;
    assert_eq!(
        (ready.status.as_u16(), ready.json()["status"].as_str()),
        (503, Some("draining"))
    );
    assert_eq!(get(&app, "/health/live", &[]).await.status, 200);
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_show_the_process() {
    let mut handles = handles();
    handles.http.metrics_token = Some(botlib::Secret::new("scrape-me"));
    let app = App::new(handles).build();
    get(&app, "/health/live?token=from-the-query", &[]).await;
    get(&app, "/some/unknown/path", &[]).await;

    let metrics = get(&app, "/metrics", &[("authorization", "Bearer scrape-me")])
        .await
        .body;

    let counted = "http_request_duration_seconds_count{method=\"GET\",route=\"/health/live\",status=\"200\"}";
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.contains("route=\"unmatched\",status=\"404\""), "{metrics}");
    assert!(metrics.contains("process_resident_memory_bytes "), "{metrics}");
    assert!(
        !metrics.contains("from-the-query") && !metrics.contains("unknown/path"),
        "{metrics}"
    );
}
