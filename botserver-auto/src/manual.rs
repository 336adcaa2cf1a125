//! The manual of the language, made from the registry, the statements and the function library.
//!
//! The same pages are files in `docs/` and what an editor shows beside a word, so neither can say something else.

mod files;
mod grammar;
mod page;
mod shape;

pub(crate) use files::write;
pub(crate) use grammar::text_mate;
pub(crate) use page::{function_page, keyword_page, word_page};
pub(crate) use shape::{form, snippet};
