//! The port to the text of documents: bytes in, headings, paragraphs and tables out.

use std::{borrow::Cow, path::PathBuf, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Reads the text of documents. Whatever the bytes are, it comes back within its limits.
#[async_trait]
pub trait Extractor: Send + Sync + 'static {
    /// Whether files with this name are read at all, by their extension.
    fn reads(&self, name: &str) -> bool;

    /// The text of a document. What it is, is decided by its bytes; its name helps only where bytes cannot tell.
    ///
    /// # Errors
    /// Why it cannot be read, in words for whoever put it there.
    async fn extract(&self, source: Source, limits: Limits) -> Result<Document, ExtractError>;
}

/// Where a document's bytes are.
#[derive(Debug, Clone)]
pub enum Source {
    /// In a file on this machine.
    File(PathBuf),
    /// In memory, with the name that it has where it came from.
    Bytes {
        /// The name with its extension.
        name: String,
        /// The content.
        bytes: bytes::Bytes,
    },
}

/// What reading one document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The size of the file, in bytes.
    pub bytes: u64,
    /// The size of everything that is unpacked from it, in bytes.
    pub unpacked_bytes: u64,
    /// Entries of an archive.
    pub entries: usize,
    /// Pages, slides or sheets.
    pub pages: u32,
    /// Characters of text.
    pub characters: usize,
    /// Elements inside each other.
    pub nesting: usize,
    /// The memory that reading takes, in bytes.
    pub memory_bytes: u64,
    /// The whole time, waiting for a turn aside.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            unpacked_bytes: 192 << 20,
            entries: 10_000,
            pages: 5_000,
            characters: 20_000_000,
            nesting: 100,
            memory_bytes: 256 << 20,
            time: Duration::from_secs(10),
        }
    }
}

/// A document as text that keeps its structure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The title that the document says of itself.
    pub title: Option<String>,
    /// The BCP 47 tag of its language: what it says, else what its words look like.
    pub language: Option<String>,
    /// What kind of document the bytes are, such as `application/pdf`.
    pub media_type: String,
    /// The content in reading order.
    pub blocks: Vec<Block>,
    /// What was left out and why, such as pages without text.
    pub warnings: Vec<String>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The page, slide or sheet, from 1, where the document has them.
    pub page: Option<u32>,
    /// What it is.
    pub kind: BlockKind,
}

/// What a part of a document is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A heading.
    Heading {
        /// 1 for the outermost to 6.
        level: u8,
        /// Its text.
        text: String,
    },
    /// A paragraph, a list item, a quotation: text that belongs together. A list item begins with `- ` or its number,
    /// and with two spaces for each list around its own.
    Text(String),
    /// Text whose line breaks matter.
    Code(String),
    /// Rows of cells; the first row names the columns where the document says so.
    Table {
        /// The names of the columns; empty when the document gives none.
        header: Vec<String>,
        /// The rows.
        rows: Vec<Vec<String>>,
    },
}

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ExtractError {
    /// No format that is known.
    #[error(
        "{what} cannot be read: give a PDF, DOCX, PPTX, XLSX, ODS, HTML, Markdown, text, CSV, JSON, XML, RTF or EML"
    )]
    Unknown {
        /// What the bytes seem to be.
        what: String,
    },
    /// It is damaged.
    #[error("the {format} is damaged: {reason}")]
    Damaged {
        /// The format, such as `PDF`.
        format: Cow<'static, str>,
        /// What was found.
        reason: String,
    },
    /// It is protected.
    #[error("the {format} is protected by a password: take the protection off and add it again")]
    Protected {
        /// The format, such as `PDF`.
        format: Cow<'static, str>,
    },
    /// It has no text, like a scan.
    #[error("the {format} holds no text: it may be a scan; run a text recognition over it first")]
    NoText {
        /// The format, such as `PDF`.
        format: Cow<'static, str>,
    },
    /// It costs more than it may.
    #[error("the document has {what}, and {limit} is the limit")]
    TooLarge {
        /// What there is too much of, such as `more than 5000 pages`.
        what: String,
        /// The limit with its unit.
        limit: String,
    },
    /// The bytes could not be had.
    #[error("could not read the file: {0}")]
    Io(String),
}
