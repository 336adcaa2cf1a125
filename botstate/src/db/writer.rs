//! Writers whose commits are shared.
//!
//! A writer is a thread with a connection. Jobs that arrive while a commit is under way run in the next
//! transaction, so that an acknowledged write costs a share of one fsync rather than a whole one. SQLite has
//! one writer, PostgreSQL a few.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
};

use parking_lot::Mutex;

use super::{Connection, Error, pool::Open};

/// Jobs that may wait for a writer; more are refused as [`Error::Busy`].
const QUEUE: usize = 16_384;
/// Jobs of one transaction at most, so that the first of them does not wait for too many others.
const BATCH: usize = 512;

/// Work for a connection inside a transaction, or the reason why there is none.
pub(super) type Job = Box<dyn FnOnce(Result<&mut Connection, Error>) -> Done + Send>;

/// Tells whoever waits for a job what became of its transaction.
pub(super) type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// What a job did.
pub(super) enum Done {
    /// Its work, which counts once the transaction is committed.
    Work(Answer),
    /// Nothing that stays; whoever waited knows.
    Undone,
    /// Nothing at all, because nobody waits any more.
    Skipped,
}

/// The queue before the writers.
pub(super) struct Writers {
    jobs: SyncSender<Job>,
}

impl Writers {
    /// Starts `count` writers; they end when the queue is dropped.
    pub(super) fn start(count: u32, open: Open) -> std::io::Result<Self> {
        let (jobs, queue) = sync_channel(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        let open = Arc::new(open);
        for _ in 0..count.max(1) {
            let (queue, open) = (Arc::clone(&queue), Arc::clone(&open));
            std::thread::Builder::new()
                .name("db-writer".to_owned())
                .spawn(move || write_all(&queue, &open))?;
        }
        Ok(Self { jobs })
    }

    pub(super) fn submit(&self, job: Job) -> Result<(), Error> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Unavailable("the writers have stopped".to_owned()),
        })
    }
}

fn write_all(queue: &Mutex<Receiver<Job>>, open: &Open) {
    let mut writer = None;
    while let Some(batch) = next_batch(queue) {
        if let Err(error) = write(&mut writer, open, batch) {
            tracing::error!(%error, "the database did not commit");
        }
    }
}

fn next_batch(queue: &Mutex<Receiver<Job>>) -> Option<Vec<Job>> {
    let queue = queue.lock();
    let mut batch = vec![queue.recv().ok()?];
    batch.extend(std::iter::from_fn(|| queue.try_recv().ok()).take(BATCH - 1));
    Some(batch)
}

fn write(writer: &mut Option<Connection>, open: &Open, batch: Vec<Job>) -> Result<(), Error> {
    let conn = match begin(writer, open) {
        Ok(conn) => conn,
        Err(error) => {
            for job in batch {
                job(Err(error.clone()));
            }
            return Err(error);
        }
    };
    let outcome = run(conn, batch);
    if outcome.is_err() && !(conn.is_idle() && conn.ping().is_ok()) {
        *writer = None;
    }
    outcome
}

/// A connection with a transaction that has just begun.
fn begin<'a>(writer: &'a mut Option<Connection>, open: &Open) -> Result<&'a mut Connection, Error> {
    let mut conn = match writer.take() {
        Some(conn) => conn,
        None => open()?,
    };
    if let Err(error) = conn.begin() {
        if !conn.is_remote() {
            return Err(Error::of_transaction(error));
        }
        // A server that was restarted has cut the connection. Nothing was asked of it yet, so a new one does.
        conn = open()?;
        conn.begin().map_err(Error::of_transaction)?;
    }
    Ok(writer.insert(conn))
}

/// Runs the jobs of one transaction, commits it, and tells each what became of it.
fn run(conn: &mut Connection, batch: Vec<Job>) -> Result<(), Error> {
    let mut answers = Vec::with_capacity(batch.len());
    let mut jobs = batch.into_iter();
    let mut broke = None;
    for job in jobs.by_ref() {
        // A job that panics drops its sender, which its caller sees; the others go on.
        match catch_unwind(AssertUnwindSafe(|| job(Ok(conn)))) {
            Ok(Done::Work(answer)) => answers.push(answer),
            Ok(Done::Skipped) => {}
            // Some failures, such as a full disk, take the whole transaction with them. The commit would not tell.
            Ok(Done::Undone) | Err(_) => {
                if let Err(error) = conn.still_in_transaction() {
                    broke = Some(Error::of_transaction(error));
                    break;
                }
            }
        }
    }
    let outcome = match broke {
        Some(error) => {
            conn.roll_back();
            Err(error)
        }
        None => conn.commit().map_err(Error::of_transaction),
    };
    for answer in answers {
        answer(outcome.clone());
    }
    if let Err(error) = &outcome {
        for job in jobs {
            job(Err(error.clone()));
        }
    }
    outcome
}
