//! What SET BOT MEMORY keeps.

use botlib::{BotId, OrgId, Value};
use botstate::{
    db::{Connection, DbJson, DbTime, DbUuid, bot_memories},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// The value that a bot remembers under a name.
pub(crate) fn find(conn: &mut Connection, bot: BotId, name: &str) -> QueryResult<Option<Value>> {
    let json = on_each!(conn, |conn| {
        bot_memories::table
            .find((DbUuid::from(bot), name))
            .select(bot_memories::value)
            .first::<DbJson>(conn)
            .optional()
    })?;
    json.map(|json| serde_json::from_value(json.0))
        .transpose()
        .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}

/// Keeps a value under a name; null removes what was there.
pub(crate) fn set(
    conn: &mut Connection,
    org: OrgId,
    bot: BotId,
    name: &str,
    value: &Value,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let key = (DbUuid::from(bot), name);
    if value.is_null() {
        on_each!(conn, |conn| diesel::delete(bot_memories::table.find(key)).execute(conn))?;
        return Ok(());
    }
    let json = DbJson::of_value(value).map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    on_each!(conn, |conn| {
        diesel::insert_into(bot_memories::table)
            .values((
                bot_memories::bot_id.eq(key.0),
                bot_memories::name.eq(name),
                bot_memories::org_id.eq(DbUuid::from(org)),
                bot_memories::value.eq(&json),
                bot_memories::updated_at.eq(DbTime(now)),
            ))
            .on_conflict((bot_memories::bot_id, bot_memories::name))
            .do_update()
            .set((bot_memories::value.eq(&json), bot_memories::updated_at.eq(DbTime(now))))
            .execute(conn)
    })?;
    Ok(())
}
