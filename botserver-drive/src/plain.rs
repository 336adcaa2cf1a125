//! Texts without a format, and rows of cells.

use botstate::document::ExtractError;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::{
    budget::{damaged, too_large},
    writer::Writer,
};

/// Columns that rows may have: as many as a spreadsheet's.
const MOST_COLUMNS: usize = 16_384;

/// The longest row of a table; whatever is longer is none.
const LONGEST_ROW: usize = 1 << 20;

/// How much of a text its encoding is guessed from.
const SAMPLE: usize = 1 << 20;

/// Whether the bytes are no text in any encoding.
pub(crate) fn looks_binary(bytes: &[u8]) -> bool {
    if Encoding::for_bom(bytes).is_some() || wide(bytes).is_some() {
        return false;
    }
    let sample = bytes.get(..bytes.len().min(8192)).unwrap_or_default();
    let controls = sample
        .iter()
        .filter(|byte| **byte < 32 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
        .count();
    sample.contains(&0) || controls * 50 > sample.len()
}

/// The encoding of a text of two bytes a character without a mark: every other byte of western text is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..bytes.len().min(512)).unwrap_or_default();
    if sample.len() < 4 {
        return None;
    }
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = sample.len() / 2;
    if odd * 10 >= most * 7 && even == 0 {
        return Some(UTF_16LE);
    }
    (even * 10 >= most * 7 && odd == 0).then_some(UTF_16BE)
}

/// The text, whatever its encoding.
pub(crate) fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = bytes.get(mark..).unwrap_or_default();
        return encoding.decode_without_bom_handling(text).0.into_owned();
    }
    // Before UTF-8, in which zeros are letters too.
    if let Some(encoding) = wide(bytes) {
        return encoding.decode_without_bom_handling(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let encoding = {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
        detector.feed(bytes.get(..bytes.len().min(SAMPLE)).unwrap_or_default(), true);
        let seen = detector.guess(None, Utf8Detection::Allow);
        // A sample may end inside a letter; and a text with one broken letter is still UTF-8.
        if seen == WINDOWS_1252 && mostly_utf8(bytes) {
            UTF_8
        } else {
            seen
        }
    };
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad * 4
}

/// The text of a page, which may name its encoding itself.
pub(crate) fn decode_page(bytes: &[u8]) -> String {
    if Encoding::for_bom(bytes).is_none() && std::str::from_utf8(bytes).is_err() {
        let start =
            String::from_utf8_lossy(bytes.get(..bytes.len().min(2048)).unwrap_or_default()).to_ascii_lowercase();
        let named = start
            .split_once("charset=")
            .or_else(|| start.split_once("encoding="))
            .map(|(_, rest)| rest);
        let label = named.map(|rest| {
            let rest = rest.trim_start_matches(['"', '\'', ' ']);
            rest.split(['"', '\'', ' ', ';', '>', '/', '?'])
                .next()
                .unwrap_or_default()
        });
        if let Some(encoding) = label.and_then(|label| Encoding::for_label(label.as_bytes())) {
            return encoding.decode_without_bom_handling(bytes).0.into_owned();
        }
    }
    decode(bytes)
}

/// Paragraphs between empty lines; underlined lines are headings, form feeds end pages.
pub(crate) fn read(text: &str, out: &mut Writer) -> Result<(), ExtractError> {
    let paged = text.trim_end_matches(['\u{c}', '\n', '\r', ' ']).contains('\u{c}');
    for (page, content) in (1_u32..).zip(text.split('\u{c}')) {
        if paged {
            out.page(Some(page))?;
        }
        read_page(content, out)?;
    }
    Ok(())
}

fn read_page(text: &str, out: &mut Writer) -> Result<(), ExtractError> {
    let mut paragraph: Vec<&str> = Vec::new();
    for line in text.lines() {
        out.budget.tick()?;
        let trimmed = line.trim();
        if trimmed.is_empty() {
            out.text(&paragraph.join("\n"))?;
            paragraph.clear();
        } else if let (Some(level), [heading]) = (underline(trimmed), paragraph.as_slice()) {
            out.heading(level, heading)?;
            paragraph.clear();
        } else {
            paragraph.push(line);
        }
    }
    out.text(&paragraph.join("\n"))
}

/// The level of the heading above a line of such signs.
fn underline(line: &str) -> Option<u8> {
    if line.len() < 3 {
        return None;
    }
    if line.bytes().all(|byte| byte == b'=') {
        return Some(1);
    }
    line.bytes().all(|byte| byte == b'-').then_some(2)
}

/// One table.
pub(crate) fn read_csv(text: &str, out: &mut Writer) -> Result<(), ExtractError> {
    if let Some(line) = text.lines().find(|line| line.len() > LONGEST_ROW) {
        return Err(too_large(
            format!("a line of {} bytes", line.len()),
            format!("a row of {LONGEST_ROW} bytes"),
        ));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(text))
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    let mut size = 0_usize;
    while reader
        .read_record(&mut record)
        .map_err(|error| damaged("CSV file", error.to_string()))?
    {
        out.budget.tick()?;
        // A quote that nobody closes makes all that follows one row.
        if record.as_slice().len() > LONGEST_ROW {
            return Err(too_large(
                "a row without an end",
                format!("a row of {LONGEST_ROW} bytes"),
            ));
        }
        if record.len() > MOST_COLUMNS {
            return Err(too_large(
                format!("{} columns", record.len()),
                format!("{MOST_COLUMNS} columns"),
            ));
        }
        size += record.as_slice().len();
        if size > out.budget.limits().characters.saturating_mul(4) {
            return Err(too_large(
                "more text than can be used",
                format!("{} characters", out.budget.limits().characters),
            ));
        }
        rows.push(record.iter().map(str::to_owned).collect::<Vec<_>>());
    }
    table(rows, out)
}

/// Writes rows as a table whose first row is its header if it looks like one.
pub(crate) fn table(mut rows: Vec<Vec<String>>, out: &mut Writer) -> Result<(), ExtractError> {
    rows.retain(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    let header = match rows.first() {
        Some(first) if rows.len() > 1 && is_header(first) => rows.remove(0),
        _ => Vec::new(),
    };
    out.table(&header, &rows)
}

/// Names of columns: words, all different.
fn is_header(row: &[String]) -> bool {
    let names: Vec<&str> = row
        .iter()
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty())
        .collect();
    let words = names
        .iter()
        .all(|name| name.chars().any(char::is_alphabetic) && !is_value(name));
    let mut different = names.clone();
    different.sort_unstable();
    different.dedup();
    words && different.len() == names.len() && names.len() * 2 > row.len()
}

/// A number, an amount, a date or the like.
pub(crate) fn is_value(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    digits * 2 > cell.chars().filter(|letter| !letter.is_whitespace()).count()
}

/// The sign that most evenly parts the first lines.
fn separator(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(20).collect();
    let evenness = |sign: u8| {
        let counts: Vec<usize> = lines
            .iter()
            .map(|line| line.bytes().filter(|byte| *byte == sign).count())
            .collect();
        let first = counts.first().copied().unwrap_or(0);
        let same = counts.iter().filter(|count| **count == first && first > 0).count();
        (same, first)
    };
    let signs = [b',', b';', b'\t', b'|'];
    signs
        .into_iter()
        .rev()
        .max_by_key(|sign| evenness(*sign))
        .unwrap_or(b',')
}
