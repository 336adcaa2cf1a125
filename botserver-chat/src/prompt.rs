//! What a model is told: who it is, what was said, what is asked, and which tools it has.

use botlib::value::FileRef;
use botstate::{
    conversation::SessionState,
    dialog::{Bot, Settings, ToolSpec},
    model::ChatMessage,
};

use crate::model::{Agent, Body, Client, Event};

/// The prompt of a bot that brings none.
const DEFAULT: &str = "You are a helpful assistant. Answer in the language of the person who writes to you. \
    When you do not know something, say so.";

/// Messages of history that go into a prompt: twice the exchanges that `history-limit` names, 10 by default.
pub(crate) fn history_limit(settings: &Settings) -> i64 {
    settings.parse::<i64>("history-limit").unwrap_or(10).clamp(0, 200) * 2
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

/// The whole conversation for the model.
pub(crate) fn messages(bot: &Bot, session: &SessionState, history: &[Event], agent: &Agent) -> Vec<ChatMessage> {
    let mut messages = vec![ChatMessage::System {
        content: system(bot, session),
    }];
    messages.extend(history.iter().filter_map(|event| match &event.body {
        Body::UserMessage { content, .. } => Some(ChatMessage::user(content.clone())),
        Body::BotMessage { content, files, .. } => Some(ChatMessage::Assistant {
            content: with_files(content, files),
            calls: Vec::new(),
        }),
        _ => None,
    }));
    messages.push(ChatMessage::user(agent.question.clone()));
    messages.extend(agent.messages.iter().cloned());
    messages
}

/// Puts what a client of another protocol brings into the prompt: its instructions after the bot's own, and what was
/// said so far where nothing of it is kept.
pub(crate) fn add_client(messages: &mut Vec<ChatMessage>, agent: &Agent, client: &Client) {
    let question = messages.len().checked_sub(agent.messages.len() + 1);
    if let Some(ChatMessage::User { images, .. }) = question.and_then(|place| messages.get_mut(place)) {
        images.extend(client.images.iter().cloned());
    }
    let systems = messages
        .iter()
        .take_while(|message| matches!(message, ChatMessage::System { .. }))
        .count();
    if let Some(history) = &client.history {
        messages.splice(systems..systems, history.iter().cloned());
    }
    if let Some(instructions) = &client.instructions {
        messages.insert(
            systems,
            ChatMessage::System {
                content: instructions.clone(),
            },
        );
    }
}

/// What the bot said, and the names of the files that it sent with it.
fn with_files(content: &str, files: &[FileRef]) -> String {
    let names = files.iter().map(|file| format!("(sent the file {})", file.name));
    let said = (!content.is_empty()).then(|| content.to_owned());
    said.into_iter().chain(names).collect::<Vec<_>>().join("\n")
}

fn system(bot: &Bot, session: &SessionState) -> String {
    let own = session
        .system_prompt
        .as_deref()
        .or(bot.prompt.as_deref())
        .or_else(|| bot.settings.get("system-prompt"))
        .or_else(|| bot.settings.get("bot-system-prompt"))
        .unwrap_or(DEFAULT);
    let mut text = own.to_owned();
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
    if let Some(context) = session
        .active_context
        .as_ref()
        .and_then(|name| session.contexts.get(name))
    {
        text.push_str("\n\n# Context\n");
        text.push_str(context);
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
