//! Connections for reading, at most so many, opened when they are needed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{sync::Semaphore, time::timeout};

use super::{Connection, Error, blocking};

/// A connection that was idle for longer is asked whether it still stands before it is used: its server may have
/// been restarted meanwhile.
const TRUSTED: Duration = Duration::from_secs(1);

/// Opens a connection.
pub(super) type Open = Box<dyn Fn() -> Result<Connection, Error> + Send + Sync>;

/// A pool of connections.
pub(super) struct Pool {
    open: Open,
    idle: Mutex<Vec<(Connection, Instant)>>,
    permits: Arc<Semaphore>,
    timeout: Duration,
}

impl Pool {
    pub(super) fn new(open: Open, size: u32, timeout: Duration) -> Self {
        let size = usize::try_from(size.max(1)).unwrap_or(usize::MAX);
        Self {
            open,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(size)),
            timeout,
        }
    }

    /// Runs `work` on a connection, outside the async threads.
    pub(super) async fn run<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let late = || Error::Unavailable(format!("no answer within {:?}", self.timeout));
        let pool = Arc::clone(self);
        let reading = async move {
            // Whoever waits for a connection holds no thread. The permit goes with the thread: when the server
            // hangs, threads hang with it longer than anybody waits for them, but never more than there are permits.
            let Ok(permit) = Arc::clone(&pool.permits).acquire_owned().await else {
                return Err(Error::Busy.into());
            };
            blocking(move || {
                let _permit = permit;
                pool.with(work)
            })
            .await
        };
        timeout(self.timeout, reading)
            .await
            .unwrap_or_else(|_| Err(late().into()))
    }

    fn with<T, E: From<Error>>(&self, work: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.take()?;
        let result = catch_unwind(AssertUnwindSafe(|| work(&mut conn)));
        if matches!(result, Ok(Ok(_))) || (conn.is_idle() && conn.ping().is_ok()) {
            self.idle.lock().push((conn, Instant::now()));
        } else {
            // The server has gone or was restarted: then every idle connection is dead as well.
            self.idle.lock().clear();
        }
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn take(&self) -> Result<Connection, Error> {
        let idle = self.idle.lock().pop();
        if let Some((mut conn, since)) = idle {
            if since.elapsed() < TRUSTED || conn.ping().is_ok() {
                return Ok(conn);
            }
            self.idle.lock().clear();
        }
        (self.open)()
    }
}
