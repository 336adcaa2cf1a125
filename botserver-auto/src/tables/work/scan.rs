//! Finding rows.

use std::cmp::Ordering;

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, FaultKind};

use super::{Numbered, Outcome, Work};
use crate::{
    basic::{operators, value::from_value},
    filter::Filter,
    tables::{cell, model::Table, sql},
};

/// Rows that one statement may find.
const MOST_ROWS: usize = 10_000;

/// Rows that are read at once.
const PAGE: usize = 500;

/// Which rows are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) filter: Filter,
    /// Columns to sort by, with true for falling order.
    pub(crate) order: Vec<(String, bool)>,
    pub(crate) limit: Option<usize>,
    /// The newest first.
    pub(crate) newest: bool,
}

impl Wanted {
    /// Every row that passes.
    pub(crate) fn of(filter: Filter) -> Self {
        Self {
            filter,
            order: Vec::new(),
            limit: None,
            newest: false,
        }
    }

    /// Brings rows that passed into the wanted order, and no more of them than wanted.
    pub(crate) fn arrange(&self, rows: &mut Vec<Map>) {
        if self.newest {
            rows.reverse();
        }
        if !self.order.is_empty() {
            rows.sort_by(|a, b| follow(a, b, &self.order));
        }
        rows.truncate(self.limit.unwrap_or(usize::MAX));
    }
}

impl Work<'_> {
    /// The rows of `table` that pass, in the order of their making unless another is wanted; locked until the end of
    /// the transaction when they are to be changed.
    pub(super) fn scan(&mut self, table: &Table, wanted: &Wanted, for_change: bool) -> Outcome<Vec<Numbered>> {
        self.terms.roles.read(table)?;
        // A filter over a column that the caller may not read would tell what is in it.
        let mut visible = table.clone();
        visible.columns.retain(|column| self.terms.roles.reads(column));
        let limit = wanted.limit.unwrap_or(usize::MAX);
        let enough = if wanted.order.is_empty() { limit } else { usize::MAX };
        let mut found = Vec::new();
        let mut last: Option<i64> = None;
        while found.len() < enough {
            let page = self.page(table, &visible, wanted, last, for_change)?;
            let is_last = page.len() < PAGE;
            last = page.last().map(|numbered| numbered.number);
            for numbered in page {
                let matches = if visible.columns.len() == table.columns.len() {
                    wanted.filter.matches(&numbered.row, &self.now)
                } else {
                    let row = self.visible(table, numbered.row.clone());
                    wanted.filter.matches(&row, &self.now)
                };
                if matches && found.len() < enough {
                    found.push(numbered);
                }
                if found.len() > MOST_ROWS {
                    let message = format!("more than {MOST_ROWS} rows of {} pass", table.name);
                    let hint = "narrow the filter, or take some of them with LIMIT";
                    return Err(Fault::new(FaultKind::Limit, message).hint(hint).into());
                }
            }
            if is_last {
                break;
            }
        }
        if !wanted.order.is_empty() {
            found.sort_by(|a, b| follow(&a.row, &b.row, &wanted.order));
            found.truncate(limit);
        }
        Ok(found)
    }

    fn page(
        &mut self,
        table: &Table,
        visible: &Table,
        wanted: &Wanted,
        last: Option<i64>,
        for_change: bool,
    ) -> Outcome<Vec<Numbered>> {
        let place = &self.db.place;
        let (sign, order) = if wanted.newest { ("<", " DESC") } else { (">", "") };
        let mut binds = Vec::new();
        let after = last.map_or_else(String::new, |last| {
            binds.push(Some(last.to_string()));
            format!(
                "\"_row\" {sign} {} AND ",
                place.bound(1, crate::tables::model::Kind::Int)
            )
        });
        let condition = wanted.filter.sql(place, visible, &self.now, binds.len() + 1);
        binds.extend(condition.binds);
        let lock = if for_change && place.postgres {
            " FOR UPDATE"
        } else {
            ""
        };
        let query = format!(
            "SELECT \"_row\" AS number, {} AS data FROM {} WHERE {after}{} ORDER BY \"_row\"{order} LIMIT {PAGE}{lock}",
            place.columns(table),
            place.table(&table.name),
            condition.sql,
        );
        let rows = sql::rows(self.conn, &query, &binds)?;
        Ok(rows
            .into_iter()
            .map(|(number, data)| Numbered {
                number,
                row: cell::row(table, data.as_deref()),
            })
            .collect())
    }
}

/// How two rows follow each other by the columns of `order`; rows without a value come last.
fn follow(a: &Map, b: &Map, order: &[(String, bool)]) -> Ordering {
    order
        .iter()
        .map(|(column, falling)| compare(a.get(column), b.get(column), *falling))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

/// The order of two values of a column; what is missing comes last either way.
fn compare(a: Option<&Value>, b: Option<&Value>, falling: bool) -> Ordering {
    let present = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
    match (present(a), present(b)) {
        (false, false) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (true, true) => {
            let val = |value: Option<&Value>| from_value(value.cloned().unwrap_or_default()).unwrap_or_default();
            let order = operators::order(&val(a), &val(b)).unwrap_or(Ordering::Equal);
            if falling { order.reverse() } else { order }
        }
    }
}
