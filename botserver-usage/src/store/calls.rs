//! The ledger's rows.

use botlib::{BotId, OrgId};
use botstate::{
    db::{Connection, DbTime, DbUuid, usage_calls as table},
    money::Money,
    on_each,
};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{BigInt, Text},
};

use crate::model::{Entry, Period, Who};

/// Writes a call down; false when that was done already.
pub(crate) fn create(conn: &mut Connection, entry: &Entry) -> QueryResult<bool> {
    let (call, asker) = (&entry.call, &entry.call.asker);
    let row = (
        (
            table::id.eq(DbUuid(entry.id)),
            table::org_id.eq(DbUuid::from(asker.org)),
            table::bot_id.eq(DbUuid::from(asker.bot)),
            table::person_id.eq(asker.person.map(DbUuid::from)),
            table::visitor_id.eq(asker.visitor.map(DbUuid::from)),
            table::conversation_id.eq(asker.conversation.map(DbUuid::from)),
            table::kind.eq(call.kind.name()),
            table::provider.eq(call.provider.as_deref()),
            table::model.eq(&*call.model),
        ),
        (
            table::input_tokens.eq(i64::from(call.usage.input_tokens)),
            table::cached_tokens.eq(i64::from(call.usage.cached_tokens)),
            table::output_tokens.eq(i64::from(call.usage.output_tokens)),
            table::reasoning_tokens.eq(i64::from(call.usage.reasoning_tokens)),
            table::estimated.eq(i32::from(call.is_estimated)),
            table::cost.eq(entry.cost().map(Money::units)),
            table::outcome.eq(call.outcome.name()),
            table::day.eq(Period::Day.at(entry.at)),
            table::created_at.eq(DbTime(entry.at)),
        ),
    );
    let written = on_each!(conn, |conn| diesel::insert_into(table::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(written == 1)
}

/// By what totals are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Day,
    Bot,
    Model,
    Person,
    Outcome,
}

impl By {
    const fn column(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Bot => "bot_id",
            Self::Model => "COALESCE(provider, '') || '/' || model",
            Self::Person => "COALESCE('person:' || person_id, 'visitor:' || visitor_id, 'bot:' || bot_id)",
            Self::Outcome => "outcome",
        }
    }
}

/// Which calls are summed.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) org: OrgId,
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    pub(crate) bot: Option<BotId>,
    pub(crate) who: Option<Who>,
}

/// Calls that have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub(crate) struct Total {
    pub(crate) key: String,
    pub(crate) calls: i64,
    pub(crate) input_tokens: i64,
    pub(crate) cached_tokens: i64,
    pub(crate) output_tokens: i64,
    pub(crate) reasoning_tokens: i64,
    pub(crate) cost: i64,
    pub(crate) unpriced: i64,
    pub(crate) estimated: i64,
    pub(crate) cached: i64,
    pub(crate) refused: i64,
    pub(crate) failed: i64,
}

/// Totals of the calls, told apart `by`; at most `most`, in the order of their keys.
pub(crate) fn totals(conn: &mut Connection, filter: &Filter, by: By, most: i64) -> QueryResult<Vec<Total>> {
    let (person, visitor) = match filter.who {
        None => (None, None),
        Some(Who::Person(id)) => (Some(DbUuid(id)), None),
        Some(Who::Visitor(id)) => (None, Some(DbUuid(id))),
    };
    on_each!(conn, |conn| {
        let key = || sql::<Text>(by.column());
        let mut query = table::table
            .filter(table::org_id.eq(DbUuid::from(filter.org)))
            .filter(table::day.between(filter.from.to_string(), filter.to.to_string()))
            .group_by(key())
            .select((
                key(),
                sql::<BigInt>("COUNT(*)"),
                sql::<BigInt>("CAST(SUM(input_tokens) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(cached_tokens) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(output_tokens) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(reasoning_tokens) AS BIGINT)"),
                sql::<BigInt>("CAST(COALESCE(SUM(cost), 0) AS BIGINT)"),
                sql::<BigInt>("COUNT(*) - COUNT(cost)"),
                sql::<BigInt>("CAST(SUM(estimated) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(CASE WHEN outcome = 'cached' THEN 1 ELSE 0 END) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(CASE WHEN outcome = 'refused' THEN 1 ELSE 0 END) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END) AS BIGINT)"),
            ))
            .order(key())
            .limit(most)
            .into_boxed();
        if let Some(bot) = filter.bot {
            query = query.filter(table::bot_id.eq(DbUuid::from(bot)));
        }
        if let Some(person) = person {
            query = query.filter(table::person_id.eq(person));
        }
        if let Some(visitor) = visitor {
            query = query.filter(table::visitor_id.eq(visitor));
        }
        query.load(conn)
    })
}

/// Deletes calls that were made before `before`, at most `most` of them.
pub(crate) fn delete_before(conn: &mut Connection, before: DateTime<Utc>, most: i64) -> QueryResult<usize> {
    let old: Vec<DbUuid> = on_each!(conn, |conn| table::table
        .filter(table::created_at.lt(DbTime(before)))
        .order(table::created_at)
        .limit(most)
        .select(table::id)
        .load(conn))?;
    on_each!(conn, |conn| diesel::delete(table::table.filter(table::id.eq_any(&old)))
        .execute(conn))
}
