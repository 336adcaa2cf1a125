//! Bots that talk to bots: `DELEGATE` and `BROADCAST TO BOTS`.

use botlib::Value;
use botstate::{
    conversation::Guest,
    dialog::{Bot, Fault, FaultKind},
    job::{NewJob, Reply},
    keyword::{Args, Class, Keyword, Turn},
    run::{Channel, Order, Task, side_conversation},
};

use super::{Entry, Kit, name, seconds};

/// How long an answer is waited for that names no time.
const PATIENCE: f64 = 60.0;

pub(super) fn keywords(kit: Option<&Kit>) -> Vec<Keyword> {
    vec![
        Entry {
            phrase: "DELEGATE",
            shapes: &["message TO BOT bot[ TIMEOUT seconds]", "message TO bot[ TIMEOUT seconds]"],
            class: Class::Write,
            summary: "Asks another bot and gives its answer; a fault when none comes within 60 or so many seconds.",
            example: "TRY\n  answer = DELEGATE \"Is order 7 paid?\" TO BOT \"accounts\" TIMEOUT 30\n  TALK answer\nCATCH e\n  TALK \"Nobody knows\"\nEND TRY",
            work: |kit, turn, args| Box::pin(delegate(kit, turn, args)),
        }
        .keyword(kit),
        Entry {
            phrase: "BROADCAST TO BOTS",
            shapes: &["message"],
            class: Class::Write,
            summary: "Tells all bots that ADD BOT has let in; what they answer is said here as it comes.",
            example: "BROADCAST TO BOTS \"The shop closes at six\"",
            work: |kit, turn, args| Box::pin(broadcast(kit, turn, args)),
        }
        .keyword(kit),
    ]
}

async fn delegate(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let bot = kit.bot(turn, &name(&mut args, "bot", "a bot's name")?)?;
    let text = args.text("message")?;
    if text.trim().is_empty() {
        return Err(Fault::new(FaultKind::Argument, "another bot cannot be asked nothing"));
    }
    let seconds = seconds(&mut args, "seconds", PATIENCE)?;
    let late = late(&bot, seconds);
    let reply = kit.suspend(turn, seconds, Some(late), None, None)?;
    let cause = turn.idempotency_key().to_owned();
    let order = ask(turn, &bot, &cause, text, Vec::new());
    let org = turn.bot().org;
    kit.enqueue(turn, NewJob::order(org, order, Some(reply), kit.now()));
    Ok(Value::Null)
}

async fn broadcast(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let text = args.text("message")?;
    let guests: Vec<Guest> = turn.session().guests.clone();
    let count = i64::try_from(guests.len()).unwrap_or(i64::MAX);
    for guest in guests {
        let bot = kit.bot(turn, &guest.name)?;
        let cause = format!("{}:{}", turn.idempotency_key(), bot.id);
        let order = ask(turn, &bot, &cause, text.clone(), guest.tools);
        let reply = Reply {
            bot: turn.bot().id,
            conversation: turn.conversation(),
            token: None,
        };
        let org = turn.bot().org;
        kit.enqueue(turn, NewJob::order(org, order, Some(reply), kit.now()));
    }
    Ok(Value::Int(count))
}

/// The order by which a bot answers a text of another one, in the conversation that it has for that.
pub(super) fn ask(turn: &dyn Turn, bot: &Bot, cause: &str, text: String, tools: Vec<String>) -> Order {
    Order {
        bot: bot.id,
        task: Task::Message { text, tools },
        conversation: Some(side_conversation(turn.conversation(), bot.id)),
        key: format!("ask:{cause}"),
        channel: Channel::Bot,
        limit: None,
        depth: turn.depth().saturating_add(1),
    }
}

/// What a dialog gets that has waited in vain.
pub(super) fn late(bot: &Bot, seconds: f64) -> Fault {
    Fault::new(
        FaultKind::Network,
        format!("the bot {} did not answer within {seconds} s", bot.name),
    )
    .hint("give it a longer TIMEOUT, or handle it with TRY")
}
