//! The database: SQLite in a file of this machine, or PostgreSQL.
//!
//! Store functions are synchronous and take a [`Connection`]; services call them through [`Db::read`] and
//! [`Db::write`]. A body that touches Diesel's backend types is compiled once for each with [`on_each!`](crate::on_each).

mod connection;
mod error;
mod keys;
pub mod memories;
mod migrate;
mod open;
mod pool;
#[expect(missing_docs, reason = "columns are described by the migrations")]
mod schema;
mod tenant;
mod types;
mod writer;

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::oneshot;

pub use connection::Connection;
pub use error::{Error, OpenError, Violation};
pub use keys::server_key;
pub use migrate::{Migration, MigrationReport};
pub use schema::*;
pub use tenant::default_org;
pub use types::{DbJson, DbTime, DbUuid};

use self::{
    pool::{Open, Pool},
    writer::{Done, Job, Writers},
};
use crate::{
    config::{DatabaseConfig, DatabaseUrl},
    service::HealthCheck,
};

/// A change that commits together with others.
pub type Change = Box<dyn FnOnce(&mut Connection) -> diesel::QueryResult<()> + Send>;

/// Writers of a PostgreSQL server: enough to keep it busy while others wait for its disk.
const POSTGRES_WRITERS: u32 = 4;

/// The database, cheap to clone.
#[derive(Clone)]
pub struct Db {
    kind: &'static str,
    writers: Arc<Writers>,
    readers: Arc<Pool>,
    timeout: Duration,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({})", self.kind)
    }
}

impl Db {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached, opened or migrated, each with a remedy.
    pub async fn open(config: &DatabaseConfig) -> Result<(Self, MigrationReport), OpenError> {
        let config = config.clone();
        blocking(move || {
            let report = migrate::run(&config.url)?;
            let db = match config.url {
                DatabaseUrl::Sqlite(path) => Self::sqlite(path, config.pool_size, config.timeout)?,
                DatabaseUrl::Postgres(url) => {
                    let (timeout, reader_url) = (config.timeout, url.clone());
                    let write: Open = Box::new(move || open::postgres(&url, timeout));
                    let read: Open = Box::new(move || open::postgres(&reader_url, timeout));
                    Self::start("postgres", (POSTGRES_WRITERS, write), (config.pool_size, read), timeout)?
                }
            };
            Ok((db, report))
        })
        .await
    }

    /// Opens a file of another kind than the server's own, such as a bot's tables, without a schema of ours. It is
    /// written as safely as the server's own.
    ///
    /// # Errors
    /// When the file cannot be opened, with a remedy.
    pub async fn open_file(path: PathBuf, pool_size: u32, timeout: Duration) -> Result<Self, OpenError> {
        blocking(move || {
            // The readers of a file that is not there yet could not make it.
            open::sqlite_patient(&path)?;
            Self::sqlite(path, pool_size, timeout)
        })
        .await
    }

    fn sqlite(path: PathBuf, pool_size: u32, timeout: Duration) -> Result<Self, OpenError> {
        let reader_path = path.clone();
        let write: Open = Box::new(move || open::sqlite_writer(&path).map_err(|error| unavailable(&error)));
        let read: Open = Box::new(move || open::sqlite_reader(&reader_path).map_err(|error| unavailable(&error)));
        Self::start("sqlite", (1, write), (pool_size, read), timeout)
    }

    fn start(
        kind: &'static str,
        (writers, write): (u32, Open),
        (readers, read): (u32, Open),
        timeout: Duration,
    ) -> Result<Self, OpenError> {
        let writers = Writers::start(writers, write).map_err(|error| OpenError::Server(error.to_string()))?;
        Ok(Self {
            kind,
            writers: Arc::new(writers),
            readers: Arc::new(Pool::new(read, readers, timeout)),
            timeout,
        })
    }

    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Runs `work` on a connection for reading, outside the async threads.
    ///
    /// # Errors
    /// What `work` gives, or [`Error::Unavailable`] when the database does not answer in time.
    pub async fn read<T, E>(&self, work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Runs `work` in a transaction and answers after its commit. `work` runs once: when it fails, what it
    /// did is rolled back.
    ///
    /// # Errors
    /// What `work` gives, or an [`Error`] when the transaction could not be committed in time. After
    /// [`Error::Unavailable`] the commit may still have happened: try again under the same idempotency key.
    pub async fn write<T, E>(&self, work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let result = match conn {
                // The caller gave up and was told so: what it wanted must not happen behind its back.
                Ok(_) if sender.is_closed() => return Done::Skipped,
                Ok(conn) => conn.savepoint(work),
                Err(error) => Err(error.into()),
            };
            match result {
                Ok(value) => Done::Work(Box::new(move |outcome| {
                    // Nobody may be waiting any more; the commit stands all the same.
                    let _ = sender.send(outcome.map(|()| value).map_err(E::from));
                })),
                Err(error) => {
                    let _ = sender.send(Err(error));
                    Done::Undone
                }
            }
        });
        self.writers.submit(job)?;
        match tokio::time::timeout(self.timeout, receiver).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::Broken.into()),
            Err(_) => Err(Error::Unavailable(format!("no commit within {:?}", self.timeout)).into()),
        }
    }

    /// A check for `/health/ready` and `doctor`.
    pub fn health_check(&self) -> Box<dyn HealthCheck> {
        Box::new(DbCheck(self.clone()))
    }
}

struct DbCheck(Db);

#[async_trait]
impl HealthCheck for DbCheck {
    fn name(&self) -> &'static str {
        "database"
    }

    fn is_required(&self) -> bool {
        true
    }

    async fn check(&self) -> Result<String, String> {
        let answer = self.0.read(|conn| conn.ping().map_err(Error::from)).await;
        answer
            .map(|()| self.0.kind.to_owned())
            .map_err(|error| error.to_string())
    }
}

fn unavailable(error: &OpenError) -> Error {
    Error::Unavailable(error.to_string())
}

/// Runs `work` on the blocking pool and resumes its panic here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and whoever waits here ends with it.
            Err(_cancelled) => std::future::pending().await,
        },
    }
}
