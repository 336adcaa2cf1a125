//! Compiled scripts that dialogs were started with.

use std::collections::HashSet;

use botlib::{BotId, OrgId};
use botstate::{
    db::{Connection, DbTime, DbUuid, conversations, dialog_programs},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// A program to keep.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) bot: BotId,
    pub(crate) org: OrgId,
    pub(crate) hash: String,
    pub(crate) script: String,
    pub(crate) program: String,
}

/// The text of a bot's program.
pub(crate) fn find(conn: &mut Connection, bot: BotId, hash: &str) -> QueryResult<Option<String>> {
    on_each!(conn, |conn| {
        dialog_programs::table
            .find((DbUuid::from(bot), hash))
            .select(dialog_programs::program)
            .first(conn)
            .optional()
    })
}

/// Keeps programs that are not kept yet. A program never changes, since its hash is its name.
pub(crate) fn keep(conn: &mut Connection, programs: &[Kept], now: DateTime<Utc>) -> QueryResult<()> {
    for kept in programs {
        on_each!(conn, |conn| {
            diesel::insert_into(dialog_programs::table)
                .values((
                    dialog_programs::bot_id.eq(DbUuid::from(kept.bot)),
                    dialog_programs::hash.eq(&kept.hash),
                    dialog_programs::org_id.eq(DbUuid::from(kept.org)),
                    dialog_programs::script.eq(&kept.script),
                    dialog_programs::program.eq(&kept.program),
                    dialog_programs::created_at.eq(DbTime(now)),
                ))
                .on_conflict((dialog_programs::bot_id, dialog_programs::hash))
                .do_nothing()
                .execute(conn)
        })?;
    }
    Ok(())
}

/// Deletes programs from before `before` that are not `running` and that no waiting dialog was started with.
pub(crate) fn delete_unused(
    conn: &mut Connection,
    before: DateTime<Utc>,
    running: &HashSet<(BotId, String)>,
) -> QueryResult<usize> {
    let old: Vec<(DbUuid, String)> = on_each!(conn, |conn| dialog_programs::table
        .filter(dialog_programs::created_at.lt(DbTime(before)))
        .select((dialog_programs::bot_id, dialog_programs::hash))
        .load(conn))?;
    let mut count = 0;
    for (bot, hash) in old {
        if running.contains(&(bot.into(), hash.clone())) {
            continue;
        }
        // The state of a waiting dialog names its program.
        let waiting: i64 = on_each!(conn, |conn| conversations::table
            .filter(
                conversations::activities
                    .ne("[]")
                    .and(conversations::activities.like(format!("%{hash}%")))
            )
            .count()
            .get_result(conn))?;
        if waiting == 0 {
            count += on_each!(conn, |conn| diesel::delete(dialog_programs::table.find((bot, &hash)))
                .execute(conn))?;
        }
    }
    Ok(count)
}
