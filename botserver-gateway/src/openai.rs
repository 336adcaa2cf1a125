//! OpenAI's words: what requests say, and what answers look like.

pub(crate) mod answer;
pub(crate) mod format;
pub(crate) mod messages;
mod schema;
pub(crate) mod stop;
pub(crate) mod tools;
