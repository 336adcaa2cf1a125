//! What bots remember, where one gives it to another.

use botlib::{BotId, OrgId};
use botstate::{
    db::{Connection, DbTime, DbUuid, bot_memories},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Copies what `from` remembers under `key`, or all of it, to `to`.
pub(crate) fn copy(
    conn: &mut Connection,
    org: OrgId,
    from: BotId,
    to: BotId,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let rows: Vec<(String, String)> = on_each!(conn, |conn| {
        let mut query = bot_memories::table
            .filter(
                bot_memories::org_id
                    .eq(DbUuid::from(org))
                    .and(bot_memories::bot_id.eq(DbUuid::from(from))),
            )
            .select((bot_memories::name, bot_memories::value))
            .into_boxed();
        if let Some(key) = key {
            query = query.filter(bot_memories::name.eq(key));
        }
        query.load(conn)
    })?;
    for (name, value) in rows {
        on_each!(conn, |conn| diesel::insert_into(bot_memories::table)
            .values((
                bot_memories::bot_id.eq(DbUuid::from(to)),
                bot_memories::name.eq(&name),
                bot_memories::org_id.eq(DbUuid::from(org)),
                bot_memories::value.eq(&value),
                bot_memories::updated_at.eq(DbTime(now)),
            ))
            .on_conflict((bot_memories::bot_id, bot_memories::name))
            .do_update()
            .set((bot_memories::value.eq(&value), bot_memories::updated_at.eq(DbTime(now))))
            .execute(conn))?;
    }
    Ok(())
}
