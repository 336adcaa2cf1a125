//! Tools on offer to the model.

use std::sync::Arc;

use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Keyword, Turn},
};

use super::{Answer, act, keep};

pub(super) fn keywords() -> Vec<Keyword> {
    let add = |phrase, example| Keyword {
        phrase,
        shapes: &["name"],
        class: Class::Write,
        summary: "Offers a script with a DESCRIPTION to the model; once one is added, only added ones are on offer.",
        example,
        handler: Some(act(add_tool)),
    };
    vec![
        add("ADD TOOL", "ADD TOOL \"book-table\""),
        add("USE TOOL", "USE TOOL \"book-table\""),
        Keyword {
            phrase: "REMOVE TOOL",
            shapes: &["name"],
            class: Class::Write,
            summary: "Offers a tool no more that ADD TOOL has added.",
            example: "REMOVE TOOL \"book-table\"",
            handler: Some(keep(|session, mut args| {
                let given = args.text("name")?;
                let name = stem(&given);
                session.tools.retain(|known| !known.eq_ignore_ascii_case(name));
                Ok(())
            })),
        },
        Keyword {
            phrase: "LIST TOOLS",
            shapes: &[""],
            class: Class::Read,
            summary: "The names of the tools on offer to the model: those that were added, or all of the bot's.",
            example: "names = LIST TOOLS\nTALK \"I can: \" + JOIN(names, \", \")",
            handler: Some(act(list_tools)),
        },
        Keyword {
            phrase: "CLEAR TOOLS",
            shapes: &[""],
            class: Class::Write,
            summary: "Forgets which tools were added: all of the bot's are on offer again.",
            example: "CLEAR TOOLS",
            handler: Some(keep(|session, _| {
                session.tools.clear();
                Ok(())
            })),
        },
    ]
}

/// The name of a tool that may be written as the path of its script.
fn stem(given: &str) -> &str {
    given.rsplit('/').next().unwrap_or(given).trim_end_matches(".bas")
}

fn list_tools(turn: &mut dyn Turn, _args: Args) -> Answer<'_> {
    Box::pin(async move {
        let added = turn.session().tools.clone();
        let names = if added.is_empty() {
            turn.bot().tools.iter().map(|tool| tool.name.clone()).collect()
        } else {
            added
        };
        Ok(Value::List(names.into_iter().map(Value::Text).collect()))
    })
}

fn add_tool(turn: &mut dyn Turn, mut args: Args) -> Answer<'_> {
    Box::pin(async move {
        let given = args.text("name")?;
        let name = stem(&given);
        let bot = Arc::clone(turn.bot());
        let Some(tool) = bot.tool(name) else {
            return Err(Fault::new(FaultKind::NotFound, format!("the bot has no tool {name}"))
                .hint("a tool is a script with a DESCRIPTION line"));
        };
        let tools = &mut turn.session().tools;
        if !tools.contains(&tool.name) {
            tools.push(tool.name.clone());
        }
        Ok(Value::Null)
    })
}
