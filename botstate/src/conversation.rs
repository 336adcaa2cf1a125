//! What a conversation keeps between turns and what a turn may add to its log.

use botlib::{
    BotId, Value,
    value::{FileRef, Map},
    wire::{Suggestion, Switcher},
};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::foreign::ForeignTool;

use crate::{dialog::Bot, prompt::Rendered};

/// The state of a conversation besides its log and its waiting dialogs; stored as JSON with each turn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is kept under its own name and changes by itself"
)]
pub struct SessionState {
    /// Chips on offer, in the order they were added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// Toggles on offer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub switchers: Vec<Switcher>,
    /// Ids of the toggles that are on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub active_switchers: Vec<String>,
    /// Named context texts.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub contexts: IndexMap<String, String>,
    /// The name of the context that goes into prompts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_context: Option<String>,
    /// Tools on offer to the model; empty means every tool of the bot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Collections that USE KB added, by name, in their order. Nothing while no keyword has said anything about them:
    /// then [`SessionState::searched`] takes what the bot has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collections: Option<Vec<String>>,
    /// Tools of other servers on offer to the model, from USE MCP.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<ForeignTool>,
    /// What BEGIN SYSTEM PROMPT set; replaces the package's prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// What USE PROMPT chose; [`SessionState::system_prompt`] wins over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<ChosenPrompt>,
    /// What USE MODEL chose, as it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether answers come from documents only, from SET ANSWER MODE.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub documents_only: bool,
    /// Whether answers come from the bot's tables, from SET ANSWER MODE.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tables_only: bool,
    /// The number of the log's entry up to which nothing goes into prompts any more, from REFRESH; the largest one
    /// until the turn has filled it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<i64>,
    /// Whether a prompt of the conversation held text that neither the bot's author nor this person wrote.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_foreign: bool,
    /// Headers that SET HEADER added to the requests of this dialog.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, Value>,
    /// What SET SESSION keeps: scripts read it as members of `session`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub values: Map,
    /// The visitor's language as a BCP 47 tag, from the client that opened the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Bots that ADD BOT has let in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub guests: Vec<Guest>,
    /// The bot that answers instead of this one, from TRANSFER CONVERSATION.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transferred: Option<BotId>,
    /// What ORCHESTRATE WORKFLOW has begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Workflow>,
    /// What is to be written between BEGIN TRANSACTION and COMMIT, in order; nothing outside of a transaction. Nobody
    /// may be waited for and nothing outside may be called meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<Vec<serde_json::Value>>,
    /// Whether start.bas has run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub started: bool,
}

impl SessionState {
    /// The collections that a question in this conversation searches, of `all` that the bot has. Until a keyword says
    /// something, that is every collection, unless scripts of the bot choose theirs with USE KB.
    pub fn searched(&self, bot: &Bot, all: Vec<String>) -> Vec<String> {
        match &self.collections {
            Some(chosen) => chosen.clone(),
            None if bot.chooses_collections => Vec::new(),
            None => all,
        }
    }
}

/// A prompt of the package that a dialog chose for its conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChosenPrompt {
    /// The name.
    pub name: String,
    /// What its variables are given.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub values: Map,
    /// What it was when it was chosen: it goes on where the package has it no more, or in a form that these values do
    /// not fit.
    pub last: Rendered,
}

/// Another bot in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guest {
    /// The bot.
    pub bot: BotId,
    /// Its name when it was let in.
    pub name: String,
    /// Words, in lower case: it answers messages that hold one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// The tools that it may use here; empty for all of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Of several that could answer, the one with the highest number does.
    #[serde(default)]
    pub priority: i64,
}

/// A workflow of several bots.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// What its steps gave, by their labels in order.
    pub results: IndexMap<String, Value>,
}

/// Something that a keyword adds to the conversation's log.
#[derive(Debug, Clone, PartialEq)]
pub enum Emit {
    /// The bot says this.
    Say(String),
    /// The bot sends files, with a word about them that may be empty.
    Files {
        /// What it says.
        text: String,
        /// The files, with addresses that the person may read.
        files: Vec<FileRef>,
    },
    /// The page should do this, such as `change_theme`.
    Side {
        /// The name of the event.
        event: String,
        /// What goes with it.
        data: serde_json::Value,
    },
}
