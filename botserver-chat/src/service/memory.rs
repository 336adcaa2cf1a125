//! What is remembered of people: each may see, correct and erase what is about himself.

use botlib::{Caller, Value};
use botstate::db::memories::{self, Memory};

use super::ChatService;
use crate::{error::Error, model::Owner};

/// Bytes that a memory may have in its stored form.
const LARGEST: usize = 64 << 10;

impl ChatService {
    /// Everything that is remembered of the caller.
    pub(crate) async fn memories(&self, caller: &Caller) -> Result<Vec<Memory>, Error> {
        let (org, shelf, now) = (caller.org, shelf(caller)?, self.engine.clock.now());
        let read = self
            .engine
            .db
            .read(move |conn| memories::list_all(conn, org, &shelf, now).map_err(Error::from));
        read.await
    }

    /// Gives something that is remembered of the caller another value.
    pub(crate) async fn update_memory(
        &self,
        caller: &Caller,
        scope: String,
        name: String,
        value: Value,
    ) -> Result<(), Error> {
        if value.is_null() {
            return self.delete_memory(caller, scope, name).await;
        }
        if serde_json::to_string(&value)?.len() > LARGEST {
            return Err(Error::Invalid(format!("a memory may have {LARGEST} bytes at most")));
        }
        let (org, shelf, now) = (caller.org, shelf(caller)?, self.engine.clock.now());
        let write = self
            .engine
            .db
            .write(move |conn| memories::update(conn, org, &shelf, (&scope, &name), &value, now).map_err(Error::from));
        if write.await? {
            Ok(())
        } else {
            Err(Error::UnknownMemory)
        }
    }

    /// Forgets something that is remembered of the caller.
    pub(crate) async fn delete_memory(&self, caller: &Caller, scope: String, name: String) -> Result<(), Error> {
        let (org, shelf) = (caller.org, shelf(caller)?);
        let write = self
            .engine
            .db
            .write(move |conn| memories::delete(conn, org, &shelf, (&scope, &name)).map_err(Error::from));
        if write.await? {
            Ok(())
        } else {
            Err(Error::UnknownMemory)
        }
    }

    /// Forgets everything about the caller.
    pub(crate) async fn clear_memory(&self, caller: &Caller) -> Result<(), Error> {
        let (org, shelf) = (caller.org, shelf(caller)?);
        let write = self
            .engine
            .db
            .write(move |conn| memories::clear_all(conn, org, &shelf).map_err(Error::from));
        write.await.map(drop)
    }

    /// Writes down what finished conversations were about and gives how many; the server does so each minute.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn remember(&self) -> Result<usize, Error> {
        self.engine.remember_once().await
    }
}

fn shelf(caller: &Caller) -> Result<String, Error> {
    Owner::of(caller).shelf().ok_or(Error::UnknownMemory)
}
