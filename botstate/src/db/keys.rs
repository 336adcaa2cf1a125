//! Keys that the server makes for itself once and all nodes share.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use botlib::Secret;
use diesel::prelude::*;

use super::{Db, Error, server_keys};
use crate::on_each;

/// The key called `name`: 32 bytes of chance in Base64, made on first use and the same for all nodes.
///
/// # Errors
/// When the database or the system's source of chance fails.
pub async fn server_key(db: &Db, name: &'static str) -> Result<Secret, Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Statement(format!("no chance to be had: {error}")))?;
    let fresh = STANDARD.encode(bytes);
    db.write(move |conn| {
        on_each!(conn, |conn| {
            diesel::insert_into(server_keys::table)
                .values((server_keys::name.eq(name), server_keys::value.eq(&fresh)))
                .on_conflict(server_keys::name)
                .do_nothing()
                .execute(conn)?;
            Ok(server_keys::table
                .find(name)
                .select(server_keys::value)
                .first::<String>(conn)?)
        })
    })
    .await
    .map(Secret::new)
}
