//! Recorded conversations, as operators take them out of the log.

use botlib::ConversationId;
use botstate::{AppState, recording::Taped};

use crate::{
    error::Error,
    model::Body,
    store::{conversations, events},
};

/// All that happened in a recorded conversation; nothing when it was not recorded.
///
/// # Errors
/// [`Error::UnknownConversation`] when the organisation has no such conversation, or the log cannot be read.
pub async fn recording(state: &AppState, id: ConversationId) -> Result<Vec<Taped>, Error> {
    let org = state.org;
    state
        .db
        .read(move |conn| {
            conversations::find(conn, org, id)?.ok_or(Error::UnknownConversation)?;
            let taped = events::list_taped(conn, id)?;
            let entries = taped.into_iter().flat_map(|event| match event.body {
                Body::Taped { entries } => entries,
                _ => Vec::new(),
            });
            Ok(entries.collect())
        })
        .await
}
