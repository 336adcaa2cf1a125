//! Entries of the log and pieces of answers as frames of the protocol.

use axum::extract::ws::Utf8Bytes;
use botlib::{
    TurnId,
    wire::{InputSpec, MessageType, ServerFrame},
};
use serde::Serialize;

use crate::{
    model::{Body, Completed, Conversation, Event},
    room::Rendered,
};

/// A [`ServerFrame`] with a part of an answer.
#[derive(Serialize)]
struct Piece<'a> {
    bot_id: &'a str,
    user_id: &'a str,
    session_id: &'a str,
    channel: &'a str,
    content: &'a str,
    message_type: u8,
    stream_token: &'a str,
    is_complete: bool,
    context_length: u32,
    context_max_length: u32,
    turn_id: TurnId,
    offset: usize,
}

/// The ids that every frame of a conversation carries.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) bot: String,
    pub(crate) user: String,
    pub(crate) session: String,
}

impl Address {
    pub(crate) fn of(conversation: &Conversation) -> Self {
        Self {
            bot: conversation.bot.to_string(),
            user: conversation.owner.id.clone(),
            session: conversation.id.to_string(),
        }
    }

    fn frame(&self, message_type: MessageType) -> ServerFrame {
        ServerFrame {
            bot_id: self.bot.clone(),
            user_id: self.user.clone(),
            session_id: self.session.clone(),
            channel: "web".to_owned(),
            message_type: message_type.number(),
            ..ServerFrame::default()
        }
    }

    /// The first frame of a connection.
    pub(crate) fn hello(&self, last_seq: i64, tools: &[String], input: Option<InputSpec>) -> ServerFrame {
        ServerFrame {
            kind: Some("connected".to_owned()),
            seq: Some(last_seq),
            data: Some(serde_json::json!({ "tools": tools })),
            input,
            ..self.frame(MessageType::System)
        }
    }

    /// The next words of an answer. There are many of these frames, so that they are written without copies.
    pub(crate) fn piece(&self, token: &str, turn: TurnId, offset: usize, text: &str) -> Utf8Bytes {
        let frame = Piece {
            bot_id: &self.bot,
            user_id: &self.user,
            session_id: &self.session,
            channel: "web",
            content: text,
            message_type: MessageType::BotResponse.number(),
            stream_token: token,
            is_complete: false,
            context_length: 0,
            context_max_length: 0,
            turn_id: turn,
            offset,
        };
        let mut written = Vec::with_capacity(512 + text.len());
        // It holds nothing that JSON could refuse.
        let _infallible = serde_json::to_writer(&mut written, &frame);
        Utf8Bytes::try_from(written).unwrap_or_default()
    }

    /// The bot works.
    pub(crate) fn thinking(&self, turn: TurnId) -> ServerFrame {
        ServerFrame {
            thinking: Some(true),
            turn_id: Some(turn.to_string()),
            ..self.frame(MessageType::BotResponse)
        }
    }

    /// A message that was not taken.
    pub(crate) fn error(&self, problem: &botlib::Problem, message_id: Option<&str>) -> ServerFrame {
        let text = problem.detail.as_ref().unwrap_or(&problem.title).clone();
        let mut data = serde_json::to_value(problem).unwrap_or_default();
        if let (Some(id), Some(data)) = (message_id, data.as_object_mut()) {
            data.insert("message_id".to_owned(), id.into());
        }
        ServerFrame {
            kind: Some("error".to_owned()),
            content: text,
            data: Some(data),
            ..self.frame(MessageType::System)
        }
    }

    /// An entry of the log as people see it; nothing for entries that are not for them.
    pub(crate) fn event(&self, event: &Event) -> Option<ServerFrame> {
        let base = ServerFrame {
            seq: Some(event.seq),
            timestamp: Some(event.at),
            turn_id: Some(event.turn.to_string()),
            ..self.frame(MessageType::BotResponse)
        };
        Some(match &event.body {
            Body::UserMessage {
                content,
                message_type,
                files,
            } => ServerFrame {
                kind: Some("user_message".to_owned()),
                content: content.clone(),
                message_type: *message_type,
                is_complete: true,
                files: files.clone(),
                data: event.key.as_ref().map(|key| serde_json::json!({ "message_id": key })),
                ..base
            },
            Body::BotMessage {
                content,
                stream,
                stopped,
                files,
                citations,
            } => ServerFrame {
                content: content.clone(),
                is_complete: true,
                files: files.clone(),
                citations: citations.clone(),
                stream_token: stream.clone(),
                data: stopped.then(|| serde_json::json!({ "stopped": true })),
                ..base
            },
            Body::Side { event, data } => ServerFrame {
                event: Some(event.clone()),
                data: Some(data.clone()),
                is_complete: true,
                ..base
            },
            Body::TurnCompleted(end) => ServerFrame {
                kind: Some("turn_completed".to_owned()),
                message_type: MessageType::System.number(),
                suggestions: end.suggestions.clone(),
                switchers: end.switchers.clone(),
                input: end.input.clone(),
                data: (!end.data.is_null()).then(|| end.data.clone()),
                context_name: end.context_name.clone(),
                context_length: end.usage.map_or(0, |usage| usage.input_tokens + usage.output_tokens),
                context_max_length: end.context_tokens.unwrap_or(0),
                ..base
            },
            Body::Summary { .. }
            | Body::ToolCall { .. }
            | Body::ToolResult { .. }
            | Body::Fault { .. }
            | Body::Started { .. }
            | Body::Taped { .. } => return None,
        })
    }

    /// Entries as text, once for everyone who listens: the same for those who hear them and those who read them.
    /// Nothing stands beside those that are not for people.
    pub(crate) fn render<'a>(&self, events: &'a [Event]) -> impl Iterator<Item = (&'a Event, Option<Rendered>)> {
        events.iter().enumerate().map(|(index, event)| {
            let following = events.get(index + 1..).unwrap_or_default();
            (event, self.render_one(event, following))
        })
    }

    fn render_one(&self, event: &Event, following: &[Event]) -> Option<Rendered> {
        let mut frame = self.event(event)?;
        // Chips stand at the end of a turn, and on its last message too, for clients that know of no end.
        if let Some(end) = end_after(event, following) {
            frame.suggestions.clone_from(&end.suggestions);
            frame.switchers.clone_from(&end.switchers);
        }
        let full = text(&frame);
        let streamed = frame.stream_token.take().map(|token| {
            let length = frame.content.len();
            frame.content.clear();
            frame.stream_token = Some(token.clone());
            (token, length, text(&frame))
        });
        Some(Rendered {
            seq: event.seq,
            after: 0,
            full,
            streamed,
        })
    }
}

/// The end of the turn, if `event` is the last message that was kept together with it.
fn end_after<'a>(event: &Event, following: &'a [Event]) -> Option<&'a Completed> {
    if !matches!(event.body, Body::BotMessage { .. }) {
        return None;
    }
    let decides = following.iter().find(|next| {
        next.turn != event.turn || matches!(next.body, Body::BotMessage { .. } | Body::TurnCompleted(_))
    })?;
    match &decides.body {
        Body::TurnCompleted(end) if decides.turn == event.turn && decides.at == event.at => Some(end),
        _ => None,
    }
}

/// A frame as text.
pub(crate) fn text(frame: &ServerFrame) -> Utf8Bytes {
    // A frame holds nothing that JSON could refuse: no map with other keys than text, no number but finite ones.
    serde_json::to_string(frame).unwrap_or_default().into()
}
