//! Rows of collections, and of the bots that they belong to.

use botlib::{BotId, OrgId, PersonId};
use botstate::{
    db::{Connection, DbTime, DbUuid, kb_bots, kb_collections, people},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::model::{Collection, Origin};

#[derive(Queryable, Selectable)]
#[diesel(table_name = kb_collections)]
struct Row {
    id: DbUuid,
    org_id: DbUuid,
    bot_id: DbUuid,
    name: String,
    origin: String,
    embedder: Option<String>,
    version: i64,
    created_at: DbTime,
}

impl From<Row> for Collection {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            org: row.org_id.into(),
            bot: row.bot_id.into(),
            name: row.name,
            origin: Origin::of(&row.origin),
            embedder: row.embedder,
            version: row.version,
            created_at: row.created_at.0,
        }
    }
}

/// What a bot's row says about its readers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// The text of the permissions file.
    pub(crate) permissions: Option<String>,
    /// Why it cannot be understood.
    pub(crate) error: Option<String>,
    /// Counts changes.
    pub(crate) version: i64,
}

/// The policy of a bot; that of a bot that knows nothing yet lets everybody read everything there is.
pub(crate) fn policy(conn: &mut Connection, org: OrgId, bot: BotId) -> QueryResult<Policy> {
    let own = kb_bots::table.filter(
        kb_bots::bot_id
            .eq(DbUuid::from(bot))
            .and(kb_bots::org_id.eq(DbUuid::from(org))),
    );
    let row: Option<(Option<String>, Option<String>, i64)> = on_each!(conn, |conn| own
        .select((kb_bots::permissions, kb_bots::permissions_error, kb_bots::version))
        .first(conn)
        .optional())?;
    Ok(
        row.map_or_else(Policy::default, |(permissions, error, version)| Policy {
            permissions,
            error,
            version,
        }),
    )
}

/// Replaces the policy of a bot.
pub(crate) fn set_policy(conn: &mut Connection, org: OrgId, bot: BotId, policy: &Policy) -> QueryResult<()> {
    let values = (
        kb_bots::permissions.eq(&policy.permissions),
        kb_bots::permissions_error.eq(&policy.error),
    );
    on_each!(conn, |conn| diesel::insert_into(kb_bots::table)
        .values((
            kb_bots::bot_id.eq(DbUuid::from(bot)),
            kb_bots::org_id.eq(DbUuid::from(org)),
            values,
            kb_bots::version.eq(1),
        ))
        .on_conflict(kb_bots::bot_id)
        .do_update()
        .set((values, kb_bots::version.eq(kb_bots::version + 1)))
        .execute(conn))?;
    Ok(())
}

/// Every collection of a bot, by name.
pub(crate) fn list(conn: &mut Connection, org: OrgId, bot: BotId) -> QueryResult<Vec<Collection>> {
    let rows: Vec<Row> = on_each!(conn, |conn| kb_collections::table
        .filter(
            kb_collections::org_id
                .eq(DbUuid::from(org))
                .and(kb_collections::bot_id.eq(DbUuid::from(bot)))
        )
        .order(kb_collections::name)
        .select(Row::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(Collection::from).collect())
}

/// Every bot of the organisation that knows something.
pub(crate) fn bots(conn: &mut Connection, org: OrgId) -> QueryResult<Vec<BotId>> {
    let ids: Vec<DbUuid> = on_each!(conn, |conn| kb_collections::table
        .filter(kb_collections::org_id.eq(DbUuid::from(org)))
        .select(kb_collections::bot_id)
        .distinct()
        .load(conn))?;
    Ok(ids.into_iter().map(BotId::from).collect())
}

/// The collection of that name, in any letter case.
pub(crate) fn find(conn: &mut Connection, org: OrgId, bot: BotId, name: &str) -> QueryResult<Option<Collection>> {
    let wanted = name.to_lowercase();
    let all = list(conn, org, bot)?;
    Ok(all
        .into_iter()
        .find(|collection| collection.name.to_lowercase() == wanted))
}

/// Adds a collection.
pub(crate) fn create(conn: &mut Connection, collection: &Collection) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::insert_into(kb_collections::table)
        .values((
            kb_collections::id.eq(DbUuid(collection.id)),
            kb_collections::org_id.eq(DbUuid::from(collection.org)),
            kb_collections::bot_id.eq(DbUuid::from(collection.bot)),
            kb_collections::name.eq(&collection.name),
            kb_collections::origin.eq(collection.origin.name()),
            kb_collections::embedder.eq(&collection.embedder),
            kb_collections::version.eq(collection.version),
            kb_collections::created_at.eq(DbTime(collection.created_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// The collection of that name, made when it is not there.
pub(crate) fn ensure(
    conn: &mut Connection,
    org: OrgId,
    bot: BotId,
    name: &str,
    origin: Origin,
    now: DateTime<Utc>,
) -> QueryResult<Collection> {
    if let Some(found) = find(conn, org, bot, name)? {
        return Ok(found);
    }
    let collection = Collection {
        id: Uuid::now_v7(),
        org,
        bot,
        name: name.to_owned(),
        origin,
        embedder: None,
        version: 1,
        created_at: now,
    };
    create(conn, &collection)?;
    Ok(collection)
}

/// Takes a collection away with all that is in it.
pub(crate) fn delete(conn: &mut Connection, org: OrgId, id: Uuid) -> QueryResult<()> {
    let own = kb_collections::table.filter(
        kb_collections::id
            .eq(DbUuid(id))
            .and(kb_collections::org_id.eq(DbUuid::from(org))),
    );
    on_each!(conn, |conn| diesel::delete(own).execute(conn))?;
    Ok(())
}

/// Counts a change of what can be found in a collection, and gives its number.
pub(crate) fn bump(conn: &mut Connection, id: Uuid) -> QueryResult<i64> {
    let own = kb_collections::table.filter(kb_collections::id.eq(DbUuid(id)));
    on_each!(conn, |conn| diesel::update(own)
        .set(kb_collections::version.eq(kb_collections::version + 1))
        .execute(conn))?;
    on_each!(conn, |conn| own.select(kb_collections::version).first(conn))
}

/// Says that the vectors of `embedder` are complete.
pub(crate) fn set_embedder(conn: &mut Connection, id: Uuid, embedder: &str) -> QueryResult<()> {
    let own = kb_collections::table.filter(kb_collections::id.eq(DbUuid(id)));
    on_each!(conn, |conn| diesel::update(own)
        .set((
            kb_collections::embedder.eq(embedder),
            kb_collections::version.eq(kb_collections::version + 1)
        ))
        .execute(conn))?;
    Ok(())
}

/// The mail address of a person.
pub(crate) fn email(conn: &mut Connection, org: OrgId, person: PersonId) -> QueryResult<Option<String>> {
    on_each!(conn, |conn| people::table
        .filter(
            people::id
                .eq(DbUuid::from(person))
                .and(people::org_id.eq(DbUuid::from(org)))
        )
        .select(people::email)
        .first(conn)
        .optional())
}
