//! Functions for dates, in the bot's zone.

use chrono::{Datelike, Months, TimeDelta, Timelike, Utc};

use super::{Function, arg, f, volatile};
use crate::basic::{
    dates::{self, Unit},
    format,
    number::{operand, too_large, whole},
    run,
    value::{Outcome, Val, misfit},
};

pub(super) const FUNCTIONS: &[Function] = &[
    volatile("NOW", 0, 0, |_| Ok(Val::DateTime(dates::now()))),
    volatile("TODAY", 0, 0, |_| Ok(Val::Date(dates::now().date_naive()))),
    volatile("TIME", 0, 0, |_| {
        Ok(Val::text(dates::now().format("%H:%M:%S").to_string()))
    }),
    volatile("NOW_UTC", 0, 0, |_| {
        Ok(Val::DateTime(run::with(|run| {
            run.now.with_timezone(&Utc).fixed_offset()
        })))
    }),
    volatile("NOW_STR", 0, 0, |_| Val::DateTime(dates::now()).print().map(Val::Text)),
    volatile("TODAY_STR", 0, 0, |_| {
        Val::Date(dates::now().date_naive()).print().map(Val::Text)
    }),
    volatile("TIMESTAMP", 0, 0, |_| Ok(Val::Int(dates::now().timestamp()))),
    volatile("UNIX_TIMESTAMP", 0, 0, |_| Ok(Val::Int(dates::now().timestamp()))),
    f("YEAR", 0, 1, |args| part(args, |at| i64::from(at.year()))),
    f("MONTH", 0, 1, |args| part(args, |at| i64::from(at.month()))),
    f("DAY", 0, 1, |args| part(args, |at| i64::from(at.day()))),
    f("HOUR", 0, 1, |args| part(args, |at| i64::from(at.hour()))),
    f("MINUTE", 0, 1, |args| part(args, |at| i64::from(at.minute()))),
    f("SECOND", 0, 1, |args| part(args, |at| i64::from(at.second()))),
    f("WEEKDAY", 0, 1, |args| {
        part(args, |at| i64::from(at.weekday().num_days_from_sunday()) + 1)
    }),
    f("QUARTER", 0, 1, |args| part(args, |at| i64::from(at.month0() / 3) + 1)),
    f("DATEADD", 3, 3, date_add),
    f("DATEDIFF", 2, 3, date_diff),
    f("DATEVALUE", 1, 1, day),
    f("DATE", 1, 1, day),
    f("CDATE", 1, 1, |args| dates::date_like(arg(args, 0))),
    f("TIMEVALUE", 1, 1, time_value),
    f("EOMONTH", 1, 2, end_of_month),
    f("ISDATE", 1, 1, |args| {
        Ok(Val::Bool(
            !matches!(arg(args, 0), Val::Int(_)) && dates::date_like(arg(args, 0)).is_ok(),
        ))
    }),
    f("FORMAT_DATE", 1, 2, |args| formatted(args, "YYYY-MM-DD")),
    f("FORMAT_TIME", 1, 2, |args| formatted(args, "HH:mm:ss")),
    f("SECONDS", 1, 1, |args| span(args, 1)),
    f("MINUTES", 1, 1, |args| span(args, 60)),
    f("HOURS", 1, 1, |args| span(args, 3600)),
    f("DAYS", 1, 1, |args| span(args, 86_400)),
    f("WEEKS", 1, 1, |args| span(args, 604_800)),
    f("DAYS_BETWEEN", 2, 2, |args| between(args, Unit::Day)),
    f("HOURS_BETWEEN", 2, 2, |args| between(args, Unit::Hour)),
    f("SECONDS_BETWEEN", 2, 2, |args| between(args, Unit::Second)),
    f("ADD_DAYS", 2, 2, |args| {
        dates::add(arg(args, 0), whole(arg(args, 1), "the number of days")?, Unit::Day)
    }),
];

fn part(args: &[Val], part: impl Fn(chrono::DateTime<chrono::FixedOffset>) -> i64) -> Outcome<Val> {
    let at = if args.is_empty() {
        dates::now()
    } else {
        dates::moment(arg(args, 0))?
    };
    Ok(Val::Int(part(at)))
}

fn as_unit(value: &Val) -> Option<Unit> {
    if let Val::Text(text) = value {
        dates::unit(text)
    } else {
        None
    }
}

fn no_unit() -> botstate::dialog::Fault {
    misfit("no unit of time was given")
        .hint("use \"day\", \"week\", \"month\", \"year\", \"hour\", \"minute\" or \"second\"")
}

/// The date, the count and the unit, in any order that their types make plain.
fn date_add(args: &[Val]) -> Outcome<Val> {
    let at = args
        .iter()
        .rposition(|value| as_unit(value).is_some())
        .ok_or_else(no_unit)?;
    let unit = as_unit(arg(args, at)).ok_or_else(no_unit)?;
    let rest: Vec<&Val> = args
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != at)
        .map(|(_, value)| value)
        .collect();
    let (first, second) = (
        rest.first().copied().unwrap_or(&Val::Null),
        rest.get(1).copied().unwrap_or(&Val::Null),
    );
    let dated = |value: &Val| match value {
        Val::Date(_) | Val::DateTime(_) => true,
        Val::Text(text) => dates::parse(text).is_some(),
        _ => false,
    };
    let (date, count) = if dated(second) && !dated(first) {
        (second, first)
    } else {
        (first, second)
    };
    dates::add(date, whole(count, "the number of units")?, unit)
}

/// With a unit in first or last place: second date minus first. Without: days, first minus second.
fn date_diff(args: &[Val]) -> Outcome<Val> {
    let (first, second, unit) = match args {
        [a, b] => return Ok(Val::Int(dates::difference(b, a, Unit::Day)?)),
        [unit, a, b] if as_unit(unit).is_some() => (a, b, as_unit(unit)),
        [a, b, unit] => (a, b, as_unit(unit)),
        _ => return Err(no_unit()),
    };
    dates::difference(first, second, unit.ok_or_else(no_unit)?).map(Val::Int)
}

fn day(args: &[Val]) -> Outcome<Val> {
    Ok(Val::Date(dates::moment(arg(args, 0))?.date_naive()))
}

fn time_value(args: &[Val]) -> Outcome<Val> {
    let text = arg(args, 0).print()?;
    let time = dates::parse_time(&text).ok_or_else(|| misfit(format!("{:?} is not a time of day", text.as_str())))?;
    Ok(Val::text(time.format("%H:%M:%S").to_string()))
}

fn end_of_month(args: &[Val]) -> Outcome<Val> {
    let moved = dates::add(arg(args, 0), whole(arg(args, 1), "the number of months")?, Unit::Month)?;
    let first = dates::moment(&moved)?.date_naive().with_day(1);
    let last = first
        .and_then(|first| first.checked_add_months(Months::new(1)))
        .and_then(|next| next.pred_opt());
    last.map(Val::Date).ok_or_else(too_large)
}

fn formatted(args: &[Val], pattern: &str) -> Outcome<Val> {
    let pattern = if args.len() > 1 {
        arg(args, 1).print()?
    } else {
        pattern.into()
    };
    let date = dates::date_like(arg(args, 0))?;
    format::format(&date, Some(&pattern)).map(Val::from)
}

fn span(args: &[Val], unit: i64) -> Outcome<Val> {
    let millis = operand(arg(args, 0))?
        .decimal()
        .checked_mul((unit * 1000).into())
        .ok_or_else(too_large)?;
    let millis = crate::basic::number::Number::Decimal(millis)
        .round()
        .ok_or_else(too_large)?;
    TimeDelta::try_milliseconds(millis)
        .map(Val::Duration)
        .ok_or_else(too_large)
}

fn between(args: &[Val], unit: Unit) -> Outcome<Val> {
    dates::difference(arg(args, 0), arg(args, 1), unit).map(Val::Int)
}
