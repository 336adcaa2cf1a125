//! Markdown: its structure is the document's.

use botstate::document::ExtractError;
use pulldown_cmark::{Event, HeadingLevel, MetadataBlockKind, Options, Parser, Tag, TagEnd};

use crate::{html, writer::Writer};

#[derive(Default)]
struct State {
    text: String,
    /// The lists around: the number of the next item, or none for dots.
    lists: Vec<Option<u64>>,
    /// The marker of the item that has not been written yet, and how deep it is.
    item: Option<(usize, String)>,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    html: String,
    in_metadata: bool,
}

pub(crate) fn read(text: &str, out: &mut Writer) -> Result<(), ExtractError> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let text = text.trim_start_matches('\u{feff}');
    let mut state = State::default();
    let mut depth = 0_usize;
    for event in Parser::new_ext(text, options) {
        out.budget.tick()?;
        match event {
            Event::Start(tag) => {
                depth += 1;
                out.budget.depth(depth)?;
                start(&tag, &mut state, out)?;
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                end(tag, &mut state, out)?;
            }
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                state.text.push_str(&text);
            }
            Event::SoftBreak => state.text.push(' '),
            Event::HardBreak => state.text.push('\n'),
            Event::Html(html) => state.html.push_str(&html),
            Event::InlineHtml(html) => {
                if html.to_ascii_lowercase().starts_with("<br") {
                    state.text.push('\n');
                }
            }
            Event::TaskListMarker(done) => state.text.push_str(if done { "[x] " } else { "[ ] " }),
            Event::FootnoteReference(name) => state.text.extend(["[", &name, "]"]),
            Event::Rule => {}
        }
    }
    Ok(())
}

fn start(tag: &Tag<'_>, state: &mut State, out: &mut Writer) -> Result<(), ExtractError> {
    match tag {
        Tag::List(first) => {
            flush(state, out)?;
            state.lists.push(*first);
        }
        Tag::Item => {
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
        Tag::Table(_) => {
            flush(state, out)?;
            state.header.clear();
            state.rows.clear();
        }
        Tag::TableHead | Tag::TableRow => state.row.clear(),
        Tag::TableCell => state.text.clear(),
        Tag::MetadataBlock(MetadataBlockKind::YamlStyle) => state.in_metadata = true,
        Tag::FootnoteDefinition(name) => {
            flush(state, out)?;
            state.text.extend(["[", name, "] "]);
        }
        Tag::HtmlBlock => state.html.clear(),
        Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::Paragraph if !state.text.starts_with('[') => flush(state, out)?,
        _ => {}
    }
    Ok(())
}

fn end(tag: TagEnd, state: &mut State, out: &mut Writer) -> Result<(), ExtractError> {
    match tag {
        TagEnd::Heading(level) => {
            let text = std::mem::take(&mut state.text);
            if level == HeadingLevel::H1 {
                out.title(&text);
            }
            out.heading(level as u8, &text)
        }
        TagEnd::CodeBlock => out.code(&std::mem::take(&mut state.text)),
        TagEnd::TableCell => {
            state.row.push(std::mem::take(&mut state.text));
            Ok(())
        }
        TagEnd::TableHead => {
            state.header = std::mem::take(&mut state.row);
            Ok(())
        }
        TagEnd::TableRow => {
            let row = std::mem::take(&mut state.row);
            state.rows.push(row);
            Ok(())
        }
        TagEnd::Table => out.table(&std::mem::take(&mut state.header), &std::mem::take(&mut state.rows)),
        TagEnd::List(_) => {
            flush(state, out)?;
            state.lists.pop();
            Ok(())
        }
        TagEnd::MetadataBlock(_) => {
            state.in_metadata = false;
            front_matter(&std::mem::take(&mut state.text), out);
            Ok(())
        }
        TagEnd::HtmlBlock => html::read_fragment(&std::mem::take(&mut state.html), out),
        TagEnd::Paragraph | TagEnd::Item | TagEnd::FootnoteDefinition => flush(state, out),
        _ => Ok(()),
    }
}

/// Writes the text that has gathered, as the item that it belongs to or as a paragraph.
fn flush(state: &mut State, out: &mut Writer) -> Result<(), ExtractError> {
    if state.in_metadata {
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

fn front_matter(text: &str, out: &mut Writer) {
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']);
        match name.trim() {
            "title" => out.title(value),
            "lang" | "language" => out.language(value),
            _ => {}
        }
    }
}
