//! The rules: who sees what was used, and who sets budgets.

mod sweep;

use std::{sync::Arc, time::Duration};

use botlib::{BotId, Caller, Permission, PersonId, Subject};
use botstate::{
    AppState,
    audit::Act,
    dialog::{Bot, Bots},
    embed::Embedders,
    model::Models,
    money::Money,
    usage::Ledger,
};
use chrono::{Datelike as _, Days, NaiveDate};
use uuid::Uuid;

use crate::{
    error::Error,
    ledger::Desk,
    metered::{MeteredEmbedders, MeteredModels},
    model::{Amount, Budget, Period, Who},
    store::{
        budgets,
        calls::{self, By, Filter, Total},
        counters,
    },
};
use sweep::Old;

/// Totals of one answer at most.
const MOST: i64 = 1_000;

/// Days of one question at most.
const LONGEST: i64 = 400;

/// Budgets that an organisation may have.
const BUDGETS: usize = 1_000;

/// The ledger of this server and its budgets; cheap to clone.
#[derive(Clone)]
pub struct UsageService {
    desk: Desk,
    bots: Option<Arc<dyn Bots>>,
}

impl std::fmt::Debug for UsageService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UsageService")
    }
}

/// What somebody wants to know of the ledger.
#[derive(Debug, Clone, Default)]
pub(crate) struct Question {
    pub(crate) from: Option<NaiveDate>,
    pub(crate) to: Option<NaiveDate>,
    pub(crate) bot: Option<String>,
    pub(crate) person: Option<PersonId>,
}

/// A budget to be set.
#[derive(Debug, Clone)]
pub(crate) struct NewBudget {
    pub(crate) bot: Option<String>,
    pub(crate) person: Option<PersonId>,
    pub(crate) period: Period,
    pub(crate) money: Option<Money>,
    pub(crate) tokens: Option<i64>,
}

impl UsageService {
    /// The service over the state's handles. Wrap the ports with it before anybody takes them.
    pub fn new(state: &AppState) -> Self {
        Self {
            desk: Desk::new(
                state.db.clone(),
                Arc::clone(&state.clock),
                state.lifecycle.clone(),
                state.config.usage.clone(),
            ),
            bots: None,
        }
    }

    /// The same models, counted and held to budgets.
    pub fn models(&self, inner: Arc<dyn Models>) -> Arc<dyn Models> {
        Arc::new(MeteredModels {
            inner,
            desk: self.desk.clone(),
        })
    }

    /// The same embedders, counted and held to budgets where they cost something.
    pub fn embedders(&self, inner: Arc<dyn Embedders>) -> Arc<dyn Embedders> {
        Arc::new(MeteredEmbedders {
            inner,
            desk: self.desk.clone(),
        })
    }

    /// The port to the ledger.
    pub fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::new(self.desk.clone())
    }

    /// The same service once bots are mounted and jobs are there: it names bots, and deletes what is old.
    #[must_use]
    pub fn start(self, state: &AppState) -> Self {
        let old = Arc::new(Old(self.desk.clone()));
        if let Some(jobs) = &state.ports.jobs {
            jobs.sweep(Arc::clone(&old) as _);
        }
        // What died with the last run must not wait for the first sweep.
        let now = state.clock.now();
        state.lifecycle.spawn(async move {
            if let Err(error) = old.release_lost(now).await {
                tracing::warn!(%error, "what calls of the last run had reserved is not free yet");
            }
        });
        Self {
            bots: state.ports.bots.clone(),
            ..self
        }
    }

    /// Writes down what waits to be.
    ///
    /// # Errors
    /// When the database refuses; it is tried again in the background.
    pub async fn flush(&self) -> Result<(), Error> {
        self.desk.flush().await
    }

    /// Totals of the organisation's calls.
    pub(crate) async fn totals(&self, caller: &Caller, question: Question, by: By) -> Result<Vec<Total>, Error> {
        need(caller, Permission::UsageRead)?;
        let who = question.person.map(|person| Who::Person(*person.as_uuid()));
        self.sum(caller, question, who, by).await
    }

    /// Totals of the caller's own calls.
    pub(crate) async fn own_totals(&self, caller: &Caller, question: Question, by: By) -> Result<Vec<Total>, Error> {
        let who = match caller.subject {
            Subject::Person(person) => Who::Person(*person.as_uuid()),
            Subject::Visitor(visitor) => Who::Visitor(*visitor.as_uuid()),
            _ => return Err(Error::Nobody),
        };
        self.sum(caller, question, Some(who), by).await
    }

    async fn sum(&self, caller: &Caller, question: Question, who: Option<Who>, by: By) -> Result<Vec<Total>, Error> {
        let today = self.desk.now().date_naive();
        let to = question.to.unwrap_or(today);
        let month = || to.checked_sub_days(Days::new(29)).unwrap_or(to);
        let from = question.from.unwrap_or_else(month);
        let is_known = |day: NaiveDate| (1970..=9999).contains(&day.year());
        if from > to || (to - from).num_days() >= LONGEST || !is_known(from) || !is_known(to) {
            return Err(Error::Invalid {
                field: "from",
                reason: "must be a day before `to`, and at most 400 days before",
            });
        }
        let bot = question.bot.map(|name| self.bot(caller, &name)).transpose()?;
        let filter = Filter {
            org: caller.org,
            from,
            to,
            bot,
            who,
        };
        // What was asked a moment ago belongs to it.
        if let Err(error) = self.desk.flush().await {
            tracing::warn!(%error, "totals lack the newest calls");
        }
        let read = self
            .desk
            .db()
            .read(move |conn| calls::totals(conn, &filter, by, MOST).map_err(Error::from));
        let mut totals = read.await?;
        if by == By::Bot {
            for total in &mut totals {
                total.key = self.bot_name(&total.key);
            }
        }
        Ok(totals)
    }

    /// The budgets of the organisation, each with what is spent of it.
    pub(crate) async fn list_budgets(&self, caller: &Caller) -> Result<Vec<(Budget, Amount)>, Error> {
        need(caller, Permission::UsageRead)?;
        if let Err(error) = self.desk.flush().await {
            tracing::warn!(%error, "budgets lack the newest calls");
        }
        let (org, now) = (caller.org, self.desk.now());
        let read = self.desk.db().read(move |conn| {
            let budgets = budgets::list(conn, org)?;
            let with_use = budgets.into_iter().map(|budget| {
                let limit = budget.limit();
                let used = counters::find(conn, org, &limit.scope.key(), &limit.period.at(now))?;
                Ok((budget, used))
            });
            with_use.collect::<Result<Vec<_>, Error>>()
        });
        read.await
    }

    /// Sets a budget.
    pub(crate) async fn create_budget(&self, caller: &Caller, new: NewBudget) -> Result<Budget, Error> {
        need(caller, Permission::UsageManage)?;
        if new.money.is_none() && new.tokens.is_none() {
            return Err(Error::Invalid {
                field: "usd",
                reason: "or tokens must be given",
            });
        }
        let budget = Budget {
            id: Uuid::now_v7(),
            org: caller.org,
            bot: new.bot.map(|name| self.bot(caller, &name)).transpose()?,
            person: new.person,
            period: new.period,
            money: new.money,
            tokens: new.tokens,
            created_at: self.desk.now(),
        };
        let row = budget.clone();
        let act = Act::of(caller, "usage.set-budget").on("budget", budget.id);
        let write = self.desk.db().write(move |conn| {
            if let Some(person) = row.person
                && !budgets::has_person(conn, row.org, person)?
            {
                return Err(Error::Unknown("person"));
            }
            if budgets::list(conn, row.org)?.len() >= BUDGETS {
                return Err(Error::Invalid {
                    field: "period",
                    reason: "is of a budget too many: remove another first",
                });
            }
            budgets::create(conn, &row)?;
            Ok(act.record(conn, row.created_at)?)
        });
        write.await?;
        self.desk.forget_budgets(caller.org);
        Ok(budget)
    }

    /// Removes a budget.
    pub(crate) async fn delete_budget(&self, caller: &Caller, id: Uuid) -> Result<(), Error> {
        need(caller, Permission::UsageManage)?;
        let (org, now) = (caller.org, self.desk.now());
        let act = Act::of(caller, "usage.remove-budget").on("budget", id);
        let write = self.desk.db().write(move |conn| {
            let was_there = budgets::delete(conn, org, id)?;
            if was_there {
                act.record(conn, now)?;
            }
            Ok::<_, Error>(was_there)
        });
        let was_there = write.await?;
        self.desk.forget_budgets(org);
        if was_there {
            Ok(())
        } else {
            Err(Error::Unknown("budget"))
        }
    }

    /// The name of a bot by its id; the id itself for a bot that is not there any more.
    pub(crate) fn bot_name(&self, id: &str) -> String {
        let known = id.parse::<BotId>().ok().and_then(|id| self.bots.as_ref()?.get(id));
        known.map_or_else(|| id.to_owned(), |bot| bot.name.clone())
    }

    /// The bot of the caller's organisation with that name or id.
    fn bot(&self, caller: &Caller, name: &str) -> Result<BotId, Error> {
        let bots = self.bots.as_ref();
        let by_id = |id: BotId| bots.and_then(|bots| bots.get(id));
        let found = bots
            .and_then(|bots| bots.find(name))
            .or_else(|| name.parse().ok().and_then(by_id));
        let is_own = |bot: &Arc<Bot>| bot.org == caller.org;
        found.filter(is_own).map(|bot| bot.id).ok_or(Error::Unknown("bot"))
    }
}

fn need(caller: &Caller, permission: Permission) -> Result<(), Error> {
    if caller.may(permission) {
        Ok(())
    } else {
        Err(Error::Forbidden(permission))
    }
}

/// A reservation that is older than this belongs to a call that nobody makes any more.
pub(crate) const LOST: Duration = Duration::from_hours(1);
