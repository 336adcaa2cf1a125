//! Messages of a request as messages to a model.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use botstate::{
    door::{Content, ToolResult},
    model::{ChatMessage, Image, ToolCall},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::Refusal;

/// Messages of a request at most.
const MESSAGES: usize = 2048;
/// Pictures of a message at most.
const IMAGES: usize = 16;

/// A message as clients send it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct Message {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    pub(crate) role: Role,
    /// The text, or its parts; may be absent where an assistant called tools.
    #[serde(default)]
    #[schema(required = false)]
    pub(crate) content: Option<Text>,
    /// Tools that the assistant called.
    #[serde(default)]
    #[schema(required = false)]
    pub(crate) tool_calls: Option<Vec<Called>>,
    /// The call that a tool's result belongs to.
    #[serde(default)]
    #[schema(required = false)]
    pub(crate) tool_call_id: Option<String>,
}

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MessageRole)]
pub(crate) enum Role {
    /// Instructions.
    System,
    /// Instructions, by their newer name.
    Developer,
    /// A person.
    User,
    /// The model.
    Assistant,
    /// A tool.
    Tool,
}

/// A text, whole or in parts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = MessageText)]
pub(crate) enum Text {
    /// Whole.
    Whole(String),
    /// In parts.
    Parts(Vec<Part>),
}

/// A part of a message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = MessagePart)]
pub(crate) enum Part {
    /// Words.
    #[serde(alias = "input_text", alias = "output_text")]
    Text {
        /// The words.
        text: String,
    },
    /// What a model refused to say.
    Refusal {
        /// The words.
        refusal: String,
    },
    /// A picture.
    ImageUrl {
        /// Where it is.
        image_url: Address,
    },
    /// A picture, in the words of the responses.
    InputImage {
        /// A `data:` address.
        image_url: String,
    },
}

/// Where a picture is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = ImageAddress)]
pub(crate) struct Address {
    /// A `data:` address: this server fetches nothing from elsewhere for a client.
    url: String,
}

/// A call of a tool.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = MessageToolCall)]
pub(crate) struct Called {
    /// Its id.
    pub(crate) id: String,
    /// The function.
    pub(crate) function: Function,
}

/// A function that was called.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = MessageFunctionCall)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// Its arguments, as JSON in a text.
    pub(crate) arguments: String,
}

/// What a list of messages means.
#[derive(Debug)]
pub(crate) struct Said {
    /// Instructions, one after the other.
    pub(crate) instructions: Option<String>,
    /// What was said before.
    pub(crate) history: Vec<ChatMessage>,
    /// What is said now.
    pub(crate) content: Content,
}

impl Text {
    fn read(self) -> Result<(String, Vec<Image>), Refusal> {
        let parts = match self {
            Self::Whole(text) => return Ok((text, Vec::new())),
            Self::Parts(parts) => parts,
        };
        let (mut texts, mut images) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Text { text } | Part::Refusal { refusal: text } => texts.push(text),
                Part::ImageUrl {
                    image_url: Address { url },
                }
                | Part::InputImage { image_url: url } => images.push(image(&url)?),
            }
        }
        if images.len() > IMAGES {
            return Err(Refusal::invalid(
                "messages",
                format!("a message may have {IMAGES} pictures at most"),
            ));
        }
        Ok((texts.join("\n"), images))
    }
}

fn image(url: &str) -> Result<Image, Refusal> {
    let wrong = || {
        Refusal::invalid(
            "messages",
            "a picture must be given as data:image/png;base64,… (or jpeg, webp, gif): nothing is fetched from elsewhere",
        )
    };
    let (media_type, data) = url
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(";base64,"))
        .ok_or_else(wrong)?;
    let is_known = ["image/png", "image/jpeg", "image/webp", "image/gif"].contains(&media_type);
    if !is_known || STANDARD.decode(data).is_err() {
        return Err(wrong());
    }
    Ok(Image {
        media_type: media_type.to_owned(),
        data: data.to_owned(),
    })
}

/// Parts a list of messages into instructions, history, and what is said now.
pub(crate) fn read(messages: Vec<Message>) -> Result<Said, Refusal> {
    if messages.len() > MESSAGES {
        return Err(Refusal::invalid(
            "messages",
            format!("at most {MESSAGES} messages are taken"),
        ));
    }
    let (mut instructions, mut talk) = (Vec::new(), Vec::new());
    for message in messages {
        let (text, images) = match message.content {
            Some(content) => content.read()?,
            None => (String::new(), Vec::new()),
        };
        match message.role {
            Role::System | Role::Developer => instructions.push(text),
            Role::User => talk.push(ChatMessage::User { content: text, images }),
            Role::Assistant => talk.push(ChatMessage::Assistant {
                content: text,
                calls: message.tool_calls.unwrap_or_default().into_iter().map(call).collect(),
            }),
            Role::Tool => {
                let call_id = message
                    .tool_call_id
                    .ok_or_else(|| Refusal::invalid("messages", "a message of a tool needs its tool_call_id"))?;
                talk.push(ChatMessage::Tool { call_id, content: text });
            }
        }
    }
    let instructions = (!instructions.is_empty()).then(|| instructions.join("\n\n"));
    let (history, content) = part(talk)?;
    Ok(Said {
        instructions,
        history,
        content,
    })
}

fn call(called: Called) -> ToolCall {
    ToolCall {
        id: called.id,
        name: called.function.name,
        arguments: called.function.arguments,
        signature: None,
    }
}

/// Parts what was said before from what is said now: a message, or the results of the calls before it.
pub(crate) fn part(mut talk: Vec<ChatMessage>) -> Result<(Vec<ChatMessage>, Content), Refusal> {
    match talk.pop() {
        Some(ChatMessage::User { content, images }) if !content.trim().is_empty() || !images.is_empty() => Ok((
            talk,
            Content::Message {
                text: content,
                files: Vec::new(),
                images,
            },
        )),
        Some(ChatMessage::Tool { call_id, content }) => {
            let mut results = vec![ToolResult { call_id, content }];
            while let Some(ChatMessage::Tool { .. }) = talk.last() {
                if let Some(ChatMessage::Tool { call_id, content }) = talk.pop() {
                    results.push(ToolResult { call_id, content });
                }
            }
            results.reverse();
            Ok((talk, Content::Results(results)))
        }
        _ => Err(Refusal::invalid(
            "messages",
            "the last message must be what a user said, or the result of a tool",
        )),
    }
}
