//! What the model should know in this conversation.

use botstate::{
    conversation::SessionState,
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Keyword},
};

use super::keep;

/// Bytes that all contexts of a conversation may have together.
const LARGEST: usize = 128 * 1024;

pub(super) fn keywords() -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "SET CONTEXT",
            shapes: &["name AS text", "text"],
            class: Class::Write,
            summary: "Gives the model something to know: a named text that a suggestion selects, or the only one.",
            example: "SET CONTEXT \"menu\" AS \"Today: soup, fish, cake.\"",
            handler: Some(keep(set_context)),
        },
        Keyword {
            phrase: "SET SYSTEM PROMPT",
            shapes: &["text"],
            class: Class::Write,
            summary: "Tells the model who it is in this conversation; BEGIN SYSTEM PROMPT is its long form.",
            example: "SET SYSTEM PROMPT \"You are the host of a small restaurant.\"",
            handler: Some(keep(|session, mut args| {
                let text = args.text("text")?;
                check_size(text.len())?;
                session.system_prompt = Some(text);
                session.prompt = None;
                Ok(())
            })),
        },
    ]
}

fn set_context(session: &mut SessionState, mut args: Args) -> Result<(), Fault> {
    let text = args.text("text")?;
    if !args.has("name") {
        check_size(text.len())?;
        session.contexts.clear();
        session.contexts.insert("default".to_owned(), text);
        session.active_context = Some("default".to_owned());
        return Ok(());
    }
    let name = args.text("name")?;
    let others: usize = session
        .contexts
        .iter()
        .filter(|(known, _)| **known != name)
        .map(|(_, text)| text.len())
        .sum();
    check_size(others + text.len())?;
    session.contexts.insert(name, text);
    Ok(())
}

fn check_size(bytes: usize) -> Result<(), Fault> {
    if bytes > LARGEST {
        return Err(Fault::new(
            FaultKind::Limit,
            format!("contexts and prompts may have {LARGEST} bytes at most"),
        ));
    }
    Ok(())
}
