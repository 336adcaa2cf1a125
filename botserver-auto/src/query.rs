//! `SELECT … FROM … JOIN … WHERE … GROUP BY … ORDER BY … LIMIT …` over rows in memory.
//!
//! A query comes as parts: literal texts at even places, which are code, and values between them. It is cut into its
//! clauses here; conditions and expressions are those of [filters](crate::filter). The rows of its sources are loaded
//! by whoever runs it.

mod aggregate;
mod clauses;
mod run;
mod scan;

use botlib::Value;
use botstate::dialog::{Fault, FaultKind};

pub(crate) use aggregate::{Operator, aggregate};
pub(crate) use run::{group_key, sort_by};

use crate::filter::{Filter, Formula};

/// Rows that a step of a query may look at or make.
const MOST_STEPS: usize = 2_000_000;

/// Where rows come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A name: a variable, a table, a data file.
    Name(String),
    /// What the script put there: rows, or the name of a file or table as text.
    Value(Value),
}

/// A source in a query, and the name of its columns' prefix.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) source: Source,
    pub(crate) alias: String,
}

/// How rows without a partner are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JoinKind {
    Inner,
    Left,
    Cross,
}

#[derive(Debug, Clone)]
struct Join {
    kind: JoinKind,
    /// The columns of `a.x = b.y`, when the condition is nothing else.
    keys: Option<(String, String)>,
    on: Filter,
}

/// What a column of the result is.
#[derive(Debug, Clone)]
enum Item {
    /// Every column, or those of one source.
    All(Option<String>),
    Named(String, Formula),
}

/// A query, read.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    items: Vec<Item>,
    is_distinct: bool,
    tables: Vec<Table>,
    joins: Vec<Join>,
    filter: Filter,
    group: Vec<Formula>,
    is_grouped: bool,
    aggregates: Vec<aggregate::Call>,
    having: Filter,
    order: Vec<(Formula, bool)>,
    offset: usize,
    limit: Option<usize>,
}

impl Query {
    /// Its sources, in the order in which [`Query::run`] wants their rows.
    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The columns of its sources that it names.
    pub(crate) fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let mut own: Vec<&str> = Vec::new();
        for item in &self.items {
            if let Item::Named(name, formula) = item {
                names.extend(formula.columns());
                own.push(name);
            }
        }
        names.extend(self.joins.iter().flat_map(|join| join.on.columns()));
        names.extend(self.filter.columns());
        names.extend(
            self.aggregates
                .iter()
                .filter_map(|call| call.of.as_ref())
                .flat_map(Formula::columns),
        );
        names.extend(self.group.iter().flat_map(Formula::columns));
        names.extend(self.having.columns());
        for (formula, _) in &self.order {
            // Rows are ordered by columns of the result as well, each by itself.
            let sole = formula.sole_column();
            if !sole.is_some_and(|name| own.iter().any(|own| own.eq_ignore_ascii_case(name))) {
                names.extend(formula.columns());
            }
        }
        let calls: Vec<&str> = self.aggregates.iter().map(|call| call.column.as_str()).collect();
        names.retain(|name| !calls.contains(name));
        names
    }
}

fn fault(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Argument, message)
        .hint("a query looks like SELECT name, SUM(total) AS sum FROM orders WHERE total > 0 GROUP BY name")
}

fn too_much() -> Fault {
    Fault::new(
        FaultKind::Limit,
        format!("the query would look at more than {MOST_STEPS} rows"),
    )
    .hint("join on equal columns, and filter the rows before they are joined")
}

#[cfg(test)]
mod tests;
