//! What the prompts of packages have said through time.

use botlib::{BotId, OrgId};
use botstate::{
    db::{Connection, DbJson, DbTime, DbUuid, prompt_versions as table},
    dialog::Bot,
    on_each,
    prompt::Prompt,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Notes every prompt of a bot that says something else than it did when it was noted last.
pub(crate) fn note(conn: &mut Connection, bot: &Bot, now: DateTime<Utc>) -> QueryResult<()> {
    for prompt in &bot.prompts {
        let last = last(conn, bot.org, bot.id, &prompt.name)?;
        let seq = last.as_ref().map_or(1, |(seq, _)| seq + 1);
        if last.is_none_or(|(_, version)| version != prompt.version) {
            insert(conn, bot, prompt, seq, now)?;
        }
    }
    Ok(())
}

fn last(conn: &mut Connection, org: OrgId, bot: BotId, name: &str) -> QueryResult<Option<(i64, String)>> {
    on_each!(conn, |conn| table::table
        .filter(
            table::org_id
                .eq(DbUuid::from(org))
                .and(table::bot_id.eq(DbUuid::from(bot)))
                .and(table::name.eq(name))
        )
        .order(table::seq.desc())
        .select((table::seq, table::version))
        .first(conn)
        .optional())
}

fn insert(conn: &mut Connection, bot: &Bot, prompt: &Prompt, seq: i64, now: DateTime<Utc>) -> QueryResult<()> {
    let variants: serde_json::Map<_, _> = prompt
        .variants
        .iter()
        .map(|variant| (variant.name.clone(), variant.weight.into()))
        .collect();
    on_each!(conn, |conn| diesel::insert_into(table::table)
        .values((
            table::org_id.eq(DbUuid::from(bot.org)),
            table::bot_id.eq(DbUuid::from(bot.id)),
            table::name.eq(&prompt.name),
            table::seq.eq(seq),
            table::version.eq(&prompt.version),
            table::author.eq(&prompt.author),
            table::package.eq(&bot.version),
            table::variants.eq(DbJson(serde_json::Value::Object(variants.clone()))),
            table::source.eq(&*prompt.source),
            table::created_at.eq(DbTime(now)),
        ))
        // Another node was faster.
        .on_conflict((table::org_id, table::bot_id, table::name, table::seq))
        .do_nothing()
        .execute(conn))?;
    Ok(())
}
