//! The queue itself: due times, tries, keys, leases, and the end of a server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use botstate::{
    db,
    job::{Job, JobError, JobHandler, NewJob},
};
use chrono::TimeDelta;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::Semaphore;

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
        for _ in 0..6000 {
            let got = self.got.lock().clone();
            if got.len() >= count {
                return got;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} jobs were awaited, and these came: {:?}", self.got.lock())
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

/// Holds what it gets until it is told to go on.
struct Held {
    begun: Semaphore,
    open: Semaphore,
    count: AtomicU32,
}

impl Held {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Semaphore::new(0),
            open: Semaphore::new(0),
            count: AtomicU32::new(0),
        })
    }

    fn at(self: &Arc<Self>, server: &Server) {
        let jobs = server.state.ports.jobs.as_ref().unwrap();
        jobs.handle("held", Arc::clone(self) as _);
    }

    async fn wait_begun(&self) {
        let begun = tokio::time::timeout(Duration::from_mins(1), self.begun.acquire());
        begun.await.expect("the job was not begun").unwrap().forget();
    }
}

#[async_trait]
impl JobHandler for Held {
    async fn run(&self, _: Job) -> Result<(), JobError> {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.begun.add_permits(1);
        self.open.acquire().await.unwrap().forget();
        Ok(())
    }
}

fn held(server: &Server) -> NewJob {
    NewJob {
        kind: "held",
        ..job(server, None, 0)
    }
}

#[tokio::test]
async fn a_node_that_starts_leaves_alone_what_another_works_on() {
    for house in houses(&[]) {
        let one = house.open().await;
        let work = Held::new();
        work.at(&one);
        add(&one, held(&one)).await;
        work.wait_begun().await;

        let two = house.open().await;
        work.at(&two);
        let hand = Arc::new(Hand::default());
        handle(&two, &hand);
        // By then it has looked at all that is due, more than once.
        for number in 0..3 {
            add(&two, job(&two, None, 0)).await;
            hand.wait(number + 1).await;
        }
        let count = work.count.load(Ordering::SeqCst);
        work.open.add_permits(10);
        one.settle().await;

        assert_eq!((count, work.count.load(Ordering::SeqCst)), (1, 1));
    }
}

#[tokio::test]
async fn what_a_node_worked_on_that_is_gone_is_done_by_the_next_at_once() {
    let house = House::new(&[]);
    let one = house.open().await;
    let two = house.open().await;
    let work = Held::new();
    work.at(&one);
    add(&one, held(&one)).await;
    work.wait_begun().await;

    one.kill();
    let three = house.open().await;
    work.at(&three);
    work.wait_begun().await;
    work.open.add_permits(10);
    two.settle().await;

    assert_eq!(work.count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_clock_that_jumps_starts_nothing_twice_on_its_node() {
    for house in houses(&[]) {
        let server = house.open().await;
        let work = Held::new();
        let hand = Arc::new(Hand::default());
        work.at(&server);
        handle(&server, &hand);
        add(&server, held(&server)).await;
        work.wait_begun().await;

        server.pass(3600);
        add(&server, job(&server, None, 0)).await;
        hand.wait(1).await;
        let count = work.count.load(Ordering::SeqCst);
        work.open.add_permits(10);
        server.settle().await;

        assert_eq!((count, work.count.load(Ordering::SeqCst)), (1, 1));
    }
}

#[tokio::test]
async fn a_server_that_stops_finishes_what_it_has_begun() {
    let house = House::new(&[]);
    let server = house.open().await;
    let work = Held::new();
    work.at(&server);
    add(&server, held(&server)).await;
    work.wait_begun().await;

    let draining = server.state.lifecycle.draining();
    let opening = async {
        draining.cancelled().await;
        work.open.add_permits(1);
    };
    let (is_clean, ()) = tokio::join!(server.stop(), opening);

    assert!(is_clean);
    assert_eq!(work.open.available_permits(), 0, "the work went on to its end");
}
