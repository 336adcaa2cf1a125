//! Where the readers of formats write to: one document, counted against its budget.

use botstate::document::{Block, BlockKind, Document, ExtractError};

use crate::budget::Budget;

/// Words whose language is looked at; more say nothing new.
const SAMPLE: usize = 20_000;

/// Fewer characters are no sample of a language.
const SMALLEST_SAMPLE: usize = 24;

/// Warnings that are worth reading.
const MOST_WARNINGS: usize = 50;

/// A document that is being read.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) budget: Budget,
    document: Document,
    page: Option<u32>,
    /// Documents around the one that is being read, such as the message that it is attached to.
    pub(crate) inside: usize,
}

impl Writer {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            budget,
            document: Document::default(),
            page: None,
            inside: 0,
        }
    }

    /// Everything from here on is on that page.
    pub(crate) fn page(&mut self, page: Option<u32>) -> Result<(), ExtractError> {
        self.page = page;
        self.budget.page(page.unwrap_or(0))
    }

    /// Forgets the numbers of pages, where they turned out to mean nothing.
    pub(crate) fn without_pages(&mut self, from: usize) {
        for block in self.document.blocks.iter_mut().skip(from) {
            block.page = None;
        }
        self.page = None;
    }

    /// How many blocks there are so far.
    pub(crate) fn len(&self) -> usize {
        self.document.blocks.len()
    }

    pub(crate) fn heading(&mut self, level: u8, text: &str) -> Result<(), ExtractError> {
        let text = tidy(text);
        if text.is_empty() {
            return Ok(());
        }
        let level = level.clamp(1, 6);
        self.push(BlockKind::Heading { level, text })
    }

    /// A paragraph; its line breaks are kept, other white space is one space.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), ExtractError> {
        let text = tidy_lines(text);
        if text.is_empty() {
            return Ok(());
        }
        self.push(BlockKind::Text(text))
    }

    /// An item of a list inside `depth` others.
    pub(crate) fn item(&mut self, depth: usize, marker: &str, text: &str) -> Result<(), ExtractError> {
        let text = tidy_lines(text);
        if text.is_empty() {
            return Ok(());
        }
        let indent = "  ".repeat(depth.min(9));
        self.push(BlockKind::Text(format!("{indent}{marker} {text}")))
    }

    pub(crate) fn code(&mut self, text: &str) -> Result<(), ExtractError> {
        let text = text.trim_matches('\n').trim_end();
        if text.trim().is_empty() {
            return Ok(());
        }
        self.push(BlockKind::Code(text.to_owned()))
    }

    /// A table; columns that are empty all the way down are left out.
    pub(crate) fn table(&mut self, header: &[String], rows: &[Vec<String>]) -> Result<(), ExtractError> {
        let mut header: Vec<String> = header.iter().map(|cell| tidy(cell)).collect();
        let mut rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| tidy(cell)).collect::<Vec<_>>())
            .filter(|row| row.iter().any(|cell| !cell.is_empty()))
            .collect();
        let width = rows.iter().chain([&header]).map(Vec::len).max().unwrap_or(0);
        let mut used = vec![false; width];
        for row in rows.iter().chain([&header]) {
            for (used, cell) in used.iter_mut().zip(row) {
                *used |= !cell.is_empty();
            }
        }
        if !used.contains(&true) {
            return Ok(());
        }
        let named = header.iter().any(|cell| !cell.is_empty());
        for row in rows.iter_mut().chain([&mut header]) {
            row.resize(width, String::new());
            let mut kept = used.iter();
            row.retain(|_| kept.next().copied().unwrap_or(false));
        }
        if !named {
            header.clear();
        }
        self.push(BlockKind::Table { header, rows })
    }

    fn push(&mut self, kind: BlockKind) -> Result<(), ExtractError> {
        let size = match &kind {
            BlockKind::Heading { text, .. } | BlockKind::Text(text) | BlockKind::Code(text) => text.chars().count(),
            BlockKind::Table { header, rows } => {
                let cells = rows.iter().flatten().chain(header);
                cells.map(|cell| cell.chars().count() + 1).sum()
            }
        };
        self.budget.characters(size)?;
        self.document.blocks.push(Block { page: self.page, kind });
        Ok(())
    }

    /// The title, where the document has said none yet and is no part of another.
    pub(crate) fn title(&mut self, title: &str) {
        let title = tidy(title);
        if self.inside == 0 && self.document.title.is_none() && !title.is_empty() {
            self.document.title = Some(title.chars().take(500).collect());
        }
    }

    /// The language that the document says to be in.
    pub(crate) fn language(&mut self, tag: &str) {
        let tag = tag.trim();
        let plausible = (2..=35).contains(&tag.len())
            && tag
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        if self.inside == 0 && self.document.language.is_none() && plausible {
            self.document.language = Some(tag.to_owned());
        }
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        if self.document.warnings.len() < MOST_WARNINGS {
            self.document.warnings.push(warning.into());
        }
    }

    /// The document, with what its words tell of it where it says nothing.
    pub(crate) fn finish(mut self, media_type: &str) -> Document {
        media_type.clone_into(&mut self.document.media_type);
        if self.document.title.is_none()
            && let Some(Block {
                kind: BlockKind::Heading { level: 1, text },
                ..
            }) = self.document.blocks.first()
        {
            self.document.title = Some(text.clone());
        }
        if self.document.language.is_none() {
            self.document.language = guess(&self.document.blocks);
        }
        self.document
    }
}

/// The language that the words look like.
fn guess(blocks: &[Block]) -> Option<String> {
    let mut sample = String::new();
    for block in blocks {
        match &block.kind {
            BlockKind::Heading { text, .. } | BlockKind::Text(text) => sample.extend([text.as_str(), " "]),
            BlockKind::Table { header, rows } => {
                for cell in header.iter().chain(rows.iter().flatten()).take(200) {
                    sample.extend([cell.as_str(), " "]);
                }
            }
            BlockKind::Code(_) => {}
        }
        if sample.len() > SAMPLE {
            break;
        }
    }
    if sample.chars().filter(|letter| letter.is_alphabetic()).count() < SMALLEST_SAMPLE {
        return None;
    }
    let seen = whatlang::detect(&sample)?;
    if !seen.is_reliable() {
        return None;
    }
    Some(tag(seen.lang().code()).to_owned())
}

/// The shortest tag of a language, as BCP 47 wants it.
fn tag(code: &str) -> &str {
    const SHORT: [(&str, &str); 69] = [
        ("afr", "af"),
        ("aka", "ak"),
        ("amh", "am"),
        ("ara", "ar"),
        ("aze", "az"),
        ("bel", "be"),
        ("ben", "bn"),
        ("bul", "bg"),
        ("cat", "ca"),
        ("ces", "cs"),
        ("cmn", "zh"),
        ("cym", "cy"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("epo", "eo"),
        ("est", "et"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("guj", "gu"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hrv", "hr"),
        ("hun", "hu"),
        ("hye", "hy"),
        ("ind", "id"),
        ("ita", "it"),
        ("jav", "jv"),
        ("jpn", "ja"),
        ("kan", "kn"),
        ("kat", "ka"),
        ("khm", "km"),
        ("kor", "ko"),
        ("lat", "la"),
        ("lav", "lv"),
        ("lit", "lt"),
        ("mal", "ml"),
        ("mar", "mr"),
        ("mkd", "mk"),
        ("mya", "my"),
        ("nep", "ne"),
        ("nld", "nl"),
        ("nob", "nb"),
        ("ori", "or"),
        ("pan", "pa"),
        ("pes", "fa"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("sin", "si"),
        ("slk", "sk"),
        ("slv", "sl"),
        ("sna", "sn"),
        ("spa", "es"),
        ("srp", "sr"),
        ("swe", "sv"),
        ("tam", "ta"),
        ("tel", "te"),
        ("tgl", "tl"),
        ("tha", "th"),
        ("tuk", "tk"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("urd", "ur"),
        ("uzb", "uz"),
        ("vie", "vi"),
        ("yid", "yi"),
    ];
    let short = SHORT.iter().find(|(long, _)| *long == code);
    short.map_or(code, |(_, short)| short)
}

/// The text on one line, with single spaces.
pub(crate) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|letter: char| letter.is_whitespace() || is_noise(letter)) {
        if word.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The same for each line; empty lines are left out.
pub(crate) fn tidy_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = tidy(line);
        if line.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&line);
    }
    out
}

/// Controls and signs that nobody sees.
fn is_noise(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
