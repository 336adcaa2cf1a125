//! The text of a Word document: paragraphs in paragraphs (text boxes) and tables in tables.

use std::collections::HashMap;

use botstate::document::ExtractError;
use quick_xml::events::BytesStart;

use super::{Definitions, outline};
use crate::{
    markup::{Step, attribute, is_on},
    writer::Writer,
};

/// Elements with text that is not to be read: what was deleted or moved away, and second versions of drawings.
const UNREAD: [&str; 4] = ["del", "moveFrom", "Fallback", "instrText"];

#[derive(Default)]
struct Paragraph {
    text: String,
    style: Option<String>,
    level: Option<u8>,
    number: Option<String>,
    depth: usize,
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    cell: String,
    /// Whether the first row names the columns.
    named: bool,
    span: usize,
    /// Whether the cell is covered by the one above it.
    covered: bool,
}

pub(super) struct Body<'a> {
    definitions: &'a Definitions,
    paragraphs: Vec<Paragraph>,
    tables: Vec<Table>,
    /// The next numbers of lists, by list and depth.
    numbers: HashMap<(String, usize), u64>,
    unread: usize,
    in_text: bool,
    page: u32,
    /// Whether nothing was written since a page was ended.
    turned: bool,
    begun: bool,
}

impl<'a> Body<'a> {
    pub(super) fn new(definitions: &'a Definitions) -> Self {
        Self {
            definitions,
            paragraphs: Vec::new(),
            tables: Vec::new(),
            numbers: HashMap::new(),
            unread: 0,
            in_text: false,
            page: 1,
            turned: false,
            begun: false,
        }
    }

    /// The number of pages that were marked.
    pub(super) fn pages(&self) -> u32 {
        self.page
    }

    pub(super) fn step(&mut self, step: Step<'_>, out: &mut Writer) -> Result<(), ExtractError> {
        if !self.begun {
            self.begun = true;
            out.page(Some(1))?;
        }
        match step {
            Step::Open(name, element) => {
                if UNREAD.contains(&name) {
                    self.unread += 1;
                }
                if self.unread == 0 {
                    self.open(name, element, out)?;
                }
            }
            Step::Close(name) => {
                if UNREAD.contains(&name) {
                    self.unread = self.unread.saturating_sub(1);
                } else if self.unread == 0 {
                    self.close(name, out)?;
                }
            }
            Step::Text(text) => {
                if self.in_text
                    && self.unread == 0
                    && let Some(paragraph) = self.paragraphs.last_mut()
                {
                    self.turned &= text.trim().is_empty();
                    paragraph.text.push_str(text);
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, name: &str, element: &BytesStart<'_>, out: &mut Writer) -> Result<(), ExtractError> {
        match name {
            "p" => self.paragraphs.push(Paragraph::default()),
            "tbl" => self.tables.push(Table::default()),
            "br" if attribute(element, "type").as_deref() == Some("page") => {
                self.next_page(out)?;
                self.turned = true;
            }
            // The same break as the one that was asked for just before.
            "lastRenderedPageBreak" if self.turned => self.turned = false,
            "lastRenderedPageBreak" => self.next_page(out)?,
            _ => {}
        }
        if let Some(paragraph) = self.paragraphs.last_mut() {
            match name {
                "t" => self.in_text = true,
                "tab" | "ptab" | "sym" => paragraph.text.push(' '),
                "br" | "cr" if attribute(element, "type").as_deref() != Some("page") => paragraph.text.push('\n'),
                "noBreakHyphen" => paragraph.text.push('-'),
                "pStyle" => paragraph.style = attribute(element, "val"),
                "outlineLvl" => paragraph.level = outline(attribute(element, "val")),
                "numId" => paragraph.number = attribute(element, "val"),
                "ilvl" => {
                    paragraph.depth = attribute(element, "val")
                        .and_then(|depth| depth.parse().ok())
                        .unwrap_or(0);
                }
                "footnoteReference" | "endnoteReference" => {
                    let id = attribute(element, "id").unwrap_or_default();
                    paragraph.text.extend(["[", &id, "]"]);
                }
                _ => {}
            }
        }
        if let Some(table) = self.tables.last_mut() {
            match name {
                "tc" => {
                    table.cell.clear();
                    table.span = 1;
                    table.covered = false;
                }
                "gridSpan" => {
                    let span = attribute(element, "val").and_then(|span| span.parse::<usize>().ok());
                    table.span = span.unwrap_or(1).clamp(1, 64);
                }
                "vMerge" => table.covered = attribute(element, "val").as_deref() != Some("restart"),
                "tblHeader" if is_on(element) && table.rows.is_empty() => table.named = true,
                "tblLook" => {
                    let first = attribute(element, "firstRow").map(|first| matches!(first.as_str(), "1" | "true"));
                    let bits = || {
                        let bits = attribute(element, "val")?;
                        Some(u32::from_str_radix(&bits, 16).ok()? & 0x20 != 0)
                    };
                    table.named |= first.or_else(bits).unwrap_or(false);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn close(&mut self, name: &str, out: &mut Writer) -> Result<(), ExtractError> {
        match name {
            "t" => self.in_text = false,
            "p" => {
                if let Some(paragraph) = self.paragraphs.pop() {
                    self.end_paragraph(paragraph, out)?;
                }
            }
            "tc" => {
                if let Some(table) = self.tables.last_mut() {
                    let cell = std::mem::take(&mut table.cell);
                    table.row.push(if table.covered { String::new() } else { cell });
                    table.row.extend((1..table.span).map(|_| String::new()));
                }
            }
            "tr" => {
                if let Some(table) = self.tables.last_mut() {
                    let row = std::mem::take(&mut table.row);
                    table.rows.push(row);
                }
            }
            "tbl" => {
                if let Some(table) = self.tables.pop() {
                    self.end_table(table, out)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn next_page(&mut self, out: &mut Writer) -> Result<(), ExtractError> {
        self.page += 1;
        out.page(Some(self.page))
    }

    fn end_paragraph(&mut self, paragraph: Paragraph, out: &mut Writer) -> Result<(), ExtractError> {
        if let Some(table) = self.tables.last_mut() {
            if !paragraph.text.trim().is_empty() {
                if !table.cell.is_empty() {
                    table.cell.push(' ');
                }
                table.cell.push_str(paragraph.text.trim());
            }
            return Ok(());
        }
        let style = paragraph.style.as_deref().unwrap_or_default();
        if let Some(level) = paragraph.level.or_else(|| self.definitions.heading(style)) {
            return out.heading(level, &paragraph.text);
        }
        if paragraph.text.trim().is_empty() {
            return Ok(());
        }
        let (number, depth, counts) = match (paragraph.number, self.definitions.list(style)) {
            // Zero takes the paragraph out of its style's list.
            (Some(number), _) if number == "0" => return out.text(&paragraph.text),
            (Some(number), _) => {
                let counts = self.definitions.counts.get(&(number.clone(), paragraph.depth)).copied();
                (number, paragraph.depth, counts.unwrap_or(false))
            }
            (None, Some((number, depth, counts))) => {
                let number = number.unwrap_or_else(|| style.to_owned());
                let depth = depth.max(paragraph.depth);
                let known = self.definitions.counts.get(&(number.clone(), paragraph.depth)).copied();
                (number, depth, known.unwrap_or(counts))
            }
            (None, None) => return out.text(&paragraph.text),
        };
        self.numbers
            .retain(|(list, level), _| *list != number || *level <= depth);
        let marker = if counts {
            let next = self.numbers.entry((number, depth)).or_insert(0);
            *next += 1;
            format!("{next}.")
        } else {
            "-".to_owned()
        };
        out.item(depth, &marker, &paragraph.text)
    }

    fn end_table(&mut self, mut table: Table, out: &mut Writer) -> Result<(), ExtractError> {
        if let Some(around) = self.tables.last_mut() {
            for row in table.rows {
                let cells: Vec<String> = row.into_iter().filter(|cell| !cell.is_empty()).collect();
                if !around.cell.is_empty() {
                    around.cell.push(' ');
                }
                around.cell.push_str(&cells.join(", "));
            }
            return Ok(());
        }
        let header = if table.named && table.rows.len() > 1 {
            table.rows.remove(0)
        } else {
            Vec::new()
        };
        out.table(&header, &table.rows)
    }
}
