//! What the prompts of packages said through time, and what became of answers that were given with them.

use botlib::{BotId, ConversationId, OrgId, TurnId};
use botstate::{
    db::{Connection, DbJson, DbTime, DbUuid, conversations, prompt_uses as uses, prompt_versions as versions},
    on_each,
    prompt::PromptUse,
};
use chrono::{DateTime, Utc};
use diesel::{dsl::count_star, prelude::*};
use uuid::Uuid;

/// An answer that a model gave with a prompt, or should have given.
#[derive(Debug, Clone)]
pub(crate) struct NewUse {
    pub(crate) org: OrgId,
    pub(crate) bot: BotId,
    pub(crate) conversation: ConversationId,
    pub(crate) turn: TurnId,
    pub(crate) used: PromptUse,
    pub(crate) outcome: &'static str,
    pub(crate) now: DateTime<Utc>,
}

/// Keeps the use of a prompt.
pub(crate) fn create(conn: &mut Connection, new: &NewUse) -> QueryResult<()> {
    let conversation = DbUuid::from(new.conversation);
    // A conversation that passes is nowhere, and what became of its answers is counted all the same.
    let kept: Option<DbUuid> = on_each!(conn, |conn| conversations::table
        .filter(conversations::id.eq(conversation))
        .select(conversations::id)
        .first(conn)
        .optional())?;
    on_each!(conn, |conn| diesel::insert_into(uses::table)
        .values((
            uses::id.eq(DbUuid(Uuid::now_v7())),
            uses::org_id.eq(DbUuid::from(new.org)),
            uses::bot_id.eq(DbUuid::from(new.bot)),
            uses::conversation_id.eq(kept),
            uses::turn_id.eq(DbUuid::from(new.turn)),
            uses::name.eq(&new.used.name),
            uses::version.eq(&new.used.version),
            uses::variant.eq(&new.used.variant),
            uses::outcome.eq(new.outcome),
            uses::created_at.eq(DbTime(new.now)),
        ))
        .execute(conn))?;
    Ok(())
}

/// The uses that a word about an answer is for: those of the turn, else the last one of the conversation.
fn meant(
    conn: &mut Connection,
    org: OrgId,
    conversation: ConversationId,
    turn: Option<TurnId>,
) -> QueryResult<Vec<DbUuid>> {
    on_each!(conn, |conn| {
        let of = uses::table
            .filter(
                uses::org_id
                    .eq(DbUuid::from(org))
                    .and(uses::conversation_id.eq(DbUuid::from(conversation))),
            )
            .order((uses::created_at.desc(), uses::id.desc()))
            .select(uses::id);
        match turn {
            Some(turn) => of.filter(uses::turn_id.eq(DbUuid::from(turn))).load(conn),
            None => of.limit(1).load(conn),
        }
    })
}

/// Keeps what somebody thinks of an answer; false when no prompt was used for it.
pub(crate) fn rate(
    conn: &mut Connection,
    org: OrgId,
    conversation: ConversationId,
    turn: Option<TurnId>,
    verdict: Option<&str>,
) -> QueryResult<bool> {
    let ids = meant(conn, org, conversation, turn)?;
    let rows = uses::table.filter(uses::id.eq_any(&ids));
    on_each!(conn, |conn| diesel::update(rows)
        .set(uses::verdict.eq(verdict))
        .execute(conn))?;
    Ok(!ids.is_empty())
}

/// Notes that somebody else answers after the last answer of a conversation.
pub(crate) fn hand_over(conn: &mut Connection, org: OrgId, conversation: ConversationId) -> QueryResult<()> {
    let ids = meant(conn, org, conversation, None)?;
    let rows = uses::table.filter(uses::id.eq_any(&ids));
    on_each!(conn, |conn| diesel::update(rows)
        .set(uses::outcome.eq("handed_over"))
        .execute(conn))?;
    Ok(())
}

/// How often something happened.
#[derive(Debug, Clone, Queryable)]
#[expect(clippy::struct_field_names, reason = "it is the number itself")]
pub(crate) struct Count {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) variant: String,
    pub(crate) outcome: String,
    pub(crate) verdict: Option<String>,
    pub(crate) count: i64,
}

/// What became of the answers of a bot's prompts.
pub(crate) fn counts(conn: &mut Connection, org: OrgId, bot: BotId, name: Option<&str>) -> QueryResult<Vec<Count>> {
    let columns = (uses::name, uses::version, uses::variant, uses::outcome, uses::verdict);
    on_each!(conn, |conn| {
        let mut query = uses::table
            .filter(
                uses::org_id
                    .eq(DbUuid::from(org))
                    .and(uses::bot_id.eq(DbUuid::from(bot))),
            )
            .group_by(columns)
            .select((
                uses::name,
                uses::version,
                uses::variant,
                uses::outcome,
                uses::verdict,
                count_star(),
            ))
            .into_boxed();
        if let Some(name) = name {
            query = query.filter(uses::name.eq(name));
        }
        query.load(conn)
    })
}

/// A version of a prompt.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = versions)]
#[expect(clippy::struct_field_names, reason = "fields are called like their columns")]
pub(crate) struct Version {
    pub(crate) seq: i64,
    pub(crate) version: String,
    pub(crate) author: Option<String>,
    pub(crate) package: String,
    pub(crate) variants: DbJson,
    pub(crate) source: String,
    pub(crate) created_at: DbTime,
}

/// What a prompt said through time, the newest first, at most `limit` from before `before`.
pub(crate) fn list(
    conn: &mut Connection,
    (org, bot): (OrgId, BotId),
    name: &str,
    before: i64,
    limit: i64,
) -> QueryResult<Vec<Version>> {
    on_each!(conn, |conn| versions::table
        .filter(
            versions::org_id
                .eq(DbUuid::from(org))
                .and(versions::bot_id.eq(DbUuid::from(bot)))
                .and(versions::name.eq(name))
                .and(versions::seq.lt(before))
        )
        .order(versions::seq.desc())
        .limit(limit)
        .select(Version::as_select())
        .load(conn))
}

/// The version of a prompt with that hash, when it was there last.
pub(crate) fn find(
    conn: &mut Connection,
    (org, bot): (OrgId, BotId),
    name: &str,
    version: &str,
) -> QueryResult<Option<Version>> {
    on_each!(conn, |conn| versions::table
        .filter(
            versions::org_id
                .eq(DbUuid::from(org))
                .and(versions::bot_id.eq(DbUuid::from(bot)))
                .and(versions::name.eq(name))
                .and(versions::version.eq(version))
        )
        .order(versions::seq.desc())
        .select(Version::as_select())
        .first(conn)
        .optional())
}
