//! Chips that a person may click.

use botlib::wire::{Action, Suggestion};
use botstate::{
    conversation::SessionState,
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Keyword},
};

use super::keep;

/// Chips that a conversation offers at most; more would not be looked at.
const MOST: usize = 50;

pub(super) fn keywords() -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "ADD SUGGESTION",
            shapes: &["key AS label", "label, action", "label"],
            class: Class::Write,
            summary: "Offers a chip to click; with a key it selects that context or answers a waiting HEAR.",
            example: "ADD SUGGESTION \"hours\" AS \"Opening hours\"",
            handler: Some(keep(add)),
        },
        Keyword {
            phrase: "ADD SUGGESTION TOOL",
            shapes: &["tool AS label"],
            class: Class::Write,
            summary: "Offers a chip that runs a tool.",
            example: "ADD SUGGESTION TOOL \"book-table\" AS \"Book a table\"",
            handler: Some(keep(add_tool)),
        },
        Keyword {
            phrase: "ADD SUGGESTION TEXT",
            shapes: &["message AS label"],
            class: Class::Write,
            summary: "Offers a chip that sends another text than it shows.",
            example: "ADD SUGGESTION TEXT \"I need help with my order\" AS \"Help\"",
            handler: Some(keep(add_text)),
        },
        Keyword {
            phrase: "CLEAR SUGGESTIONS",
            shapes: &[""],
            class: Class::Write,
            summary: "Takes all chips away.",
            example: "CLEAR SUGGESTIONS",
            handler: Some(keep(|session, _| {
                session.suggestions.clear();
                Ok(())
            })),
        },
    ]
}

fn add(session: &mut SessionState, mut args: Args) -> Result<(), Fault> {
    let text = args.text("label")?;
    let context = if args.has("key") { Some(args.text("key")?) } else { None };
    let action = if args.has("action") {
        Some(action(&args.text("action")?))
    } else {
        context
            .as_ref()
            .filter(|key| session.contexts.contains_key(*key))
            .map(|_| Action::SelectContext)
    };
    offer(
        session,
        Suggestion {
            text,
            context,
            action,
            icon: None,
        },
    )
}

/// What the text of an action means: `tool:name` runs a tool, anything else is sent.
fn action(text: &str) -> Action {
    match text.split_once(':') {
        Some(("tool" | "action", tool)) => Action::InvokeTool {
            tool: tool.trim().to_owned(),
            params: None,
        },
        _ => Action::SendMessage {
            message: text.to_owned(),
        },
    }
}

fn add_tool(session: &mut SessionState, mut args: Args) -> Result<(), Fault> {
    let action = Action::InvokeTool {
        tool: args.text("tool")?.trim_end_matches(".bas").to_owned(),
        params: None,
    };
    let text = args.text("label")?;
    offer(
        session,
        Suggestion {
            text,
            context: None,
            action: Some(action),
            icon: None,
        },
    )
}

fn add_text(session: &mut SessionState, mut args: Args) -> Result<(), Fault> {
    let action = Action::SendMessage {
        message: args.text("message")?,
    };
    let text = args.text("label")?;
    offer(
        session,
        Suggestion {
            text,
            context: None,
            action: Some(action),
            icon: None,
        },
    )
}

fn offer(session: &mut SessionState, chip: Suggestion) -> Result<(), Fault> {
    if chip.text.trim().is_empty() {
        return Err(Fault::new(FaultKind::Argument, "a suggestion needs a text to show"));
    }
    // The same chip again keeps its place, so that a dialog in a loop does not pile them up.
    if let Some(known) = session.suggestions.iter_mut().find(|known| known.text == chip.text) {
        *known = chip;
        return Ok(());
    }
    if session.suggestions.len() >= MOST {
        return Err(
            Fault::new(FaultKind::Limit, format!("there are {MOST} suggestions already"))
                .hint("CLEAR SUGGESTIONS takes them away"),
        );
    }
    session.suggestions.push(chip);
    Ok(())
}
