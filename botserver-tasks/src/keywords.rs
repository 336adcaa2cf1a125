//! Keywords: schedules, events, other bots, workflows.

#![expect(clippy::unused_async, reason = "all keywords have one signature")]

mod bots;
mod events;
mod memory;
mod schedules;
mod talk;
mod workflow;

use std::{future::Future, pin::Pin, sync::Arc};

use async_trait::async_trait;
use botlib::{Value, wire::InputSpec};
use botstate::{
    Db,
    dialog::{Bot, Bots, Fault, FaultKind},
    job::{Jobs as _, NewJob, Reply},
    keyword::{Args, Class, Handler, Keyword, Turn},
    run::{Late, Suspend},
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{jobs::orders::wake, queue::Queue};

pub(crate) use schedules::rule_of;

/// What keywords work with.
#[derive(Clone)]
pub(crate) struct Kit {
    pub(crate) queue: Queue,
    pub(crate) bots: Late<dyn Bots>,
    /// What addresses for people begin with; empty when the server does not know its own.
    pub(crate) base: Arc<str>,
}

/// Every keyword of this crate; without a kit they are known, and fault when they are performed.
pub(crate) fn keywords(kit: Option<&Kit>) -> Vec<Keyword> {
    [
        schedules::keywords(kit),
        events::keywords(kit),
        bots::keywords(kit),
        talk::keywords(kit),
        memory::keywords(kit),
        workflow::keywords(kit),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What a keyword gives.
type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send + 'a>>;

/// A keyword as a function of the kit.
struct Act {
    /// Nothing where no server runs, such as in a checker or a terminal.
    kit: Option<Kit>,
    work: for<'a> fn(&'a Kit, &'a mut dyn Turn, Args) -> Answer<'a>,
}

#[async_trait]
impl Handler for Act {
    async fn call(&self, turn: &mut dyn Turn, args: Args) -> Result<Value, Fault> {
        let Some(kit) = &self.kit else {
            return Err(Fault::new(
                FaultKind::NotFound,
                "schedules, events and other bots need a running server",
            ));
        };
        (self.work)(kit, turn, args).await
    }
}

/// How a keyword of this crate is written down.
struct Entry {
    phrase: &'static str,
    shapes: &'static [&'static str],
    class: Class,
    summary: &'static str,
    example: &'static str,
    work: for<'a> fn(&'a Kit, &'a mut dyn Turn, Args) -> Answer<'a>,
}

impl Entry {
    fn keyword(self, kit: Option<&Kit>) -> Keyword {
        Keyword {
            phrase: self.phrase,
            shapes: self.shapes,
            class: self.class,
            summary: self.summary,
            example: self.example,
            handler: Some(Arc::new(Act {
                kit: kit.cloned(),
                work: self.work,
            })),
        }
    }
}

impl Kit {
    fn now(&self) -> DateTime<Utc> {
        self.queue.clock.now()
    }

    fn db(&self) -> &Db {
        &self.queue.db
    }

    /// Another bot of the same organisation, by its name.
    fn bot(&self, turn: &dyn Turn, name: &str) -> Result<Arc<Bot>, Fault> {
        let own = turn.bot();
        if own.name.eq_ignore_ascii_case(name.trim()) {
            return Ok(Arc::clone(own));
        }
        let found = self.bots.get().and_then(|bots| bots.find(name.trim()));
        found.filter(|bot| bot.org == own.org).ok_or_else(|| {
            Fault::new(FaultKind::NotFound, format!("there is no bot {name:?}"))
                .hint("a bot is named like the folder of its package, without .gbai")
        })
    }

    /// Adds a job that commits with the turn.
    fn enqueue(&self, turn: &mut dyn Turn, job: NewJob) {
        turn.write(self.queue.enqueue(job));
    }

    /// Lets the dialog wait until its token is woken, or `seconds` have passed: then it gets `late`.
    fn suspend(
        &self,
        turn: &mut dyn Turn,
        seconds: f64,
        late: Option<Fault>,
        hear: Option<(InputSpec, Fault)>,
        note: Option<String>,
    ) -> Result<Reply, Fault> {
        let token = turn.idempotency_key().to_owned();
        let (bot, org, conversation) = (turn.bot().id, turn.bot().org, turn.conversation());
        // First, so that a place where nothing can wait keeps no timer.
        let (hear, refusal) = hear.unzip();
        turn.suspend(Suspend {
            token: token.clone(),
            hear,
            refusal,
            note,
        })?;
        let timer = wake(bot, conversation, token.clone(), Value::Null, late);
        let due = self.now() + span(seconds)?;
        self.enqueue(turn, NewJob::order(org, timer, None, due));
        Ok(Reply {
            bot,
            conversation,
            token: Some(token),
        })
    }
}

/// The longest wait: a year.
const LONGEST: f64 = 366.0 * 24.0 * 3600.0;

/// A number of seconds as a span of time.
fn span(seconds: f64) -> Result<TimeDelta, Fault> {
    if !(0.0..=LONGEST).contains(&seconds) {
        let message = format!("{seconds} is no number of seconds that can be waited: 0 to {LONGEST} can");
        return Err(Fault::new(FaultKind::Argument, message));
    }
    let span = std::time::Duration::from_secs_f64(seconds);
    TimeDelta::from_std(span).map_err(|error| Fault::new(FaultKind::Argument, error.to_string()))
}

/// The number of seconds called `name`, or `default` when it was not given.
fn seconds(args: &mut Args, name: &str, default: f64) -> Result<f64, Fault> {
    match args.take(name) {
        Value::Null => Ok(default),
        Value::Duration(span) => Ok(span.as_seconds_f64()),
        other => {
            args.0.insert(name, other);
            args.number(name)
        }
    }
}

/// A text that must not be empty.
fn name(args: &mut Args, key: &str, what: &str) -> Result<String, Fault> {
    let text = args.text(key)?.trim().to_owned();
    if text.is_empty() || text.chars().count() > 255 {
        return Err(Fault::new(
            FaultKind::Argument,
            format!("{what} needs 1 to 255 characters"),
        ));
    }
    Ok(text)
}
