//! Toggles of the answer's form.

use botlib::wire::Switcher;
use botstate::{
    conversation::SessionState,
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Keyword},
};
use sha2::{Digest, Sha256};

use super::keep;

/// Ids that this server knows the instruction of.
const STANDARD: [&str; 8] = [
    "tables",
    "infographic",
    "cards",
    "list",
    "comparison",
    "timeline",
    "markdown",
    "chart",
];
const MOST: usize = 20;

pub(super) fn keywords() -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "ADD SWITCHER",
            shapes: &["instruction AS label", "instruction"],
            class: Class::Write,
            summary: "Offers a toggle that changes the form of every answer while it is on.",
            example: "ADD SWITCHER \"tables\" AS \"As a table\"",
            handler: Some(keep(add)),
        },
        Keyword {
            phrase: "CLEAR SWITCHERS",
            shapes: &[""],
            class: Class::Write,
            summary: "Takes all toggles away.",
            example: "CLEAR SWITCHERS",
            handler: Some(keep(|session, _| {
                session.switchers.clear();
                session.active_switchers.clear();
                Ok(())
            })),
        },
    ]
}

fn add(session: &mut SessionState, mut args: Args) -> Result<(), Fault> {
    let instruction = args.text("instruction")?;
    let label = if args.has("label") {
        args.text("label")?
    } else {
        instruction.clone()
    };
    let switcher = if STANDARD.contains(&instruction.as_str()) {
        Switcher {
            id: instruction,
            label,
            prompt: None,
            color: None,
            icon: None,
        }
    } else {
        Switcher {
            id: id_of(&instruction),
            label,
            prompt: Some(instruction),
            color: None,
            icon: None,
        }
    };
    session.switchers.retain(|known| known.id != switcher.id);
    if session.switchers.len() >= MOST {
        return Err(
            Fault::new(FaultKind::Limit, format!("there are {MOST} switchers already"))
                .hint("CLEAR SWITCHERS takes them away"),
        );
    }
    session.switchers.push(switcher);
    Ok(())
}

/// The same id for the same instruction, so that a toggle stays on when a dialog offers it again.
fn id_of(instruction: &str) -> String {
    let digest = Sha256::digest(instruction.as_bytes());
    digest
        .iter()
        .take(8)
        .fold("custom-".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}
