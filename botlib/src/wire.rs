//! The frames of the chat protocol, spoken on `/ws` and carried by SSE and REST.
//!
//! Field names and message types are those that existing clients use. Our additions are `seq`, `timestamp`, `turn_id`,
//! `offset`, `input` and `files` in frames from the server, and `message_id`, `params`, `resume_from` and
//! `type: "stop"` in frames from the client; a client that ignores them still works.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::value::FileRef;

/// The `message_type` of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// Injected by another system; the model is not asked.
    External,
    /// What a person wrote.
    User,
    /// What the bot says.
    BotResponse,
    /// Go on without a new input.
    Continue,
    /// A click on a suggestion.
    Suggestion,
    /// Another context was selected.
    ContextChange,
    /// Run a tool; `content` is its name.
    ToolExec,
    /// Not for people: the end of a turn, errors. Clients that do not know it ignore it.
    System,
    /// Answer the last message again with other switchers.
    SwitcherToggle,
}

impl MessageType {
    /// The number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::External => 0,
            Self::User => 1,
            Self::BotResponse => 2,
            Self::Continue => 3,
            Self::Suggestion => 4,
            Self::ContextChange => 5,
            Self::ToolExec => 6,
            Self::System => 7,
            Self::SwitcherToggle => 8,
        }
    }

    /// The type that `number` stands for.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::External,
            1 => Self::User,
            2 => Self::BotResponse,
            3 => Self::Continue,
            4 => Self::Suggestion,
            5 => Self::ContextChange,
            6 => Self::ToolExec,
            7 => Self::System,
            8 => Self::SwitcherToggle,
            _ => return None,
        })
    }
}

impl Serialize for MessageType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for MessageType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        Self::from_number(number)
            .ok_or_else(|| serde::de::Error::custom(format!("message_type {number} is unknown: 0 to 8 are expected")))
    }
}

/// A frame from a client. Fields that this server does not read (`bot_id`, `user_id`, `session_id`,
/// `channel`, `timestamp`) may be there and are ignored: who someone is was settled when the socket opened.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ClientFrame {
    /// `stop` ends the running answer; absent for messages.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// What the person wrote, or the tool's name when `message_type` is 6.
    #[serde(default, alias = "text")]
    pub content: String,
    /// Absent means [`MessageType::User`].
    #[serde(default)]
    pub message_type: Option<MessageType>,
    /// The client's own id of this message: a repeated one is not a second turn.
    #[serde(default, alias = "id")]
    pub message_id: Option<String>,
    /// The address of an uploaded file.
    #[serde(default)]
    pub media_url: Option<String>,
    /// The context that was selected.
    #[serde(default)]
    pub context_name: Option<String>,
    /// Ids of the switchers that are on.
    #[serde(default)]
    pub active_switchers: Option<Vec<String>>,
    /// Arguments of the tool when `message_type` is 6.
    #[serde(default)]
    pub params: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A frame from the server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerFrame {
    /// `connected`, `turn_completed`, `user_message` or `error`; absent for what the bot says.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The bot.
    pub bot_id: String,
    /// The person or visitor.
    pub user_id: String,
    /// The conversation.
    pub session_id: String,
    /// Always `web` on this socket.
    pub channel: String,
    /// Whole text, or a piece of it while an answer streams.
    pub content: String,
    /// The number of a [`MessageType`].
    pub message_type: u8,
    /// The streamed message that this piece belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_token: Option<String>,
    /// Whether the message is whole: false for each piece, true once at its end.
    pub is_complete: bool,
    /// True while the bot works and has nothing to show yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<bool>,
    /// Chips to click.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// Toggles of the answer's form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switchers: Vec<Switcher>,
    /// The selected context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_name: Option<String>,
    /// Tokens of the last prompt.
    #[serde(default)]
    pub context_length: u32,
    /// Tokens that the model can take; 0 when no model answered.
    #[serde(default)]
    pub context_max_length: u32,
    /// The name of a side event, such as `change_theme`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// What goes with the side event, or the turn's return value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Value>,
    /// The position in the conversation's log; absent for pieces of a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// When it happened; absent for pieces of a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<DateTime<Utc>>,
    /// The turn that this frame belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
    /// Where this piece begins in its message, in bytes of UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The input that the bot waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<InputSpec>,
    /// Files that came with the message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRef>,
    /// The passages that the message leans on; `[1]` in its text means the one with that number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
}

/// A passage of a document that an answer leans on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    /// The number by which the text refers to it, from 1.
    pub number: u32,
    /// The collection.
    pub collection: String,
    /// The document's path in its collection, or the address of a web page.
    pub document: String,
    /// The document's title.
    pub title: String,
    /// The version of the document: the beginning of its content hash.
    pub version: String,
    /// The page, from 1, where documents have pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The headings above the passage, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<String>,
    /// The passage itself, shortened.
    pub passage: String,
    /// Where the reader may open the document; absent when it cannot be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A chip that a person may click instead of writing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// What the chip shows.
    pub text: String,
    /// The key: the context that it selects, or the answer that it gives to a waiting HEAR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// What a click does; nothing means that it sends the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// A name or an emoji to show beside the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

/// What a click on a suggestion does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// Sends `message` as if the person had written it.
    SendMessage {
        /// The text to send.
        message: String,
    },
    /// Selects the context of the suggestion.
    SelectContext,
    /// Runs a tool (message type 6).
    InvokeTool {
        /// The tool's name.
        tool: String,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        params: Option<serde_json::Value>,
    },
}

/// A toggle that changes the form of every answer while it is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switcher {
    /// The id that the client sends back while the toggle is on.
    pub id: String,
    /// What the toggle shows.
    pub label: String,
    /// The instruction that it adds to the prompt; absent for the standard ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// A CSS colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// A name or an emoji.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

/// What a waiting HEAR wants, so that a page can show a fitting control.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSpec {
    /// The kind of answer.
    #[serde(rename = "type")]
    pub kind: InputKind,
    /// The choices, when the kind is [`InputKind::Menu`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Whether an answer besides the choices is taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    /// What an empty answer stands for, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Seconds after which the script goes on without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u64>,
}

macro_rules! input_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The types of HEAR.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum InputKind {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl InputKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

input_kinds! {
    /// Any text.
    #[default]
    Text = "text";
    /// A mail address.
    Email = "email";
    /// A day.
    Date = "date";
    /// A person's name.
    Name = "name";
    /// A whole number.
    Integer = "integer";
    /// A number with decimals.
    Float = "float";
    /// Yes or no.
    Boolean = "boolean";
    /// A time of day.
    Hour = "hour";
    /// An amount of money.
    Money = "money";
    /// A telephone number.
    Mobile = "mobile";
    /// A postal code.
    Zipcode = "zipcode";
    /// A language.
    Language = "language";
    /// A Brazilian person's tax number.
    Cpf = "cpf";
    /// A Brazilian company's tax number.
    Cnpj = "cnpj";
    /// A web address.
    Url = "url";
    /// A UUID.
    Uuid = "uuid";
    /// A colour.
    Color = "color";
    /// A payment card number.
    CreditCard = "creditcard";
    /// A password or another secret: never shown, logged or kept in the log.
    Password = "password";
    /// A picture.
    Image = "image";
    /// A film.
    Video = "video";
    /// A sound recording.
    Audio = "audio";
    /// Any file.
    File = "file";
    /// A document.
    Document = "document";
    /// One of some choices.
    Menu = "menu";
}

impl InputKind {
    /// Whether the answer is a file.
    pub const fn is_file(self) -> bool {
        matches!(
            self,
            Self::Image | Self::Video | Self::Audio | Self::File | Self::Document
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_an_existing_client_is_read() {
        let frame: ClientFrame = serde_json::from_str(
            r#"{"bot_id":"b","user_id":"u","session_id":"s","channel":"web","content":"hi",
                "message_type":4,"media_url":null,"timestamp":"2026-01-01T00:00:00Z","active_switchers":["tables"]}"#,
        )
        .unwrap();

        assert_eq!(
            (frame.content.as_str(), frame.message_type),
            ("hi", Some(MessageType::Suggestion))
        );
    }

    #[test]
    fn an_unknown_message_type_is_refused_with_the_range() {
        let error = serde_json::from_str::<ClientFrame>(r#"{"message_type":9}"#).unwrap_err();

        assert!(error.to_string().contains("0 to 8"), "{error}");
    }

    #[test]
    fn numbers_of_message_types_read_back() {
        for number in 0..=8 {
            assert_eq!(MessageType::from_number(number).map(MessageType::number), Some(number));
        }
    }
}
