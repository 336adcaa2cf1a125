//! `PUBLISH EVENT`, `WAIT FOR EVENT`, `TRIGGER` and `WEBHOOK POST`.

use std::sync::Arc;

use botlib::{Value, value::Map};
use botstate::{
    db,
    dialog::{Fault, FaultKind, TriggerKind},
    job::{EventJob, NewJob},
    keyword::{Args, Class, Keyword, Turn},
    run::Channel,
};

use super::{Entry, Kit, name, schedules::holds_secret, seconds};
use crate::{
    jobs::events::started,
    routes::webhook_names,
    store::waits::{self, Row},
    worker::at,
};

/// How long an event is waited for that names no time: a day.
const A_DAY: f64 = 24.0 * 3600.0;
/// Bytes that an event may carry.
const LARGEST: usize = 256 << 10;

pub(super) fn keywords(kit: Option<&Kit>) -> Vec<Keyword> {
    let publish = |phrase, example| Entry {
        phrase,
        shapes: &["event[, data]", "event WITH data"],
        class: Class::Write,
        summary: "Tells the bot's ON EVENT blocks and the dialogs that wait for it of an event, with data if there is some.",
        example,
        work: |kit, turn, args| Box::pin(publish(kit, turn, args)),
    };
    vec![
        publish("PUBLISH EVENT", "PUBLISH EVENT \"order_paid\", { \"id\": 7 }").keyword(kit),
        publish("TRIGGER", "TRIGGER \"order_paid\", 7").keyword(kit),
        Entry {
            phrase: "WAIT FOR EVENT",
            shapes: &["event[ TIMEOUT seconds]"],
            class: Class::Write,
            summary: "Waits, for a day or so many seconds, until an event is published, and gives its data (TRUE when it \
                      has none); null when the time is over.",
            example: "paid = WAIT FOR EVENT \"order_paid\" TIMEOUT 1\nIF paid IS NULL THEN\n  TALK \"Not paid\"\nEND IF",
            work: |kit, turn, args| Box::pin(wait(kit, turn, args)),
        }
        .keyword(kit),
        Entry {
            phrase: "WEBHOOK POST",
            shapes: &["path[ WITH data]", "path, data"],
            class: Class::Write,
            summary: "Posts data to the bot's own WEBHOOK scripts of that endpoint, and to ON EVENT blocks of that name.",
            example: "WEBHOOK POST \"/internal/escalation\" WITH { \"case\": 7 }",
            work: |kit, turn, args| Box::pin(post(kit, turn, args)),
        }
        .keyword(kit),
    ]
}

async fn publish(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let event = name(&mut args, "event", "an event's name")?;
    let data = args.take("data");
    publish_event(kit, turn, event, data)?;
    Ok(Value::Null)
}

/// Adds the job that tells of an event.
pub(super) fn publish_event(kit: &Kit, turn: &mut dyn Turn, name: String, data: Value) -> Result<(), Fault> {
    check(&data)?;
    let (org, bot) = (turn.bot().org, turn.bot().id);
    let key = format!("event:{}:{name}", turn.idempotency_key());
    let event = EventJob {
        name,
        data,
        depth: turn.depth(),
    };
    kit.enqueue(turn, NewJob::event(org, bot, &event, Some(key), kit.now()));
    Ok(())
}

fn check(data: &Value) -> Result<(), Fault> {
    if holds_secret(data) {
        return Err(Fault::new(FaultKind::Argument, "an event cannot carry a secret"));
    }
    let size = serde_json::to_string(data).map_or(usize::MAX, |text| text.len());
    if size > LARGEST {
        let message = format!("an event may carry {LARGEST} bytes, and this one has {size}");
        return Err(Fault::new(FaultKind::Limit, message).hint("keep the data in a table and send its id"));
    }
    Ok(())
}

async fn wait(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let event = name(&mut args, "event", "an event's name")?;
    let seconds = seconds(&mut args, "seconds", A_DAY)?;
    let reply = kit.suspend(turn, seconds, None, None, None)?;
    let row = Row {
        token: reply.token.unwrap_or_default(),
        org_id: turn.bot().org.into(),
        bot_id: reply.bot.into(),
        event: event.to_lowercase(),
        conversation_id: reply.conversation.into(),
        expires_at: at(kit.now() + super::span(seconds)?),
        created_at: at(kit.now()),
    };
    turn.write(Box::new(move |conn: &mut db::Connection| waits::create(conn, &row)));
    Ok(Value::Null)
}

async fn post(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let path = name(&mut args, "path", "a path")?;
    let data = args.take("data");
    check(&data)?;
    let bot = Arc::clone(turn.bot());
    let wanted = path
        .trim_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let names = webhook_names(data.clone(), Map::new(), Map::new(), "POST", &path);
    let cause = turn.idempotency_key().to_owned();
    let orders = started(
        &bot,
        &cause,
        &names,
        Channel::Webhook,
        turn.depth(),
        |kind| matches!(kind, TriggerKind::Webhook { endpoint } if *endpoint == wanted),
    );
    for order in orders {
        kit.enqueue(turn, NewJob::order(bot.org, order, None, kit.now()));
    }
    publish_event(kit, turn, path, data)?;
    Ok(Value::Null)
}
