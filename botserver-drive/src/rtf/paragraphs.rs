//! Paragraphs and rows of cells of RTF.

use std::collections::HashMap;

use botstate::document::ExtractError;

use crate::writer::Writer;

#[derive(Default)]
pub(super) struct Paragraphs {
    /// Levels of the headings of styles.
    headings: HashMap<i32, u8>,
    text: String,
    marker: String,
    level: Option<u8>,
    depth: usize,
    in_list: bool,
    in_table: bool,
    cell: String,
    row: Vec<String>,
    rows: Vec<Vec<String>>,
    named: bool,
    page: u32,
}

impl Paragraphs {
    /// What a style says to be.
    pub(super) fn define(&mut self, style: i32, name: &str) {
        let name = name.to_lowercase();
        let level = match name.as_str() {
            "title" => Some(1),
            name => name.strip_prefix("heading ").and_then(|level| level.parse::<u8>().ok()),
        };
        if let Some(level) = level {
            self.headings.insert(style, level.clamp(1, 6));
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn push_marker(&mut self, text: &str) {
        self.marker.push_str(text);
        self.in_list = true;
    }

    pub(super) fn word(&mut self, word: &str, number: Option<i32>, out: &mut Writer) -> Result<(), ExtractError> {
        match word {
            "par" | "sect" => {
                if self.in_table {
                    self.text.push(' ');
                } else {
                    self.end_paragraph(out)?;
                }
            }
            "page" => {
                self.end_paragraph(out)?;
                self.page = self.page.max(1) + 1;
                out.page(Some(self.page))?;
            }
            "line" => self.text.push('\n'),
            "tab" | "emspace" | "enspace" => self.text.push(' '),
            "emdash" => self.text.push('\u{2014}'),
            "endash" => self.text.push('\u{2013}'),
            "lquote" => self.text.push('\u{2018}'),
            "rquote" => self.text.push('\u{2019}'),
            "ldblquote" => self.text.push('\u{201c}'),
            "rdblquote" => self.text.push('\u{201d}'),
            "bullet" => self.text.push('\u{2022}'),
            "pard" => {
                self.level = None;
                self.depth = 0;
                self.in_list = false;
                self.in_table = false;
            }
            "outlinelevel" => {
                let level = number.and_then(|level| u8::try_from(level).ok());
                self.level = level.filter(|level| *level < 9).map(|level| (level + 1).min(6));
            }
            "s" => self.level = self.headings.get(&number.unwrap_or(0)).copied().or(self.level),
            "ls" => self.in_list = true,
            "ilvl" => self.depth = number.and_then(|depth| usize::try_from(depth).ok()).unwrap_or(0),
            "intbl" => self.in_table = true,
            "trhdr" if self.rows.is_empty() => self.named = true,
            "trowd" => {
                if !self.in_table && !self.text.trim().is_empty() {
                    self.end_paragraph(out)?;
                }
                self.in_table = true;
            }
            "cell" | "nestcell" => {
                self.in_table = true;
                self.cell.push_str(&std::mem::take(&mut self.text));
                self.row.push(std::mem::take(&mut self.cell));
            }
            "row" | "nestrow" => {
                self.rows.push(std::mem::take(&mut self.row));
                self.in_table = false;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn end_paragraph(&mut self, out: &mut Writer) -> Result<(), ExtractError> {
        let text = std::mem::take(&mut self.text);
        let marker = std::mem::take(&mut self.marker);
        self.end_table(out)?;
        if text.trim().is_empty() {
            return Ok(());
        }
        if let Some(level) = self.level {
            return out.heading(level, &text);
        }
        if self.in_list {
            let marker = marker.trim();
            let marker = if marker.starts_with(|letter: char| letter.is_ascii_digit()) {
                marker
            } else {
                "-"
            };
            return out.item(self.depth, marker, &text);
        }
        out.text(&text)
    }

    pub(super) fn end_table(&mut self, out: &mut Writer) -> Result<(), ExtractError> {
        let mut rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let named = std::mem::take(&mut self.named);
        let header = if named && rows.len() > 1 {
            rows.remove(0)
        } else {
            Vec::new()
        };
        out.table(&header, &rows)
    }
}
