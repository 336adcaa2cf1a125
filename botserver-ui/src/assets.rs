//! The files that are embedded in the binary.

use std::{borrow::Cow, fmt::Write, sync::OnceLock};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rust_embed::{Embed, EmbeddedFile};
use sha2::{Digest, Sha256};

/// In debug builds the files are read from the checkout at each request, so that a page can be edited while it is open.
#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/web/"]
struct Files;

/// One file with what HTTP needs to know about it.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The contents.
    pub bytes: Cow<'static, [u8]>,
    /// The media type, with its character set.
    pub mime: &'static str,
    /// The entity tag, with its quotes. It is weak, because a compressed answer carries the same one.
    pub etag: String,
}

/// The file at `path` below `web/`, such as `assets/chat.js`. In pages, `/assets/` is replaced by the address of the
/// present version.
pub fn asset(path: &str) -> Option<Asset> {
    let file = Files::get(path)?;
    let mime = mime_of(path);
    Some(if extension(path) == "html" {
        page(&file, mime)
    } else {
        plain(file, mime)
    })
}

/// Whether `name` is what the first part of a path below `/assets/` looks like when it is a version.
pub(crate) fn is_version(name: &str) -> bool {
    name.starts_with(VERSION_MARK)
}

/// A name for the present contents of all files.
pub(crate) fn version() -> Cow<'static, str> {
    static RELEASED: OnceLock<String> = OnceLock::new();
    if cfg!(debug_assertions) {
        Cow::Owned(hash_all())
    } else {
        Cow::Borrowed(RELEASED.get_or_init(hash_all))
    }
}

/// No file or folder of `web/assets/` begins with this, so a version is told from a file without a look at either.
const VERSION_MARK: &str = "v.";

fn hash_all() -> String {
    let mut hash = Sha256::new();
    for (path, file) in Files::iter().filter_map(|path| Files::get(&path).map(|file| (path, file))) {
        hash.update(path.as_bytes());
        hash.update([0]);
        hash.update(file.metadata.sha256_hash());
    }
    let mut name = VERSION_MARK.to_owned();
    for byte in hash.finalize().iter().take(8) {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// What comes after the last point of a path; empty when there is none.
fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn plain(file: EmbeddedFile, mime: &'static str) -> Asset {
    let etag = etag(&file.metadata.sha256_hash());
    Asset {
        bytes: file.data,
        mime,
        etag,
    }
}

fn page(file: &EmbeddedFile, mime: &'static str) -> Asset {
    let text = String::from_utf8_lossy(&file.data);
    let text = text.replace("\"/assets/", &format!("\"/assets/{}/", version()));
    let etag = etag(&Sha256::digest(&text));
    Asset {
        bytes: Cow::Owned(text.into_bytes()),
        mime,
        etag,
    }
}

fn etag(hash: &[u8]) -> String {
    format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(hash))
}

/// Browsers run a module and apply a style sheet only under the right type, and text without a character set is
/// guesswork.
fn mime_of(path: &str) -> &'static str {
    match mime_guess::from_path(path).first_raw() {
        Some("text/html") => "text/html; charset=utf-8",
        Some("text/css") => "text/css; charset=utf-8",
        Some("text/javascript") => "text/javascript; charset=utf-8",
        Some(other) => other,
        None => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
