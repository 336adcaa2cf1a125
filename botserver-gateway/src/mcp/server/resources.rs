//! What a bot knows, as resources: `kb://<collection>/<path>`.
//!
//! Somebody who may not read a document hears of it exactly what he hears of one that is not there.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use botstate::knowledge::{Listed, Reader, Spot};
use rmcp::{
    ErrorData,
    model::{ListResourcesResult, Resource, ResourceContents, ResourceTemplate},
};

use super::BotServer;

/// Documents of a page.
const PAGE: usize = 100;
/// How addresses of documents begin.
const SCHEME: &str = "kb://";
/// What a document comes as.
const MARKDOWN: &str = "text/markdown";

impl BotServer {
    /// A page of the documents that the caller may read.
    pub(super) async fn resources(&self, cursor: Option<String>) -> Result<ListResourcesResult, ErrorData> {
        let Some(knowledge) = self.gateway.knowledge.get() else {
            return Ok(ListResourcesResult::default());
        };
        let after = cursor.map(|cursor| place_of(&cursor)).transpose()?;
        let reader = Reader::of(&self.caller);
        let listed = knowledge.documents(&self.bot, &reader, after.as_ref(), PAGE + 1).await;
        let mut listed = listed.map_err(|fault| unread(&fault.message))?;
        let has_more = listed.len() > PAGE;
        listed.truncate(PAGE);
        let next = listed.last().filter(|_| has_more).map(|last| cursor_at(&last.spot));
        Ok(ListResourcesResult {
            next_cursor: next,
            ..ListResourcesResult::with_all_items(listed.iter().map(resource).collect())
        })
    }

    /// A document's text.
    pub(super) async fn resource(&self, uri: &str) -> Result<ResourceContents, ErrorData> {
        let unknown = || {
            let uri: String = uri.chars().take(300).collect();
            ErrorData::resource_not_found(
                format!("there is no resource {uri}: resources/list gives those there are"),
                None,
            )
        };
        let spot = spot_of(uri).ok_or_else(unknown)?;
        let knowledge = self.gateway.knowledge.get().ok_or_else(unknown)?;
        let found = knowledge.read(&self.bot, &Reader::of(&self.caller), &spot).await;
        let (_, text) = found.map_err(|fault| unread(&fault.message))?.ok_or_else(unknown)?;
        Ok(ResourceContents::text(text, uri).with_mime_type(MARKDOWN))
    }
}

/// How addresses are made.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(format!("{SCHEME}{{collection}}/{{+path}}"), "document")
            .with_title("A document that the bot knows")
            .with_description("The text of the document at that path of a collection, as far as you may read it.")
            .with_mime_type(MARKDOWN),
    ]
}

fn resource(listed: &Listed) -> Resource {
    let Spot { collection, path } = &listed.spot;
    Resource::new(uri_of(&listed.spot), format!("{collection}/{path}"))
        .with_title(if listed.title.is_empty() { path } else { &listed.title })
        .with_description(format!("A document of the collection {collection}"))
        .with_mime_type(MARKDOWN)
}

fn uri_of(spot: &Spot) -> String {
    let path: Vec<String> = spot.path.split('/').map(escaped).collect();
    format!("{SCHEME}{}/{}", escaped(&spot.collection), path.join("/"))
}

/// The place that an address names; nothing for addresses of something else.
fn spot_of(uri: &str) -> Option<Spot> {
    let (collection, path) = uri.strip_prefix(SCHEME)?.split_once('/')?;
    let spot = Spot {
        collection: plain(collection)?,
        path: plain(path)?,
    };
    Some(spot).filter(|spot| !spot.collection.is_empty() && !spot.path.is_empty())
}

/// A text as a part of an address (RFC 3986, unreserved letters stay).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a text cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A part of an address as the text that it stands for.
fn plain(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        rest = others;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, others) = others.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = others;
    }
    String::from_utf8(bytes).ok()
}

/// The page after a document. Clients do not look into it.
fn cursor_at(spot: &Spot) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::json!([spot.collection, spot.path]).to_string())
}

fn place_of(cursor: &str) -> Result<Spot, ErrorData> {
    let read = URL_SAFE_NO_PAD.decode(cursor).ok();
    let read = read.and_then(|bytes| serde_json::from_slice::<(String, String)>(&bytes).ok());
    let (collection, path) = read.ok_or_else(|| {
        ErrorData::invalid_params(
            "the cursor is none that resources/list has given: begin without one",
            None,
        )
    })?;
    Ok(Spot { collection, path })
}

fn unread(why: &str) -> ErrorData {
    tracing::warn!(why, "documents of a bot could not be read");
    ErrorData::internal_error("the documents cannot be read now: try again later", None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_an_address_that_leads_back() {
        for (collection, path, uri) in [
            ("guides", "a/b.md", "kb://guides/a/b.md"),
            ("Rates 2026", "50% off?.pdf", "kb://Rates%202026/50%25%20off%3F.pdf"),
            (
                "web",
                "https://example.org/a?b=1#c",
                "kb://web/https%3A//example.org/a%3Fb%3D1%23c",
            ),
            ("\u{e9}t\u{e9}", "..", "kb://%C3%A9t%C3%A9/.."),
        ] {
            let spot = Spot {
                collection: collection.to_owned(),
                path: path.to_owned(),
            };
            assert_eq!(uri_of(&spot), uri);
            assert_eq!(spot_of(uri), Some(spot.clone()));
            assert_eq!(place_of(&cursor_at(&spot)).unwrap(), spot);
        }
        // As the template makes it, with letters that are reserved.
        let spot = spot_of("kb://web/https://example.org/a").unwrap();
        assert_eq!(spot.path, "https://example.org/a");
    }

    #[test]
    fn what_is_no_address_of_a_document_names_nothing() {
        for uri in [
            "",
            "kb://",
            "kb://a",
            "kb://a/",
            "kb:///a",
            "file:///etc/passwd",
            "kb://a/%zz",
            "kb://a/%",
        ] {
            assert_eq!(spot_of(uri), None, "{uri}");
        }
        assert!(place_of("e30").is_err() && place_of("?").is_err());
    }
}
