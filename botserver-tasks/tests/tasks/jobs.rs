//! The queue itself: due times, tries, keys, leases, and the end of a server.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use botstate::{
    db,
    job::{Job, JobError, JobHandler, NewJob},
};
use chrono::TimeDelta;
use parking_lot::Mutex;
use serde_json::json;

use crate::support::{House, Server, houses};

/// Notes the jobs that it gets and fails as often as it is told to.
#[derive(Default)]
struct Hand {
    got: Mutex<Vec<Job>>,
    failures: AtomicU32,
    never: bool,
}

#[async_trait]
impl JobHandler for Hand {
    async fn run(&self, job: Job) -> Result<(), JobError> {
        self.got.lock().push(job);
        if self.never {
            return Err(JobError::Never("no such thing".to_owned()));
        }
        let left = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map_or(Ok(()), |_| Err(JobError::Again("not now".to_owned())))
    }
}

impl Hand {
    async fn wait(&self, count: usize) -> Vec<Job> {
        for _ in 0..1500 {
            if self.got.lock().len() >= count {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        self.got.lock().clone()
    }
}

fn job(server: &Server, key: Option<&str>, delay: i64) -> NewJob {
    NewJob {
        org: server.state.org,
        bot: None,
        kind: "test",
        payload: json!({ "n": 7 }),
        key: key.map(str::to_owned),
        due_at: server.state.clock.now() + TimeDelta::seconds(delay),
    }
}

async fn add(server: &Server, job: NewJob) {
    let change = server.state.ports.jobs.as_ref().unwrap().enqueue(job);
    server
        .state
        .db
        .write(move |conn| change(conn).map_err(db::Error::from))
        .await
        .unwrap();
}

fn handle(server: &Server, hand: &Arc<Hand>) {
    server
        .state
        .ports
        .jobs
        .as_ref()
        .unwrap()
        .handle("test", Arc::clone(hand) as _);
}

#[tokio::test]
async fn a_job_is_done_when_it_is_due_and_once_for_its_key() {
    for house in houses(&[]) {
        let server = house.open().await;
        let hand = Arc::new(Hand::default());
        handle(&server, &hand);
        add(&server, job(&server, Some("k"), 60)).await;
        add(&server, job(&server, Some("k"), 0)).await;
        server.settle().await;
        assert!(hand.got.lock().is_empty());

        server.pass(61);
        let got = hand.wait(1).await;
        server.settle().await;
        add(&server, job(&server, Some("k"), 0)).await;
        server.settle().await;

        assert_eq!(got[0].payload, json!({ "n": 7 }));
        assert_eq!(hand.got.lock().len(), 1);
        let done = server.get("/api/tasks/jobs?state=done").await.json();
        assert_eq!(done["items"][0]["key"], "k");
    }
}

#[tokio::test]
async fn a_job_that_fails_is_tried_again_later_and_keeps_its_id() {
    let house = House::new(&[]);
    let server = house.open().await;
    let hand = Arc::new(Hand::default());
    hand.failures.store(2, Ordering::SeqCst);
    handle(&server, &hand);

    add(&server, job(&server, None, 0)).await;
    hand.wait(1).await;
    server.settle().await;
    server.pass(3);
    hand.wait(2).await;
    server.settle().await;
    server.pass(5);
    let got = hand.wait(3).await;
    server.settle().await;

    assert_eq!(got.iter().map(|job| job.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(got.iter().all(|job| job.id == got[0].id));
    let done = server.get("/api/tasks/jobs").await.json();
    assert_eq!(done["items"][0]["state"], "done");
}

#[tokio::test]
async fn a_job_that_never_succeeds_is_put_aside_until_somebody_runs_it() {
    let house = House::new(&[]);
    let server = house.open().await;
    let hand = Arc::new(Hand {
        never: true,
        ..Hand::default()
    });
    handle(&server, &hand);

    add(&server, job(&server, None, 0)).await;
    hand.wait(1).await;
    server.settle().await;
    let dead = server.get("/api/tasks/jobs?state=dead").await.json();
    let id = dead["items"][0]["id"].as_str().unwrap();
    let again = server
        .post(
            &format!("/api/tasks/jobs/{id}/run"),
            &[("authorization", "Bearer admin")],
            "",
        )
        .await;

    assert_eq!(dead["items"][0]["last_error"], "no such thing");
    assert_eq!(again.status, 202);
    assert_eq!(hand.wait(2).await.len(), 2);
}

#[tokio::test]
async fn what_a_transaction_takes_back_is_no_job() {
    let house = House::new(&[]);
    let server = house.open().await;
    let hand = Arc::new(Hand::default());
    handle(&server, &hand);
    let change = server.state.ports.jobs.as_ref().unwrap().enqueue(job(&server, None, 0));

    let failed = server.state.db.write(move |conn| {
        change(conn)?;
        Err::<(), _>(db::Error::NotFound)
    });
    failed.await.unwrap_err();
    add(&server, job(&server, Some("after"), 0)).await;
    hand.wait(1).await;
    server.settle().await;

    assert_eq!(hand.got.lock().len(), 1);
    assert_eq!(
        server.get("/api/tasks/jobs").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn of_two_nodes_one_does_each_job() {
    for house in houses(&[]) {
        let (one, two) = (house.open().await, house.open().await);
        let hand = Arc::new(Hand::default());
        handle(&one, &hand);
        handle(&two, &hand);

        for number in 0..40 {
            add(&one, job(&one, Some(&format!("k{number}")), 0)).await;
            two.pass(0);
        }
        hand.wait(40).await;
        one.settle().await;

        let mut keys: Vec<_> = hand.got.lock().iter().map(|job| job.id.clone()).collect();
        keys.sort();
        keys.dedup();
        assert_eq!((keys.len(), hand.got.lock().len()), (40, 40));
    }
}

#[tokio::test]
async fn a_server_that_stops_finishes_what_it_has_begun() {
    struct Slow(Arc<AtomicU32>);

    #[async_trait]
    impl JobHandler for Slow {
        async fn run(&self, _: Job) -> Result<(), JobError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            self.0.fetch_add(100, Ordering::SeqCst);
            Ok(())
        }
    }

    let house = House::new(&[]);
    let server = house.open().await;
    let count = Arc::new(AtomicU32::new(0));
    let slow = Arc::new(Slow(Arc::clone(&count)));
    server.state.ports.jobs.as_ref().unwrap().handle("test", slow);
    add(&server, job(&server, None, 0)).await;
    while count.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }

    assert!(server.stop().await);
    assert_eq!(count.load(Ordering::SeqCst), 101);
}
