//! XML as a stream of steps, within the budget: nothing is read from elsewhere, and nothing grows.

use std::io::BufRead;

use botstate::document::ExtractError;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use crate::{budget::damaged, writer::Writer};

/// What an XML document says next. Names are without their prefixes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    Open(&'a str, &'a BytesStart<'a>),
    Close(&'a str),
    Text(&'a str),
}

/// Hands every step of the document to `visit`.
pub(crate) fn walk<R: BufRead>(
    format: &'static str,
    source: R,
    out: &mut Writer,
    mut visit: impl FnMut(Step<'_>, &mut Writer) -> Result<(), ExtractError>,
) -> Result<(), ExtractError> {
    let mut reader = Reader::from_reader(source);
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    let mut depth = 0_usize;
    loop {
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(error) => return Err(broken(format, &error)),
        };
        match event {
            Event::Start(start) => {
                depth += 1;
                out.budget.depth(depth)?;
                visit(Step::Open(local(start.name().as_ref()), &start), out)?;
            }
            Event::Empty(start) => {
                out.budget.tick()?;
                let name = start.name();
                visit(Step::Open(local(name.as_ref()), &start), out)?;
                visit(Step::Close(local(name.as_ref())), out)?;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                visit(Step::Close(local(end.name().as_ref())), out)?;
            }
            Event::Text(text) => visit(Step::Text(text.as_ref()), out)?,
            Event::CData(data) => visit(Step::Text(data.as_ref()), out)?,
            Event::GeneralRef(entity) => {
                let resolved = match entity.resolve_char_ref() {
                    Ok(Some(letter)) => letter.to_string(),
                    Ok(None) => named(entity.as_ref()).to_owned(),
                    Err(error) => return Err(broken(format, &error)),
                };
                visit(Step::Text(&resolved), out)?;
            }
            Event::DocType(declared) => {
                if declared.as_ref().contains("<!ENTITY") {
                    return Err(damaged(
                        format,
                        "it declares entities of its own, which are never expanded",
                    ));
                }
            }
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => out.budget.tick()?,
        }
    }
}

fn broken(format: &'static str, error: &dyn std::fmt::Display) -> ExtractError {
    damaged(format, format!("its XML is not well-formed: {error}"))
}

/// What stands behind the name of an entity.
fn named(entity: &str) -> &str {
    match entity {
        "nbsp" => " ",
        other => quick_xml::escape::resolve_predefined_entity(other).unwrap_or(""),
    }
}

/// The value of an attribute, whatever its prefix.
pub(crate) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element.attributes().with_checks(false).find_map(|attribute| {
        let attribute = attribute.ok()?;
        if local(attribute.key.as_ref()) != name {
            return None;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        Some(value.into_owned())
    })
}

/// Whether an element of Office that is on by being there is not switched off.
pub(crate) fn is_on(element: &BytesStart<'_>) -> bool {
    !matches!(
        attribute(element, "val").as_deref(),
        Some("0" | "false" | "off" | "none")
    )
}

/// A name without its prefix.
pub(crate) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}
