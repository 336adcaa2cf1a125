//! The nouns: conversations, what happens in them, and what waits in them.

use botlib::{
    BotId, Caller, ConversationId, OrgId, Permission, RequestId, Subject, TurnId, Value,
    value::{FileRef, Map},
    wire::{Citation, InputKind, InputSpec, MessageType, Suggestion, Switcher},
};
use botstate::{
    conversation::SessionState,
    dialog::{Answer, Fault, ToolSpec},
    door::ToolResult,
    keyword::Args,
    model::{AnswerFormat, ChatMessage, Image, ToolCall, ToolChoice, Usage},
    prompt::PromptUse,
    recording::Taped,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::turn::Follow;

/// A conversation between someone and a bot, as it is between two turns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    pub(crate) org: OrgId,
    pub(crate) bot: BotId,
    pub(crate) owner: Owner,
    /// The number of the newest event; 0 when nothing has happened.
    pub(crate) last_seq: i64,
    pub(crate) session: SessionState,
    /// What waits, the innermost last; empty when the bot only listens.
    pub(crate) activities: Vec<Activity>,
    /// The turn that a crash left unfinished.
    pub(crate) open_turn: Option<TurnId>,
    /// Whether the database has a row.
    pub(crate) is_stored: bool,
}

/// Whose conversation it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
}

impl Owner {
    pub(crate) fn of(caller: &Caller) -> Self {
        let (kind, id) = match caller.subject {
            Subject::Visitor(id) => ("visitor", id.to_string()),
            Subject::Person(id) => ("person", id.to_string()),
            Subject::Bot(id) => ("bot", id.to_string()),
            Subject::System => ("system", String::new()),
            Subject::Nobody => ("nobody", String::new()),
        };
        Self { kind, id }
    }

    /// The kind that a stored word stands for.
    pub(crate) fn kind_of(word: &str) -> &'static str {
        ["visitor", "person", "bot", "system"]
            .into_iter()
            .find(|kind| *kind == word)
            .unwrap_or("nobody")
    }
}

impl Conversation {
    /// A conversation in which nothing has happened.
    pub(crate) fn new(id: ConversationId, org: OrgId, bot: BotId, owner: Owner) -> Self {
        Self {
            id,
            org,
            bot,
            owner,
            last_seq: 0,
            session: SessionState::default(),
            activities: Vec::new(),
            open_turn: None,
            is_stored: false,
        }
    }

    /// The one whose conversation it is, as the caller of work that nobody asks for just now.
    pub(crate) fn caller(&self) -> Caller {
        let mut caller = Caller::nobody(self.org, RequestId::new());
        let subject = match self.owner.kind {
            "visitor" => self.owner.id.parse().map(Subject::Visitor).ok(),
            "person" => self.owner.id.parse().map(Subject::Person).ok(),
            "bot" => self.owner.id.parse().map(Subject::Bot).ok(),
            "system" => Some(Subject::System),
            _ => None,
        };
        if let Some(subject) = subject {
            caller.subject = subject;
            caller.permissions.insert(Permission::ChatTalk);
            caller.visit = Some((self.bot, self.id));
        }
        caller
    }

    /// The input that the innermost dialog waits for.
    pub(crate) fn awaited(&self) -> Option<&InputSpec> {
        match self.activities.last() {
            Some(Activity::Dialog { waiting, .. }) => waiting.awaited(),
            Some(Activity::Agent(agent)) => agent.awaited(),
            None => None,
        }
    }
}

impl Conversation {
    /// To whom the variants of prompts are given: always the same one to the same person.
    pub(crate) fn assignee(&self) -> String {
        self.owner
            .shelf()
            .unwrap_or_else(|| format!("conversation:{}", self.id))
    }

    /// Whether the answer that the innermost dialog waits for must not be shown.
    pub(crate) fn awaits_secret(&self) -> bool {
        self.awaited().is_some_and(|spec| spec.kind == InputKind::Password)
    }
}

/// Something that is under way in a conversation. Activities are data, so each of them outlives a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Activity {
    /// The model answers, or waits for the results of its calls.
    Agent(Agent),
    /// A script runs or waits.
    Dialog {
        /// What the language needs to go on.
        state: String,
        /// For what it waits.
        waiting: Waiting,
        /// What it has said since it was called, when a model called it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        said: Vec<String>,
        /// Names that it finds set besides those of every script.
        #[serde(default, skip_serializing_if = "is_empty")]
        names: Map,
    },
}

/// A model's part in a turn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Agent {
    /// What follows the person's message: the model's calls and their results.
    pub(crate) messages: Vec<ChatMessage>,
    /// Calls without a result, the running one first.
    pub(crate) pending: Vec<ToolCall>,
    /// Rounds of calls so far.
    pub(crate) rounds: u32,
    /// What the person asked.
    pub(crate) question: String,
    /// The number of the question in the log: what came before it is history.
    pub(crate) since: i64,
    /// What was found in documents for the question; nothing before it was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) knowledge: Option<Knowledge>,
    /// The call that the person is asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asks: Option<Asks>,
    /// The prompt file that the model was asked with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<PromptUse>,
}

/// What was found in documents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Knowledge {
    /// The passages, best first.
    pub(crate) passages: Vec<Excerpt>,
    /// The version of what was searched.
    pub(crate) version: String,
    /// Whether there was anything to search in.
    pub(crate) is_searched: bool,
}

/// A passage that an answer may lean on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Excerpt {
    pub(crate) source: Citation,
    pub(crate) text: String,
    /// How many of the question's telling words it holds, 0 to 1.
    pub(crate) coverage: f32,
}

/// A call that waits for a person's yes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asks {
    /// A hash of the tool and its exact arguments: what the yes is for.
    pub(crate) token: String,
    /// Whether the person has said yes.
    #[serde(default)]
    pub(crate) is_granted: bool,
    /// How the yes is asked for.
    pub(crate) hear: InputSpec,
}

impl Agent {
    /// The yes or no that it waits for.
    pub(crate) fn awaited(&self) -> Option<&InputSpec> {
        self.asks
            .as_ref()
            .filter(|asks| !asks.is_granted)
            .map(|asks| &asks.hear)
    }
}

/// For what a dialog waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub(crate) enum Waiting {
    /// To be resumed: it has not begun, or said something last.
    Turn,
    /// A person's answer.
    Hear(InputSpec),
    /// The result of a keyword.
    Call {
        /// The number of the call in its dialog.
        number: u64,
        /// The keyword's phrase.
        keyword: String,
        /// Its arguments.
        args: Map,
    },
    /// The end of the script above it.
    Script,
    /// To be woken.
    Until {
        /// By whoever knows this.
        token: String,
        /// What a person may answer meanwhile.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hear: Option<InputSpec>,
        /// What a no of the person gives; then only yes and no end the wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refusal: Option<Fault>,
        /// Under which label the workflow keeps the end of the wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// Whether it is a HEAR, which a wake ends with silence.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_hear: bool,
    },
    /// To be resumed with what it was woken with.
    Woken {
        /// What its keyword gives back.
        value: Value,
        /// Why it failed instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<Fault>,
        /// Whether nobody answered a HEAR.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_silence: bool,
    },
}

impl Waiting {
    /// The input that ends the wait.
    pub(crate) fn awaited(&self) -> Option<&InputSpec> {
        match self {
            Self::Hear(spec) => Some(spec),
            Self::Until { hear, .. } => hear.as_ref(),
            _ => None,
        }
    }

    /// Whether only something from outside ends the wait.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self, Self::Hear(_) | Self::Until { .. })
    }

    pub(crate) fn call(number: u64, keyword: &str, args: &Args) -> Self {
        Self::Call {
            number,
            keyword: keyword.to_owned(),
            args: args.0.clone(),
        }
    }
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) seq: i64,
    pub(crate) turn: TurnId,
    /// The client's id of the message that caused it; on the first event of a turn only.
    pub(crate) key: Option<String>,
    pub(crate) at: DateTime<Utc>,
    pub(crate) body: Body,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Body {
    /// A person wrote, clicked or sent something.
    UserMessage {
        content: String,
        #[serde(default = "plain", skip_serializing_if = "is_plain")]
        message_type: u8,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileRef>,
    },
    /// The bot said something.
    BotMessage {
        content: String,
        /// Whether the person stopped it before its end.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stopped: bool,
        /// Under which token its pieces were streamed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stream: Option<String>,
        /// Files that go with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileRef>,
        /// The passages that it leans on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Citation>,
    },
    /// What was said before `until`, in short: written once, and for prompts only.
    Summary { content: String, until: i64 },
    /// A model called a tool.
    ToolCall { call: ToolCall },
    /// What the tool gave back.
    ToolResult { call_id: String, content: String },
    /// The page should do something.
    Side { event: String, data: serde_json::Value },
    /// A dialog could not go on; for operators.
    Fault { fault: Fault },
    /// A script was started that nobody typed for.
    Started { script: String },
    /// What dialogs were given and what came of it, when the bot's conversations are recorded; for operators.
    Taped { entries: Vec<Taped> },
    /// The turn is over.
    TurnCompleted(Box<Completed>),
}

fn is_empty(map: &Map) -> bool {
    map.is_empty()
}

fn plain() -> u8 {
    MessageType::User.number()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_plain(number: &u8) -> bool {
    *number == plain()
}

impl Body {
    /// The word in the `kind` column.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::UserMessage { .. } => "user_message",
            Self::BotMessage { .. } => "bot_message",
            Self::Summary { .. } => "summary",
            Self::ToolCall { .. } => "tool_call",
            Self::ToolResult { .. } => "tool_result",
            Self::Side { .. } => "side",
            Self::Fault { .. } => "fault",
            Self::Started { .. } => "started",
            Self::Taped { .. } => "taped",
            Self::TurnCompleted(_) => "turn_completed",
        }
    }
}

/// What stands at the end of a turn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Completed {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) suggestions: Vec<Suggestion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) switchers: Vec<Switcher>,
    /// What the bot waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<InputSpec>,
    /// What the script gave back.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    pub(crate) data: serde_json::Value,
    /// Whether a dialog waits for a person or anything else.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) waiting: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context_name: Option<String>,
    /// Tokens of the turn's last prompt and answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<Usage>,
    /// Tokens that the model can take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context_tokens: Option<u32>,
    /// The prompt file that the model was asked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<PromptUse>,
}

/// What comes in by any front door.
#[derive(Debug, Clone)]
pub(crate) struct Inbound {
    pub(crate) caller: Caller,
    pub(crate) bot: std::sync::Arc<botstate::dialog::Bot>,
    pub(crate) conversation: ConversationId,
    /// The client's id of the message: a repeated one finds the first answer.
    pub(crate) key: Option<String>,
    pub(crate) content: Content,
    /// The client's language.
    pub(crate) locale: Option<String>,
    /// By which door it came in.
    pub(crate) channel: &'static str,
    /// How many orders led to it; 0 when it comes from a person.
    pub(crate) depth: u8,
    /// What a client of another protocol brings with it.
    pub(crate) client: Client,
}

/// What a client of another protocol brings with an input.
#[derive(Debug, Clone, Default)]
pub(crate) struct Client {
    /// Tools that the model may call and the client runs.
    pub(crate) tools: Vec<ToolSpec>,
    /// Whether it has to call one of them.
    pub(crate) choice: ToolChoice,
    /// The form of the answer.
    pub(crate) format: AnswerFormat,
    /// Instructions that follow the bot's own.
    pub(crate) instructions: Option<String>,
    pub(crate) temperature: Option<f32>,
    pub(crate) max_tokens: Option<u32>,
    /// Pictures that go with the message.
    pub(crate) images: Vec<Image>,
    /// What was said so far, when nothing of the conversation is kept.
    pub(crate) history: Option<Vec<ChatMessage>>,
    /// Hears what happens.
    pub(crate) follow: Option<Follow>,
    /// Ends the turn.
    pub(crate) stop: Option<CancellationToken>,
}

impl Client {
    /// Whether nothing of the conversation is kept.
    pub(crate) fn is_passing(&self) -> bool {
        self.history.is_some()
    }

    /// Whether the client itself runs the tool.
    pub(crate) fn runs(&self, tool: &str) -> bool {
        self.tools.iter().any(|own| own.name == tool)
    }
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// Someone came: greet them, once.
    Start,
    /// A message, or a click on a suggestion.
    Message {
        answer: Answer,
        kind: MessageType,
        /// The switchers that are on where it was written; nothing leaves them as they are.
        switchers: Option<Vec<String>>,
    },
    /// What the client's tools gave for the calls that the model waits for.
    Results(Vec<ToolResult>),
    /// Run a tool.
    Tool { name: String, args: serde_json::Value },
    /// Select a context.
    Context(String),
    /// Answer the last message again with these switchers.
    Switchers(Vec<String>),
    /// Run a script for the bot itself.
    Script { name: String, args: Map, names: Map },
    /// Answer a message of another bot, with these tools only unless there are none.
    Task { text: String, tools: Vec<String> },
    /// Say something in the bot's name.
    Say(String),
    /// Change a value that the conversation keeps, and give back what it is then.
    Session { key: String, change: Option<Value> },
    /// Give a waiting dialog what it waits for.
    Wake {
        token: String,
        value: Value,
        fault: Option<Fault>,
    },
    /// Finish what a crash left unfinished.
    Recover,
}

/// A turn that is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) turn: TurnId,
    /// Everything that it added to the log.
    pub(crate) events: Vec<Event>,
    /// Whether the message had been there before, so that nothing was done.
    pub(crate) is_repeat: bool,
}

/// The result of a tool or script as text for a model: what it gave back, then what it said.
pub(crate) fn tool_result(value: &Value, said: &[String]) -> String {
    let result = value.to_json();
    match (value.is_null(), said.is_empty()) {
        (true, true) => "done".to_owned(),
        (true, false) => said.join("\n"),
        (false, true) => result.to_string(),
        (false, false) => serde_json::json!({ "result": result, "said": said }).to_string(),
    }
}
