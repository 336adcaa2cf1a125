//! From the tree of a page to blocks. The tree is walked without recursion, as its depth is the page's choice.

use botstate::document::ExtractError;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

use super::{is_left_out, text_of};
use crate::writer::Writer;

/// Elements inside a line.
const INLINE: [&str; 35] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub",
    "sup", "time", "tt", "u",
];

struct State {
    text: String,
    /// The lists around: the number of the next item, or none for dots.
    lists: Vec<Option<u64>>,
    item: Option<(usize, String)>,
    /// How many elements are open that are read as a whole or left out.
    skipped: usize,
    pre: usize,
    around_too: bool,
}

pub(super) fn read(
    root: ElementRef<'_>,
    depth: usize,
    keep_around: bool,
    out: &mut Writer,
) -> Result<(), ExtractError> {
    let mut state = State {
        text: String::new(),
        lists: Vec::new(),
        item: None,
        skipped: 0,
        pre: 0,
        around_too: !keep_around,
    };
    let mut depth = depth;
    for edge in root.traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Element(_) => {
                    depth += 1;
                    out.budget.depth(depth)?;
                    if let Some(element) = ElementRef::wrap(node) {
                        open(element, &mut state, out)?;
                    }
                }
                Node::Text(text) if state.skipped == 0 => {
                    if state.pre > 0 {
                        state.text.push_str(text);
                    } else {
                        push_words(&mut state.text, text);
                    }
                }
                _ => out.budget.tick()?,
            },
            Edge::Close(node) => {
                if let Some(element) = ElementRef::wrap(node) {
                    depth = depth.saturating_sub(1);
                    close(element, &mut state, out)?;
                }
            }
        }
    }
    flush(&mut state, out)
}

/// Line breaks of the source are spaces; those of the page are in the text already.
fn push_words(out: &mut String, text: &str) {
    for letter in text.chars() {
        if letter.is_whitespace() {
            if !out.is_empty() && !out.ends_with([' ', '\n']) {
                out.push(' ');
            }
        } else {
            out.push(letter);
        }
    }
}

/// Whether an element is read as a whole when it opens.
fn is_whole(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table")
}

/// A table that holds data and not a layout: no table, list or heading inside, and more than one cell.
fn is_data(table: ElementRef<'_>) -> bool {
    let mut cells = 0_usize;
    for inner in table.descendent_elements().skip(1) {
        match inner.value().name() {
            "table" | "h1" | "h2" | "h3" | "form" => return false,
            "td" | "th" => cells += 1,
            _ => {}
        }
    }
    cells > 1
}

fn skips(element: ElementRef<'_>, state: &State) -> bool {
    let name = element.value().name();
    is_left_out(element.value(), state.around_too) || (is_whole(name) && (name != "table" || is_data(element)))
}

fn open(element: ElementRef<'_>, state: &mut State, out: &mut Writer) -> Result<(), ExtractError> {
    if state.skipped > 0 {
        state.skipped += usize::from(skips(element, state));
        return Ok(());
    }
    let name = element.value().name();
    if is_left_out(element.value(), state.around_too) {
        state.skipped += 1;
        return Ok(());
    }
    match name {
        "br" => state.text.push('\n'),
        "img" => {
            if let Some(words) = element.attr("alt") {
                push_words(&mut state.text, words);
            }
        }
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            flush(state, out)?;
            state.skipped += 1;
            let level = name.as_bytes().get(1).map_or(1, |digit| digit - b'0');
            out.heading(level, &text_of(element))?;
        }
        "table" if is_data(element) => {
            flush(state, out)?;
            state.skipped += 1;
            table(element, out)?;
        }
        "pre" => {
            flush(state, out)?;
            state.pre += 1;
        }
        "ul" | "ol" | "menu" => {
            flush(state, out)?;
            let first = element.attr("start").and_then(|start| start.parse().ok()).unwrap_or(1);
            state.lists.push((name == "ol").then_some(first));
        }
        "li" => {
            flush(state, out)?;
            let depth = state.lists.len().saturating_sub(1);
            let marker = match state.lists.last_mut() {
                Some(Some(number)) => {
                    let marker = format!("{number}.");
                    *number = number.saturating_add(1);
                    marker
                }
                _ => "-".to_owned(),
            };
            state.item = Some((depth, marker));
        }
        "td" | "th" | "dd" => {
            if !state.text.is_empty() && !state.text.ends_with([' ', '\n']) {
                state.text.push(' ');
            }
        }
        name if INLINE.contains(&name) => {}
        _ => flush(state, out)?,
    }
    Ok(())
}

fn close(element: ElementRef<'_>, state: &mut State, out: &mut Writer) -> Result<(), ExtractError> {
    if state.skipped > 0 {
        state.skipped -= usize::from(skips(element, state));
        return Ok(());
    }
    match element.value().name() {
        "br" | "img" | "td" | "th" => Ok(()),
        "pre" => {
            state.pre = state.pre.saturating_sub(1);
            out.code(&std::mem::take(&mut state.text))
        }
        "ul" | "ol" | "menu" => {
            flush(state, out)?;
            state.lists.pop();
            Ok(())
        }
        "dt" => {
            if !state.text.trim().is_empty() && !state.text.trim_end().ends_with(':') {
                let term = state.text.trim_end().to_owned();
                state.text = term + ": ";
            }
            Ok(())
        }
        name if INLINE.contains(&name) => Ok(()),
        _ => flush(state, out),
    }
}

/// Writes the text that has gathered, as the item that it belongs to or as a paragraph.
fn flush(state: &mut State, out: &mut Writer) -> Result<(), ExtractError> {
    if state.pre > 0 {
        return Ok(());
    }
    let text = std::mem::take(&mut state.text);
    if text.trim().is_empty() {
        return Ok(());
    }
    match state.item.take() {
        Some((depth, marker)) => out.item(depth, &marker, &text),
        None => out.text(&text),
    }
}

fn table(table: ElementRef<'_>, out: &mut Writer) -> Result<(), ExtractError> {
    let mut header = Vec::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in table.descendent_elements() {
        out.budget.tick()?;
        match row.value().name() {
            "caption" => out.text(&text_of(row))?,
            "tr" => {
                let mut cells = Vec::new();
                let mut all_named = true;
                for cell in row.child_elements() {
                    if !matches!(cell.value().name(), "td" | "th") {
                        continue;
                    }
                    all_named &= cell.value().name() == "th";
                    cells.push(text_of(cell));
                    let wide = cell
                        .attr("colspan")
                        .and_then(|span| span.parse::<usize>().ok())
                        .unwrap_or(1);
                    cells.extend((1..wide.min(100)).map(|_| String::new()));
                }
                if all_named && header.is_empty() && rows.is_empty() {
                    header = cells;
                } else {
                    rows.push(cells);
                }
            }
            _ => {}
        }
    }
    out.table(&header, &rows)
}
