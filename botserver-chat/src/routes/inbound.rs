//! From a client's frame to an input, the same for the socket and REST.

use botlib::{
    Caller, ConversationId,
    wire::{ClientFrame, MessageType},
};
use botstate::dialog::{Answer, Bot};
use http::{HeaderMap, header};
use std::sync::Arc;

use crate::{
    error::Error,
    model::{Client, Content, Inbound},
    service::ChatService,
};

/// The longest message that a person may send, in bytes.
const LONGEST: usize = 64 * 1024;
/// The longest id that a client may give a message.
const LONGEST_ID: usize = 128;

/// Where a frame came from.
pub(super) struct Door {
    pub(super) caller: Caller,
    pub(super) bot: Arc<Bot>,
    pub(super) conversation: ConversationId,
    pub(super) locale: Option<String>,
    pub(super) channel: &'static str,
}

impl Door {
    /// An input of this door.
    pub(super) fn inbound(&self, content: Content, key: Option<String>) -> Inbound {
        Inbound {
            caller: self.caller.clone(),
            bot: Arc::clone(&self.bot),
            conversation: self.conversation,
            key,
            content,
            locale: self.locale.clone(),
            channel: self.channel,
            depth: 0,
            client: Client::default(),
        }
    }

    /// The input that a frame stands for.
    pub(super) async fn read(&self, chat: &ChatService, frame: ClientFrame) -> Result<Inbound, Error> {
        if frame.content.len() > LONGEST {
            return Err(Error::Invalid(format!(
                "a message may have {LONGEST} bytes at most; send a file instead"
            )));
        }
        if frame
            .message_id
            .as_ref()
            .is_some_and(|id| id.is_empty() || id.len() > LONGEST_ID || id.contains(char::is_control))
        {
            return Err(Error::Invalid(format!(
                "message_id must have 1 to {LONGEST_ID} bytes without control characters"
            )));
        }
        if frame.content.contains('\0') {
            return Err(Error::Invalid("a message may not contain the character NUL".to_owned()));
        }
        let kind = frame.message_type.unwrap_or(MessageType::User);
        let content = match kind {
            MessageType::User | MessageType::Suggestion | MessageType::External => {
                self.message(chat, &frame, kind).await?
            }
            MessageType::ToolExec => {
                if frame.content.is_empty() {
                    return Err(Error::Invalid("content must name the tool to run".to_owned()));
                }
                Content::Tool {
                    name: frame.content,
                    args: frame.params.map_or(serde_json::Value::Null, serde_json::Value::Object),
                }
            }
            MessageType::ContextChange => Content::Context(frame.context_name.unwrap_or(frame.content)),
            MessageType::SwitcherToggle => Content::Switchers(short_list(frame.active_switchers.unwrap_or_default())?),
            MessageType::Continue => Content::Start,
            MessageType::BotResponse | MessageType::System => {
                return Err(Error::Invalid(format!(
                    "message_type {} comes from the server only; send 1 for a message",
                    kind.number()
                )));
            }
        };
        Ok(self.inbound(content, frame.message_id))
    }

    async fn message(&self, chat: &ChatService, frame: &ClientFrame, kind: MessageType) -> Result<Content, Error> {
        let mut answer = Answer {
            text: frame.content.clone(),
            files: Vec::new(),
        };
        if let Some(url) = &frame.media_url {
            answer
                .files
                .push(chat.file_ref(&self.caller, self.conversation, url).await?);
        }
        if let (MessageType::Suggestion, Some(key)) = (kind, &frame.context_name) {
            answer.text.clone_from(key);
        }
        Ok(Content::Message {
            answer,
            kind,
            switchers: frame.active_switchers.clone().map(short_list).transpose()?,
        })
    }
}

fn short_list(ids: Vec<String>) -> Result<Vec<String>, Error> {
    if ids.len() > 32 || ids.iter().any(|id| id.len() > 256) {
        return Err(Error::Invalid(
            "active_switchers may hold 32 ids of 256 bytes at most".to_owned(),
        ));
    }
    Ok(ids)
}

/// The language that a client prefers, from its `Accept-Language`.
pub(super) fn locale(headers: &HeaderMap) -> Option<String> {
    let first = headers
        .get(header::ACCEPT_LANGUAGE)?
        .to_str()
        .ok()?
        .split([',', ';'])
        .next()?
        .trim();
    let is_tag = !first.is_empty()
        && first.len() <= 35
        && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_tag.then(|| first.to_owned())
}
