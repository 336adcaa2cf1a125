//! Word documents: styles say what is a heading, numberings what is a list.

use std::collections::HashMap;

use botstate::document::ExtractError;
use bytes::Bytes;

use crate::{
    budget::damaged,
    markup::{Step, attribute},
    package::{Package, Relation},
    writer::Writer,
};

mod body;

const FORMAT: &str = "DOCX";

/// What a style says of its paragraphs.
#[derive(Debug, Default, Clone)]
struct Style {
    name: String,
    based_on: Option<String>,
    level: Option<u8>,
    numbering: Option<String>,
}

/// What the parts beside the text say.
#[derive(Debug, Default)]
struct Definitions {
    styles: HashMap<String, Style>,
    /// Whether a list counts, by its number and level.
    counts: HashMap<(String, usize), bool>,
}

pub(crate) fn read(bytes: &Bytes, out: &mut Writer) -> Result<(), ExtractError> {
    let mut package = Package::open(bytes, FORMAT, out)?;
    package.properties(out)?;
    let main = package.relations("", out)?;
    let main = target(&main, "/officeDocument").unwrap_or_else(|| "word/document.xml".to_owned());
    let relations = package.relations(&main, out)?;
    let part = |kind: &str, usual: &str| target(&relations, kind).unwrap_or_else(|| usual.to_owned());
    let definitions = Definitions {
        styles: styles(&mut package, &part("/styles", "word/styles.xml"), out)?,
        counts: numberings(&mut package, &part("/numbering", "word/numbering.xml"), out)?,
    };
    let before = out.len();
    let mut body = body::Body::new(&definitions);
    if !package.walk(&main, out, |step, out| body.step(step, out))? {
        return Err(damaged(FORMAT, "it has no text part"));
    }
    if body.pages() == 1 {
        // Without marks of pages nothing is known of them.
        out.without_pages(before);
    }
    out.page(None)?;
    for (kind, usual) in [("/footnotes", "word/footnotes.xml"), ("/endnotes", "word/endnotes.xml")] {
        notes(&mut package, &part(kind, usual), out)?;
    }
    Ok(())
}

fn target(relations: &[Relation], kind: &str) -> Option<String> {
    let found = relations.iter().find(|relation| relation.kind.ends_with(kind));
    found.map(|relation| relation.target.clone())
}

fn styles(package: &mut Package, name: &str, out: &mut Writer) -> Result<HashMap<String, Style>, ExtractError> {
    let mut styles = HashMap::new();
    let mut open: Option<(String, Style)> = None;
    package.walk(name, out, |step, _| {
        match step {
            Step::Open("style", element) => {
                let id = attribute(element, "styleId").unwrap_or_default();
                open = Some((id, Style::default()));
            }
            Step::Open(name, element) => {
                if let Some((_, style)) = &mut open {
                    match name {
                        "name" => style.name = attribute(element, "val").unwrap_or_default().to_lowercase(),
                        "basedOn" => style.based_on = attribute(element, "val"),
                        "outlineLvl" => style.level = outline(attribute(element, "val")),
                        "numId" => style.numbering = attribute(element, "val"),
                        _ => {}
                    }
                }
            }
            Step::Close("style") => {
                if let Some((id, style)) = open.take() {
                    styles.insert(id, style);
                }
            }
            Step::Close(_) | Step::Text(_) => {}
        }
        Ok(())
    })?;
    Ok(styles)
}

/// The level of a heading from an outline's, which counts from 0 and has 9 for plain text.
fn outline(level: Option<String>) -> Option<u8> {
    let level: u8 = level?.parse().ok()?;
    (level < 9).then(|| (level + 1).min(6))
}

impl Definitions {
    /// The level of the headings of a style.
    fn heading(&self, id: &str) -> Option<u8> {
        self.chain(id).find_map(|style| {
            let named = match style.name.as_str() {
                "title" => Some(1),
                "subtitle" => Some(2),
                name => name
                    .strip_prefix("heading ")
                    .and_then(|level| level.parse::<u8>().ok())
                    .map(|level| level.clamp(1, 6)),
            };
            named.or(style.level)
        })
    }

    /// The numbering of the lists of a style, and whether the style is a list's at all.
    fn list(&self, id: &str) -> Option<(Option<String>, usize, bool)> {
        self.chain(id).find_map(|style| {
            let name = style.name.as_str();
            let deeper = name.rsplit(' ').next().and_then(|last| last.parse::<usize>().ok());
            let level = deeper.map_or(0, |number| number.saturating_sub(1));
            if name.starts_with("list bullet") {
                return Some((style.numbering.clone(), level, false));
            }
            if name.starts_with("list number") {
                return Some((style.numbering.clone(), level, true));
            }
            style.numbering.clone().map(|number| (Some(number), 0, false))
        })
    }

    /// A style and those that it is based on; a circle ends.
    fn chain<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Style> {
        std::iter::successors(self.styles.get(id), |style| {
            style.based_on.as_ref().and_then(|id| self.styles.get(id))
        })
        .take(12)
    }
}

fn numberings(
    package: &mut Package,
    name: &str,
    out: &mut Writer,
) -> Result<HashMap<(String, usize), bool>, ExtractError> {
    let mut levels: HashMap<(String, usize), bool> = HashMap::new();
    let mut lists: Vec<(String, String)> = Vec::new();
    let (mut kind, mut level, mut number) = (String::new(), 0_usize, String::new());
    package.walk(name, out, |step, _| {
        if let Step::Open(name, element) = step {
            match name {
                "abstractNum" => kind = attribute(element, "abstractNumId").unwrap_or_default(),
                "lvl" => {
                    level = attribute(element, "ilvl")
                        .and_then(|level| level.parse().ok())
                        .unwrap_or(0);
                }
                "numFmt" => {
                    let format = attribute(element, "val").unwrap_or_default();
                    levels.insert((kind.clone(), level), !matches!(format.as_str(), "bullet" | "none"));
                }
                "num" => number = attribute(element, "numId").unwrap_or_default(),
                "abstractNumId" => lists.push((number.clone(), attribute(element, "val").unwrap_or_default())),
                _ => {}
            }
        }
        Ok(())
    })?;
    let mut counts = HashMap::new();
    for (number, kind) in lists {
        for level in 0..9 {
            if let Some(count) = levels.get(&(kind.clone(), level)) {
                counts.insert((number.clone(), level), *count);
            }
        }
    }
    Ok(counts)
}

/// Footnotes and endnotes, each with its number, after the text.
fn notes(package: &mut Package, name: &str, out: &mut Writer) -> Result<(), ExtractError> {
    let (mut id, mut text, mut real) = (String::new(), String::new(), false);
    package.walk(name, out, |step, out| {
        match step {
            Step::Open("footnote" | "endnote", element) => {
                id = attribute(element, "id").unwrap_or_default();
                real = attribute(element, "type").is_none_or(|kind| kind == "normal");
                text.clear();
            }
            Step::Text(more) => text.push_str(more),
            Step::Open("tab", _) | Step::Close("p") => text.push(' '),
            Step::Close("footnote" | "endnote") if real && !text.trim().is_empty() => {
                out.text(&format!("[{id}] {}", text.trim()))?;
            }
            Step::Open(..) | Step::Close(_) => {}
        }
        Ok(())
    })?;
    Ok(())
}
