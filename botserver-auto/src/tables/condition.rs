//! Filters as SQL, as far as both databases mean the same by it.
//!
//! What becomes SQL lets every row through that the filter matches, and maybe more: the rows that come are matched
//! again in memory. So the result never depends on the database, and an index is used where there is one. `exact` says
//! that nothing more comes.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, SubsecRound as _, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::{
    cell::moment_text,
    model::{Column, Kind, Table},
    sql::{Bind, Place, quoted},
};
use crate::{
    basic::{dates, number, value::Val},
    filter::{
        Filter,
        tree::{Compare, Cond, Expr},
    },
};

/// A condition in SQL with the values that it binds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Where {
    pub(super) sql: String,
    pub(super) binds: Vec<Bind>,
    pub(super) exact: bool,
}

/// A piece of a condition, with [`MARK`] for bound values until they are numbered.
#[derive(Debug, Clone)]
struct Piece {
    sql: String,
    binds: Vec<(String, Kind)>,
    exact: bool,
}

/// Stands for a bound value; no name may contain it.
const MARK: char = '\u{1}';

struct Maker<'a> {
    place: &'a Place,
    table: &'a Table,
    now: &'a DateTime<FixedOffset>,
}

impl Filter {
    /// The filter as a condition over the columns of `table`, its values numbered from `first`.
    pub(super) fn sql(&self, place: &Place, table: &Table, now: &DateTime<FixedOffset>, first: usize) -> Where {
        let maker = Maker { place, table, now };
        let Some(piece) = maker.piece(self.root(), false) else {
            return Where {
                sql: "1=1".to_owned(),
                binds: Vec::new(),
                exact: self.is_all(),
            };
        };
        let mut made = Where {
            exact: piece.exact,
            ..Where::default()
        };
        let mut parts = piece.sql.split(MARK);
        made.sql.push_str(parts.next().unwrap_or_default());
        for (part, (value, kind)) in parts.zip(piece.binds) {
            let number = first + made.binds.len();
            let _ = write!(made.sql, "{}{part}", place.bound(number, kind));
            made.binds.push(Some(value));
        }
        made
    }
}

impl Maker<'_> {
    /// The SQL of a condition or its opposite; nothing when none can be said.
    fn piece(&self, cond: &Cond, negated: bool) -> Option<Piece> {
        match cond {
            Cond::Const(flag) => Some(constant(*flag != negated)),
            Cond::Not(inner) => self.piece(inner, !negated),
            Cond::And(all) if !negated => self.all(all, false),
            Cond::Or(all) if negated => self.all(all, true),
            Cond::And(all) | Cond::Or(all) => {
                let pieces: Option<Vec<Piece>> = all.iter().map(|cond| self.piece(cond, negated)).collect();
                Some(join(pieces?, " OR "))
            }
            other => {
                let piece = self.plain(other)?;
                if !negated {
                    return Some(piece);
                }
                // The opposite of "maybe more" would be "maybe less".
                piece.exact.then(|| Piece {
                    sql: format!("NOT COALESCE({}, {})", piece.sql, self.no()),
                    ..piece
                })
            }
        }
    }

    fn no(&self) -> &'static str {
        if self.place.postgres { "FALSE" } else { "0" }
    }

    /// All of them, without those that cannot be said.
    fn all(&self, all: &[Cond], negated: bool) -> Option<Piece> {
        let pieces: Vec<Option<Piece>> = all.iter().map(|cond| self.piece(cond, negated)).collect();
        let exact = pieces.iter().all(Option::is_some);
        let pieces: Vec<Piece> = pieces.into_iter().flatten().collect();
        if pieces.is_empty() {
            return None;
        }
        let mut piece = join(pieces, " AND ");
        piece.exact &= exact;
        Some(piece)
    }

    fn plain(&self, cond: &Cond) -> Option<Piece> {
        match cond {
            Cond::Compare(Compare::Equal, left, right) => {
                let (column, value) = self.sides(left, right).or_else(|| self.sides(right, left))?;
                self.equal(column, &value)
            }
            Cond::Compare(compare, left, right) => {
                if let Some((column, value)) = self.sides(left, right) {
                    return self.order(*compare, column, &value);
                }
                let (column, value) = self.sides(right, left)?;
                let turned = match compare {
                    Compare::Less => Compare::Greater,
                    Compare::LessOrEqual => Compare::GreaterOrEqual,
                    Compare::Greater => Compare::Less,
                    Compare::GreaterOrEqual => Compare::LessOrEqual,
                    Compare::Equal => Compare::Equal,
                };
                self.order(turned, column, &value)
            }
            Cond::Between(value, low, high) => {
                let (column, low) = self.sides(value, low)?;
                let (_, high) = self.sides(value, high)?;
                let low = self.order(Compare::GreaterOrEqual, column, &low)?;
                let high = self.order(Compare::LessOrEqual, column, &high)?;
                Some(join(vec![low, high], " AND "))
            }
            Cond::In(value, list) => {
                let mut pieces = Vec::new();
                for item in list {
                    let (column, item) = self.sides(value, item)?;
                    match item {
                        Val::List(items) => {
                            for item in items.iter() {
                                pieces.push(self.equal(column, item)?);
                            }
                        }
                        item => pieces.push(self.equal(column, &item)?),
                    }
                }
                if pieces.len() > 500 {
                    return None;
                }
                Some(if pieces.is_empty() {
                    constant(false)
                } else {
                    join(pieces, " OR ")
                })
            }
            Cond::Null(Expr::Column(name)) => {
                let column = self.table.column(name)?;
                // Other kinds can keep a null of their own.
                let exact = !matches!(column.kind, Kind::Any | Kind::Json);
                exact.then(|| Piece {
                    sql: format!("{} IS NULL", quoted(&column.name)),
                    binds: Vec::new(),
                    exact,
                })
            }
            _ => None,
        }
    }

    /// A column and the value it is compared with, which is the same for all rows.
    fn sides(&self, column: &Expr, value: &Expr) -> Option<(&Column, Val)> {
        let Expr::Column(name) = column else { return None };
        let known = value.known(self.now)?;
        if known.print().is_ok_and(|text| text.contains('\0')) {
            return None;
        }
        let name = match name.split_once('.') {
            Some((item, rest)) if item.eq_ignore_ascii_case("item") => rest,
            _ => name.as_str(),
        };
        Some((self.table.column(name)?, known))
    }

    fn equal(&self, column: &Column, value: &Val) -> Option<Piece> {
        let name = quoted(&column.name);
        let is_nothing = value.is_null() || matches!(value, Val::Text(text) if text.is_empty());
        let exact = |sql: String, binds: Vec<(String, Kind)>| {
            Some(Piece {
                sql,
                binds,
                exact: true,
            })
        };
        let maybe = |sql: String, binds: Vec<(String, Kind)>| {
            Some(Piece {
                sql,
                binds,
                exact: false,
            })
        };
        match column.kind {
            Kind::Text | Kind::Uuid if is_nothing => exact(format!("({name} IS NULL OR {name} = '')"), Vec::new()),
            // Texts equal booleans as words and as numbers.
            Kind::Text | Kind::Uuid | Kind::Any if matches!(value, Val::Bool(_)) => None,
            Kind::Any | Kind::Json => equal_json(column, value, is_nothing),
            _ if is_nothing => exact(format!("{name} IS NULL"), Vec::new()),
            Kind::Text | Kind::Uuid => match (value, plain_number(value)) {
                (_, Some(digits)) => maybe(format!("{name} LIKE {MARK}"), vec![(format!("%{digits}%"), Kind::Text)]),
                (Val::Text(text), None) => exact(format!("{name} = {MARK}"), vec![(text.to_string(), Kind::Text)]),
                _ => None,
            },
            Kind::Int => match value {
                Val::Int(number) => exact(format!("{name} = {MARK}"), vec![(number.to_string(), Kind::Int)]),
                Val::Decimal(_) | Val::Text(_) => {
                    let number = match value {
                        Val::Text(text) => number::looks_numeric(text)?.decimal(),
                        Val::Decimal(number) => *number,
                        _ => return None,
                    };
                    match number.to_i64() {
                        Some(whole) if Decimal::from(whole) == number => {
                            exact(format!("{name} = {MARK}"), vec![(whole.to_string(), Kind::Int)])
                        }
                        _ => Some(constant(false)),
                    }
                }
                _ => None,
            },
            Kind::Decimal if self.place.postgres => {
                let number = numeric(value)?;
                exact(format!("{name} = {MARK}"), vec![(number.to_string(), Kind::Decimal)])
            }
            Kind::Bool => match value {
                Val::Bool(flag) => {
                    let flag = if *flag { "1" } else { "0" };
                    exact(format!("{name} = {MARK}"), vec![(flag.to_owned(), Kind::Bool)])
                }
                _ => None,
            },
            Kind::Date => {
                let day = whole_day(value)?;
                exact(format!("{name} = {MARK}"), vec![(day, Kind::Date)])
            }
            Kind::DateTime => {
                let moment = whole_moment(value)?;
                exact(format!("{name} = {MARK}"), vec![(moment, Kind::DateTime)])
            }
            Kind::Decimal => None,
        }
    }

    fn order(&self, compare: Compare, column: &Column, value: &Val) -> Option<Piece> {
        let sign = match compare {
            Compare::Equal => return self.equal(column, value),
            Compare::Less => "<",
            Compare::LessOrEqual => "<=",
            Compare::Greater => ">",
            Compare::GreaterOrEqual => ">=",
        };
        let bind = match column.kind {
            Kind::Int => match numeric(value)? {
                number if number.is_integer() => (number.to_i64()?.to_string(), Kind::Int),
                _ => return None,
            },
            Kind::Decimal if self.place.postgres => (numeric(value)?.to_string(), Kind::Decimal),
            Kind::Date => (whole_day(value)?, Kind::Date),
            Kind::DateTime => (whole_moment(value)?, Kind::DateTime),
            _ => return None,
        };
        Some(Piece {
            sql: format!("{} {sign} {MARK}", quoted(&column.name)),
            binds: vec![bind],
            exact: true,
        })
    }
}

fn constant(flag: bool) -> Piece {
    Piece {
        sql: if flag { "1=1" } else { "1=0" }.to_owned(),
        binds: Vec::new(),
        exact: true,
    }
}

fn join(pieces: Vec<Piece>, with: &str) -> Piece {
    let mut joined = Piece {
        sql: String::new(),
        binds: Vec::new(),
        exact: true,
    };
    for (place, piece) in pieces.into_iter().enumerate() {
        if place > 0 {
            joined.sql.push_str(with);
        }
        joined.sql.push_str(&piece.sql);
        joined.binds.extend(piece.binds);
        joined.exact &= piece.exact;
    }
    joined.sql = format!("({})", joined.sql);
    joined
}

/// The number that a value is compared as.
fn numeric(value: &Val) -> Option<Decimal> {
    match value {
        Val::Int(number) => Some(Decimal::from(*number)),
        Val::Decimal(number) => Some(*number),
        Val::Text(text) => number::looks_numeric(text).map(number::Number::decimal),
        _ => None,
    }
}

/// The digits that every text contains which equals this value as a number.
fn plain_number(value: &Val) -> Option<String> {
    match value {
        Val::Duration(span) => Some(span.num_seconds().to_string()),
        value => numeric(value).map(|number| number.abs().normalize().to_string()),
    }
}

/// The day of a value that names a day.
fn whole_day(value: &Val) -> Option<String> {
    match value {
        Val::Date(_) | Val::Text(_) => match dates::date_like(value).ok()? {
            Val::Date(day) => Some(day.format("%Y-%m-%d").to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The moment of a value that is no finer than the database.
fn whole_moment(value: &Val) -> Option<String> {
    match value {
        Val::Date(_) | Val::DateTime(_) | Val::Text(_) => {
            let moment = dates::moment(value).ok()?.with_timezone(&Utc);
            if moment.trunc_subsecs(6) != moment {
                return None;
            }
            moment_text(&moment).ok()
        }
        _ => None,
    }
}

/// Columns of any value keep it as JSON.
fn equal_json(column: &Column, value: &Val, is_nothing: bool) -> Option<Piece> {
    if column.kind == Kind::Json || is_nothing {
        return None;
    }
    let name = quoted(&column.name);
    match (value, plain_number(value)) {
        // Dates, files and spans of time are kept as objects and booleans as words: they come as well.
        (_, Some(digits)) => Some(Piece {
            sql: format!("({name} LIKE {MARK} OR {name} LIKE '{{%' OR {name} IN ('true', 'false'))"),
            binds: vec![(format!("%{digits}%"), Kind::Text)],
            exact: false,
        }),
        (Val::Text(text), None) if !matches!(text.as_str(), "true" | "false") => Some(Piece {
            sql: format!("({name} = {MARK} OR {name} LIKE '{{%')"),
            binds: vec![(serde_json::to_string(text.as_str()).ok()?, Kind::Text)],
            exact: false,
        }),
        _ => None,
    }
}
