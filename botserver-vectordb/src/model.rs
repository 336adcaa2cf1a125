//! The nouns: collections, documents, and what states they have.

use std::fmt;

use botlib::{BotId, OrgId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Where a collection or a document came from, which decides who may take it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A folder of the package.
    Package,
    /// The API or a keyword.
    Api,
    /// The address of a web page.
    Website,
}

impl Origin {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Api => "api",
            Self::Website => "website",
        }
    }

    pub(crate) fn of(name: &str) -> Self {
        match name {
            "package" => Self::Package,
            "website" => Self::Website,
            _ => Self::Api,
        }
    }
}

/// How far a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It will be indexed; what was indexed of it before answers meanwhile.
    Waiting,
    /// It can be found.
    Ready,
    /// It cannot be read; what was indexed of it before is gone.
    Failed,
    /// Nobody may read it, so it is not indexed.
    Hidden,
}

impl State {
    pub(crate) const ALL: [Self; 4] = [Self::Waiting, Self::Ready, Self::Failed, Self::Hidden];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Hidden => "hidden",
        }
    }

    pub(crate) fn of(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == name)
            .unwrap_or(Self::Waiting)
    }
}

/// A collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Collection {
    pub(crate) id: Uuid,
    pub(crate) org: OrgId,
    pub(crate) bot: BotId,
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// The embedder whose vectors are complete.
    pub(crate) embedder: Option<String>,
    /// Counts changes of what can be found.
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    pub(crate) collection: Uuid,
    pub(crate) path: String,
    pub(crate) origin: Origin,
    pub(crate) title: String,
    pub(crate) media_type: Option<String>,
    pub(crate) language: Option<String>,
    /// The hash of its bytes.
    pub(crate) hash: String,
    /// The hash that was indexed.
    pub(crate) indexed_hash: Option<String>,
    pub(crate) size: i64,
    /// Who may read it, as [`crate::access`] writes it.
    pub(crate) access: String,
    pub(crate) state: State,
    pub(crate) error: Option<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) chunks: i32,
    pub(crate) tokens: i64,
    pub(crate) revision: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) indexed_at: Option<DateTime<Utc>>,
}

/// The name of a collection or the path of a document that nobody could misread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadName(pub(crate) String);

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A collection's name as it is kept: without `.gbkb`, in its own letter case.
pub(crate) fn collection_name(text: &str) -> Result<String, BadName> {
    let name = text.trim();
    let name = name
        .len()
        .checked_sub(5)
        .and_then(|at| name.get(at..))
        .filter(|end| end.eq_ignore_ascii_case(".gbkb"))
        .map_or(name, |end| name.strip_suffix(end).unwrap_or(name));
    let is_good = !name.is_empty()
        && name.chars().count() <= 100
        && !name.starts_with('.')
        && !text.chars().any(|c| c.is_control() || "/\\".contains(c));
    if is_good {
        Ok(name.to_owned())
    } else {
        Err(BadName(
            "a collection's name has 1 to 100 characters, no slashes, and does not begin with a dot".to_owned(),
        ))
    }
}

/// A document's path in its collection, with single slashes and without `..`.
pub(crate) fn document_path(text: &str) -> Result<String, BadName> {
    let bad = |why: &str| Err(BadName(format!("the path of a document {why}")));
    if text.chars().count() > 1_000 {
        return bad("has 1000 characters at most");
    }
    if text.chars().any(char::is_control) {
        return bad("has no control characters");
    }
    let names: Vec<&str> = text
        .split(['/', '\\'])
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != ".")
        .collect();
    if names.contains(&"..") {
        return bad("does not leave its collection");
    }
    if names.is_empty() {
        return bad("names a file");
    }
    Ok(names.join("/"))
}

/// What a path is called where a document says no title of itself.
pub(crate) fn title_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.')
        .map_or(name, |(stem, _)| stem)
        .replace(['_', '-'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_kept_in_one_form_or_refused() {
        assert_eq!(collection_name(" Produtos.GBKB ").unwrap(), "Produtos");
        assert_eq!(collection_name("hr docs").unwrap(), "hr docs");
        for bad in ["", ".gbkb", "a/b", ".hidden", "x\ny"] {
            assert!(collection_name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(document_path("/a//b\\c.md").unwrap(), "a/b/c.md");
        for bad in ["", "../x", "a/../../b", "a\0b"] {
            assert!(document_path(bad).is_err(), "{bad:?}");
        }
        assert_eq!(title_of("x/price_list-2026.md"), "price list 2026");
    }
}
