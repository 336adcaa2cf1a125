//! `BOT SHARE MEMORY` and `BOT SYNC MEMORY`: what one bot remembers, given to another.

use botlib::Value;
use botstate::{
    dialog::Fault,
    keyword::{Args, Class, Keyword, Turn},
};

use super::{Entry, Kit, name};
use crate::store::memories;

pub(super) fn keywords(kit: Option<&Kit>) -> Vec<Keyword> {
    vec![
        Entry {
            phrase: "BOT SHARE MEMORY",
            shapes: &["key WITH bot", "key WITH BOT bot"],
            class: Class::Write,
            summary: "Gives another bot what this one remembers under a key.",
            example: "SET BOT MEMORY \"open\", \"9 to 6\"\nBOT SHARE MEMORY \"open\" WITH \"default\"",
            work: |kit, turn, args| Box::pin(share(kit, turn, args)),
        }
        .keyword(kit),
        Entry {
            phrase: "BOT SYNC MEMORY FROM",
            shapes: &["bot", "BOT bot"],
            class: Class::Write,
            summary: "Takes over everything that another bot remembers; what both know is then the other's.",
            example: "BOT SYNC MEMORY FROM \"default\"",
            work: |kit, turn, args| Box::pin(sync(kit, turn, args)),
        }
        .keyword(kit),
    ]
}

async fn share(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let key = name(&mut args, "key", "a key of the bot's memory")?;
    let other = kit.bot(turn, &name(&mut args, "bot", "a bot's name")?)?;
    let (own, org, now) = (turn.bot().id, turn.bot().org, kit.now());
    // Copied when the turn commits, after what it has set before.
    turn.write(Box::new(move |conn| {
        memories::copy(conn, org, own, other.id, Some(&key), now)
    }));
    Ok(Value::Null)
}

async fn sync(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let other = kit.bot(turn, &name(&mut args, "bot", "a bot's name")?)?;
    let (own, org, now) = (turn.bot().id, turn.bot().org, kit.now());
    turn.write(Box::new(move |conn| {
        memories::copy(conn, org, other.id, own, None, now)
    }));
    Ok(Value::Null)
}
