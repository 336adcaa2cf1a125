//! HTML pages: the main content, without what surrounds it on every page of a site.

use std::collections::HashMap;

use botstate::document::ExtractError;
use scraper::{ElementRef, Html, Node, Selector};

use crate::writer::{Writer, tidy};

mod blocks;

/// Elements that say nothing to a reader.
const SILENT: [&str; 17] = [
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "select", "button",
    "input", "textarea", "dialog", "audio", "video", "head",
];

/// Elements around the main content.
const AROUND: [&str; 4] = ["nav", "header", "footer", "aside"];

/// Roles of elements around the main content.
const ROLES_AROUND: [&str; 6] = ["navigation", "banner", "contentinfo", "complementary", "search", "menu"];

/// A main part with less than this share of the text is not the main part.
const SHARE_OF_MAIN: usize = 4;

/// A whole page.
pub(crate) fn read(text: &str, out: &mut Writer) -> Result<(), ExtractError> {
    let page = Html::parse_document(text);
    out.budget.tick()?;
    let root = page.root_element();
    if let Some(language) = root.attr("lang").or_else(|| root.attr("xml:lang")) {
        out.language(language);
    }
    out.title(&title(&page));
    let depth_of_root = 1;
    let (element, whole) = main_part(&page, root, out)?;
    blocks::read(element, depth_of_root, !whole, out)
}

/// A piece of HTML inside another format: all of it.
pub(crate) fn read_fragment(text: &str, out: &mut Writer) -> Result<(), ExtractError> {
    let piece = Html::parse_fragment(text);
    blocks::read(piece.root_element(), 1, true, out)
}

fn title(page: &Html) -> String {
    let first = |selector: &str| {
        let selector = Selector::parse(selector).ok()?;
        page.select(&selector).next()
    };
    let named = first("title").map(|title| title.text().collect::<String>());
    let named = named.filter(|title| !title.trim().is_empty());
    let shared = || first("meta[property='og:title']").and_then(|meta| meta.attr("content").map(str::to_owned));
    named.or_else(shared).unwrap_or_default()
}

/// The element with the main content, and whether it is the whole body, from which the rest is still to be left out.
fn main_part<'a>(
    page: &'a Html,
    root: ElementRef<'a>,
    out: &mut Writer,
) -> Result<(ElementRef<'a>, bool), ExtractError> {
    let sizes = sizes(root, out)?;
    let size = |element: ElementRef<'_>| sizes.get(&element.id()).copied().unwrap_or(0);
    let all = size(root);
    for selector in ["main", "[role=main]", "article", "#content", "#main"] {
        let Ok(selector) = Selector::parse(selector) else {
            continue;
        };
        let mut found = page.select(&selector);
        // Several articles are a list of them.
        if let (Some(only), None) = (found.next(), found.next())
            && size(only) * SHARE_OF_MAIN >= all
        {
            return Ok((only, false));
        }
    }
    Ok((root, true))
}

/// How much text is in each element, without what is left out. Children come after their parents in the tree.
fn sizes(root: ElementRef<'_>, out: &mut Writer) -> Result<HashMap<ego_tree::NodeId, usize>, ExtractError> {
    let mut sizes: HashMap<ego_tree::NodeId, usize> = HashMap::new();
    let mut open: Vec<usize> = Vec::new();
    let mut silent = 0_usize;
    for edge in root.traverse() {
        match edge {
            ego_tree::iter::Edge::Open(node) => match node.value() {
                Node::Element(element) => {
                    out.budget.depth(open.len())?;
                    open.push(0);
                    silent += usize::from(is_left_out(element, true));
                }
                Node::Text(text) if silent == 0 => {
                    if let Some(size) = open.last_mut() {
                        *size += text.trim().len();
                    }
                }
                _ => {}
            },
            ego_tree::iter::Edge::Close(node) => {
                if let Node::Element(element) = node.value() {
                    let size = open.pop().unwrap_or(0);
                    if let Some(around) = open.last_mut() {
                        *around += size;
                    }
                    sizes.insert(node.id(), size);
                    silent -= usize::from(is_left_out(element, true));
                }
            }
        }
    }
    Ok(sizes)
}

/// Whether an element is no part of the text.
fn is_left_out(element: &scraper::node::Element, around_too: bool) -> bool {
    let name = element.name();
    if SILENT.contains(&name) || element.attr("hidden").is_some() || element.attr("aria-hidden") == Some("true") {
        return true;
    }
    let style = element.attr("style").unwrap_or_default();
    if style.replace(' ', "").to_ascii_lowercase().contains("display:none") {
        return true;
    }
    around_too && (AROUND.contains(&name) || element.attr("role").is_some_and(|role| ROLES_AROUND.contains(&role)))
}

/// All text below an element on one line.
fn text_of(element: ElementRef<'_>) -> String {
    tidy(&element.text().collect::<Vec<_>>().join(" "))
}
