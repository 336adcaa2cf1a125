//! When a schedule runs: cron expressions, phrases such as `every monday at 9am`, intervals and single moments.
//!
//! Wall-clock times are those of the bot's zone. Where clocks change, these rules hold:
//!
//! - A time that the change skips runs at the first moment after the gap, once.
//! - A time that the change repeats runs the first time only, when the rule names hours.
//! - A rule for every hour (`*` as the hour, or every minute) runs in each hour that passes, so twice in the repeated
//!   one and not at all in the skipped one.
//! - Intervals that do not divide the hour or the day (`every 45 minutes`) are counted from the beginning of 1970, UTC.

mod cron;
mod phrase;

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use cron::Cron;

/// The shortest time between two runs of a schedule.
pub(crate) const SHORTEST: TimeDelta = TimeDelta::minutes(1);

/// When something runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    /// At certain times of the wall clock.
    Cron(Cron),
    /// Again and again after so long.
    Every(TimeDelta),
    /// Once.
    Once(DateTime<Utc>),
}

/// A rule that cannot be read, with what would do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct RuleError(pub(crate) String);

impl Rule {
    /// Reads a cron expression of five fields, or six with the seconds first, or a phrase.
    ///
    /// # Errors
    /// When it is neither, or runs more often than once a minute.
    pub(crate) fn parse(text: &str) -> Result<Self, RuleError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(RuleError(
                "a schedule needs a time, such as \"0 9 * * *\" or \"every day at 9am\"".to_owned(),
            ));
        }
        // The form in which single moments are kept.
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Once(at.with_timezone(&Utc)));
        }
        let rule = if text.starts_with(|c: char| c.is_ascii_digit() || c == '*') && text.split_whitespace().count() > 3
        {
            Self::Cron(Cron::parse(text)?)
        } else {
            phrase::parse(text)?
        };
        let is_too_often = match &rule {
            Self::Cron(cron) => cron.is_within_minutes(),
            Self::Every(step) => *step < SHORTEST,
            Self::Once(_) => false,
        };
        if is_too_often {
            return Err(RuleError(format!(
                "the schedule {text:?} runs more often than once a minute, which is the most"
            )));
        }
        Ok(rule)
    }

    /// The first moment after `moment` at which it runs; nothing when there is none within a lifetime.
    pub(crate) fn next_after(&self, moment: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        match self {
            Self::Cron(cron) => cron.next_after(moment, zone),
            Self::Every(step) => {
                let step = step.num_seconds().max(1);
                let next = moment.timestamp().div_euclid(step) + 1;
                DateTime::from_timestamp(next * step, 0)
            }
            Self::Once(at) => (*at > moment).then_some(*at),
        }
    }

    /// Whether it runs again and again.
    pub(crate) fn is_recurring(&self) -> bool {
        !matches!(self, Self::Once(_))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron(cron) => cron.fmt(f),
            Self::Every(step) => write!(f, "every {} seconds", step.num_seconds()),
            Self::Once(at) => f.write_str(&at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
        }
    }
}

#[cfg(test)]
mod tests;
