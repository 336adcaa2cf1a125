//! `SET SCHEDULE when[, file[, arguments]]` and `SCHEDULE IN n SECONDS DO`: runs at times that a script computes.

use std::sync::Arc;

use botlib::{Value, value::Map};
use botstate::{
    db,
    dialog::{Bot, Fault, FaultKind},
    keyword::{Args, Class, Keyword, Turn},
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Entry, Kit, seconds, span};
use crate::{
    jobs::declared::zone,
    rule::{Rule, SHORTEST},
    store::{
        jobs,
        schedules::{self, MADE, Row},
    },
    worker::at,
};

/// Schedules and jobs that a bot may have waiting.
const MOST: i64 = 100;
/// Bytes of the variables that a block for later keeps.
const LARGEST: usize = 64 << 10;

pub(super) fn keywords(kit: Option<&Kit>) -> Vec<Keyword> {
    vec![
        Entry {
            phrase: "SET SCHEDULE",
            shapes: &["when[, file[, args...]]", "when file[ args...]", "when at, file[, args...]"],
            class: Class::Write,
            summary: "Runs a script at a time: a cron expression, a phrase, or one moment. The same script at the same time \
                      is scheduled once.",
            example: "IF TRUE THEN\n  SET SCHEDULE \"0 9 * * MON\"\nEND IF",
            work: |kit, turn, args| Box::pin(set(kit, turn, args)),
        }
        .keyword(kit),
        Entry {
            phrase: "SCHEDULE IN",
            shapes: &["seconds, script[, args]"],
            class: Class::Write,
            summary: "Runs a block later, with the variables of this moment.",
            example: "SCHEDULE IN 60 SECONDS DO\n  TALK \"A minute has passed\"\nEND SCHEDULE",
            work: |kit, turn, args| Box::pin(later(kit, turn, args)),
        }
        .keyword(kit),
    ]
}

async fn set(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let bot = Arc::clone(turn.bot());
    let zone = zone(&bot);
    let rule = rule_of(args.take("when"), zone)?;
    let begin = match args.take("at") {
        Value::Null => kit.now(),
        // A run at that very moment counts.
        other => moment(&other, zone)? - TimeDelta::seconds(1),
    };
    let script = script(turn, &bot, args.take("file"))?;
    let values = match args.take("args") {
        Value::Null => Vec::new(),
        Value::List(values) => values,
        value => vec![value],
    };
    let mut next = next(&rule, begin.max(kit.now()), zone);
    if turn.depth() > 0 {
        next = next.max(kit.now() + SHORTEST);
    }
    put(kit, turn, &rule, script, &values, next).await
}

async fn later(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let seconds = seconds(&mut args, "seconds", 0.0)?;
    let mut due = kit.now() + span(seconds)?;
    if turn.depth() > 0 {
        // A run that schedules the next one would be an endless loop without an end to it.
        due = due.max(kit.now() + SHORTEST);
    }
    let script = args.text("script")?;
    let names = match args.take("args") {
        Value::Map(names) => names,
        _ => Map::new(),
    };
    let values = [Value::Map(names)];
    put(kit, turn, &Rule::Once(due), script, &values, due).await
}

/// Keeps a schedule, which commits with the turn.
async fn put(
    kit: &Kit,
    turn: &mut dyn Turn,
    rule: &Rule,
    script: String,
    values: &[Value],
    next: DateTime<Utc>,
) -> Result<Value, Fault> {
    if values.iter().any(holds_secret) {
        return Err(Fault::new(FaultKind::Argument, "a secret cannot be kept until later")
            .hint("read it again in the script that runs"));
    }
    let args = serde_json::to_string(values).unwrap_or_default();
    if args.len() > LARGEST {
        let message = format!(
            "what a schedule keeps may have {LARGEST} bytes, and this has {}",
            args.len()
        );
        return Err(Fault::new(FaultKind::Limit, message));
    }
    let bot = Arc::clone(turn.bot());
    let conversation = turn.conversation();
    // One moment is about one conversation; what runs again and again is the bot's, and speaks where it was set last.
    let place = if rule.is_recurring() {
        String::new()
    } else {
        conversation.to_string()
    };
    let key = format!("{MADE}:{}", digest(&[&script, &rule.to_string(), &args, &place]));
    let row = Row {
        id: db::DbUuid(Uuid::now_v7()),
        org_id: bot.org.into(),
        bot_id: bot.id.into(),
        unique_key: key.clone(),
        origin: MADE.to_owned(),
        script,
        rule: rule.to_string(),
        zone: zone(&bot).name().to_owned(),
        args,
        conversation_id: Some(conversation.into()),
        next_at: Some(at(next)),
        last_at: None,
        created_at: at(kit.now()),
    };
    // What this turn has added before must count as well.
    turn.flush().await?;
    let (org, id) = (bot.org, bot.id);
    let counted = kit.db().read(move |conn| {
        let is_known = schedules::exists(conn, org, id, &key)?;
        let count = schedules::count(conn, org, id)? + jobs::count_waiting(conn, org, id)?;
        Ok::<_, db::Error>((is_known, count))
    });
    let (is_known, count) = counted
        .await
        .map_err(|error| Fault::new(FaultKind::Data, format!("could not read the bot's schedules: {error}")))?;
    if !is_known && count >= MOST {
        let message = format!("the bot has {count} schedules and jobs, and {MOST} are the most");
        return Err(Fault::new(FaultKind::Limit, message).hint("let one script at one time do more"));
    }
    let queue = kit.queue.clone();
    turn.write(Box::new(move |conn| {
        schedules::put(conn, &row)?;
        queue.ring();
        Ok(())
    }));
    Ok(Value::Null)
}

/// The rule that the first argument of SET SCHEDULE stands for.
pub(crate) fn rule_of(value: Value, zone: Tz) -> Result<Rule, Fault> {
    match value {
        Value::Text(text) => match moment(&Value::Text(text.clone()), zone) {
            Ok(at) => Ok(Rule::Once(at)),
            Err(_) => Rule::parse(&text).map_err(|error| Fault::new(FaultKind::Argument, error.to_string())),
        },
        other => moment(&other, zone).map(Rule::Once),
    }
}

/// When it runs first. A moment that has passed is now, since whoever scheduled it wants it to happen.
fn next(rule: &Rule, begin: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    rule.next_after(begin, zone).unwrap_or(begin)
}

/// A moment of the wall clock in the bot's zone, unless it says in which.
fn moment(value: &Value, zone: Tz) -> Result<DateTime<Utc>, Fault> {
    let local = |wall: NaiveDateTime| {
        zone.from_local_datetime(&wall)
            .earliest()
            .or_else(|| zone.from_local_datetime(&(wall + TimeDelta::hours(1))).earliest())
            .map(|at| at.with_timezone(&Utc))
    };
    let found = match value {
        Value::DateTime(at) => Some(at.with_timezone(&Utc)),
        Value::Date(day) => local(day.and_time(NaiveTime::MIN)),
        Value::Text(text) => {
            let text = text.trim();
            DateTime::parse_from_rfc3339(text)
                .map(|at| at.with_timezone(&Utc))
                .ok()
                .or_else(|| {
                    let formats = [
                        "%Y-%m-%d %H:%M:%S",
                        "%Y-%m-%d %H:%M",
                        "%Y-%m-%dT%H:%M:%S",
                        "%Y-%m-%dT%H:%M",
                    ];
                    let wall = formats
                        .into_iter()
                        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
                    let day = || {
                        Some(
                            NaiveDate::parse_from_str(text, "%Y-%m-%d")
                                .ok()?
                                .and_time(NaiveTime::MIN),
                        )
                    };
                    local(wall.or_else(day)?)
                })
        }
        _ => None,
    };
    found.ok_or_else(|| {
        let message = format!("a schedule needs a time, and {} is none", value.type_name());
        Fault::new(FaultKind::Argument, message)
            .hint("write \"0 9 * * *\", \"every day at 9am\" or DATEADD(NOW(), 1, \"hour\")")
    })
}

/// The script to run: the one that is named, else the one that asks.
fn script(turn: &dyn Turn, bot: &Bot, file: Value) -> Result<String, Fault> {
    let named = match file {
        Value::Null => turn.script(),
        other => other.to_string(),
    };
    let name = named
        .trim()
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let name = name.strip_suffix(".bas").unwrap_or(&name).to_owned();
    if name.is_empty() || !(bot.has_script(&name) || name.contains('#')) {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!("the bot has no script {named:?} to schedule"),
        ));
    }
    Ok(name)
}

fn digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    let bytes = digest.finalize();
    bytes
        .iter()
        .take(16)
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Whether a value is a secret or holds one.
pub(super) fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::List(items) => items.iter().any(holds_secret),
        Value::Map(map) => map.iter().any(|(_, value)| holds_secret(value)),
        _ => false,
    }
}
