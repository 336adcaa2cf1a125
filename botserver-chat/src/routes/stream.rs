//! The same conversation as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event as SseEvent, KeepAlive, Sse},
};
use botlib::{ConversationId, wire::ServerFrame};
use botserver_core::{Auth, Path, Problem, Query};
use futures::{Stream, StreamExt, stream};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{farewell::Farewells, feed::Feed};
use crate::{frame::Address, service::ChatService};

/// What streams need.
#[derive(Clone)]
pub(super) struct Streams {
    pub(super) chat: ChatService,
    pub(super) farewells: Farewells,
}

/// From where.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct From {
    /// The number of the last entry that the client has; everything after it comes. `Last-Event-ID` says the same.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    resume_from: Option<i64>,
}

/// An event of the stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used: axum writes events")]
struct StreamEvent {
    /// The number of the entry, for `Last-Event-ID`; absent in pieces of an answer that is being written.
    #[schema(required = false, nullable = false)]
    id: Option<String>,
    /// A frame as the socket sends it, in JSON.
    data: String,
}

/// Streams the log of a conversation: what is there, then what happens, until the client leaves.
#[utoipa::path(get, path = "/api/chat/{id}/stream", params(("id" = Uuid, Path), From),
    responses((status = 200, description = "Events without end", body = StreamEvent,
        content_type = "text/event-stream")))]
pub(super) async fn stream_events(
    State(Streams { chat, farewells }): State<Streams>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, Problem> {
    let conversation = chat.get(&caller, ConversationId::from_uuid(id)).await?;
    if from.resume_from.is_some_and(|seq| seq < 0) {
        return Err(Problem::invalid().field("resume_from", "must be 0 or more"));
    }
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<i64>().ok());
    // A number from beyond the end would hide everything that is to come.
    let after = last.or(from.resume_from).unwrap_or(0).min(conversation.last_seq);
    let draining = chat.engine.lifecycle.draining();
    let feed = Feed::open(chat, Arc::new(Address::of(&conversation)), conversation.id, after);
    let events = stream::unfold(feed, |mut feed| async move {
        // A feed that breaks ends the stream; the client comes back with the number it has.
        let frame = feed.next().await.ok()??;
        let seq = serde_json::from_str::<ServerFrame>(&frame)
            .ok()
            .and_then(|frame| frame.seq);
        let event = SseEvent::default().data(frame.as_str());
        let event = match seq {
            Some(seq) => event.id(seq.to_string()),
            None => event,
        };
        Some((Ok(event), feed))
    });
    let mut farewell = farewells.of(&caller);
    let events = events.take_until(async move {
        tokio::select! {
            () = draining.cancelled() => {}
            _reason = farewell.said() => {}
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}
