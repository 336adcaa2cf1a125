//! Names of tools in the alphabet that providers take, and back.

use std::{borrow::Cow, sync::Arc};

use botstate::dialog::ToolSpec;

/// The longest name of a tool that providers take.
const LONGEST_NAME: usize = 64;

/// Names of tools in the provider's alphabet, and back.
#[derive(Debug, Clone)]
pub(crate) struct Names(Arc<[(String, String)]>);

impl Names {
    /// The names of `tools`, no two of them equal.
    pub(crate) fn of(tools: &[ToolSpec]) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::with_capacity(tools.len());
        for tool in tools {
            let plain = sanitised(&tool.name);
            let mut wire = plain.to_string();
            let mut count = 1;
            while pairs.iter().any(|(taken, _)| *taken == wire) {
                count += 1;
                let suffix = format!("_{count}");
                wire = plain.chars().take(LONGEST_NAME - suffix.len()).collect();
                wire.push_str(&suffix);
            }
            pairs.push((wire, tool.name.clone()));
        }
        Self(pairs.into())
    }

    /// The name as the provider reads it.
    pub(crate) fn wire<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        let known = self.0.iter().find(|(_, original)| original == name);
        known.map_or_else(|| sanitised(name), |(wire, _)| Cow::Borrowed(wire.as_str()))
    }

    /// The name as we know it; a model may also invent one.
    pub(crate) fn original(&self, wire: String) -> String {
        self.0
            .iter()
            .find(|(known, _)| *known == wire)
            .map_or(wire, |(_, original)| original.clone())
    }
}

fn sanitised(name: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    // Google's names begin with a letter or an underscore.
    let begins = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins(name) && name.len() <= LONGEST_NAME && name.chars().all(fits) {
        return Cow::Borrowed(name);
    }
    let prefix = (!name.is_empty() && !begins(name)).then_some('_');
    let name: String = prefix
        .into_iter()
        .chain(name.chars())
        .map(|c| if fits(c) { c } else { '_' })
        .take(LONGEST_NAME)
        .collect();
    if name.is_empty() {
        Cow::Borrowed("tool")
    } else {
        Cow::Owned(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str) -> ToolSpec {
        ToolSpec {
            name: name.to_owned(),
            description: String::new(),
            parameters: serde_json::Value::Null,
        }
    }

    #[test]
    fn names_outside_the_alphabet_stay_distinct_and_come_back() {
        let names = Names::of(&[
            tool("place order"),
            tool("place_order"),
            tool("preço"),
            tool(&"x".repeat(80)),
        ]);

        let wire: Vec<_> = names.0.iter().map(|(wire, _)| wire.as_str()).collect();

        assert_eq!(wire, ["place_order", "place_order_2", "pre_o", &"x".repeat(64)]);
        assert_eq!(names.original("place_order_2".to_owned()), "place_order");
        assert_eq!(names.original("pre_o".to_owned()), "preço");
        assert_eq!(names.original("invented".to_owned()), "invented");
    }
}
