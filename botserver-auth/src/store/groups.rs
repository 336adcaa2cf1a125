//! Groups of people.

use botlib::{GroupId, OrgId, PersonId};
use botstate::{
    db::{Connection, DbTime, DbUuid, bot_readers, group_members, person_groups as groups, role_grants},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::model::{standing::Tree, tenants::Group};

#[derive(Queryable, Selectable)]
#[diesel(table_name = groups)]
struct GroupRow {
    id: DbUuid,
    name: String,
    description: String,
    parent_id: Option<DbUuid>,
    created_at: DbTime,
}

impl From<GroupRow> for Group {
    fn from(row: GroupRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            description: row.description,
            parent: row.parent_id.map(GroupId::from),
            created_at: row.created_at.into(),
        }
    }
}

/// A group by id.
pub(crate) fn find(conn: &mut Connection, org: OrgId, id: GroupId) -> QueryResult<Option<Group>> {
    on_each!(conn, |conn| groups::table
        .filter(
            groups::org_id
                .eq(DbUuid::from(org))
                .and(groups::id.eq(DbUuid::from(id)))
        )
        .select(GroupRow::as_select())
        .first(conn)
        .optional())
    .map(|row| row.map(Group::from))
}

/// A group by name.
pub(crate) fn find_by_name(conn: &mut Connection, org: OrgId, name: &str) -> QueryResult<Option<Group>> {
    on_each!(conn, |conn| groups::table
        .filter(groups::org_id.eq(DbUuid::from(org)).and(groups::name.eq(name)))
        .select(GroupRow::as_select())
        .first(conn)
        .optional())
    .map(|row| row.map(Group::from))
}

/// At most `limit` groups after `after`, the oldest first.
pub(crate) fn list(conn: &mut Connection, org: OrgId, after: Option<GroupId>, limit: i64) -> QueryResult<Vec<Group>> {
    let after = after.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    let rows: Vec<GroupRow> = on_each!(conn, |conn| groups::table
        .filter(groups::org_id.eq(DbUuid::from(org)).and(groups::id.gt(after)))
        .order(groups::id)
        .limit(limit)
        .select(GroupRow::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(Group::from).collect())
}

/// How many groups there are.
pub(crate) fn count(conn: &mut Connection, org: OrgId) -> QueryResult<i64> {
    on_each!(conn, |conn| groups::table
        .filter(groups::org_id.eq(DbUuid::from(org)))
        .count()
        .get_result(conn))
}

/// How all groups lie inside each other.
pub(crate) fn tree(conn: &mut Connection, org: OrgId) -> QueryResult<Tree> {
    let rows: Vec<(DbUuid, Option<DbUuid>, String)> = on_each!(conn, |conn| groups::table
        .filter(groups::org_id.eq(DbUuid::from(org)))
        .select((groups::id, groups::parent_id, groups::name))
        .load(conn))?;
    let groups = rows.into_iter().map(|(id, parent, name)| {
        let parent = parent.map(GroupId::from);
        (id.into(), (parent, name))
    });
    Ok(Tree(groups.collect()))
}

/// Adds a group; false when the name is taken.
pub(crate) fn insert(conn: &mut Connection, org: OrgId, group: &Group) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| diesel::insert_into(groups::table)
        .values((
            groups::id.eq(DbUuid::from(group.id)),
            groups::org_id.eq(DbUuid::from(org)),
            groups::name.eq(&group.name),
            groups::description.eq(&group.description),
            groups::parent_id.eq(group.parent.map(DbUuid::from)),
            groups::created_at.eq(DbTime(group.created_at)),
        ))
        .on_conflict((groups::org_id, groups::name))
        .do_nothing()
        .execute(conn))?;
    Ok(rows == 1)
}

/// Writes name, description and the group around it.
pub(crate) fn update(conn: &mut Connection, org: OrgId, group: &Group) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::update(groups::table)
        .filter(
            groups::org_id
                .eq(DbUuid::from(org))
                .and(groups::id.eq(DbUuid::from(group.id)))
        )
        .set((
            groups::name.eq(&group.name),
            groups::description.eq(&group.description),
            groups::parent_id.eq(group.parent.map(DbUuid::from)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Removes a group with everything that was given to it. Groups inside it come to lie where it lay.
pub(crate) fn remove(conn: &mut Connection, org: OrgId, group: &Group) -> QueryResult<()> {
    let (own, id) = (DbUuid::from(org), group.id.to_string());
    on_each!(conn, |conn| {
        diesel::update(groups::table)
            .filter(groups::org_id.eq(own).and(groups::parent_id.eq(DbUuid::from(group.id))))
            .set(groups::parent_id.eq(group.parent.map(DbUuid::from)))
            .execute(conn)?;
        diesel::delete(role_grants::table)
            .filter(role_grants::org_id.eq(own).and(role_grants::subject_kind.eq("group")))
            .filter(role_grants::subject_id.eq(&id))
            .execute(conn)?;
        diesel::delete(bot_readers::table)
            .filter(bot_readers::org_id.eq(own).and(bot_readers::subject_kind.eq("group")))
            .filter(bot_readers::subject_id.eq(&id))
            .execute(conn)?;
        diesel::delete(groups::table)
            .filter(groups::org_id.eq(own).and(groups::id.eq(DbUuid::from(group.id))))
            .execute(conn)
    })?;
    Ok(())
}

/// At most `limit` people that were put into a group, after `after`.
pub(crate) fn members(
    conn: &mut Connection,
    org: OrgId,
    group: GroupId,
    (after, limit): (Option<PersonId>, i64),
) -> QueryResult<Vec<PersonId>> {
    let after = after.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    let ids: Vec<DbUuid> = on_each!(conn, |conn| group_members::table
        .filter(
            group_members::org_id
                .eq(DbUuid::from(org))
                .and(group_members::group_id.eq(DbUuid::from(group)))
        )
        .filter(group_members::person_id.gt(after))
        .order(group_members::person_id)
        .limit(limit)
        .select(group_members::person_id)
        .load(conn))?;
    Ok(ids.into_iter().map(PersonId::from).collect())
}

/// The groups that a person was put into.
pub(crate) fn of_person(conn: &mut Connection, org: OrgId, person: PersonId) -> QueryResult<Vec<GroupId>> {
    let ids: Vec<DbUuid> = on_each!(conn, |conn| group_members::table
        .filter(
            group_members::org_id
                .eq(DbUuid::from(org))
                .and(group_members::person_id.eq(DbUuid::from(person)))
        )
        .select(group_members::group_id)
        .load(conn))?;
    Ok(ids.into_iter().map(GroupId::from).collect())
}

/// Puts a person into a group; false when the person is in it.
pub(crate) fn add(
    conn: &mut Connection,
    org: OrgId,
    group: GroupId,
    person: PersonId,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| diesel::insert_into(group_members::table)
        .values((
            group_members::group_id.eq(DbUuid::from(group)),
            group_members::person_id.eq(DbUuid::from(person)),
            group_members::org_id.eq(DbUuid::from(org)),
            group_members::created_at.eq(DbTime(now)),
        ))
        .on_conflict((group_members::group_id, group_members::person_id))
        .do_nothing()
        .execute(conn))?;
    Ok(rows == 1)
}

/// Takes a person out of a group; false when the person is not in it.
pub(crate) fn take_out(conn: &mut Connection, org: OrgId, group: GroupId, person: PersonId) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| diesel::delete(group_members::table)
        .filter(
            group_members::org_id
                .eq(DbUuid::from(org))
                .and(group_members::group_id.eq(DbUuid::from(group)))
        )
        .filter(group_members::person_id.eq(DbUuid::from(person)))
        .execute(conn))?;
    Ok(rows == 1)
}
