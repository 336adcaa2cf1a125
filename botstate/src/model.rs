//! The port to language models.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{BotId, Caller, ConversationId, OrgId, PersonId, Subject, VisitorId};
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{
    dialog::{Bot, Fault, FaultKind, ToolSpec},
    knowledge::Reader,
    money::Money,
};

/// Bytes of a token, on average.
const TOKEN: usize = 4;

/// Tokens that a picture is taken for.
const PICTURE: usize = 1000;

/// Finds the model that answers for a bot.
pub trait Models: Send + Sync + 'static {
    /// The model that the bot's settings or the server's configuration name; nothing when neither does.
    fn for_bot(&self, bot: &Bot) -> Option<Arc<dyn ChatModel>>;

    /// The names that USE MODEL may choose for a bot: what the settings list, and nothing else.
    fn names(&self, _bot: &Bot) -> Vec<String> {
        Vec::new()
    }

    /// The bot's models with the one called `name` first; the others stand in for it.
    ///
    /// # Errors
    /// [`FaultKind::NotFound`] when the settings list no such model.
    fn chosen(&self, bot: &Bot, name: &str) -> Result<Arc<dyn ChatModel>, Fault> {
        let fault = Fault::new(
            FaultKind::NotFound,
            format!("the bot {} has no model {name:?}", bot.name),
        );
        Err(fault.hint("name its models in the row llm-models of config.csv"))
    }

    /// The model of a conversation that chose one; where the settings have lost it, the bot's own answers.
    fn for_choice(&self, bot: &Bot, choice: Option<&str>) -> Option<Arc<dyn ChatModel>> {
        let chosen = choice.map(|name| self.chosen(bot, name));
        match chosen {
            Some(Ok(model)) => Some(model),
            Some(Err(fault)) => {
                tracing::warn!(bot.name = %bot.name, %fault, "another model answers than the one that was chosen");
                self.for_bot(bot)
            }
            None => self.for_bot(bot),
        }
    }
}

/// A model that continues a conversation.
#[async_trait]
pub trait ChatModel: Send + Sync + 'static {
    /// The provider's name of the model.
    fn name(&self) -> &str;

    /// Tokens that prompt and answer may have together, when known.
    fn context_tokens(&self) -> Option<u32>;

    /// What else is known of it.
    fn facts(&self) -> ModelFacts {
        ModelFacts {
            context_tokens: self.context_tokens(),
            ..ModelFacts::default()
        }
    }

    /// Starts an answer. The stream ends after [`Delta::End`] or an error; dropping it or cancelling the
    /// token ends the request at the provider as well.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached before the first piece. Retries happened already.
    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<Deltas, ModelError>;
}

/// The pieces of an answer.
pub type Deltas = BoxStream<'static, Result<Delta, ModelError>>;

/// What a model is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatRequest {
    /// The conversation so far, oldest first, system prompts first of all.
    pub messages: Vec<ChatMessage>,
    /// Tools that the model may call.
    pub tools: Vec<ToolSpec>,
    /// Randomness, 0 to 2; the provider's default when absent.
    pub temperature: Option<f32>,
    /// The longest answer wanted, in tokens; the provider's default when absent.
    pub max_tokens: Option<u32>,
    /// Whether the model has to call one of the tools.
    pub choice: ToolChoice,
    /// The form of the answer.
    pub format: AnswerFormat,
    /// What matters most where several models could answer; the bot's settings decide when absent.
    pub goal: Option<Goal>,
    /// For whom the model is asked; nothing for a question that belongs to nobody, such as that of `doctor`.
    pub asker: Option<Asker>,
}

/// Whether a model has to call a tool. Providers that cannot make it do so leave it to the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// It calls one of its tools, or several.
    Required,
    /// It calls the tool of this name.
    Named(String),
}

/// The form that an answer has to have. Providers that cannot make a model keep to it leave it to the prompt, so
/// whoever wants a form says so there as well, and looks at what comes.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum AnswerFormat {
    /// Any text.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// JSON that a schema describes.
    Schema {
        /// What the schema is called: letters, digits, `_` and `-`.
        name: String,
        /// The JSON schema.
        schema: serde_json::Value,
        /// Whether the provider shall see to it that nothing else comes.
        is_strict: Option<bool>,
    },
}

impl ChatRequest {
    /// Roughly how many tokens the prompt has: its words, pictures and tools.
    pub fn estimated_tokens(&self) -> u32 {
        let messages: usize = self.messages.iter().map(ChatMessage::estimated_tokens).sum();
        let tools: usize = self
            .tools
            .iter()
            .map(|tool| (tool.description.len() + tool.parameters.to_string().len()) / TOKEN)
            .sum();
        u32::try_from(messages + tools).unwrap_or(u32::MAX).max(1)
    }
}

/// Roughly how many tokens a text has.
pub fn estimated_tokens(text: &str) -> u32 {
    u32::try_from(text.len() / TOKEN).unwrap_or(u32::MAX)
}

/// For whom a model is asked: what usage is counted for, and what keeps one answer from being given to another.
///
/// An answer may be given again only where every field but `conversation` and `visitor` is the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asker {
    /// The organisation that pays.
    pub org: OrgId,
    /// The bot that asks.
    pub bot: BotId,
    /// The person with an account whom it answers.
    pub person: Option<PersonId>,
    /// The visitor without an account whom it answers.
    pub visitor: Option<VisitorId>,
    /// The conversation that the answer is for.
    pub conversation: Option<ConversationId>,
    /// The version of the prompt: `name@version/variant` of its file, or the version of the package that brings it, then
    /// `#` and a hash of all that the system part of the request says. Without a system part the package's version.
    pub prompt: String,
    /// The version of the knowledge that was searched; empty when none was.
    pub knowledge: String,
    /// What the reader may read, as [`Reader::fingerprint`] gives it.
    ///
    /// [`Reader::fingerprint`]: crate::knowledge::Reader::fingerprint
    pub reader: String,
}

impl Asker {
    /// A question of `bot` for `caller`, without knowledge, from the prompt that its package brings.
    pub fn new(bot: &Bot, caller: &Caller, conversation: Option<ConversationId>) -> Self {
        let reader = Reader::of(caller);
        Self {
            org: bot.org,
            bot: bot.id,
            person: reader.person,
            visitor: match caller.subject {
                Subject::Visitor(visitor) => Some(visitor),
                _ => None,
            },
            conversation,
            prompt: bot.version.clone(),
            knowledge: String::new(),
            reader: reader.fingerprint(),
        }
    }
}

/// One message to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum ChatMessage {
    /// Instructions.
    System {
        /// The text.
        content: String,
    },
    /// What a person wrote.
    User {
        /// The text.
        content: String,
        /// Pictures that came with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        images: Vec<Image>,
    },
    /// What the model answered.
    Assistant {
        /// The text; may be empty when there are calls.
        content: String,
        /// Tools that it called.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<ToolCall>,
    },
    /// What a tool gave back.
    Tool {
        /// The id of the call.
        call_id: String,
        /// The result as text.
        content: String,
    },
}

impl ChatMessage {
    /// What a person wrote, without pictures.
    pub fn user(content: impl Into<String>) -> Self {
        Self::User {
            content: content.into(),
            images: Vec::new(),
        }
    }

    fn estimated_tokens(&self) -> usize {
        match self {
            Self::System { content } | Self::Tool { content, .. } => content.len() / TOKEN,
            Self::User { content, images } => content.len() / TOKEN + images.len() * PICTURE,
            Self::Assistant { content, calls } => {
                let arguments: usize = calls.iter().map(|call| call.arguments.len()).sum();
                (content.len() + arguments) / TOKEN
            }
        }
    }
}

/// A picture for a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its type, such as `image/png`.
    pub media_type: String,
    /// Its bytes in standard base64 with padding.
    pub data: String,
}

/// A tool that a model wants to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id of the call.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// Its arguments: JSON text as the model wrote it, not yet checked.
    pub arguments: String,
    /// What the provider wants to have back with the call, unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    /// The next words.
    Text(String),
    /// The next words of the model's reasoning, which are not part of the answer.
    Reasoning(String),
    /// A whole tool call.
    Call(ToolCall),
    /// The end of the answer.
    End {
        /// Why it ended.
        finish: Finish,
        /// What it cost, when the provider says so.
        usage: Option<Usage>,
        /// Who really answered, which is not always the model that was asked first.
        by: Option<Answerer>,
    },
}

/// The model that an answer came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Answerer {
    /// The kind of the provider, such as `anthropic`.
    pub provider: Arc<str>,
    /// The provider's name of the model.
    pub model: Arc<str>,
    /// What its tokens cost, when known.
    pub price: Option<Price>,
}

/// What the tokens of a model cost, in US dollars per million.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Tokens of prompts.
    pub input: f64,
    /// Tokens of answers, reasoning included.
    pub output: f64,
    /// Tokens of prompts that the provider had in its cache; those of `input` when not stated.
    pub cached: Option<f64>,
}

impl Price {
    /// What a call of `usage` costs, to the last digit.
    pub fn of(&self, usage: &Usage) -> Money {
        let cached = usage.cached_tokens.min(usage.input_tokens);
        let fresh = usage.input_tokens - cached;
        Money::of_tokens(fresh, self.input)
            + Money::of_tokens(cached, self.cached.unwrap_or(self.input))
            + Money::of_tokens(usage.output_tokens, self.output)
    }
}

/// What is known of a model; what is not known is absent rather than guessed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ModelFacts {
    /// Tokens that prompt and answer may have together.
    pub context_tokens: Option<u32>,
    /// The longest answer in tokens.
    pub output_tokens: Option<u32>,
    /// Whether it can call tools.
    pub tools: Option<bool>,
    /// Whether it sees pictures.
    pub vision: Option<bool>,
    /// Whether it reasons before it answers.
    pub reasoning: Option<bool>,
    /// What its tokens cost.
    pub price: Option<Price>,
}

/// What matters most when a bot has several models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Goal {
    /// The lowest price.
    Cost,
    /// The fastest first words.
    Speed,
    /// The best answer.
    Quality,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model had said all.
    Stop,
    /// The model waits for the results of its calls.
    ToolCalls,
    /// The answer reached its longest length.
    Length,
    /// The provider's filter held the answer back.
    Filtered,
}

/// Tokens of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt, those from the provider's cache included.
    pub input_tokens: u32,
    /// Tokens of the answer, those of the reasoning included.
    pub output_tokens: u32,
    /// Tokens of the prompt that the provider had in its cache.
    #[serde(default)]
    pub cached_tokens: u32,
    /// Tokens of the reasoning, when the provider counts them.
    #[serde(default)]
    pub reasoning_tokens: u32,
    /// Whether no model was asked, since the answer had been given before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cached: bool,
}

/// Why a model did not answer. The messages are for operators; visitors see a plain sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No request was made: the settings are wrong or the conversation is too large to be sent.
    #[error("the model cannot be asked: {reason}")]
    NotAsked {
        /// What is wrong and what to do about it.
        reason: String,
    },
    /// No connection, or it broke off.
    #[error("could not reach the model at {url}: {reason}")]
    Unreachable {
        /// The address without credentials.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// No answer in time.
    #[error("the model at {url} did not answer within {seconds} s")]
    Timeout {
        /// The address without credentials.
        url: String,
        /// The limit that passed.
        seconds: u64,
    },
    /// The provider refused the key.
    #[error("the model at {url} refused the key: check OPENAI_API_KEY or llm-key")]
    Unauthorized {
        /// The address without credentials.
        url: String,
    },
    /// Too many requests.
    #[error("the model at {url} asks to slow down")]
    Limited {
        /// The address without credentials.
        url: String,
        /// Seconds to wait, when the provider says so.
        retry_after: Option<u64>,
    },
    /// Any other refusal.
    #[error("the model at {url} answered {status}: {reason}")]
    Refused {
        /// The address without credentials.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The provider's message, shortened.
        reason: String,
    },
    /// The answer was not what the protocol says.
    #[error("the model at {url} sent an answer that cannot be read: {reason}")]
    Garbled {
        /// The address without credentials.
        url: String,
        /// What was wrong.
        reason: String,
    },
    /// Failures in a row: no request is made for a while.
    #[error("the model at {url} failed {failures} times in a row: next try in {seconds} s")]
    Resting {
        /// The address without credentials.
        url: String,
        /// Failures so far.
        failures: u32,
        /// Seconds until the next try.
        seconds: u64,
    },
    /// A budget is spent: nothing was asked.
    #[error("{budget} is spent: it is renewed at {}", renews_at.format("%Y-%m-%d %H:%M UTC"))]
    Exhausted {
        /// Which one, such as `the daily budget of the bot`.
        budget: String,
        /// When there is something to spend again.
        renews_at: DateTime<Utc>,
    },
    /// The caller cancelled.
    #[error("the answer was stopped")]
    Cancelled,
}
