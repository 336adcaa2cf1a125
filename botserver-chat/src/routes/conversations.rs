//! Conversations and their messages by REST.

use axum::extract::State;
use botlib::{
    ConversationId,
    wire::{ClientFrame, MessageType, ServerFrame},
};
use botserver_core::{Auth, Json, Path, Problem, Query};
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::inbound::{Door, locale};
use crate::{
    engine::visible,
    error::Error,
    frame::Address,
    model::{Conversation, Event, Owner},
    service::ChatService,
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct PageQuery {
    /// The `next` of the page before; each list has its own form.
    #[param(ignore)]
    after: Option<String>,
    /// Items wanted, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

impl PageQuery {
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=200 => Ok(limit),
            _ => Err(Problem::invalid().field("limit", "must be 1 to 200")),
        }
    }

    /// Where the page begins, as `read` understands it.
    pub(super) fn cursor<T>(&self, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        let wrong = || Problem::invalid().field("after", "must be the `next` of another page");
        let read = |text: &String| read(text).ok_or_else(wrong);
        self.after.as_ref().map(read).transpose()
    }
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConversationView {
    /// The id, which the socket calls `session_id`.
    id: Uuid,
    /// The bot.
    bot_id: Uuid,
    /// The number of the newest entry of the log.
    last_seq: i64,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When something happened last.
    updated_at: DateTime<Utc>,
}

/// A page of conversations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConversationPage {
    /// The conversations, the one that changed last first.
    items: Vec<ConversationView>,
    /// The next page's `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists the caller's conversations.
#[utoipa::path(get, path = "/api/chat", responses((status = 200, body = ConversationPage)),
    params(PageQuery, ("after" = Option<String>, Query, description = "The `next` of the page before",
        pattern = r"^[0-9]{1,16}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")))]
pub(super) async fn list_conversations(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Query(query): Query<PageQuery>,
) -> Result<Json<ConversationPage>, Problem> {
    let before = query.cursor(|text| {
        let (micros, id) = text.split_once('.')?;
        Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
    })?;
    let page = chat.list(&caller, before, query.limit()?).await?;
    Ok(Json(ConversationPage {
        items: page
            .items
            .into_iter()
            .map(|row| ConversationView {
                id: row.id.0,
                bot_id: row.bot_id.0,
                last_seq: row.last_seq,
                created_at: row.created_at.0,
                updated_at: row.updated_at.0,
            })
            .collect(),
        next: page.next.map(|cursor| cursor.0),
    }))
}

/// An entry of a conversation's log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventView {
    /// Its number.
    seq: i64,
    /// `user_message`, `bot_message`, `side` or `turn_completed`.
    kind: &'static str,
    /// The turn.
    turn_id: Uuid,
    /// When.
    created_at: DateTime<Utc>,
    /// The client's id of the message that began the turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    /// What was said, or what a page should do.
    #[schema(value_type = Object)]
    payload: serde_json::Value,
}

impl TryFrom<&Event> for EventView {
    type Error = Error;

    fn try_from(event: &Event) -> Result<Self, Error> {
        let mut payload = serde_json::to_value(&event.body)?;
        if let Some(payload) = payload.as_object_mut() {
            payload.shift_remove("kind");
            // How the bot is told who it is, is its author's business.
            payload.shift_remove("prompt");
        }
        Ok(Self {
            seq: event.seq,
            kind: event.body.kind(),
            turn_id: *event.turn.as_uuid(),
            created_at: event.at,
            message_id: event.key.clone(),
            payload,
        })
    }
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventPage {
    /// The entries in order.
    items: Vec<EventView>,
    /// The next page's `after`: the number of the last entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists the entries of a conversation's log, from the beginning or after a number.
#[utoipa::path(get, path = "/api/chat/{id}/events", responses((status = 200, body = EventPage)),
    params(("id" = Uuid, Path), PageQuery, ("after" = Option<String>, Query,
        description = "The `next` of the page before, or the number of an entry", pattern = r"^[0-9]{1,18}$")))]
pub(super) async fn list_events(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<Json<EventPage>, Problem> {
    let id = ConversationId::from_uuid(id);
    chat.get(&caller, id).await?;
    let limit = query.limit()?;
    let after = query
        .cursor(|text| text.parse().ok().filter(|seq: &i64| *seq >= 0))?
        .unwrap_or(0);
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut events = chat.events_after(id, after, wanted).await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events.last().filter(|_| more).map(|event| event.seq.to_string());
    let items = visible(&events).map(EventView::try_from).collect::<Result<_, _>>()?;
    Ok(Json(EventPage { items, next }))
}

/// A message to a bot.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "content": "Hello" }))]
pub(super) struct NewMessage {
    /// What the person writes, or the tool's name when `message_type` is 6.
    #[serde(default)]
    #[schema(max_length = 65_536, pattern = r"^[^\x00]*$")]
    content: String,
    /// 1 a message (the default), 3 the beginning, 4 a click on a suggestion, 5 another context, 6 run a tool,
    /// 8 other switchers.
    #[schema(minimum = 0, maximum = 8)]
    message_type: Option<u8>,
    /// The client's own id: a repeated one is answered as it was the first time.
    #[schema(min_length = 1, max_length = 128)]
    message_id: Option<String>,
    /// The address of a file that was uploaded to this conversation.
    media_url: Option<String>,
    /// The context to select.
    context_name: Option<String>,
    /// Ids of the switchers that are on.
    active_switchers: Option<Vec<String>>,
    /// Arguments of the tool.
    #[schema(value_type = Option<Object>)]
    params: Option<serde_json::Map<String, serde_json::Value>>,
    /// The bot, for the first message of a conversation; the default one when absent.
    bot_name: Option<String>,
}

/// A finished turn.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TurnView {
    /// The conversation.
    conversation_id: Uuid,
    /// The turn.
    turn_id: Uuid,
    /// Whether the message had come before, so that this is its first answer.
    is_repeat: bool,
    /// What happened, as frames of the socket.
    #[schema(value_type = Vec<Object>)]
    frames: Vec<ServerFrame>,
}

/// Sends a message and waits for the end of its turn.
#[utoipa::path(post, path = "/api/chat/{id}/messages", params(("id" = Uuid, Path)), request_body = NewMessage,
    responses((status = 201, body = TurnView)))]
pub(super) async fn create_message(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(message): Json<NewMessage>,
) -> Result<(StatusCode, Json<TurnView>), Problem> {
    let conversation = ConversationId::from_uuid(id);
    let known = chat.admit(&caller, conversation).await?;
    let bot = match (&known, caller.visit) {
        (Some(known), _) => chat.bot(Some(&known.bot.to_string()))?,
        (None, Some((bot, _))) => chat.bot(Some(&bot.to_string()))?,
        (None, None) => chat.bot(message.bot_name.as_deref())?,
    };
    ChatService::check_public(&caller, &bot)?;
    let kind = message.message_type.map(|number| {
        MessageType::from_number(number).ok_or_else(|| Problem::invalid().field("message_type", "must be 0 to 8"))
    });
    let frame = ClientFrame {
        content: message.content,
        message_type: kind.transpose()?,
        message_id: Some(message.message_id.unwrap_or_else(ChatService::fresh_key)),
        media_url: message.media_url,
        context_name: message.context_name,
        active_switchers: message.active_switchers,
        params: message.params,
        kind: None,
    };
    let door = Door {
        caller,
        bot,
        conversation,
        locale: locale(&headers),
        channel: "api",
    };
    let inbound = door.read(&chat, frame).await?;
    let address = Address::of(
        &known
            .unwrap_or_else(|| Conversation::new(conversation, door.caller.org, door.bot.id, Owner::of(&door.caller))),
    );
    let outcome = chat.run(inbound).await?;
    let frames = outcome.events.iter().filter_map(|event| address.event(event)).collect();
    Ok((
        StatusCode::CREATED,
        Json(TurnView {
            conversation_id: id,
            turn_id: *outcome.turn.as_uuid(),
            is_repeat: outcome.is_repeat,
            frames,
        }),
    ))
}

/// Ends the answer that is being written.
#[utoipa::path(post, path = "/api/chat/{id}/stop", params(("id" = Uuid, Path)), responses((status = 204)))]
pub(super) async fn stop_answer(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    chat.stop(&caller, ConversationId::from_uuid(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
