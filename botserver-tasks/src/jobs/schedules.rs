//! Turns schedules that are due into jobs.

use botlib::{BotId, ConversationId, Value, value::Map};
use botstate::{
    db::Connection,
    dialog::Bots,
    job::{NewJob, Reply},
    run::{Channel, Order, Task},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::QueryResult;

use super::RUN_LIMIT;
use crate::{
    rule::Rule,
    store::{
        jobs,
        schedules::{self, GUEST, Row},
    },
};

/// Makes a job of each schedule that is due and moves it to its next run. After a time in which the server was down
/// a schedule runs once, late, however many runs it has missed.
pub(crate) fn fire(conn: &mut Connection, bots: Option<&dyn Bots>, now: DateTime<Utc>, limit: i64) -> QueryResult<()> {
    for row in schedules::list_due(conn, now, limit)? {
        let is_gone = bots.is_some_and(|bots| bots.get(row.bot_id.into()).is_none());
        let next = next_run(&row, now);
        // What happens once is tried until its bot is there; what happens again can be left out.
        if !schedules::advance(conn, &row, next, now)? || (is_gone && next.is_some()) {
            continue;
        }
        let moment = row.next_at.map_or(now, |at| at.0);
        jobs::create(conn, &job(&row, &moment.timestamp_micros().to_string(), now), now)?;
    }
    Ok(())
}

/// The job of one run of a schedule; `run` names it among the schedule's runs.
pub(crate) fn job(row: &Row, run: &str, now: DateTime<Utc>) -> NewJob {
    let args: Vec<Value> = serde_json::from_str(&row.args).unwrap_or_default();
    if row.origin == GUEST {
        return guest(row, &args, run, now);
    }
    let args = match args.as_slice() {
        // A SCHEDULE IN block finds the variables of the moment at which it was reached.
        [Value::Map(names)] if row.script.contains('#') => names.clone(),
        _ => {
            let numbered = args.into_iter().enumerate();
            numbered.map(|(place, value)| (place.to_string(), value)).collect()
        }
    };
    let order = Order {
        bot: BotId::from(row.bot_id),
        task: Task::Script {
            name: row.script.clone(),
            args,
            names: Map::new(),
        },
        conversation: row.conversation_id.map(ConversationId::from),
        key: format!("schedule:{}:{run}", row.id.0),
        channel: Channel::Schedule,
        limit: Some(RUN_LIMIT),
        // Not a person's turn: what it schedules keeps a distance.
        depth: 1,
    };
    NewJob::order(row.org_id.into(), order, None, now)
}

/// The job of one run of a bot that ADD BOT has let in: its start script, whose words are said where it is a guest.
fn guest(row: &Row, args: &[Value], run: &str, now: DateTime<Utc>) -> NewJob {
    let order = Order {
        bot: row.bot_id.into(),
        task: Task::Script {
            name: row.script.clone(),
            args: Map::new(),
            names: Map::new(),
        },
        conversation: None,
        key: format!("schedule:{}:{run}", row.id.0),
        channel: Channel::Schedule,
        limit: Some(RUN_LIMIT),
        // Not a person's turn: what it schedules keeps a distance.
        depth: 1,
    };
    let host = args.first().and_then(Value::as_str).and_then(|id| id.parse().ok());
    let reply = host.zip(row.conversation_id).map(|(bot, conversation)| Reply {
        bot,
        conversation: conversation.into(),
        token: None,
    });
    NewJob::order(row.org_id.into(), order, reply, now)
}

/// When a schedule runs next; nothing when it never does again.
pub(crate) fn next_run(row: &Row, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let zone = row.zone.parse().unwrap_or(Tz::UTC);
    // A single moment is over once it has been.
    let rule = Rule::parse(&row.rule).ok()?;
    rule.next_after(after, zone)
}
