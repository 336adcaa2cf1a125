//! Keywords of dialogs: the bot's memory, HTTP, and the log.

mod get;
mod headers;
mod http;
mod memory;
mod print;

use std::sync::Arc;

use botlib::Value;
use botserver_core::outbound::Outbound;
use botstate::{Db, keyword::Keyword};
use rust_decimal::Decimal;

pub(crate) use memory::Memory;

/// Every keyword of this crate, on what a server keeps in `db`, reaching outside through `outbound`.
pub(crate) fn keywords(memory: &Memory, outbound: &Outbound) -> Vec<Keyword> {
    let mut keywords = memory::keywords(memory);
    keywords.extend(headers::keywords());
    keywords.extend(http::keywords(outbound));
    keywords.push(get::keyword(memory, outbound));
    keywords.push(print::keyword());
    keywords
}

/// A setting as the value that it looks like.
pub(crate) fn setting(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return Value::Int(number);
    }
    match text.to_ascii_lowercase().as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text
            .parse::<Decimal>()
            .map_or_else(|_| Value::text(text), Value::Decimal),
    }
}

impl Memory {
    /// The memory that a server keeps in its database.
    pub(crate) fn stored(db: &Db) -> Self {
        Self::Stored(db.clone())
    }

    /// A memory that ends with the process.
    pub(crate) fn passing() -> Self {
        Self::Passing(Arc::default())
    }
}
