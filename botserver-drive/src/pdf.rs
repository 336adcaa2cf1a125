//! PDF: glyphs at places, put back together to lines, columns, tables, paragraphs and headings.

use botstate::document::ExtractError;
use lopdf::{DecompressError, Document, Error, LoadOptions, Object, decode_text_string};

use crate::{
    budget::{damaged, mebibytes, too_large},
    writer::Writer,
};

mod blocks;
mod columns;
mod content;
mod font;
mod lines;
mod unicode;

use lines::Line;

const FORMAT: &str = "PDF";

/// What one stream may unpack to.
const LARGEST_STREAM: u64 = 64 << 20;

/// The lines of a page in reading order.
struct Page {
    number: u32,
    lines: Vec<Line>,
}

pub(crate) fn read(bytes: &[u8], out: &mut Writer) -> Result<(), ExtractError> {
    let options = LoadOptions {
        max_decompressed_size: usize::try_from(out.budget.room().min(LARGEST_STREAM)).ok(),
        ..LoadOptions::default()
    };
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| explain(&error, out))?;
    out.budget.tick()?;
    if document.is_encrypted() && document.encryption_state.is_none() {
        return Err(ExtractError::Protected { format: FORMAT.into() });
    }
    properties(&document, out);
    let mut pages = Vec::new();
    let mut silent = Vec::new();
    let mut broken = 0_u32;
    let mut fonts = font::Fonts::default();
    for (number, id) in (1_u32..).zip(document.page_iter()) {
        out.budget.page(number)?;
        let glyphs = match content::glyphs(&document, id, &mut fonts, out) {
            Ok(glyphs) => glyphs,
            Err(error @ ExtractError::TooLarge { .. }) => return Err(error),
            Err(_) => {
                broken += 1;
                continue;
            }
        };
        let lines = lines::lines(glyphs, &mut out.budget)?;
        if lines.is_empty() {
            silent.push(number);
        }
        pages.push(Page {
            number,
            lines: columns::order(lines),
        });
    }
    if pages.is_empty() && broken == 0 {
        return Err(damaged(FORMAT, "it has no pages"));
    }
    if broken > 0 {
        out.warn(format!("{broken} pages are damaged and were left out"));
    }
    if pages.iter().all(|page| page.lines.is_empty()) {
        return Err(ExtractError::NoText { format: FORMAT.into() });
    }
    if !silent.is_empty() {
        out.warn(format!(
            "pages without text, which may be pictures of text: {}",
            listed(&silent)
        ));
    }
    blocks::write(pages, out)?;
    out.page(None)
}

fn listed(pages: &[u32]) -> String {
    let first: Vec<String> = pages.iter().take(20).map(ToString::to_string).collect();
    let more = if pages.len() > 20 { " and more" } else { "" };
    first.join(", ") + more
}

fn properties(document: &Document, out: &mut Writer) {
    let info = document.trailer.get_deref(b"Info", document).and_then(Object::as_dict);
    if let Ok(title) = info.and_then(|info| info.get_deref(b"Title", document))
        && let Ok(title) = decode_text_string(title)
        // What programs write when nobody gave one.
        && !title.starts_with("Microsoft Word - ")
        && !matches!(title.trim().to_ascii_lowercase().as_str(), "untitled" | "(anonymous)" | "anonymous")
    {
        out.title(&title);
    }
    if let Ok(language) = document
        .catalog()
        .and_then(|catalog| catalog.get_deref(b"Lang", document))
        && let Ok(language) = decode_text_string(language)
    {
        out.language(&language);
    }
}

fn explain(error: &Error, out: &Writer) -> ExtractError {
    match error {
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => {
            let most = mebibytes(out.budget.room().min(LARGEST_STREAM));
            too_large(format!("more than {most} in one stream"), most)
        }
        Error::Decryption(_) | Error::InvalidPassword => ExtractError::Protected { format: FORMAT.into() },
        error => damaged(FORMAT, error.to_string()),
    }
}
