//! The port of front doors: whoever speaks another protocol than the chat page talks to bots through it.
//!
//! A door says who asks, which bot, where the talk belongs and what is said; the turn engine does the rest, the same for
//! every door. What happens comes back piece by piece.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use async_trait::async_trait;
use botlib::{
    Caller, ConversationId, Problem, TurnId, Value,
    value::FileRef,
    wire::{Citation, InputSpec},
};
use futures::Stream;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    dialog::{Bot, Fault, ToolSpec},
    model::{AnswerFormat, ChatMessage, Finish, Image, ToolCall, ToolChoice, Usage},
};

/// Takes what comes in by a door to its conversation.
#[async_trait]
pub trait Conversations: Send + Sync + 'static {
    /// The conversation that `caller` has with `bot` under a name of the client's own: the same one each time, and
    /// nobody else's.
    fn named(&self, caller: &Caller, bot: &Bot, name: &str) -> ConversationId;

    /// Puts an input in its conversation's line and gives what happens.
    ///
    /// # Errors
    /// When it is not taken: the caller may not talk to the bot, too much waits, or it makes no sense.
    async fn send(&self, inbound: Inbound) -> Result<Talk, Problem>;
}

/// What comes in by a door.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// Who asks; everything is done with this caller's permissions.
    pub caller: Caller,
    /// The bot.
    pub bot: Arc<Bot>,
    /// Where it belongs.
    pub place: Place,
    /// The client's id of the input: in a kept conversation a repeated one finds the first answer.
    pub key: Option<String>,
    /// What is said.
    pub content: Content,
    /// By which door, as scripts see it in `channel`.
    pub channel: &'static str,
    /// The client's language as a BCP 47 tag.
    pub locale: Option<String>,
    /// What the client asks of the model.
    pub wish: Wish,
}

/// Where an input belongs.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// A conversation that is kept, with its log.
    Kept(ConversationId),
    /// None: the client brings what was said so far, oldest first, and nothing is kept of it. A dialog that waits, and
    /// what scripts changed of the session, goes on when the client comes back with the same words and the answer to
    /// them, for as long as the cache remembers.
    Passing {
        /// What was said so far, without system prompts.
        history: Vec<ChatMessage>,
    },
}

/// What is said.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A message.
    Message {
        /// The text.
        text: String,
        /// Files that go with it.
        files: Vec<FileRef>,
        /// Pictures for the model to see now; they are not kept.
        images: Vec<Image>,
    },
    /// What the client's own tools gave for the calls that ended the answer before.
    Results(Vec<ToolResult>),
    /// Run a tool of the bot; the arguments are checked like those of a model.
    Tool {
        /// Its name.
        name: String,
        /// Its arguments.
        args: serde_json::Value,
    },
}

/// What a tool of the client gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    /// The id of the call.
    pub call_id: String,
    /// The result as text.
    pub content: String,
}

/// What a client asks of the model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wish {
    /// Tools of the client: the model may call them, and the client runs them.
    pub tools: Vec<ToolSpec>,
    /// Whether the model has to call one of them; where it has to, it is offered no others.
    pub choice: ToolChoice,
    /// The form of the answer. Where one is wanted, the answer is what the model said last, and not what scripts said
    /// on the way to it; nobody has looked at whether it has that form.
    pub format: AnswerFormat,
    /// Instructions of the client, which follow the bot's own.
    pub instructions: Option<String>,
    /// Randomness, 0 to 2; the bot's own when absent.
    pub temperature: Option<f32>,
    /// The longest answer wanted, in tokens.
    pub max_tokens: Option<u32>,
}

/// What happens in a turn, in order. Dropping it stops the answer.
pub struct Talk {
    /// The conversation; one that passes has an id as well, which nothing is kept under.
    pub conversation: ConversationId,
    pieces: mpsc::UnboundedReceiver<Piece>,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Talk {
    /// What comes out of `pieces`; dropping it cancels `stop`.
    pub fn new(conversation: ConversationId, pieces: mpsc::UnboundedReceiver<Piece>, stop: CancellationToken) -> Self {
        Self {
            conversation,
            pieces,
            _guard: stop.clone().drop_guard(),
            stop,
        }
    }

    /// The next piece; nothing after [`Piece::End`] or [`Piece::Failed`].
    pub async fn next(&mut self) -> Option<Piece> {
        self.pieces.recv().await
    }

    /// Stops the answer; what was said by then stands, and the end still comes.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Everything to the end, for doors that answer at once. Dropping the future stops the answer.
    ///
    /// # Errors
    /// Why the turn broke off.
    pub async fn finish(mut self) -> Result<End, Problem> {
        while let Some(piece) = self.next().await {
            match piece {
                Piece::End(end) => return Ok(*end),
                Piece::Failed(problem) => return Err(*problem),
                _ => {}
            }
        }
        Err(Problem::new(503, "server/unavailable", "The server is shutting down"))
    }
}

impl Stream for Talk {
    type Item = Piece;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        self.pieces.poll_recv(context)
    }
}

impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Talk")
            .field("conversation", &self.conversation)
            .finish_non_exhaustive()
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// The next words of the answer. Messages that follow each other are parted by an empty line.
    Text(String),
    /// The passages that the answer leans on.
    Citations(Vec<Citation>),
    /// A dialog could not go on, or the model failed and something else was said; for operators.
    Fault(Fault),
    /// The turn is over.
    End(Box<End>),
    /// The turn broke off.
    Failed(Box<Problem>),
}

/// A turn that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// The turn.
    pub turn: TurnId,
    /// All that was said: the texts one after the other.
    pub text: String,
    /// Calls of the client's tools, whose results the model waits for.
    pub calls: Vec<ToolCall>,
    /// Why the answer ended.
    pub finish: Finish,
    /// Tokens of all rounds; nothing when no model was asked or its provider did not count.
    pub usage: Option<Usage>,
    /// What a script gave back.
    pub value: Value,
    /// Whether a dialog waits for a person.
    pub is_waiting: bool,
    /// What it waits for.
    pub input: Option<InputSpec>,
    /// Passages that the answer leans on.
    pub citations: Vec<Citation>,
    /// Why a dialog could not go on, if one could not.
    pub fault: Option<Fault>,
}
