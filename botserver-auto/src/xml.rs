//! XML as values: an element is its text, or an object of its attributes and children; repeated children are a list.
//!
//! Prefixes of namespaces are dropped. Entities beyond XML's own five are not resolved, and a document type
//! declaration is ignored, so nothing is read from elsewhere and nothing grows.

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, FaultKind};
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

/// How deep elements may nest.
const DEEPEST: usize = 64;

/// Whether `text` can name an element.
pub(crate) fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || "-_.".contains(letter))
}

/// `text` with the characters that mean something in XML written as entities.
pub(crate) fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// Appends `value` as element `name`: an object as children, a list as one element an item.
///
/// # Errors
/// [`FaultKind::Argument`] when a name cannot be an element's, [`FaultKind::Limit`] when values nest too deep.
pub(crate) fn write(out: &mut String, name: &str, value: &Value) -> Result<(), Fault> {
    write_at(out, name, value, 0)
}

fn write_at(out: &mut String, name: &str, value: &Value, depth: usize) -> Result<(), Fault> {
    if !is_name(name) {
        return Err(Fault::new(
            FaultKind::Argument,
            format!("{name:?} cannot be the name of an XML element"),
        )
        .hint("a name begins with a letter and has letters, digits, - and _"));
    }
    if depth > DEEPEST {
        return Err(Fault::new(
            FaultKind::Limit,
            format!("XML may nest {DEEPEST} elements deep"),
        ));
    }
    match value {
        Value::List(items) => {
            for item in items {
                write_at(out, name, item, depth + 1)?;
            }
        }
        Value::Null => out.extend(["<", name, "/>"]),
        other => {
            out.extend(["<", name, ">"]);
            match other {
                Value::Map(map) => {
                    for (name, value) in map.iter() {
                        write_at(out, name, value, depth + 1)?;
                    }
                }
                Value::Secret(secret) => out.push_str(&escape(secret.expose())),
                other => out.push_str(&escape(&other.to_string())),
            }
            out.extend(["</", name, ">"]);
        }
    }
    Ok(())
}

/// The document as an object with its root element; none when it is not well-formed.
pub(crate) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() > DEEPEST {
                    return None;
                }
                open.push(Element::begin(&start)?);
            }
            Event::Empty(start) => {
                let element = Element::begin(&start)?;
                open.last_mut()?.add(element);
            }
            Event::End(_) => {
                let element = open.pop()?;
                open.last_mut()?.add(element);
            }
            Event::Text(text) => {
                open.last_mut()?.text.push_str(text.as_ref());
            }
            Event::GeneralRef(entity) => {
                let resolved = match entity.resolve_char_ref().ok()? {
                    Some(letter) => letter.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(entity.as_ref())?.to_owned(),
                };
                open.last_mut()?.text.push_str(&resolved);
            }
            Event::CData(data) => {
                open.last_mut()?.text.push_str(data.as_ref());
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    let root = open.pop()?;
    (open.is_empty() && !root.members.is_empty()).then(|| Value::Map(root.members))
}

#[derive(Default)]
struct Element {
    name: String,
    members: Map,
    text: String,
}

impl Element {
    fn begin(start: &BytesStart<'_>) -> Option<Self> {
        let mut members = Map::new();
        for attribute in start.attributes() {
            let attribute = attribute.ok()?;
            let key = attribute.key.as_ref();
            if key != "xmlns" && !key.starts_with("xmlns:") {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
                members.insert(local(key), Value::text(value));
            }
        }
        Some(Self {
            name: local(start.name().as_ref()).to_owned(),
            members,
            text: String::new(),
        })
    }

    fn add(&mut self, child: Self) {
        let value = if child.members.is_empty() {
            Value::text(child.text.trim())
        } else {
            let mut members = child.members;
            if !child.text.trim().is_empty() {
                members.insert("text", Value::text(child.text.trim()));
            }
            Value::Map(members)
        };
        match self.members.get_mut(&child.name) {
            Some(Value::List(items)) => items.push(value),
            Some(first) => {
                let before = std::mem::take(first);
                *first = Value::List(vec![before, value]);
            }
            None => self.members.insert(child.name, value),
        }
    }
}

/// A name without its namespace's prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_texts_objects_and_lists() {
        let read =
            read("<?xml version='1.0'?><a:r x='1'><b>2 &lt; 3</b><b><![CDATA[&]]></b><c/><d>&#233;</d></a:r>").unwrap();

        assert_eq!(
            read.to_json(),
            serde_json::json!({ "r": { "x": "1", "b": ["2 < 3", "&"], "c": "", "d": "é" } })
        );
    }

    #[test]
    fn what_is_not_well_formed_or_names_other_entities_is_nothing() {
        for text in [
            "",
            "plain",
            "<a>",
            "<a></b>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        assert_eq!(read(&deep), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut out = String::new();
        let value = Value::from_json(&serde_json::json!({ "name": "a & <b>", "tags": ["x", "y"] }));
        write(&mut out, "r", &value).unwrap();

        assert_eq!(
            read(&out).unwrap().to_json(),
            serde_json::json!({ "r": value.to_json() })
        );
        assert!(write(&mut out, "no name", &Value::Null).is_err());
    }
}
