//! `PRINT value` and `LOG event, data`: lines in the server's log, for the author.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::Fault,
    keyword::{Args, Class, Handler, Keyword, Turn},
};
use tracing::Level;

/// Bytes of a line at most.
const LONGEST: usize = 4 << 10;

pub(super) fn keywords() -> Vec<Keyword> {
    let log = |phrase, level, example| Keyword {
        phrase,
        shapes: &["event, data", "event"],
        class: Class::Write,
        summary: "Writes a line to the server's log at its level, with data where there is some; nobody in the \
                  conversation sees it.",
        example,
        handler: Some(Arc::new(Log(level))),
    };
    vec![
        print(),
        log("LOG", Level::INFO, "LOG \"order placed\", { id: 7, total: 12.5 }"),
        log("LOG INFO", Level::INFO, "LOG INFO \"order placed\""),
        log("LOG DEBUG", Level::DEBUG, "LOG DEBUG \"looking for the order\""),
        log("LOG WARN", Level::WARN, "LOG WARN \"the stock is low\""),
        log("LOG ERROR", Level::ERROR, "LOG ERROR \"the supplier did not answer\""),
    ]
}

fn print() -> Keyword {
    Keyword {
        phrase: "PRINT",
        shapes: &["text"],
        class: Class::Pure,
        summary: "Writes a line to the server's log; nobody in the conversation sees it.",
        example: "total = 3\nPRINT \"the total is \" + total",
        handler: Some(Arc::new(Print)),
    }
}

struct Print;

#[async_trait]
impl Handler for Print {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let mut line = args.text("text")?;
        line.truncate(line.floor_char_boundary(LONGEST));
        tracing::info!(bot.name = %turn.bot().name, conversation.id = %turn.conversation(), "script printed: {line}");
        Ok(Value::Null)
    }
}

struct Log(Level);

#[async_trait]
impl Handler for Log {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let mut line = args.text("event")?;
        if args.has("data") {
            line = format!("{line} {}", args.text("data")?);
        }
        line.truncate(line.floor_char_boundary(LONGEST));
        let (bot, conversation) = (turn.bot().name.clone(), turn.conversation());
        // The level of a line is part of the program for the log, so each has a line of its own here.
        match self.0 {
            Level::ERROR => tracing::error!(bot.name = %bot, conversation.id = %conversation, "script logged: {line}"),
            Level::WARN => tracing::warn!(bot.name = %bot, conversation.id = %conversation, "script logged: {line}"),
            Level::DEBUG => tracing::debug!(bot.name = %bot, conversation.id = %conversation, "script logged: {line}"),
            _ => tracing::info!(bot.name = %bot, conversation.id = %conversation, "script logged: {line}"),
        }
        Ok(Value::Null)
    }
}
