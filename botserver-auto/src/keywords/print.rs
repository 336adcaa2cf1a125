//! `PRINT value`: a line in the server's log, for the author.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::Fault,
    keyword::{Args, Class, Handler, Keyword, Turn},
};

/// Bytes of a line at most.
const LONGEST: usize = 4 << 10;

pub(super) fn keyword() -> Keyword {
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
