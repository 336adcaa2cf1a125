//! SUM, AVG, COUNT, MIN and MAX over rows.

use std::{cmp::Ordering, collections::HashSet};

use botlib::{Value, value::Map};
use botstate::dialog::Fault;
use chrono::{DateTime, FixedOffset};
use rust_decimal::Decimal;

use super::run::group_key;
use crate::{
    basic::{
        number::{self, Number, operand},
        operators,
        value::{from_value, misfit, to_value},
    },
    filter::Formula,
};

/// What is made of many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Sum,
    Average,
    Count,
    Min,
    Max,
}

impl Operator {
    /// The operator of that name, in any letter case.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_uppercase().as_str() {
            "SUM" | "TOTAL" => Self::Sum,
            "AVG" | "AVERAGE" | "MEAN" => Self::Average,
            "COUNT" => Self::Count,
            "MIN" | "MINIMUM" => Self::Min,
            "MAX" | "MAXIMUM" => Self::Max,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::Count => "count",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// An aggregate in a query, and the column that holds its value for a group.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) operator: Operator,
    /// Nothing for `COUNT(*)`.
    pub(super) of: Option<Formula>,
    pub(super) is_distinct: bool,
    pub(super) column: String,
}

impl Call {
    pub(super) fn value(&self, rows: &[Map], now: &DateTime<FixedOffset>) -> Result<Value, Fault> {
        let Some(formula) = &self.of else {
            return Ok(whole(rows.len()));
        };
        let mut values: Vec<Value> = rows.iter().map(|row| formula.value(row, now)).collect();
        if self.is_distinct {
            let mut seen = HashSet::new();
            values.retain(|value| seen.insert(group_key(value)));
        }
        aggregate(self.operator, &values)
    }
}

fn whole(count: usize) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The operator over those values; null ones do not count. A sum or an average of nothing is 0, a least or greatest
/// of nothing null.
///
/// # Errors
/// When a value is no number where one is needed.
pub(crate) fn aggregate(operator: Operator, values: &[Value]) -> Result<Value, Fault> {
    let known: Vec<&Value> = values.iter().filter(|value| !is_nothing(value)).collect();
    match operator {
        Operator::Count => Ok(whole(known.len())),
        Operator::Sum => Ok(to_value(&Number::Decimal(total(&known)?).val())),
        Operator::Average if known.is_empty() => Ok(Value::Int(0)),
        Operator::Average => {
            let mean = total(&known)?.checked_div(Decimal::from(known.len()));
            Ok(to_value(&Number::Decimal(mean.ok_or_else(number::too_large)?).val()))
        }
        Operator::Min | Operator::Max => {
            let wanted = if operator == Operator::Min {
                Ordering::Less
            } else {
                Ordering::Greater
            };
            let mut best: Option<(&Value, crate::basic::value::Val)> = None;
            for value in known {
                let val = from_value(value.clone())?;
                let wins = best
                    .as_ref()
                    .is_none_or(|(_, best)| operators::order(&val, best) == Some(wanted));
                if wins {
                    best = Some((value, val));
                }
            }
            Ok(best.map(|(value, _)| value.clone()).unwrap_or_default())
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || matches!(value, Value::Text(text) if text.trim().is_empty())
}

/// The sum of numbers and of texts that are numbers.
fn total(values: &[&Value]) -> Result<Decimal, Fault> {
    let mut sum = Decimal::ZERO;
    for value in values {
        let number = operand(&from_value((*value).clone())?)
            .map_err(|_no_number| misfit(format!("{} cannot be added up: it is no number", short(value))))?;
        sum = sum.checked_add(number.decimal()).ok_or_else(number::too_large)?;
    }
    Ok(sum)
}

fn short(value: &Value) -> String {
    let shown: String = value.to_string().chars().take(32).collect();
    format!("{shown:?}")
}
