//! Conditions and expressions against a row in memory.

use std::cmp::Ordering;

use botlib::{Value, value::Map};
use chrono::{DateTime, Datelike, FixedOffset, Timelike};

use super::tree::{Compare, Cond, Expr, Function, Place, Sum};
use crate::basic::{
    dates,
    number::{self, Number},
    operators,
    value::{Val, from_value},
};

type Now = DateTime<FixedOffset>;

impl Cond {
    /// Whether the condition holds for `row`.
    pub(crate) fn holds(&self, row: &Map, now: &Now) -> bool {
        match self {
            Self::Const(flag) => *flag,
            Self::And(all) => all.iter().all(|cond| cond.holds(row, now)),
            Self::Or(all) => all.iter().any(|cond| cond.holds(row, now)),
            Self::Not(cond) => !cond.holds(row, now),
            Self::Test(expr) => expr.value(row, now).is_true(),
            Self::Compare(compare, left, right) => compares(*compare, &left.value(row, now), &right.value(row, now)),
            Self::In(value, list) => {
                let value = value.value(row, now);
                list.iter().any(|item| match item.value(row, now) {
                    Val::List(items) => items.iter().any(|item| operators::equal(&value, item)),
                    item => operators::equal(&value, &item),
                })
            }
            Self::Between(value, low, high) => {
                let value = value.value(row, now);
                compares(Compare::GreaterOrEqual, &value, &low.value(row, now))
                    && compares(Compare::LessOrEqual, &value, &high.value(row, now))
            }
            Self::Like(value, pattern) => match value.value(row, now) {
                Val::Null => false,
                value => value.print().is_ok_and(|text| pattern.matches(&text)),
            },
            Self::Holds(place, whole, part) => holds(*place, &whole.value(row, now), &part.value(row, now)),
            Self::Null(value) => value.value(row, now).is_null(),
            Self::Empty(value) => value.value(row, now).is_empty(),
        }
    }
}

fn compares(compare: Compare, left: &Val, right: &Val) -> bool {
    if compare == Compare::Equal {
        return operators::equal(left, right);
    }
    operators::order(left, right).is_some_and(|order| match compare {
        Compare::Equal => order == Ordering::Equal,
        Compare::Less => order == Ordering::Less,
        Compare::LessOrEqual => order != Ordering::Greater,
        Compare::Greater => order == Ordering::Greater,
        Compare::GreaterOrEqual => order != Ordering::Less,
    })
}

fn holds(place: Place, whole: &Val, part: &Val) -> bool {
    if place == Place::Anywhere {
        return operators::contains(whole, part).unwrap_or(false);
    }
    match (whole.is_null(), whole.print(), part.print()) {
        (false, Ok(whole), Ok(part)) if place == Place::Start => whole.starts_with(part.as_str()),
        (false, Ok(whole), Ok(part)) => whole.ends_with(part.as_str()),
        _ => false,
    }
}

impl Expr {
    /// The value for `row`; null where it cannot be computed.
    pub(crate) fn value(&self, row: &Map, now: &Now) -> Val {
        match self {
            Self::Value(value) => value.clone(),
            Self::Column(name) => member(row, name),
            Self::Call(function, args) => {
                let args: Vec<Val> = args.iter().map(|arg| arg.value(row, now)).collect();
                function.apply(&args, now).unwrap_or_default()
            }
            Self::Calc(sum, left, right) => calculate(*sum, left.value(row, now), &right.value(row, now)),
            Self::Case(arms, otherwise) => arms
                .iter()
                .find(|(cond, _)| cond.holds(row, now))
                .map(|(_, value)| value)
                .or(otherwise.as_deref())
                .map_or(Val::Null, |value| value.value(row, now)),
            Self::Cond(cond) => Val::Bool(cond.holds(row, now)),
        }
    }

    /// The value, if it is the same for every row.
    pub(crate) fn known(&self, now: &Now) -> Option<Val> {
        let mut names = Vec::new();
        self.columns(&mut names);
        names.is_empty().then(|| self.value(&Map::new(), now))
    }
}

/// The column of that name, or what a path leads to.
fn member(row: &Map, path: &str) -> Val {
    let found = row.get(path).or_else(|| {
        let path = match path.split_once('.') {
            Some((item, rest)) if item.eq_ignore_ascii_case("item") && row.get(item).is_none() => rest,
            _ => path,
        };
        let mut names = path.split('.');
        let mut found = row.get(names.next()?)?;
        for name in names {
            let Value::Map(map) = found else { return None };
            found = map.get(name)?;
        }
        Some(found)
    });
    found
        .and_then(|value| from_value(value.clone()).ok())
        .unwrap_or_default()
}

fn calculate(sum: Sum, left: Val, right: &Val) -> Val {
    use crate::basic::Arith;
    let operator = match sum {
        Sum::Add => Arith::Add,
        Sum::Subtract => Arith::Subtract,
        Sum::Multiply => Arith::Multiply,
        Sum::Divide => Arith::Divide,
        Sum::Modulo => Arith::Modulo,
        Sum::Concat => Arith::Concat,
    };
    // As in SQL, nothing comes of nothing.
    if sum != Sum::Concat && (left.is_null() || right.is_null()) {
        return Val::Null;
    }
    operators::calculate(operator, left, right).unwrap_or_default()
}

impl Function {
    fn apply(self, args: &[Val], now: &Now) -> Option<Val> {
        let first = args.first().cloned().unwrap_or_default();
        let date = |value: &Val| match value {
            Val::Null => None,
            value => dates::moment(value).ok(),
        };
        Some(match self {
            Self::Now => Val::DateTime(*now),
            Self::Today => Val::Date(now.date_naive()),
            Self::Coalesce => args.iter().find(|arg| !arg.is_null()).cloned()?,
            Self::Concat => {
                let mut text = String::new();
                for arg in args {
                    text.push_str(&arg.print().ok()?);
                }
                Val::text(text)
            }
            Self::DateDiff => return difference(args),
            _ if first.is_null() => return None,
            Self::Lower => Val::text(first.print().ok()?.to_lowercase()),
            Self::Upper => Val::text(first.print().ok()?.to_uppercase()),
            Self::Trim => Val::text(first.print().ok()?.trim()),
            Self::Length => Val::Int(match &first {
                Val::List(list) => i64::try_from(list.len()).ok()?,
                other => i64::try_from(other.print().ok()?.chars().count()).ok()?,
            }),
            Self::Date => match dates::date_like(&first).ok()? {
                Val::DateTime(moment) => Val::Date(moment.date_naive()),
                day => day,
            },
            Self::Year => Val::Int(i64::from(date(&first)?.year())),
            Self::Month => Val::Int(i64::from(date(&first)?.month())),
            Self::Day => Val::Int(i64::from(date(&first)?.day())),
            Self::Hour => Val::Int(i64::from(date(&first)?.hour())),
            Self::Abs => Number::Decimal(number::operand(&first).ok()?.decimal().abs()).val(),
            Self::Round => {
                let digits = args.get(1).map_or(Ok(0), |digits| number::whole(digits, "ROUND"));
                let digits = u32::try_from(digits.ok()?).ok()?.min(20);
                Number::Decimal(number::round(number::operand(&first).ok()?.decimal(), digits)).val()
            }
        })
    }
}

/// Two dates: days from the second to the first. With a unit in first or last place: from the first to the second.
fn difference(args: &[Val]) -> Option<Val> {
    let unit_of = |value: &Val| match value {
        Val::Text(text) => dates::unit(text),
        _ => None,
    };
    let whole = match args {
        [first, second] if !first.is_null() && !second.is_null() => {
            dates::difference(second, first, dates::Unit::Day).ok()?
        }
        [unit, first, second] | [first, second, unit]
            if unit_of(unit).is_some() && !first.is_null() && !second.is_null() =>
        {
            dates::difference(first, second, unit_of(unit)?).ok()?
        }
        _ => return None,
    };
    Some(Val::Int(whole))
}
