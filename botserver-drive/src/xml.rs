//! XML of any kind: elements with nothing but text are named values, mixed content is paragraphs.

use botstate::document::ExtractError;

use crate::{
    markup::{Step, attribute, local, walk},
    writer::{Writer, tidy},
};

/// An element that is open.
#[derive(Default)]
struct Element {
    name: String,
    text: String,
    /// Named values of its attributes and children, waiting to be written together.
    values: Vec<(String, String)>,
    /// Whether it has children.
    parent: bool,
    /// Whether it has text beside them.
    mixed: bool,
}

pub(crate) fn read(text: &str, out: &mut Writer) -> Result<(), ExtractError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut open: Vec<Element> = Vec::new();
    let mut roots = 0_usize;
    walk("XML file", text.as_bytes(), out, |step, out| {
        match step {
            Step::Open(name, start) => {
                if open.is_empty() {
                    roots += 1;
                    if let Some(language) = attribute(start, "lang") {
                        out.language(&language);
                    }
                }
                if let Some(around) = open.last_mut() {
                    around.parent = true;
                    around.mixed |= !around.text.trim().is_empty();
                }
                let mut element = Element {
                    name: name.to_owned(),
                    ..Element::default()
                };
                for attribute in start.attributes().with_checks(false).flatten() {
                    let key = attribute.key.as_ref();
                    if key != "xmlns"
                        && !key.starts_with("xmlns:")
                        && !key.starts_with("xml:")
                        && !key.starts_with("xsi:")
                        && let Ok(value) = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0)
                    {
                        element.values.push((local(key).to_owned(), value.into_owned()));
                    }
                }
                open.push(element);
            }
            Step::Text(more) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(more);
                }
            }
            Step::Close(_) => {
                if let Some(element) = open.pop() {
                    close(element, &mut open, out)?;
                }
            }
        }
        Ok(())
    })?;
    if roots == 0 || !open.is_empty() {
        return Err(crate::budget::damaged(
            "XML file",
            "it ends before its root element does",
        ));
    }
    Ok(())
}

fn close(element: Element, open: &mut [Element], out: &mut Writer) -> Result<(), ExtractError> {
    let text = tidy(&element.text);
    let around_is_mixed = open.last().is_some_and(|around| !around.text.trim().is_empty());
    if !element.parent && around_is_mixed {
        // A word inside a sentence, such as <b>.
        if let Some(around) = open.last_mut() {
            around.text.push_str(&element.text);
        }
        return Ok(());
    }
    if !element.parent {
        let title = matches!(element.name.as_str(), "title" | "Title") && open.len() <= 2;
        if title {
            out.title(&text);
        }
        let mut values = element.values;
        if let Some(around) = open.last_mut() {
            if text.is_empty() && values.is_empty() {
                return Ok(());
            }
            if values.is_empty() {
                around.values.push((element.name, text));
                return Ok(());
            }
            if !text.is_empty() {
                values.insert(0, (element.name.clone(), text));
            }
            let line: Vec<String> = values
                .iter()
                .map(|(name, value)| format!("{name} {}", tidy(value)))
                .collect();
            around.values.push((element.name, line.join(", ")));
            return Ok(());
        }
        values.push((element.name, text));
        return write(&values, out);
    }
    for around in open {
        write(&std::mem::take(&mut around.values), out)?;
    }
    write(&element.values, out)?;
    out.text(&text)
}

fn write(values: &[(String, String)], out: &mut Writer) -> Result<(), ExtractError> {
    let mut lines = String::new();
    for (name, value) in values {
        lines.extend([name.as_str(), ": ", &tidy(value), "\n"]);
    }
    out.text(&lines)
}
