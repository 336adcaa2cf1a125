//! The nouns: budgets, their scopes and periods, and what is settled.

use botlib::{BotId, OrgId, PersonId};
use botstate::{config::BudgetConfig, dialog::Settings, model::Asker, money::Money, usage::Call};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use uuid::Uuid;

use crate::error::Error;

/// For how long a budget is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Period {
    /// A day of UTC.
    Day,
    /// A month of UTC.
    Month,
}

impl Period {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Day, Self::Month];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    const fn adjective(self) -> &'static str {
        match self {
            Self::Day => "daily",
            Self::Month => "monthly",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.name() == name)
    }

    /// The period that `now` lies in, such as `2026-11-20` or `2026-11`.
    pub(crate) fn at(self, now: DateTime<Utc>) -> String {
        match self {
            Self::Day => now.format("%Y-%m-%d").to_string(),
            Self::Month => now.format("%Y-%m").to_string(),
        }
    }

    /// When the next one begins.
    pub(crate) fn end(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let today = now.date_naive();
        let next: Option<NaiveDate> = match self {
            Self::Day => today.checked_add_days(Days::new(1)),
            Self::Month => today
                .with_day(1)
                .and_then(|first| first.checked_add_months(Months::new(1))),
        };
        next.and_then(|day| day.and_hms_opt(0, 0, 0))
            .map_or(now, |midnight| midnight.and_utc())
    }
}

/// What something uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) money: Money,
    pub(crate) tokens: i64,
}

/// Whose use a counter counts, in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scope {
    pub(crate) bot: Option<BotId>,
    pub(crate) who: Option<Who>,
}

/// A person or a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Who {
    Person(Uuid),
    Visitor(Uuid),
}

impl Who {
    /// Whom the model was asked for; nothing when a bot asked for itself.
    pub(crate) fn of(asker: &Asker) -> Option<Self> {
        let person = asker.person.map(|person| Self::Person(*person.as_uuid()));
        person.or(asker.visitor.map(|visitor| Self::Visitor(*visitor.as_uuid())))
    }
}

impl Scope {
    /// The scopes that a call counts in.
    pub(crate) fn of(asker: &Asker) -> Vec<Self> {
        let bot = Some(asker.bot);
        let mut scopes = vec![Self { bot: None, who: None }, Self { bot, who: None }];
        if let Some(who) = Who::of(asker) {
            let who = Some(who);
            scopes.extend([Self { bot: None, who }, Self { bot, who }]);
        }
        scopes
    }

    /// The name under which it is counted.
    pub(crate) fn key(&self) -> String {
        let who = self.who.map(|who| match who {
            Who::Person(id) => format!("person:{id}"),
            Who::Visitor(id) => format!("visitor:{id}"),
        });
        match (self.bot, who) {
            (None, None) => "organization".to_owned(),
            (Some(bot), None) => format!("bot:{bot}"),
            (None, Some(who)) => who,
            (Some(bot), Some(who)) => format!("bot:{bot}/{who}"),
        }
    }

    /// Whose it is, for people. Nobody learns whose name or id by it.
    const fn owner(&self) -> &'static str {
        match (self.bot, self.who) {
            (None, None) => "the organisation",
            (Some(_), None) => "the bot",
            (None, Some(_)) => "this person",
            (Some(_), Some(_)) => "this person with the bot",
        }
    }
}

/// What may be used of one scope in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) scope: Scope,
    pub(crate) period: Period,
    pub(crate) money: Option<Money>,
    pub(crate) tokens: Option<i64>,
}

impl Limit {
    /// The budget in words.
    pub(crate) fn name(&self) -> String {
        format!("the {} budget of {}", self.period.adjective(), self.scope.owner())
    }

    /// The limits of a scope that settings state.
    pub(crate) fn stated(scope: Scope, stated: &BudgetConfig) -> impl Iterator<Item = Self> + use<> {
        let of = |period, money: Option<Money>, tokens: Option<u64>| Self {
            scope,
            period,
            money,
            tokens: tokens.map(|tokens| i64::try_from(tokens).unwrap_or(i64::MAX)),
        };
        [
            of(Period::Day, stated.day_money, stated.day_tokens),
            of(Period::Month, stated.month_money, stated.month_tokens),
        ]
        .into_iter()
        .filter(|limit| limit.money.is_some() || limit.tokens.is_some())
    }
}

/// What the settings of a bot say about its budgets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stated {
    pub(crate) bot: BudgetConfig,
    pub(crate) person: BudgetConfig,
}

impl Stated {
    /// Reads `config.csv`.
    ///
    /// # Errors
    /// The first row that cannot be read: a budget that nobody can read must not be none.
    pub(crate) fn read(settings: &Settings) -> Result<Self, Error> {
        Ok(Self {
            bot: budget(settings, "budget")?,
            person: budget(settings, "budget-person")?,
        })
    }
}

fn budget(settings: &Settings, prefix: &str) -> Result<BudgetConfig, Error> {
    Ok(BudgetConfig {
        day_money: row(settings, &format!("{prefix}-day-usd"), "an amount such as 12.50")?,
        month_money: row(settings, &format!("{prefix}-month-usd"), "an amount such as 12.50")?,
        day_tokens: row(settings, &format!("{prefix}-day-tokens"), "a whole number")?,
        month_tokens: row(settings, &format!("{prefix}-month-tokens"), "a whole number")?,
    })
}

fn row<T: std::str::FromStr>(settings: &Settings, name: &str, form: &str) -> Result<Option<T>, Error> {
    let read = settings.get(name).map(|text| {
        let unreadable = |_| Error::Setting(format!("{name} in config.csv must be {form}"));
        text.parse().map_err(unreadable)
    });
    read.transpose()
}

/// A budget that was set by the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) id: Uuid,
    pub(crate) org: OrgId,
    pub(crate) bot: Option<BotId>,
    pub(crate) person: Option<PersonId>,
    pub(crate) period: Period,
    pub(crate) money: Option<Money>,
    pub(crate) tokens: Option<i64>,
    pub(crate) created_at: DateTime<Utc>,
}

impl Budget {
    /// What it limits.
    pub(crate) fn limit(&self) -> Limit {
        Limit {
            scope: Scope {
                bot: self.bot,
                who: self.person.map(|person| Who::Person(*person.as_uuid())),
            },
            period: self.period,
            money: self.money,
            tokens: self.tokens,
        }
    }
}

/// A call as it is written down.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    pub(crate) at: DateTime<Utc>,
    pub(crate) call: Call,
}

impl Entry {
    /// What it used of budgets: nothing when nobody was asked.
    pub(crate) fn amount(&self) -> Amount {
        let usage = &self.call.usage;
        Amount {
            money: self.cost().unwrap_or_default(),
            tokens: i64::from(usage.input_tokens) + i64::from(usage.output_tokens),
        }
    }

    /// What it cost; nothing when no price is known. What used no tokens cost nothing at any price.
    pub(crate) fn cost(&self) -> Option<Money> {
        let usage = &self.call.usage;
        if usage.input_tokens == 0 && usage.output_tokens == 0 {
            return Some(Money::ZERO);
        }
        self.call.price.map(|price| price.of(usage))
    }
}

/// What the ledger still has to write.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// A call, and what it had reserved.
    Call(Box<Entry>, Option<Uuid>),
    /// A reservation of a call that was not made.
    Release(Uuid),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_end_where_the_next_begins() {
        let now: DateTime<Utc> = "2026-12-31T23:59:59Z".parse().unwrap();

        for (period, name) in [(Period::Day, "2026-12-31"), (Period::Month, "2026-12")] {
            assert_eq!(period.at(now), name);
            assert_eq!(period.end(now).to_rfc3339(), "2027-01-01T00:00:00+00:00");
        }
    }

    #[test]
    fn a_budget_that_cannot_be_read_is_not_taken_for_none() {
        let settings = Settings::new([("budget-person-day-usd".to_owned(), "ten".to_owned())]);

        let error = Stated::read(&settings).unwrap_err();

        assert_eq!(
            error.to_string(),
            "budget-person-day-usd in config.csv must be an amount such as 12.50"
        );
    }
}
