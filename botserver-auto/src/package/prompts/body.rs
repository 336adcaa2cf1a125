//! The text of a prompt, or its texts.

use std::ops::Range;

use botstate::prompt::{Template, Variant};

use super::{File, head::Head, lines};
use crate::basic::Severity;

/// The name of the only text.
const ONLY: &str = "default";

/// A part of the text that belongs to one variant.
struct Section {
    name: String,
    /// The line with its name.
    marker: Range<usize>,
    text: Range<usize>,
}

impl File<'_> {
    /// The variants of the text: one for each line `<!-- variant: name -->`, after what stands before the first.
    pub(super) fn body(&mut self, span: Range<usize>, head: &Head) -> Vec<Variant> {
        let (common, sections) = self.sections(span.clone());
        let mut used = Vec::new();
        self.holes(&span, head, &mut used);
        for variable in &head.variables {
            if !used.contains(&variable.name) {
                let place = self.key(&["variables", &variable.name]);
                let title = format!("the text does not use the variable {}", variable.name);
                self.report("P115", Severity::Warning, place, title);
            }
        }
        if head.variants.is_empty() && sections.is_empty() {
            return self.variant(ONLY, 1, &common, None).into_iter().collect();
        }
        let mut variants = Vec::new();
        for (name, weight) in &head.variants {
            if let Some(section) = sections.iter().find(|section| section.name == *name) {
                variants.extend(self.variant(name, *weight, &common, Some(section)));
            } else {
                let place = self.key(&["variants", name]);
                self.refuse("P114", place, format!("the variant {name} has no text"))
                    .help = Some(format!("write it below a line `<!-- variant: {name} -->`"));
            }
        }
        let mut seen: Vec<&str> = Vec::new();
        for section in &sections {
            if seen.contains(&section.name.as_str()) {
                let title = format!("the variant {} has a text already", section.name);
                self.refuse("P114", section.marker.clone(), title);
            } else if !head.variants.iter().any(|(name, _)| *name == section.name) {
                let title = format!("the head names no variant {}", section.name);
                self.refuse("P114", section.marker.clone(), title).help =
                    Some(format!("add `{}: 1` to its variants", section.name));
            }
            seen.push(&section.name);
        }
        variants
    }

    /// What stands before the first variant, and the variants.
    fn sections(&self, span: Range<usize>) -> (Range<usize>, Vec<Section>) {
        let (mut common, mut sections) = (span.clone(), Vec::<Section>::new());
        for (place, line) in lines(self.text(), span.clone()) {
            let Some(name) = marker(line) else { continue };
            match sections.last_mut() {
                Some(last) => last.text.end = place.start,
                None => common.end = place.start,
            }
            sections.push(Section {
                name: name.to_lowercase(),
                marker: place.start..place.start + line.len(),
                text: place.end..span.end,
            });
        }
        (common, sections)
    }

    /// Checks what stands between `${` and `}` and gathers the names.
    fn holes(&mut self, span: &Range<usize>, head: &Head, used: &mut Vec<String>) {
        let (_, holes) = Template::parse(self.text().get(span.clone()).unwrap_or_default());
        for hole in holes {
            let place = span.start + hole.span.start..span.start + hole.span.end;
            match hole.name {
                Ok(name) if head.variables.iter().any(|known| known.name == name) => used.push(name),
                Ok(name) => {
                    let title = format!("the prompt has no variable {name}");
                    let help = format!("add `{name}: text` to variables in its head, or write `\\${{` for the signs");
                    self.refuse("P113", place, title).help = Some(help);
                }
                Err(why) => {
                    self.refuse("P113", place, why).help =
                        Some("write `${name}` with the name of a variable, or `\\${` for the signs".to_owned());
                }
            }
        }
    }

    fn variant(&mut self, name: &str, weight: u32, common: &Range<usize>, own: Option<&Section>) -> Option<Variant> {
        let part = |span: &Range<usize>| self.text().get(span.clone()).unwrap_or_default().trim().to_owned();
        let parts = [Some(part(common)), own.map(|own| part(&own.text))];
        let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let text = parts.join("\n\n");
        if text.is_empty() {
            let place = own.map_or(0..0, |own| own.marker.clone());
            self.refuse("P113", place, "the prompt has no text");
            return None;
        }
        Some(Variant {
            name: name.to_owned(),
            weight,
            template: Template::parse(&text).0,
        })
    }
}

/// The name in `<!-- variant: name -->`.
fn marker(line: &str) -> Option<&str> {
    let inner = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    let (word, name) = inner.split_once(':')?;
    word.trim().eq_ignore_ascii_case("variant").then(|| name.trim())
}
