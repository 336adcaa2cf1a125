//! Times in words: `every hour from 9 to 17`, `weekdays at 8am`, `every 5 minutes during business hours`.

use chrono::TimeDelta;

use super::{Cron, Rule, RuleError};

/// Hours in which `business hours` are, as a field of a cron expression.
const BUSINESS: &str = "9-17";

/// What a phrase has said so far.
#[derive(Debug, Default)]
struct Said {
    minute: Option<String>,
    hour: Option<String>,
    day: Option<String>,
    month: Option<String>,
    weekday: Option<String>,
    every: Option<TimeDelta>,
}

pub(super) fn parse(text: &str) -> Result<Rule, RuleError> {
    let wrong = || {
        RuleError(format!(
            "{text:?} is no time that a schedule knows; write \"every 15 minutes\", \"every monday at 9am\", \
             \"every day at 18:30\" or a cron expression such as \"30 18 * * *\""
        ))
    };
    let lower = text.to_lowercase().replace(',', " , ");
    let words: Vec<&str> = lower
        .split_whitespace()
        .filter(|word| *word != "on" && *word != "the")
        .collect();
    let mut said = Said::default();
    let mut rest = words.as_slice();
    while !rest.is_empty() {
        rest = said.take(rest).ok_or_else(wrong)?;
    }
    said.rule().ok_or_else(wrong)?
}

impl Said {
    /// Reads the next words; nothing when they make no sense here.
    fn take<'a, 'w>(&mut self, words: &'a [&'w str]) -> Option<&'a [&'w str]> {
        match words {
            ["every" | "each", rest @ ..] => self.period(rest),
            ["hourly", rest @ ..] => {
                self.minute = Some("0".to_owned());
                Some(rest)
            }
            ["daily", rest @ ..] => Some(self.days("*", "*", "*", rest)),
            ["weekly", rest @ ..] => Some(self.days("*", "*", "0", rest)),
            ["monthly", rest @ ..] => Some(self.days("1", "*", "*", rest)),
            ["yearly" | "annually", rest @ ..] => Some(self.days("1", "1", "*", rest)),
            ["weekdays" | "weekday" | "workdays", rest @ ..] => Some(self.days("*", "*", "1-5", rest)),
            ["weekends" | "weekend", rest @ ..] => Some(self.days("*", "*", "0,6", rest)),
            ["business", "hours", rest @ ..] | ["during", "business", "hours", rest @ ..] => {
                self.hour = Some(BUSINESS.to_owned());
                self.weekday = Some("1-5".to_owned());
                Some(rest)
            }
            ["at", rest @ ..] => self.at(rest),
            ["from", from, "to" | "until", to, rest @ ..] | ["between", from, "and", to, rest @ ..] => {
                let (from, to) = (clock(from, None)?.0, clock(to, None)?.0);
                self.hour = Some(format!("{from}-{to}"));
                Some(rest)
            }
            ["and" | ",", rest @ ..] if self.weekday.is_some() => {
                let (day, rest) = rest.split_first()?;
                let number = weekday(day)?;
                let list = self.weekday.get_or_insert_default();
                list.push(',');
                list.push_str(&number.to_string());
                Some(rest)
            }
            [day, rest @ ..] => {
                let number = weekday(day)?;
                Some(self.days("*", "*", &number.to_string(), rest))
            }
            [] => None,
        }
    }

    /// What follows `every`.
    fn period<'a, 'w>(&mut self, words: &'a [&'w str]) -> Option<&'a [&'w str]> {
        if let [number, unit, rest @ ..] = words
            && let Ok(count) = number.parse::<u32>()
        {
            if count == 0 {
                return None;
            }
            match *unit {
                "second" | "seconds" | "sec" | "secs" => self.every = Some(TimeDelta::seconds(count.into())),
                "minute" | "minutes" | "min" | "mins" if 60 % count == 0 && count < 60 => {
                    self.minute = Some(if count == 1 {
                        "*".to_owned()
                    } else {
                        format!("*/{count}")
                    });
                }
                "minute" | "minutes" | "min" | "mins" => self.every = Some(TimeDelta::minutes(count.into())),
                "hour" | "hours" if 24 % count == 0 && count < 24 => {
                    self.minute = Some("0".to_owned());
                    if count > 1 {
                        self.hour = Some(format!("*/{count}"));
                    }
                }
                "hour" | "hours" => self.every = Some(TimeDelta::hours(count.into())),
                "day" | "days" if count == 1 => return Some(self.days("*", "*", "*", rest)),
                "day" | "days" => self.every = Some(TimeDelta::days(count.into())),
                "week" | "weeks" => self.every = Some(TimeDelta::weeks(count.into())),
                "month" | "months" if 12 % count == 0 && count < 12 => {
                    return Some(self.days("1", &format!("*/{count}"), "*", rest));
                }
                _ => return None,
            }
            return Some(rest);
        }
        match words {
            ["minute", rest @ ..] => {
                self.minute = Some("*".to_owned());
                Some(rest)
            }
            ["hour", rest @ ..] => {
                self.minute = Some("0".to_owned());
                Some(rest)
            }
            ["day" | "morning" | "night" | "evening", ..] => {
                let (word, rest) = words.split_first()?;
                self.days("*", "*", "*", rest);
                self.hour = match *word {
                    "morning" => Some("9".to_owned()),
                    "evening" => Some("18".to_owned()),
                    _ => None,
                };
                Some(rest)
            }
            ["week", rest @ ..] => Some(self.days("*", "*", "0", rest)),
            ["month", rest @ ..] => Some(self.days("1", "*", "*", rest)),
            ["quarter", rest @ ..] => Some(self.days("1", "*/3", "*", rest)),
            ["year", rest @ ..] => Some(self.days("1", "1", "*", rest)),
            [
                "weekday" | "weekdays" | "weekend" | "weekends" | "workday" | "workdays",
                ..,
            ] => self.take(words),
            [day, rest @ ..] => {
                let number = weekday(day)?;
                Some(self.days("*", "*", &number.to_string(), rest))
            }
            [] => None,
        }
    }

    /// Days on which it runs; at midnight unless a time follows.
    fn days<'a, 'w>(&mut self, day: &str, month: &str, weekday: &str, rest: &'a [&'w str]) -> &'a [&'w str] {
        self.day = Some(day.to_owned());
        self.month = Some(month.to_owned());
        self.weekday = Some(weekday.to_owned());
        rest
    }

    /// What follows `at`.
    fn at<'a, 'w>(&mut self, words: &'a [&'w str]) -> Option<&'a [&'w str]> {
        let (time, rest) = words.split_first()?;
        // `9 am` in two words.
        let half = rest.first().filter(|word| ["am", "pm"].contains(word));
        let (hour, minute) = clock(time, half.copied())?;
        self.hour = Some(hour.to_string());
        self.minute = Some(minute.to_string());
        rest.get(usize::from(half.is_some())..)
    }

    fn rule(self) -> Option<Result<Rule, RuleError>> {
        if let Some(every) = self.every {
            let is_alone = self.hour.is_none() && self.minute.is_none() && self.weekday.is_none() && self.day.is_none();
            return is_alone.then_some(Ok(Rule::Every(every)));
        }
        let has_days = self.day.is_some();
        if !has_days && self.minute.is_none() && self.hour.is_none() {
            return None;
        }
        let minute = self.minute.unwrap_or_else(|| "0".to_owned());
        let hour = self.hour.unwrap_or_else(|| {
            let repeats = minute == "*" || minute.starts_with('*') || !has_days;
            if repeats { "*" } else { "0" }.to_owned()
        });
        let any = || "*".to_owned();
        let text = format!(
            "{minute} {hour} {} {} {}",
            self.day.unwrap_or_else(any),
            self.month.unwrap_or_else(any),
            self.weekday.unwrap_or_else(any)
        );
        Some(Cron::parse(&text).map(Rule::Cron))
    }
}

/// Hour and minute of `9`, `9am`, `9:30pm`, `14:30`, `noon`, `midnight`.
fn clock(text: &str, half: Option<&str>) -> Option<(u32, u32)> {
    match text {
        "noon" => return Some((12, 0)),
        "midnight" => return Some((0, 0)),
        _ => {}
    }
    let (digits, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some("am")),
        (_, Some(digits)) => (digits, Some("pm")),
        _ => (text, half),
    };
    let (hour, minute) = digits.split_once([':', 'h']).unwrap_or((digits, "0"));
    let minute = if minute.is_empty() { "0" } else { minute };
    let (mut hour, minute) = (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?);
    if let Some(half) = half {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour %= 12;
        if half == "pm" {
            hour += 12;
        }
    }
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// The number of a weekday from Sunday, by its name or the beginning of it.
fn weekday(word: &str) -> Option<u32> {
    const NAMES: [&str; 7] = [
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
    ];
    let word = word.trim_end_matches('.');
    let singular = word.strip_suffix('s').unwrap_or(word);
    let fits = |name: &str| {
        [word, singular]
            .iter()
            .any(|word| word.len() >= 3 && name.starts_with(word))
    };
    u32::try_from(NAMES.iter().position(|name| fits(name))?).ok()
}
