//! Cron expressions and the moments that they name.

use std::fmt;

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;

use super::RuleError;

/// Days after which a rule that has not come is taken to come never: 29 February on a certain weekday takes 40 years.
const HORIZON: u64 = 366 * 41;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A cron expression: sets of seconds, minutes, hours, days, months and weekdays.
///
/// Days and weekdays that are both restricted are alternatives, as in every cron: `0 0 13 * 5` runs on each 13th and
/// on each Friday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cron {
    seconds: Field,
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

/// The values of a field as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    bits: u64,
    /// Whether it was written as `*`, and so restricts nothing.
    is_any: bool,
}

impl Field {
    fn has(self, value: u32) -> bool {
        self.bits & (1 << value) != 0
    }

    /// The smallest value that is at least `from`.
    fn next(self, from: u32) -> Option<u32> {
        let left = self.bits.checked_shr(from)?.checked_shl(from)?;
        (left != 0).then(|| left.trailing_zeros())
    }
}

/// What a field may hold.
struct Kind {
    name: &'static str,
    low: u32,
    high: u32,
    names: &'static [&'static str],
}

impl Cron {
    /// Reads five fields, or six with the seconds first.
    pub(super) fn parse(text: &str) -> Result<Self, RuleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (seconds, rest) = match fields.as_slice() {
            [seconds, rest @ ..] if rest.len() == 5 => (*seconds, rest),
            rest if rest.len() == 5 => ("0", rest),
            other => {
                return Err(RuleError(format!(
                    "the schedule {text:?} has {} fields; a cron expression has minute, hour, day, month and weekday, \
                     with seconds before them if wanted",
                    other.len()
                )));
            }
        };
        let kind = |name, low, high, names| Kind { name, low, high, names };
        let [minutes, hours, days, months, weekdays] = rest else {
            return Err(RuleError(format!("the schedule {text:?} cannot be read")));
        };
        let mut weekdays = kind("weekday", 0, 7, &WEEKDAYS).parse(weekdays)?;
        if weekdays.has(7) {
            weekdays.bits = (weekdays.bits | 1) & 0x7f;
        }
        let cron = Self {
            seconds: kind("second", 0, 59, &[]).parse(seconds)?,
            minutes: kind("minute", 0, 59, &[]).parse(minutes)?,
            hours: kind("hour", 0, 23, &[]).parse(hours)?,
            days: kind("day", 1, 31, &[]).parse(days)?,
            months: kind("month", 1, 12, &MONTHS).parse(months)?,
            weekdays,
        };
        let start = DateTime::UNIX_EPOCH;
        if cron.next_after(start, Tz::UTC).is_none() {
            return Err(RuleError(format!("the schedule {text:?} names a day that never comes")));
        }
        Ok(cron)
    }

    /// Whether it runs more than once within a minute.
    pub(super) fn is_within_minutes(&self) -> bool {
        self.seconds.bits.count_ones() > 1
    }

    pub(super) fn next_after(&self, moment: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        if self.hours.is_any {
            return self.next_of_every_hour(moment, zone);
        }
        // To the next whole second of the wall clock; the same wall time comes twice when clocks go back, and then
        // the first one counts.
        let mut wall = whole(moment.with_timezone(&zone).naive_local())? + TimeDelta::seconds(1);
        for _ in 0..64 {
            wall = self.next_wall(wall)?;
            let at = resolve(wall, zone)?;
            if at > moment {
                return Some(at);
            }
            wall += TimeDelta::seconds(1);
        }
        None
    }

    /// The first wall time that is not before `from`.
    fn next_wall(&self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        let mut day = from.date();
        let mut time = from.time();
        for _ in 0..HORIZON {
            if self.has_day(day)
                && let Some(found) = self.next_time(time)
            {
                return Some(day.and_time(found));
            }
            day = day.checked_add_days(Days::new(1))?;
            time = NaiveTime::MIN;
        }
        None
    }

    fn has_day(&self, day: NaiveDate) -> bool {
        let in_days = self.days.has(day.day());
        let in_weekdays = self.weekdays.has(day.weekday().num_days_from_sunday());
        let fits = match (self.days.is_any, self.weekdays.is_any) {
            (true, true) => true,
            (false, true) => in_days,
            (true, false) => in_weekdays,
            (false, false) => in_days || in_weekdays,
        };
        fits && self.months.has(day.month())
    }

    fn next_time(&self, from: NaiveTime) -> Option<NaiveTime> {
        let mut hour = self.hours.next(from.hour())?;
        let (mut minute, mut second) = if hour == from.hour() {
            (from.minute(), from.second())
        } else {
            (0, 0)
        };
        loop {
            if let Some((minute, second)) = self.next_in_hour(minute, second) {
                return NaiveTime::from_hms_opt(hour, minute, second);
            }
            hour = self.hours.next(hour + 1)?;
            (minute, second) = (0, 0);
        }
    }

    fn next_in_hour(&self, minute: u32, second: u32) -> Option<(u32, u32)> {
        let found = self.minutes.next(minute)?;
        if found > minute {
            return Some((found, self.seconds.next(0)?));
        }
        if let Some(second) = self.seconds.next(second) {
            return Some((found, second));
        }
        Some((self.minutes.next(minute + 1)?, self.seconds.next(0)?))
    }

    /// For rules of every hour: through the hours as they pass, whatever clocks show.
    fn next_of_every_hour(&self, moment: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let mut at = DateTime::from_timestamp(moment.timestamp() + 1, 0)?;
        // At most two steps a day lead over days that do not fit, 24 through one that does.
        for _ in 0..HORIZON * 2 {
            let wall = at.with_timezone(&zone).naive_local();
            if !self.has_day(wall.date()) {
                let midnight = wall.date().checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
                at = resolve(midnight, zone)?.max(at + TimeDelta::seconds(1));
                continue;
            }
            let spent = wall.minute() * 60 + wall.second();
            let Some((minute, second)) = self.next_in_hour(wall.minute(), wall.second()) else {
                at += TimeDelta::seconds(i64::from(3600 - spent));
                continue;
            };
            return Some(at + TimeDelta::seconds(i64::from(minute * 60 + second) - i64::from(spent)));
        }
        None
    }
}

/// Without a fraction of a second.
fn whole(wall: NaiveDateTime) -> Option<NaiveDateTime> {
    wall.with_nanosecond(0)
}

/// The moment of a wall time: the first of two, and for one that is skipped the first moment after the gap.
fn resolve(wall: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(at) => Some(at.with_timezone(&Utc)),
        LocalResult::Ambiguous(first, _) => Some(first.with_timezone(&Utc)),
        LocalResult::None => {
            // Gaps begin and end on whole minutes in every zone since 1972, and last a day at most.
            let minute = wall.with_second(0)?.with_nanosecond(0)?;
            (1..=24 * 60).find_map(|minutes| {
                zone.from_local_datetime(&(minute + TimeDelta::minutes(minutes)))
                    .earliest()
                    .map(|at| at.with_timezone(&Utc))
            })
        }
    }
}

impl Kind {
    fn parse(&self, text: &str) -> Result<Field, RuleError> {
        let mut bits = 0;
        for part in text.split(',') {
            bits |= self.part(part).ok_or_else(|| {
                RuleError(format!(
                    "{part:?} is no {} of a schedule: {} to {}, a range a-b, a list a,b or a step */n is expected",
                    self.name, self.low, self.high
                ))
            })?;
        }
        Ok(Field {
            bits,
            is_any: text == "*" || text == "?",
        })
    }

    fn part(&self, text: &str) -> Option<u64> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().ok().filter(|step| *step > 0)?)),
            None => (text, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (self.low, self.high),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            None => {
                let from = self.value(range)?;
                (from, if step.is_some() { self.high } else { from })
            }
        };
        let step = usize::try_from(step.unwrap_or(1)).ok()?;
        // The weekday 7 is Sunday once more, which `*` must not count twice.
        let set = |from: u32, to: u32| (from..=to).step_by(step).fold(0_u64, |bits, value| bits | 1 << value);
        if from > to {
            // Over the end, as in FRI-MON or 22-2.
            return Some(set(from, self.high) | set(self.low, to));
        }
        Some(set(from, to))
    }

    fn value(&self, text: &str) -> Option<u32> {
        if let Ok(number) = text.parse::<u32>() {
            return (self.low..=self.high).contains(&number).then_some(number);
        }
        let short = text.get(..3)?.to_ascii_lowercase();
        let place = self.names.iter().position(|name| *name == short)?;
        Some(u32::try_from(place).ok()? + self.low)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = [
            (self.seconds, 59),
            (self.minutes, 59),
            (self.hours, 23),
            (self.days, 31),
            (self.months, 12),
            (self.weekdays, 6),
        ];
        for (index, (field, high)) in fields.into_iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            if field.is_any {
                f.write_str("*")?;
                continue;
            }
            let values: Vec<String> = (0..=high)
                .filter(|value| field.has(*value))
                .map(|value| value.to_string())
                .collect();
            f.write_str(&values.join(","))?;
        }
        Ok(())
    }
}
