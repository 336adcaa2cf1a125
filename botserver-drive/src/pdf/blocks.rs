//! From lines to headings, paragraphs, lists and tables.

use std::collections::HashMap;

use botstate::document::ExtractError;

use super::{Page, lines::Line};
use crate::writer::Writer;

/// Pages on which a line at the edge repeats, to be no part of the text.
const FEWEST_REPEATS: usize = 3;

/// The longest heading, in characters.
const LONGEST_HEADING: usize = 160;

/// Signs that begin items of lists.
const DOTS: [char; 12] = [
    '\u{2022}', '\u{25cf}', '\u{25e6}', '\u{25aa}', '\u{25a0}', '\u{2023}', '\u{2219}', '\u{b7}', '\u{f0b7}',
    '\u{2013}', '\u{25cb}', '\u{27a2}',
];

pub(super) fn write(mut pages: Vec<Page>, out: &mut Writer) -> Result<(), ExtractError> {
    drop_edges(&mut pages, out);
    let style = Style::of(&pages);
    for page in &pages {
        out.page(Some(page.number))?;
        write_page(&page.lines, &style, out)?;
    }
    Ok(())
}

/// Leaves out headers and footers: the first and last lines of pages that repeat but for their numbers.
fn drop_edges(pages: &mut [Page], out: &mut Writer) {
    let key = |line: &Line| {
        let text = line.text().replace(|letter: char| letter.is_ascii_digit(), "");
        let text = text.trim().to_lowercase();
        #[expect(clippy::cast_possible_truncation, reason = "a place on a page")]
        let height = (line.y() / 4.0).round() as i32;
        (text, height)
    };
    let edges = |page: &Page| -> Vec<usize> {
        let mut order: Vec<usize> = (0..page.lines.len()).collect();
        order.sort_by(|one, other| {
            let y = |at: &usize| page.lines.get(*at).map_or(0.0, Line::y);
            y(other).total_cmp(&y(one))
        });
        let count = order.len();
        let mut edges: Vec<usize> = order.iter().copied().take(2).collect();
        edges.extend(order.iter().copied().skip(count.saturating_sub(2).max(2)));
        edges
    };
    let mut seen: HashMap<(String, i32), usize> = HashMap::new();
    for page in pages.iter() {
        for at in edges(page) {
            if let Some(line) = page.lines.get(at) {
                *seen.entry(key(line)).or_default() += 1;
            }
        }
    }
    let most = pages.len();
    let repeats = |line: &Line| {
        let count = seen.get(&key(line)).copied().unwrap_or(0);
        count >= FEWEST_REPEATS && count * 2 > most
    };
    let mut dropped = 0_usize;
    for page in pages.iter_mut() {
        let gone: Vec<usize> = edges(page)
            .into_iter()
            .filter(|at| page.lines.get(*at).is_some_and(&repeats))
            .collect();
        if gone.len() == page.lines.len() {
            continue;
        }
        dropped += gone.len();
        let mut at = 0_usize;
        page.lines.retain(|_| {
            at += 1;
            !gone.contains(&(at - 1))
        });
    }
    if dropped > 0 {
        out.warn(format!("{dropped} headers and footers that repeat were left out"));
    }
}

/// How the document sets its text.
struct Style {
    body: f32,
    /// Sizes of headings, the largest first.
    sizes: Vec<f32>,
}

impl Style {
    fn of(pages: &[Page]) -> Self {
        let mut letters: HashMap<i32, usize> = HashMap::new();
        for line in pages.iter().flat_map(|page| &page.lines) {
            *letters.entry(tenths(line.size())).or_default() += line.text().chars().count();
        }
        let body = letters
            .iter()
            .max_by_key(|(size, count)| (**count, -**size))
            .map_or(0, |(size, _)| *size);
        let mut sizes: Vec<i32> = letters
            .keys()
            .copied()
            .filter(|size| *size * 100 > body * 112)
            .collect();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        // Sizes that differ by less than a reader sees are one.
        sizes.dedup_by(|next, before| (*before - *next) * 100 < *before * 4);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let points = |tenths: i32| tenths as f32 / 10.0;
        Self {
            body: points(body),
            sizes: sizes.into_iter().map(points).collect(),
        }
    }

    /// The level of the heading that a line is.
    fn level(&self, line: &Line) -> Option<u8> {
        let text = line.text();
        let count = text.chars().count();
        let is_item = item(&text).is_some_and(|(marker, _)| marker == "-");
        if line.runs.len() > 1 || is_item || count > LONGEST_HEADING || !text.chars().any(char::is_alphabetic) {
            return None;
        }
        let rank = self.sizes.iter().position(|size| line.size() >= size * 0.97);
        if let Some(rank) = rank {
            return u8::try_from(rank + 1).ok().map(|level| level.min(6));
        }
        let short = count <= 90 && !text.ends_with(['.', ',', ';', ':']);
        let begins = text
            .chars()
            .next()
            .is_some_and(|first| first.is_uppercase() || first.is_ascii_digit());
        let bold = line.bold() && line.size() >= self.body * 0.95 && short && begins;
        bold.then(|| u8::try_from(self.sizes.len() + 1).unwrap_or(6).min(6))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "sizes of letters")]
fn tenths(size: f32) -> i32 {
    (size * 10.0).round().clamp(0.0, 100_000.0) as i32
}

fn write_page(lines: &[Line], style: &Style, out: &mut Writer) -> Result<(), ExtractError> {
    let mut rest = lines;
    while let Some(first) = rest.first() {
        out.budget.tick()?;
        let table = table_length(rest);
        if table > 0 {
            let (rows, after) = rest.split_at(table);
            write_table(rows, out)?;
            rest = after;
            continue;
        }
        if let Some(level) = style.level(first) {
            let count = 1 + rest
                .windows(2)
                .take(2)
                .take_while(|pair| matches!(pair, [one, next] if style.level(next) == Some(level) && continues_heading(one, next)))
                .count();
            let (heading, after) = rest.split_at(count);
            let text: Vec<String> = heading.iter().map(Line::text).collect();
            out.heading(level, &text.join(" "))?;
            rest = after;
            continue;
        }
        if first.mono() {
            let count = rest.iter().take_while(|line| line.mono()).count();
            let (code, after) = rest.split_at(count);
            write_code(code, out)?;
            rest = after;
            continue;
        }
        let count = paragraph_length(rest, style);
        let (paragraph, after) = rest.split_at(count);
        write_paragraph(paragraph, out)?;
        rest = after;
    }
    Ok(())
}

/// Whether a line is the next one of the same piece: right below.
fn follows(one: &Line, next: &Line) -> bool {
    let down = one.y() - next.y();
    let size = one.size().max(next.size()).max(0.1);
    down > 0.0 && down < size * 1.75
}

/// Whether a heading goes on in the next line: set tighter than two headings would be.
fn continues_heading(one: &Line, next: &Line) -> bool {
    let size = one.size();
    one.y() > next.y() && one.y() - next.y() < size * 1.35 && (size - next.size()).abs() < 0.5
}

/// How many lines a paragraph has.
fn paragraph_length(lines: &[Line], style: &Style) -> usize {
    let Some(first) = lines.first() else { return 0 };
    let left = first.left();
    let gap = match lines {
        [one, next, ..] => one.y() - next.y(),
        _ => 0.0,
    };
    let is_item = item(&first.text()).is_some();
    let widest = lines.iter().take(12).map(Line::right).fold(f32::MIN, f32::max);
    1 + lines
        .windows(2)
        .take_while(|pair| {
            let [one, next] = pair else { return false };
            let size = one.size().max(0.1);
            let indented = next.left() - if is_item { next.left() } else { left };
            let same_gap = (one.y() - next.y()) < gap + size * 0.35;
            // A line that ends early ends its paragraph where the next begins further in.
            let ended =
                one.right() < widest - size * 6.0 && ends_sentence(&one.text()) && next.left() > left + size * 0.8;
            follows(one, next)
                && same_gap
                && (one.size() - next.size()).abs() < size * 0.15
                && item(&next.text()).is_none()
                && style.level(next).is_none()
                && !next.mono()
                && !ended
                && indented < size * 1.2
                && next.runs.len() == 1
        })
        .count()
}

fn ends_sentence(text: &str) -> bool {
    text.ends_with(['.', '!', '?', ':', '"', '\u{201d}'])
}

fn write_paragraph(lines: &[Line], out: &mut Writer) -> Result<(), ExtractError> {
    let mut text = String::new();
    for line in lines {
        append(&mut text, &line.text());
    }
    match item(&text) {
        Some((marker, rest)) => out.item(0, &marker, rest),
        None => out.text(&text),
    }
}

/// Puts a line behind others; a word that was divided at the end of a line becomes whole.
fn append(text: &mut String, line: &str) {
    if text.is_empty() {
        text.push_str(line);
        return;
    }
    let lower = line.chars().next().is_some_and(char::is_lowercase);
    let divided =
        text.ends_with(['-', '\u{2010}']) && lower && text.chars().rev().nth(1).is_some_and(char::is_alphabetic);
    if divided || text.ends_with('\u{ad}') {
        text.pop();
    } else {
        text.push(' ');
    }
    text.push_str(line);
}

/// The marker of an item of a list, and its text.
fn item(text: &str) -> Option<(String, &str)> {
    let first = text.chars().next()?;
    if DOTS.contains(&first) || matches!(first, '-' | '*' | 'o') {
        let rest = text.get(first.len_utf8()..)?;
        let is_dot = !matches!(first, '-' | '*' | 'o' | '\u{2013}');
        return (is_dot || rest.starts_with(' ')).then(|| ("-".to_owned(), rest.trim_start()));
    }
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    if digits == 0 || digits > 3 {
        return None;
    }
    let rest = text.get(digits..)?;
    let after = rest.strip_prefix('.').or_else(|| rest.strip_prefix(')'))?;
    after.starts_with(' ').then(|| {
        (
            format!("{}.", text.get(..digits).unwrap_or_default()),
            after.trim_start(),
        )
    })
}

fn write_code(lines: &[Line], out: &mut Writer) -> Result<(), ExtractError> {
    let left = lines.iter().map(Line::left).fold(f32::MAX, f32::min);
    let mut code = String::new();
    for line in lines {
        let width = line.size() * 0.6;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "letters on a line"
        )]
        let indent = ((line.left() - left) / width.max(0.1)).round().clamp(0.0, 80.0) as usize;
        code.extend([" ".repeat(indent).as_str(), &line.text(), "\n"]);
    }
    out.code(&code)
}

/// How many lines from the first are a table: rows whose cells begin or end below each other.
fn table_length(lines: &[Line]) -> usize {
    let Some(first) = lines.first() else { return 0 };
    if first.runs.len() < 2 {
        return 0;
    }
    let mut full = 1_usize;
    let mut length = 1_usize;
    for pair in lines.windows(2) {
        let [above, line] = pair else { break };
        let near = above.y() - line.y() < above.size().max(line.size()) * 3.2 && above.y() > line.y();
        if !near {
            break;
        }
        if line.runs.len() >= 2 && aligned(first, line) {
            full += 1;
        } else if !(line.runs.len() == 1 && continues(first, above, line)) {
            break;
        }
        length += 1;
    }
    if full >= 2 && (full > 2 || first.runs.len() > 2) {
        length
    } else {
        0
    }
}

/// Whether the cells of two rows are in the same columns.
fn aligned(one: &Line, other: &Line) -> bool {
    let count = other
        .runs
        .iter()
        .filter(|run| {
            one.runs
                .iter()
                .any(|above| run.left < above.right + above.size && run.right > above.left - above.size)
        })
        .count();
    count * 3 >= other.runs.len() * 2
}

/// Whether a line is the rest of a cell that did not fit: right below, and not in the first column.
fn continues(first: &Line, above: &Line, line: &Line) -> bool {
    let inner = first.runs.get(1).map_or(f32::MAX, |run| run.left - run.size);
    follows(above, line) && line.left() >= inner && above.y() - line.y() < line.size() * 1.4
}

fn write_table(lines: &[Line], out: &mut Writer) -> Result<(), ExtractError> {
    let columns = columns(lines);
    let mut rows: Vec<(bool, Vec<String>)> = Vec::new();
    let first = lines.first();
    for (above, line) in std::iter::once(None).chain(lines.iter().map(Some)).zip(lines) {
        let mut cells = vec![String::new(); columns.len()];
        for run in &line.runs {
            let middle = f32::midpoint(run.left, run.right);
            let inside = columns
                .iter()
                .position(|(left, right)| *left <= middle && middle <= *right);
            if let Some(cell) = inside.and_then(|at| cells.get_mut(at)) {
                append(cell, &run.text);
            }
        }
        let rest = match (first, above) {
            (Some(first), Some(above)) => line.runs.len() == 1 && continues(first, above, line),
            _ => false,
        };
        match rows.last_mut() {
            Some((_, last)) if rest => {
                for (cell, more) in last.iter_mut().zip(cells) {
                    if !more.is_empty() {
                        append(cell, &more);
                    }
                }
            }
            _ => rows.push((line.bold(), cells)),
        }
    }
    let named = match rows.as_slice() {
        [(true, _), others @ ..] => others.iter().any(|(bold, _)| !bold),
        [(_, names), others @ ..] => {
            let values = |row: &[String]| row.iter().any(|cell| crate::plain::is_value(cell) && !cell.is_empty());
            !values(names)
                && !others.is_empty()
                && others.iter().all(|(_, row)| values(row))
                && names.iter().all(|name| !name.is_empty())
        }
        [] => false,
    };
    let mut rows: Vec<Vec<String>> = rows.into_iter().map(|(_, row)| row).collect();
    let header = if named { rows.remove(0) } else { Vec::new() };
    out.table(&header, &rows)
}

/// The columns of a table: where runs are above each other.
fn columns(lines: &[Line]) -> Vec<(f32, f32)> {
    let mut runs: Vec<(f32, f32)> = lines
        .iter()
        .flat_map(|line| &line.runs)
        .map(|run| (run.left, run.right))
        .collect();
    runs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut columns: Vec<(f32, f32)> = Vec::new();
    for (left, right) in runs {
        match columns.last_mut() {
            Some((_, edge)) if left < *edge => *edge = edge.max(right),
            _ => columns.push((left, right)),
        }
    }
    columns
}
