//! `PRINT value` and `LOG_INFO value`: lines in the server's log, for the author.

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
    let line = |phrase, level, summary, example| Keyword {
        phrase,
        shapes: &["text"],
        class: Class::Write,
        summary,
        example,
        handler: Some(Arc::new(Print(level))),
    };
    vec![
        line(
            "PRINT",
            Level::INFO,
            "Writes a line to the server's log; nobody in the conversation sees it.",
            "total = 3\nPRINT \"the total is \" + total",
        ),
        line(
            "LOG DEBUG",
            Level::DEBUG,
            "Writes a line for finding mistakes to the server's log.",
            "LOG_DEBUG \"the list has \" + UBOUND([1, 2]) + \" lines\"",
        ),
        line(
            "LOG INFO",
            Level::INFO,
            "Writes a line to the server's log.",
            "LOG_INFO \"an order came in\"",
        ),
        line(
            "LOG WARN",
            Level::WARN,
            "Writes a warning to the server's log.",
            "LOG_WARN \"the stock runs low\"",
        ),
        line(
            "LOG ERROR",
            Level::ERROR,
            "Writes an error to the server's log.",
            "LOG_ERROR \"the order could not be placed\"",
        ),
    ]
}

struct Print(Level);

#[async_trait]
impl Handler for Print {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let mut line = args.text("text")?;
        line.truncate(line.floor_char_boundary(LONGEST));
        let (bot, conversation) = (&turn.bot().name, turn.conversation());
        // The level of a line of `tracing` is a constant.
        match self.0 {
            Level::ERROR => {
                tracing::error!(bot.name = %bot, conversation.id = %conversation, "script printed: {line}");
            }
            Level::WARN => tracing::warn!(bot.name = %bot, conversation.id = %conversation, "script printed: {line}"),
            Level::INFO => tracing::info!(bot.name = %bot, conversation.id = %conversation, "script printed: {line}"),
            _ => tracing::debug!(bot.name = %bot, conversation.id = %conversation, "script printed: {line}"),
        }
        Ok(Value::Null)
    }
}
