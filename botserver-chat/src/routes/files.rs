//! Files that people send in a conversation.

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::{ConversationId, value::FileRef};
use botserver_core::{Auth, Json, Path, Problem, Query};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{error::Error, service::ChatService};

/// The largest file, in bytes.
const LARGEST: usize = 10 * 1024 * 1024;

/// What is known about a file that comes.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Named {
    /// The name of the file, without a folder.
    #[param(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069]*[^\s.\x00-\x1f\x7f-\x9f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069][^\x00-\x1f\x7f-\x9f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069]*$"
    )]
    name: String,
}

/// A file that was kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FileView {
    /// Its address, to be sent as a message's `media_url`.
    url: String,
    /// Its name.
    name: String,
    /// Its media type.
    mime: String,
    /// Its size in bytes.
    size_bytes: u64,
}

impl From<FileRef> for FileView {
    fn from(file: FileRef) -> Self {
        Self {
            url: file.url,
            name: file.name,
            mime: file.mime,
            size_bytes: file.size_bytes,
        }
    }
}

/// A file as it is.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary, min_length = 1)]
struct FileContent(#[expect(dead_code, reason = "only its schema is used: bodies come as bytes")] Vec<u8>);

/// Keeps a file for a message to come: the body is the file, `Content-Type` its type.
#[utoipa::path(post, path = "/api/chat/{id}/files", params(("id" = Uuid, Path), Named),
    request_body(content = FileContent, content_type = "application/octet-stream"),
    responses((status = 201, body = FileView)))]
pub(super) async fn create_file(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Query(named): Query<Named>,
    headers: HeaderMap,
    content: Bytes,
) -> Result<(StatusCode, HeaderMap, Json<FileView>), Problem> {
    let name = plain_name(&named.name).ok_or_else(|| {
        Problem::invalid().field(
            "name",
            "must be the name of a file without a folder, 255 characters at most",
        )
    })?;
    if content.is_empty() {
        return Err(Error::Invalid("the file is empty".to_owned()).into());
    }
    if content.len() > LARGEST {
        return Err(Error::TooLarge(LARGEST).into());
    }
    let mime = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .filter(|text| text.len() <= 255)
        .unwrap_or("application/octet-stream")
        .to_owned();
    let file = chat
        .keep_file(&caller, ConversationId::from_uuid(id), name, mime, content.to_vec())
        .await?;
    let mut made = HeaderMap::new();
    if let Ok(location) = HeaderValue::from_str(&file.url) {
        made.insert(header::LOCATION, location);
    }
    Ok((StatusCode::CREATED, made, Json(file.into())))
}

/// Gives a file back, as an attachment that no browser runs.
#[utoipa::path(get, path = "/api/chat/{id}/files/{file}", params(("id" = Uuid, Path), ("file" = Uuid, Path)),
    responses((status = 200, description = "The file, under its own type if it is a picture", content(
        (String = "application/octet-stream"), (String = "image/png"), (String = "image/jpeg"),
        (String = "image/gif"), (String = "image/webp")))))]
pub(super) async fn get_file(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path((id, file)): Path<(Uuid, Uuid)>,
) -> Result<Response, Problem> {
    let file = chat.file(&caller, ConversationId::from_uuid(id), file).await?;
    // Pictures may be shown in the page; everything else is only ever saved.
    let shown = ["image/png", "image/jpeg", "image/gif", "image/webp"].contains(&file.mime.as_str());
    let mime = if shown {
        file.mime.as_str()
    } else {
        "application/octet-stream"
    };
    let ascii: String = file
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-_ ".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let kind = if shown { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, mime.to_owned()),
        (header::CONTENT_DISPOSITION, format!("{kind}; filename=\"{ascii}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "private, max-age=3600".to_owned()),
    ];
    Ok((headers, file.content).into_response())
}

/// The name, unless it has folders, control or direction characters in it.
fn plain_name(name: &str) -> Option<String> {
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '/' | '\\' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let is_named = name.contains(|c: char| c != '.' && !c.is_whitespace());
    let is_plain = is_named && name.chars().count() <= 255 && !name.contains(is_odd);
    is_plain.then(|| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_folders_or_hidden_characters_are_refused() {
        for name in [
            "",
            " ",
            ".",
            "..",
            ". .",
            "../a",
            "a/b",
            "a\\b",
            "a\nb",
            "a\u{202e}gpj.exe",
        ] {
            assert_eq!(plain_name(name), None, "{name:?}");
        }
        assert_eq!(plain_name(" résumé.pdf ").as_deref(), Some("résumé.pdf"));
    }
}
