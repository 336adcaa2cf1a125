//! What a model is told: who it is, what was said, what is asked, and which tools it has.

use std::borrow::Cow;

use botlib::value::{FileRef, Map};
use botstate::{
    conversation::SessionState,
    dialog::{Bot, Settings, ToolSpec},
    model::{ChatMessage, ToolChoice},
    prompt::{Hints, PromptUse, SYSTEM},
};
use sha2::{Digest, Sha256};

use crate::{
    context::{Listed, Sections},
    knowledge,
    model::{Agent, Body, Client, Event, Knowledge},
};

/// Rounds of tool calls in one turn; after them the model has to answer without.
pub(crate) const ROUNDS: u32 = 8;

/// The prompt of a bot that brings none.
const DEFAULT: &str = "You are a helpful assistant. Answer in the language of the person who writes to you. \
    When you do not know something, say so.";

/// Messages of history that go into a prompt: twice the exchanges that `history-limit` names, 10 by default.
pub(crate) fn history_limit(settings: &Settings) -> i64 {
    settings.parse::<i64>("history-limit").unwrap_or(10).clamp(0, 200) * 2
}

/// Whether turns that do not fit any more are summarised. Who sets `history-limit` wants exactly so many.
pub(crate) fn is_summarised(settings: &Settings) -> bool {
    settings
        .flag("history-summary")
        .unwrap_or_else(|| settings.get("history-limit").is_none())
}

/// Tools on offer: those that the dialog added, else all of the bot's.
pub(crate) fn tools(bot: &Bot, session: &SessionState) -> Vec<ToolSpec> {
    if session.tools.is_empty() {
        return bot.tools.clone();
    }
    session
        .tools
        .iter()
        .filter_map(|name| bot.tool(name))
        .cloned()
        .collect()
}

/// What goes into a prompt that begins with `system`, before anything is left out of it.
pub(crate) fn sections(
    mut system: String,
    session: &SessionState,
    past: Past,
    memory: Listed,
    agent: &Agent,
    client: &Client,
    mut offered: Vec<ToolSpec>,
) -> Sections {
    let knowledge = agent.knowledge.as_ref().filter(|found| !found.passages.is_empty());
    if knowledge.is_some() || session.has_foreign {
        system.push_str("\n\n");
        system.push_str(knowledge::RULES);
    }
    if session.documents_only {
        system.push(' ');
        system.push_str(knowledge::ONLY);
    }
    if let Some(instructions) = &client.instructions {
        system.push_str("\n\n");
        system.push_str(instructions);
    }
    // A client that wants a call wants one of its own tools called.
    offered.retain(|tool| client.choice == ToolChoice::Auto && !client.runs(&tool.name));
    if agent.rounds < ROUNDS {
        offered.extend(client.tools.iter().cloned());
    }
    let said = past.events.iter().filter_map(said);
    Sections {
        system,
        context: context(session).unwrap_or_default().to_owned(),
        memory,
        summary: past.summary,
        history: match &client.history {
            // What the client brings holds the question as well, once its answer has begun.
            Some(history) => {
                let before = usize::try_from(agent.since).unwrap_or_default();
                history.iter().take(before).cloned().collect()
            }
            None => said.collect(),
        },
        knowledge: knowledge.map(Knowledge::listed).unwrap_or_default(),
        question: agent.question.clone(),
        images: client.images.clone(),
        rounds: agent.messages.clone(),
        tools: offered,
    }
}

/// What was said before a question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    /// The oldest part of it, in short.
    pub(crate) summary: Option<String>,
    /// The messages after that.
    pub(crate) events: Vec<Event>,
}

/// What a person or the bot said, for the model.
pub(crate) fn said(event: &Event) -> Option<ChatMessage> {
    match &event.body {
        Body::UserMessage { content, .. } => Some(ChatMessage::user(content.clone())),
        Body::BotMessage { content, files, .. } => Some(ChatMessage::Assistant {
            content: with_files(content, files),
            calls: Vec::new(),
        }),
        _ => None,
    }
}

/// The texts of the bot's author, in which addresses are meant to be there.
pub(crate) fn trusted<'a>(
    bot: &'a Bot,
    session: &'a SessionState,
    who: &str,
) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
    let contexts = session.contexts.values().map(|text| Cow::Borrowed(text.as_str()));
    contexts.chain([own(bot, session, who).text])
}

/// What the bot said, and the names of the files that it sent with it.
fn with_files(content: &str, files: &[FileRef]) -> String {
    let names = files.iter().map(|file| format!("(sent the file {})", file.name));
    let said = (!content.is_empty()).then(|| content.to_owned());
    said.into_iter().chain(names).collect::<Vec<_>>().join("\n")
}

/// Who the bot is in a conversation, and where that is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Own<'a> {
    pub(crate) text: Cow<'a, str>,
    /// The prompt file that it came from.
    pub(crate) used: Option<PromptUse>,
    pub(crate) hints: Hints,
}

/// Who the bot is for `who`: what the dialog says, else the prompt that it chose, else the bot's own.
pub(crate) fn own<'a>(bot: &'a Bot, session: &'a SessionState, who: &str) -> Own<'a> {
    let plain = |text: &'a str| Own {
        text: Cow::Borrowed(text),
        used: None,
        hints: Hints::default(),
    };
    if let Some(text) = &session.system_prompt {
        return plain(text);
    }
    let rendered = |name: &str, values: &Map| {
        let rendered = bot.find_prompt(name)?.render(values, bot, who);
        rendered
            .inspect_err(|fault| tracing::warn!(bot.name = %bot.name, %fault, "a prompt was not used"))
            .ok()
    };
    let file = match &session.prompt {
        Some(chosen) => rendered(&chosen.name, &chosen.values).or_else(|| Some(chosen.last.clone())),
        None => rendered(SYSTEM, &Map::new()),
    };
    if let Some(file) = file {
        return Own {
            text: Cow::Owned(file.text),
            used: Some(file.used),
            hints: file.hints,
        };
    }
    plain(
        bot.prompt
            .as_deref()
            .or_else(|| bot.settings.get("system-prompt"))
            .or_else(|| bot.settings.get("bot-system-prompt"))
            .unwrap_or(DEFAULT),
    )
}

/// Names what a model was told: the prompt's file or the package, and a hash of the whole system part, so that
/// answers to different words are never taken for each other.
pub(crate) fn version(bot: &Bot, used: Option<&PromptUse>, messages: &[ChatMessage]) -> String {
    let source = used.map_or_else(|| bot.version.clone(), PromptUse::to_string);
    let system = messages.iter().find_map(|message| match message {
        ChatMessage::System { content } => Some(content.as_str()),
        _ => None,
    });
    let digest = Sha256::digest(system.unwrap_or_default());
    let hash = digest
        .iter()
        .take(8)
        .fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    format!("{source}#{hash}")
}

fn context(session: &SessionState) -> Option<&str> {
    let name = session.active_context.as_ref()?;
    session.contexts.get(name).map(String::as_str)
}

/// Who the bot is and how it behaves, with what the switchers ask for.
pub(crate) fn instructions(own: &Own<'_>, session: &SessionState) -> String {
    let mut text = own.text.clone().into_owned();
    for id in &session.active_switchers {
        let prompt = session
            .switchers
            .iter()
            .find(|switcher| switcher.id == *id)
            .and_then(|s| s.prompt.as_deref());
        if let Some(instruction) = prompt.or_else(|| standard_switcher(id)) {
            text.push_str("\n\n");
            text.push_str(instruction);
        }
    }
    text
}

/// What the standard switchers ask for.
fn standard_switcher(id: &str) -> Option<&'static str> {
    Some(match id {
        "tables" => "Give the answer as a table where that is possible.",
        "infographic" => "Give the answer as a short visual summary: a heading, key figures, and one line for each.",
        "cards" => "Give the answer as a few short sections, each with a heading and at most three lines.",
        "list" => "Give the answer as a list.",
        "comparison" => "Compare the possibilities side by side, with what speaks for and against each.",
        "timeline" => "Give the answer in the order of time, each entry beginning with its date.",
        "markdown" => "Format the answer as Markdown with headings.",
        "chart" => "Give the figures of the answer as a table that a chart could be drawn from.",
        _ => return None,
    })
}
