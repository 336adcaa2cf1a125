//! Budgets that were set by the API.

use botlib::{OrgId, PersonId};
use botstate::{
    db::{Connection, DbTime, DbUuid, people, usage_budgets as table},
    money::Money,
    on_each,
};
use diesel::prelude::*;
use uuid::Uuid;

use crate::model::{Budget, Period};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: DbUuid,
    org_id: DbUuid,
    bot_id: Option<DbUuid>,
    person_id: Option<DbUuid>,
    period: String,
    money: Option<i64>,
    tokens: Option<i64>,
    created_at: DbTime,
}

impl From<Row> for Budget {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            org: row.org_id.into(),
            bot: row.bot_id.map(Into::into),
            person: row.person_id.map(Into::into),
            period: Period::named(&row.period).unwrap_or(Period::Day),
            money: row.money.map(Money::from_units),
            tokens: row.tokens,
            created_at: row.created_at.0,
        }
    }
}

/// The budgets of an organisation, the oldest first.
pub(crate) fn list(conn: &mut Connection, org: OrgId) -> QueryResult<Vec<Budget>> {
    let rows: Vec<Row> = on_each!(conn, |conn| table::table
        .filter(table::org_id.eq(DbUuid::from(org)))
        .order((table::created_at, table::id))
        .select(Row::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(Budget::from).collect())
}

/// Adds a budget.
pub(crate) fn create(conn: &mut Connection, budget: &Budget) -> QueryResult<()> {
    let row = Row {
        id: DbUuid(budget.id),
        org_id: budget.org.into(),
        bot_id: budget.bot.map(DbUuid::from),
        person_id: budget.person.map(DbUuid::from),
        period: budget.period.name().to_owned(),
        money: budget.money.map(Money::units),
        tokens: budget.tokens,
        created_at: DbTime(budget.created_at),
    };
    on_each!(conn, |conn| diesel::insert_into(table::table)
        .values(&row)
        .execute(conn))?;
    Ok(())
}

/// Removes a budget; false when there is none.
pub(crate) fn delete(conn: &mut Connection, org: OrgId, id: Uuid) -> QueryResult<bool> {
    let one = table::table
        .filter(table::org_id.eq(DbUuid::from(org)))
        .filter(table::id.eq(DbUuid(id)));
    Ok(on_each!(conn, |conn| diesel::delete(one).execute(conn))? == 1)
}

/// Whether the organisation has that person.
pub(crate) fn has_person(conn: &mut Connection, org: OrgId, person: PersonId) -> QueryResult<bool> {
    let one = people::table
        .filter(people::org_id.eq(DbUuid::from(org)))
        .filter(people::id.eq(DbUuid::from(person)));
    on_each!(conn, |conn| diesel::select(diesel::dsl::exists(one)).get_result(conn))
}
