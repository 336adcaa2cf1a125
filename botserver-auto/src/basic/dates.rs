//! Days, moments and spans of time.

use chrono::{DateTime, Datelike, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};

use super::{
    number,
    operators::MIDNIGHT,
    run,
    value::{Outcome, Val, misfit},
};

/// Shapes of a day in texts, tried in this order; the first that fits wins.
const DAYS: [&str; 9] = [
    "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d %b %Y", "%d %B %Y", "%Y%m%d",
];

/// Shapes of a time of day.
const TIMES: [&str; 4] = ["%H:%M:%S%.f", "%H:%M", "%I:%M %p", "%I:%M%p"];

/// A moment in the bot's zone.
pub(crate) fn local(naive: NaiveDateTime) -> DateTime<FixedOffset> {
    run::with(|run| {
        let zoned = run.zone.from_local_datetime(&naive).earliest();
        zoned.map_or_else(|| naive.and_utc().fixed_offset(), |moment| moment.fixed_offset())
    })
}

/// The present moment in the bot's zone.
pub(crate) fn now() -> DateTime<FixedOffset> {
    run::with(|run| run.now.with_timezone(&run.zone).fixed_offset())
}

/// The day that a text names.
pub(crate) fn parse_day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    DAYS.iter()
        .find_map(|shape| NaiveDate::parse_from_str(text, shape).ok())
        .filter(|day| day.year() >= 1)
}

/// The time of day that a text names.
pub(crate) fn parse_time(text: &str) -> Option<NaiveTime> {
    TIMES
        .iter()
        .find_map(|shape| NaiveTime::parse_from_str(text.trim(), shape).ok())
}

/// The day or moment that a text names.
pub(crate) fn parse(text: &str) -> Option<Val> {
    let text = text.trim();
    if let Some(day) = parse_day(text) {
        return Some(Val::Date(day));
    }
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(Val::DateTime(moment));
    }
    let (day, time) = text.split_once(['T', ' '])?;
    Some(Val::DateTime(local(
        parse_day(day)?.and_time(parse_time(time.trim_end_matches('Z'))?),
    )))
}

/// The date or moment that a value is, or names as a text; seconds since 1970 count as a moment.
pub(crate) fn date_like(value: &Val) -> Outcome<Val> {
    match value {
        Val::Date(_) | Val::DateTime(_) => Ok(value.clone()),
        Val::Text(text) => parse(text).ok_or_else(|| {
            let shown: String = text.chars().take(32).collect();
            misfit(format!("{shown:?} is not a date")).hint("write dates as 2026-12-31 or 2026-12-31 18:30")
        }),
        Val::Int(stamp) => DateTime::from_timestamp(*stamp, 0)
            .map(|moment| Val::DateTime(moment.fixed_offset()))
            .ok_or_else(|| misfit(format!("{stamp} is not a moment in seconds since 1970"))),
        other => Err(misfit(format!("a date is needed here, not {}", other.type_name()))),
    }
}

/// The moment that a value is, or names as a text; a day begins at midnight in the bot's zone.
pub(crate) fn moment(value: &Val) -> Outcome<DateTime<FixedOffset>> {
    Ok(match date_like(value)? {
        Val::DateTime(moment) => moment,
        Val::Date(day) => local(day.and_time(MIDNIGHT)),
        _ => now(),
    })
}

/// A date or moment moved by `span`; a day moved by whole days stays a day.
pub(crate) fn shift(value: &Val, span: TimeDelta) -> Outcome<Val> {
    let outside = || misfit("the date lies outside the years that can be written");
    if let Val::Date(day) = value
        && span.num_seconds() % 86_400 == 0
        && span.subsec_nanos() == 0
    {
        return day.checked_add_signed(span).map(Val::Date).ok_or_else(outside);
    }
    let from = moment(value)?;
    let to = from.checked_add_signed(span).ok_or_else(outside)?;
    // A moment of the bot's zone stays one when the clocks change on the way.
    let rezoned = run::with(|run| {
        let local = from.with_timezone(&run.zone).fixed_offset();
        (local.offset() == from.offset()).then(|| to.with_timezone(&run.zone).fixed_offset())
    });
    Ok(Val::DateTime(rezoned.unwrap_or(to)))
}

/// Units of DATEADD and DATEDIFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    /// Months in a unit that is made of them.
    fn months(self) -> Option<i64> {
        match self {
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::Year => Some(12),
            _ => None,
        }
    }
}

/// The unit that a text names.
pub(crate) fn unit(text: &str) -> Option<Unit> {
    Some(match text.trim().to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" | "ss" => Unit::Second,
        "n" | "m" | "min" | "mins" | "minute" | "minutes" | "mi" => Unit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" | "hh" => Unit::Hour,
        "d" | "day" | "days" | "dd" => Unit::Day,
        "w" | "week" | "weeks" | "ww" => Unit::Week,
        "month" | "months" | "mm" | "mon" => Unit::Month,
        "q" | "quarter" | "quarters" => Unit::Quarter,
        "y" | "year" | "years" | "yyyy" | "yy" => Unit::Year,
        _ => return None,
    })
}

/// The date moved by `count` units; the last day of a shorter month is kept.
pub(crate) fn add(value: &Val, count: i64, unit: Unit) -> Outcome<Val> {
    let outside = || misfit("the date lies outside the years that can be written");
    let value = date_like(value)?;
    let seconds = match unit {
        Unit::Second => 1,
        Unit::Minute => 60,
        Unit::Hour => 3600,
        Unit::Day => 86_400,
        Unit::Week => 604_800,
        Unit::Month | Unit::Quarter | Unit::Year => {
            let months = unit
                .months()
                .and_then(|months| count.checked_mul(months))
                .ok_or_else(number::too_large)?;
            let count = u32::try_from(months.unsigned_abs()).ok().ok_or_else(outside)?;
            let step = Months::new(count);
            let forward = months >= 0;
            let moved = match &value {
                Val::Date(day) if forward => day.checked_add_months(step).map(Val::Date),
                Val::Date(day) => day.checked_sub_months(step).map(Val::Date),
                _ => {
                    let naive = moment(&value)?.naive_local();
                    let moved = if forward {
                        naive.checked_add_months(step)
                    } else {
                        naive.checked_sub_months(step)
                    };
                    moved.map(|naive| Val::DateTime(local(naive)))
                }
            };
            return moved.ok_or_else(outside);
        }
    };
    if matches!(unit, Unit::Day | Unit::Week)
        && let Val::DateTime(moment) = &value
    {
        // A day later at the same time of day, even when clocks changed in between.
        let days = count
            .checked_mul(seconds / 86_400)
            .and_then(TimeDelta::try_days)
            .ok_or_else(outside)?;
        let naive = moment.naive_local().checked_add_signed(days).ok_or_else(outside)?;
        return Ok(Val::DateTime(local(naive)));
    }
    let span = count
        .checked_mul(seconds)
        .and_then(TimeDelta::try_seconds)
        .ok_or_else(outside)?;
    shift(&value, span)
}

/// Whole units from the first to the second date.
pub(crate) fn difference(first: &Val, second: &Val, unit: Unit) -> Outcome<i64> {
    let (first, second) = (moment(first)?, moment(second)?);
    let (from, to) = (first.naive_local(), second.naive_local());
    Ok(match unit {
        Unit::Second => (second - first).num_seconds(),
        Unit::Minute => (second - first).num_minutes(),
        Unit::Hour => (second - first).num_hours(),
        Unit::Day => to.date().signed_duration_since(from.date()).num_days(),
        Unit::Week => to.date().signed_duration_since(from.date()).num_days() / 7,
        Unit::Month | Unit::Quarter | Unit::Year => {
            let months = |at: NaiveDateTime| i64::from(at.year()) * 12 + i64::from(at.month0());
            let mut whole = months(to) - months(from);
            let rest = |at: NaiveDateTime| (at.day(), at.time());
            if whole > 0 && rest(to) < rest(from) {
                whole -= 1;
            } else if whole < 0 && rest(to) > rest(from) {
                whole += 1;
            }
            whole / unit.months().unwrap_or(1)
        }
    })
}
