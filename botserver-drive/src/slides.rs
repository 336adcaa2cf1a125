//! Presentations: slides in their order, their titles as headings.

use botstate::document::ExtractError;
use bytes::Bytes;
use quick_xml::events::BytesStart;

use crate::{
    budget::damaged,
    markup::{Step, attribute},
    package::Package,
    writer::Writer,
};

const FORMAT: &str = "PPTX";

pub(crate) fn read(bytes: &Bytes, out: &mut Writer) -> Result<(), ExtractError> {
    let mut package = Package::open(bytes, FORMAT, out)?;
    package.properties(out)?;
    let main = package.relations("", out)?;
    let main = main
        .into_iter()
        .find(|relation| relation.kind.ends_with("/officeDocument"));
    let main = main.map_or_else(|| "ppt/presentation.xml".to_owned(), |relation| relation.target);
    let relations = package.relations(&main, out)?;
    let mut order = Vec::new();
    let found = package.walk(&main, out, |step, _| {
        if let Step::Open("sldId", element) = step {
            // The other attribute called id is a number without a prefix.
            let id = element.attributes().with_checks(false).flatten().find(|attribute| {
                let key = attribute.key.as_ref();
                key.contains(':') && key.ends_with(":id")
            });
            order.extend(id.and_then(|id| {
                id.normalized_value(quick_xml::XmlVersion::Implicit1_0)
                    .ok()
                    .map(String::from)
            }));
        }
        Ok(())
    })?;
    if !found {
        return Err(damaged(FORMAT, "it has no list of slides"));
    }
    for (number, id) in (1_u32..).zip(order) {
        out.page(Some(number))?;
        let Some(slide) = relations.iter().find(|relation| relation.id == id) else {
            out.warn(format!("slide {number} is missing"));
            continue;
        };
        let mut shapes = Shapes::default();
        package.walk(&slide.target, out, |step, out| shapes.step(step, out))?;
        let notes = package.relations(&slide.target, out)?;
        if let Some(notes) = notes.iter().find(|relation| relation.kind.ends_with("/notesSlide")) {
            let mut shapes = Shapes {
                of_notes: true,
                ..Shapes::default()
            };
            package.walk(&notes.target, out, |step, out| shapes.step(step, out))?;
            out.text(&shapes.notes)?;
        }
    }
    out.page(None)
}

/// What a shape is for.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Role {
    #[default]
    Free,
    Title,
    Body,
    /// Numbers, dates and footers, which are on every slide.
    Around,
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a place in the file or a word of it"
)]
struct Shapes {
    role: Role,
    text: String,
    in_text: bool,
    depth: usize,
    /// Whether the paragraph says to be an item or none.
    bullet: Option<bool>,
    counts: bool,
    number: u64,
    title: String,
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    cell: String,
    in_table: bool,
    named: bool,
    of_notes: bool,
    notes: String,
    unread: usize,
}

impl Shapes {
    fn step(&mut self, step: Step<'_>, out: &mut Writer) -> Result<(), ExtractError> {
        match step {
            Step::Open("Fallback", _) => self.unread += 1,
            Step::Close("Fallback") => self.unread = self.unread.saturating_sub(1),
            _ if self.unread > 0 => {}
            Step::Open(name, element) => self.open(name, element),
            Step::Text(text) => {
                if self.in_text {
                    self.text.push_str(text);
                }
            }
            Step::Close(name) => self.close(name, out)?,
        }
        Ok(())
    }

    fn open(&mut self, name: &str, element: &BytesStart<'_>) {
        match name {
            "sp" => {
                self.role = Role::Free;
                self.title.clear();
                self.number = 0;
            }
            "ph" => {
                self.role = match attribute(element, "type").as_deref() {
                    Some("title" | "ctrTitle") => Role::Title,
                    Some("sldNum" | "dt" | "ftr" | "hdr" | "sldImg") => Role::Around,
                    Some("subTitle") => Role::Free,
                    _ => Role::Body,
                };
            }
            "p" => {
                self.text.clear();
                self.depth = 0;
                self.bullet = None;
                self.counts = false;
            }
            "pPr" => {
                let depth = attribute(element, "lvl").and_then(|depth| depth.parse().ok());
                self.depth = depth.unwrap_or(0);
            }
            "buNone" => self.bullet = Some(false),
            "buChar" | "buBlip" => self.bullet = Some(true),
            "buAutoNum" => {
                self.bullet = Some(true);
                self.counts = true;
            }
            "t" => self.in_text = true,
            "br" => self.text.push('\n'),
            "tab" => self.text.push(' '),
            "tbl" => {
                self.in_table = true;
                self.named = false;
                self.rows.clear();
            }
            "tblPr" => self.named = matches!(attribute(element, "firstRow").as_deref(), Some("1" | "true")),
            "tc" => self.cell.clear(),
            _ => {}
        }
    }

    fn close(&mut self, name: &str, out: &mut Writer) -> Result<(), ExtractError> {
        match name {
            "t" => self.in_text = false,
            "p" => self.paragraph(out)?,
            "sp" => {
                let title = std::mem::take(&mut self.title);
                out.heading(1, &title)?;
                self.role = Role::Free;
            }
            "tc" => self.row.push(std::mem::take(&mut self.cell)),
            "tr" => self.rows.push(std::mem::take(&mut self.row)),
            "tbl" => {
                self.in_table = false;
                let mut rows = std::mem::take(&mut self.rows);
                let header = if self.named && rows.len() > 1 {
                    rows.remove(0)
                } else {
                    Vec::new()
                };
                out.table(&header, &rows)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn paragraph(&mut self, out: &mut Writer) -> Result<(), ExtractError> {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() || self.role == Role::Around {
            return Ok(());
        }
        if self.of_notes {
            self.notes.extend([text.trim(), "\n"]);
            return out.budget.characters(text.len());
        }
        if self.in_table {
            if !self.cell.is_empty() {
                self.cell.push(' ');
            }
            self.cell.push_str(text.trim());
            return Ok(());
        }
        match self.role {
            Role::Title => {
                self.title.extend([text.trim(), " "]);
                Ok(())
            }
            role if self.bullet.unwrap_or(role == Role::Body) => {
                let marker = if self.counts {
                    self.number += 1;
                    format!("{}.", self.number)
                } else {
                    "-".to_owned()
                };
                out.item(self.depth, &marker, &text)
            }
            _ => out.text(&text),
        }
    }
}
