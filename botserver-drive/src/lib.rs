//! Files. Their first part: the text of documents, read so that no file can hurt the server.
//!
//! [`extractor()`] implements the port [`botstate::document::Extractor`]. What a file is, is decided by its bytes; one
//! module reads each family of formats and writes headings, paragraphs, lists and tables in reading order.
//!
//! Parsers trust nothing: a budget counts characters, pages, nesting, entries and unpacked bytes. A parser that forgets
//! to ask cannot be stopped in a thread, so all but short plain texts are read in a child process of the same program
//! ([`serve_reader`]), whose memory and processor time the kernel limits and which is killed when its time is up.
//!
//! ```
//! use botserver_drive::{ReaderProgram, extractor};
//! use botstate::document::Extractor;
//!
//! let extractor = extractor(ReaderProgram::None);
//! assert!(extractor.reads("Manual.PDF"));
//! assert!(!extractor.reads("holiday.jpg"));
//! ```

mod budget;
mod child;
mod cli;
mod formats;
mod html;
mod json;
mod mail;
mod markdown;
mod markup;
mod package;
mod pdf;
mod plain;
mod rtf;
mod service;
mod sheets;
mod slides;
mod word;
mod writer;
mod xml;

pub use child::{READER_ARGUMENT, serve_reader};
pub use cli::{ExtractOptions, extract_file};
pub use service::{DocumentReader, ReaderProgram, extractor};
