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

fn add_tool(turn: &mut dyn Turn, mut args: Args) -> Answer<'_> {
    Box::pin(async move {
        let given = args.text("name")?;
        let name = given.rsplit('/').next().unwrap_or(&given).trim_end_matches(".bas");
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
