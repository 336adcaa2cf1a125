//! What was spent, and what calls that run may still spend.

use std::collections::BTreeMap;

use botlib::OrgId;
use botstate::{
    db::{Connection, DbJson, DbTime, DbUuid, usage_counters as table, usage_reservations as reservations},
    money::Money,
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::{prelude::*, upsert::excluded};
use uuid::Uuid;

use crate::model::{Amount, Limit};

/// Names a counter.
pub(crate) type Key = (OrgId, String, String);

/// A change of a counter.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Change {
    pub(crate) spent: Amount,
    pub(crate) reserved: Amount,
}

impl Change {
    pub(crate) fn spend(&mut self, amount: Amount) {
        self.spent.money = self.spent.money + amount.money;
        self.spent.tokens = self.spent.tokens.saturating_add(amount.tokens);
    }

    pub(crate) fn release(&mut self, amount: Amount) {
        self.reserved.money = self.reserved.money - amount.money;
        self.reserved.tokens = self.reserved.tokens.saturating_sub(amount.tokens);
    }
}

/// Makes the changes, in the order of their keys: nodes that wait for each other's rows never do so in a circle.
pub(crate) fn change(conn: &mut Connection, changes: BTreeMap<Key, Change>) -> QueryResult<()> {
    for ((org, scope, period), change) in changes {
        let row = (
            table::org_id.eq(DbUuid::from(org)),
            table::scope.eq(&scope),
            table::period.eq(&period),
            table::money.eq(change.spent.money.units()),
            table::tokens.eq(change.spent.tokens),
            table::reserved_money.eq(change.reserved.money.units()),
            table::reserved_tokens.eq(change.reserved.tokens),
        );
        let added = (
            table::money.eq(table::money + excluded(table::money)),
            table::tokens.eq(table::tokens + excluded(table::tokens)),
            table::reserved_money.eq(table::reserved_money + excluded(table::reserved_money)),
            table::reserved_tokens.eq(table::reserved_tokens + excluded(table::reserved_tokens)),
        );
        on_each!(conn, |conn| diesel::insert_into(table::table)
            .values(row)
            .on_conflict((table::org_id, table::scope, table::period))
            .do_update()
            .set(added)
            .execute(conn))?;
    }
    Ok(())
}

/// Reserves `amount` under a limit; false when there is no room for it.
pub(crate) fn reserve(
    conn: &mut Connection,
    org: OrgId,
    limit: &Limit,
    period: &str,
    amount: Amount,
) -> QueryResult<bool> {
    let (org, scope) = (DbUuid::from(org), limit.scope.key());
    let empty = (
        table::org_id.eq(org),
        table::scope.eq(&scope),
        table::period.eq(period),
        table::money.eq(0),
        table::tokens.eq(0),
        table::reserved_money.eq(0),
        table::reserved_tokens.eq(0),
    );
    on_each!(conn, |conn| diesel::insert_into(table::table)
        .values(empty)
        .on_conflict_do_nothing()
        .execute(conn))?;
    let most_money = limit.money.map_or(i64::MAX, Money::units);
    let most_tokens = limit.tokens.unwrap_or(i64::MAX);
    let row = table::table
        .filter(table::org_id.eq(org))
        .filter(table::scope.eq(&scope))
        .filter(table::period.eq(period))
        // One statement tests and takes: whoever comes at the same time waits for the row and tests what is left.
        .filter((table::money + table::reserved_money).le(most_money.saturating_sub(amount.money.units())))
        .filter((table::tokens + table::reserved_tokens).le(most_tokens.saturating_sub(amount.tokens)));
    let taken = (
        table::reserved_money.eq(table::reserved_money + amount.money.units()),
        table::reserved_tokens.eq(table::reserved_tokens + amount.tokens),
    );
    Ok(on_each!(conn, |conn| diesel::update(row).set(taken).execute(conn))? == 1)
}

/// Notes what a call has reserved, in which counters.
pub(crate) fn note(
    conn: &mut Connection,
    id: Uuid,
    org: OrgId,
    scopes: &[(String, String)],
    amount: Amount,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let row = (
        reservations::id.eq(DbUuid(id)),
        reservations::org_id.eq(DbUuid::from(org)),
        reservations::scopes.eq(DbJson(serde_json::json!(scopes))),
        reservations::money.eq(amount.money.units()),
        reservations::tokens.eq(amount.tokens),
        reservations::created_at.eq(DbTime(now)),
    );
    on_each!(conn, |conn| diesel::insert_into(reservations::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}

/// Takes a reservation away and says what becomes free by it; nothing when it is gone already.
pub(crate) fn release(conn: &mut Connection, id: Uuid, changes: &mut BTreeMap<Key, Change>) -> QueryResult<()> {
    let found: Option<(DbUuid, DbJson, i64, i64)> = on_each!(conn, |conn| reservations::table
        .find(DbUuid(id))
        .select((
            reservations::org_id,
            reservations::scopes,
            reservations::money,
            reservations::tokens
        ))
        .first(conn)
        .optional())?;
    let Some((org, scopes, money, tokens)) = found else {
        return Ok(());
    };
    let one = reservations::table.find(DbUuid(id));
    if on_each!(conn, |conn| diesel::delete(one).execute(conn))? == 0 {
        return Ok(());
    }
    let scopes: Vec<(String, String)> = serde_json::from_value(scopes.0).unwrap_or_default();
    for (scope, period) in scopes {
        changes.entry((org.into(), scope, period)).or_default().release(Amount {
            money: Money::from_units(money),
            tokens,
        });
    }
    Ok(())
}

/// Reservations that were made before `before`: whatever made them is gone.
pub(crate) fn list_lost(conn: &mut Connection, before: DateTime<Utc>, most: i64) -> QueryResult<Vec<Uuid>> {
    let lost: Vec<DbUuid> = on_each!(conn, |conn| reservations::table
        .filter(reservations::created_at.lt(DbTime(before)))
        .order(reservations::created_at)
        .limit(most)
        .select(reservations::id)
        .load(conn))?;
    Ok(lost.into_iter().map(|id| id.0).collect())
}

/// What was spent of a counter, without what is reserved.
pub(crate) fn find(conn: &mut Connection, org: OrgId, scope: &str, period: &str) -> QueryResult<Amount> {
    let found: Option<(i64, i64)> = on_each!(conn, |conn| table::table
        .find((DbUuid::from(org), scope, period))
        .select((table::money, table::tokens))
        .first(conn)
        .optional())?;
    let (money, tokens) = found.unwrap_or_default();
    Ok(Amount {
        money: Money::from_units(money),
        tokens,
    })
}

/// Deletes the counters of periods before `period`, which is a day.
pub(crate) fn delete_before(conn: &mut Connection, period: &str) -> QueryResult<usize> {
    // A month sorts before each of its days, so that of the first day that is kept must be left out.
    let month = period.get(..7).unwrap_or(period);
    let old = table::table
        .filter(table::period.lt(period))
        .filter(table::period.ne(month));
    on_each!(conn, |conn| diesel::delete(old).execute(conn))
}
