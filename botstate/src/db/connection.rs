//! One connection to either database.

use diesel::{
    PgConnection, QueryResult, RunQueryDsl, SqliteConnection,
    connection::{AnsiTransactionManager, Connection as _, SimpleConnection, TransactionManager},
};

/// A connection to SQLite or PostgreSQL.
#[expect(missing_debug_implementations, reason = "Diesel's connections have none")]
pub enum Connection {
    /// A file of this machine.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

/// Compiles `$body` once for each kind of connection, with `$conn` as Diesel's own type.
#[macro_export]
macro_rules! on_each {
    ($connection:expr, |$conn:ident| $body:expr) => {
        match $connection {
            $crate::db::Connection::Sqlite($conn) => $body,
            $crate::db::Connection::Postgres($conn) => $body,
        }
    };
}

impl Connection {
    /// Asks for an answer.
    pub(crate) fn ping(&mut self) -> QueryResult<()> {
        on_each!(self, |conn| diesel::sql_query("SELECT 1").execute(conn).map(|_| ()))
    }

    /// Begins a transaction; on SQLite at once as the writer, since a deferred one may fail at its first write.
    pub(crate) fn begin(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE"),
            Self::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn),
        }
    }

    /// Commits; when that fails, rolls back, so that the connection can be used again.
    pub(crate) fn commit(&mut self) -> QueryResult<()> {
        on_each!(self, |conn| AnsiTransactionManager::commit_transaction(conn)
            .inspect_err(|_| {
                let _ = AnsiTransactionManager::rollback_transaction(conn);
            }))
    }

    /// Runs `work` inside a savepoint: what it did is undone when it fails or panics.
    pub(crate) fn savepoint<T, E: From<diesel::result::Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        on_each!(self, |conn| AnsiTransactionManager::begin_transaction(conn))?;
        let mut guard = Rollback {
            conn: self,
            armed: true,
        };
        let value = work(guard.conn)?;
        on_each!(&mut *guard.conn, |conn| AnsiTransactionManager::commit_transaction(
            conn
        ))?;
        guard.armed = false;
        Ok(value)
    }

    /// Whether the transaction that was begun still stands after a failure inside it.
    ///
    /// PostgreSQL answers the commit of a failed transaction with a rollback and no error, and SQLite ends the
    /// whole transaction when the disk is full: both would look like a commit.
    pub(crate) fn still_in_transaction(&mut self) -> QueryResult<()> {
        match self {
            Self::Postgres(_) => self.ping(),
            Self::Sqlite(conn) => {
                // A transaction cannot begin inside another: when it can, there was none any more.
                if conn.batch_execute("BEGIN").is_ok() {
                    conn.batch_execute("ROLLBACK")?;
                    return Err(diesel::result::Error::NotInTransaction);
                }
                Ok(())
            }
        }
    }

    /// Whether the database is at the other end of a connection that may break.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs statements that give nothing back.
    pub(crate) fn batch(&mut self, sql: &str) -> QueryResult<()> {
        on_each!(self, |conn| conn.batch_execute(sql))
    }

    /// Ends the innermost level without keeping what it did.
    pub(crate) fn roll_back(&mut self) {
        // When even this fails the connection is broken, which its next use reports.
        let _ = on_each!(self, |conn| AnsiTransactionManager::rollback_transaction(conn));
    }

    /// Whether the connection has no transaction open and can be used again.
    pub(crate) fn is_idle(&mut self) -> bool {
        on_each!(self, |conn| AnsiTransactionManager::transaction_manager_status_mut(
            conn
        )
        .transaction_depth()
        .is_ok_and(|depth| depth.is_none()))
    }

    /// Connects to a server.
    pub(crate) fn postgres(url: &str) -> diesel::ConnectionResult<Self> {
        PgConnection::establish(url).map(Self::Postgres)
    }

    /// Opens a file.
    pub(crate) fn sqlite(path: &str) -> diesel::ConnectionResult<Self> {
        SqliteConnection::establish(path).map(Self::Sqlite)
    }
}

/// Rolls the innermost level back unless it is disarmed, also when the work panics.
struct Rollback<'a> {
    conn: &'a mut Connection,
    armed: bool,
}

impl Drop for Rollback<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.conn.roll_back();
        }
    }
}
