//! Other bots in a conversation: `ADD BOT`, `REMOVE BOT`, `LIST BOTS`, `SET BOT PRIORITY`, `TRANSFER CONVERSATION`.

use std::sync::Arc;

use botlib::{ConversationId, Value, value::Map};
use botstate::{
    conversation::Guest,
    db,
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Keyword, Turn},
};
use uuid::Uuid;

use super::{Entry, Kit, name};
use crate::{
    jobs::declared::zone,
    rule::Rule,
    store::schedules::{self, GUEST, Row},
    worker::at,
};

/// Bots that may be guests of one conversation.
const MOST: usize = 16;

pub(super) fn keywords(kit: Option<&Kit>) -> Vec<Keyword> {
    vec![
        Entry {
            phrase: "ADD BOT",
            shapes: &[
                "bot[ WITH TRIGGER words]",
                "bot WITH TOOLS tools",
                "bot WITH SCHEDULE schedule",
                "bot TRIGGER ON words",
            ],
            class: Class::Write,
            summary: "Lets another bot into the conversation: it answers messages that hold one of the words, with the tools \
                      if some are named, or runs its start.bas at the times of the schedule.",
            example: "ADD BOT \"default\" WITH TRIGGER \"invoice, payment\"",
            work: |kit, turn, args| Box::pin(add(kit, turn, args)),
        }
        .keyword(kit),
        Entry {
            phrase: "REMOVE BOT",
            shapes: &["bot"],
            class: Class::Write,
            summary: "Lets a bot leave the conversation that ADD BOT has let in.",
            example: "REMOVE BOT \"default\"",
            work: |kit, turn, args| Box::pin(remove(kit, turn, args)),
        }
        .keyword(kit),
        Entry {
            phrase: "LIST BOTS",
            shapes: &[""],
            class: Class::Read,
            summary: "The bots that ADD BOT has let in: name, triggers, tools and priority of each.",
            example: "TALK COUNT(LIST BOTS)",
            work: |kit, turn, args| Box::pin(list(kit, turn, args)),
        }
        .keyword(kit),
        Entry {
            phrase: "SET BOT PRIORITY",
            shapes: &["bot, priority"],
            class: Class::Write,
            summary: "Says which bot answers when several could: the one with the highest number.",
            example: "ADD BOT \"default\" WITH TRIGGER \"help\"\nSET BOT PRIORITY \"default\", 5",
            work: |kit, turn, args| Box::pin(rank(kit, turn, args)),
        }
        .keyword(kit),
        Entry {
            phrase: "DELEGATE TO",
            shapes: &["bot", "BOT bot"],
            class: Class::Write,
            summary: "Lets another bot answer all further messages, as TRANSFER CONVERSATION TO does.",
            example: "DELEGATE TO \"default\"",
            work: |kit, turn, args| Box::pin(transfer(kit, turn, args)),
        }
        .keyword(kit),
        Entry {
            phrase: "TRANSFER CONVERSATION TO",
            shapes: &["bot", "BOT bot"],
            class: Class::Write,
            summary: "Lets another bot answer all further messages; naming this bot takes the conversation back.",
            example: "TRANSFER CONVERSATION TO \"default\"",
            work: |kit, turn, args| Box::pin(transfer(kit, turn, args)),
        }
        .keyword(kit),
    ]
}

async fn add(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let bot = kit.bot(turn, &name(&mut args, "bot", "a bot's name")?)?;
    let words = listed(args.take("words"))
        .into_iter()
        .map(|word| word.to_lowercase())
        .collect::<Vec<_>>();
    let tools = listed(args.take("tools"));
    if let Some(missing) = tools.iter().find(|tool| bot.tool(tool).is_none()) {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!("the bot {} has no tool {missing}", bot.name),
        ));
    }
    let schedule = args.take("schedule");
    if !schedule.is_null() {
        let text = schedule.to_string();
        let rule = Rule::parse(&text).map_err(|error| Fault::new(FaultKind::Argument, error.to_string()))?;
        if !bot.has_script("start") {
            let message = format!("the bot {} has no start.bas that could be scheduled", bot.name);
            return Err(Fault::new(FaultKind::NotFound, message));
        }
        let (host, conversation, zone) = (turn.bot().id, turn.conversation(), zone(&bot));
        let row = Row {
            id: db::DbUuid(Uuid::now_v7()),
            org_id: bot.org.into(),
            bot_id: bot.id.into(),
            unique_key: schedule_key(conversation, &bot.name),
            origin: GUEST.to_owned(),
            script: "start".to_owned(),
            rule: text,
            zone: zone.name().to_owned(),
            args: serde_json::to_string(&[Value::text(host.to_string())]).unwrap_or_default(),
            conversation_id: Some(conversation.into()),
            next_at: rule.next_after(kit.now(), zone).map(at),
            last_at: None,
            created_at: at(kit.now()),
        };
        let queue = kit.queue.clone();
        turn.write(Box::new(move |conn| {
            schedules::put(conn, &row)?;
            queue.ring();
            Ok(())
        }));
    }
    let guests = &mut turn.session().guests;
    let fresh = Guest {
        bot: bot.id,
        name: bot.name.clone(),
        words,
        tools,
        priority: 0,
    };
    let is_full = guests.len() >= MOST;
    match guests.iter_mut().find(|guest| guest.bot == bot.id) {
        // Each line may add something of its own to the same bot.
        Some(guest) => {
            guest.words.extend(fresh.words);
            guest.tools.extend(fresh.tools);
        }
        None if is_full => {
            return Err(Fault::new(
                FaultKind::Limit,
                format!("a conversation may have {MOST} other bots at most"),
            ));
        }
        None => guests.push(fresh),
    }
    Ok(Value::Null)
}

async fn remove(_: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let wanted = name(&mut args, "bot", "a bot's name")?;
    let (org, key) = (turn.bot().org, schedule_key(turn.conversation(), &wanted));
    let session = turn.session();
    let before = session.guests.len();
    session.guests.retain(|guest| !guest.name.eq_ignore_ascii_case(&wanted));
    let is_gone = session.guests.len() < before;
    turn.write(Box::new(move |conn| schedules::delete_guest(conn, org, &key)));
    Ok(Value::Bool(is_gone))
}

async fn list(_: &Kit, turn: &mut dyn Turn, _: Args) -> Result<Value, Fault> {
    let texts = |list: &[String]| Value::List(list.iter().map(Value::text).collect());
    let guests = turn.session().guests.iter().map(|guest| {
        let map: Map = [
            ("name".to_owned(), Value::text(guest.name.as_str())),
            ("triggers".to_owned(), texts(&guest.words)),
            ("tools".to_owned(), texts(&guest.tools)),
            ("priority".to_owned(), Value::Int(guest.priority)),
        ]
        .into_iter()
        .collect();
        Value::Map(map)
    });
    Ok(Value::List(guests.collect()))
}

async fn rank(_: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let wanted = name(&mut args, "bot", "a bot's name")?;
    let text = args.text("priority")?;
    let priority = text
        .trim()
        .parse()
        .map_err(|_not_a_number| Fault::new(FaultKind::Argument, "a priority must be a whole number"))?;
    let guests = &mut turn.session().guests;
    match guests.iter_mut().find(|guest| guest.name.eq_ignore_ascii_case(&wanted)) {
        Some(guest) => guest.priority = priority,
        None => {
            return Err(Fault::new(
                FaultKind::NotFound,
                format!("the bot {wanted:?} is not in this conversation"),
            )
            .hint("ADD BOT lets it in"));
        }
    }
    Ok(Value::Null)
}

async fn transfer(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let bot = kit.bot(turn, &name(&mut args, "bot", "a bot's name")?)?;
    let is_own = Arc::ptr_eq(&bot, turn.bot()) || bot.id == turn.bot().id;
    turn.session().transferred = (!is_own).then_some(bot.id);
    Ok(Value::Null)
}

fn schedule_key(conversation: ConversationId, bot: &str) -> String {
    format!("{GUEST}:{conversation}:{}", bot.to_lowercase())
}

/// The parts of a list, or of a text with commas.
fn listed(value: Value) -> Vec<String> {
    let parts: Vec<String> = match value {
        Value::Null => Vec::new(),
        Value::List(items) => items.iter().map(ToString::to_string).collect(),
        other => other.to_string().split(',').map(str::to_owned).collect(),
    };
    let trimmed = parts.into_iter().map(|part| part.trim().to_owned());
    trimmed.filter(|part| !part.is_empty()).collect()
}
