//! Keywords that reach MCP servers.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};

use crate::McpClient;

/// The keywords over a client.
pub(crate) fn keywords(client: &McpClient) -> Vec<Keyword> {
    let handler = |verb| {
        Some(Arc::new(Mcp {
            client: client.clone(),
            verb,
        }) as Arc<dyn Handler>)
    };
    vec![
        Keyword {
            phrase: "USE MCP",
            shapes: &["server[, tool][, arguments]"],
            class: Class::External,
            summary: "Offers the tools of an MCP server to the model in this conversation; with a tool, calls that one \
                      and gives its result. The server stands in config.csv as mcp-<server>-url.",
            example: "TRY\n    USE MCP \"maps\"\nCATCH problem\n    TALK \"No maps today.\"\nEND TRY",
            handler: handler(Verb::Use),
        },
        Keyword {
            phrase: "MCP LIST TOOLS",
            shapes: &["server"],
            class: Class::External,
            summary: "The tools of an MCP server: a list of objects with name and description.",
            example: "TRY\n    tools = MCP LIST TOOLS \"maps\"\n    TALK \"There are \" + LEN(tools)\nCATCH problem\n    \
                      TALK \"No maps today.\"\nEND TRY",
            handler: handler(Verb::List),
        },
        Keyword {
            phrase: "MCP INVOKE",
            shapes: &["server, tool[, arguments]"],
            class: Class::External,
            summary: "Calls a tool of an MCP server and gives its result: an object where the tool gives one, else text.",
            example: "TRY\n    place = MCP INVOKE \"maps\", \"find\", { \"name\": \"Porto\" }\n    TALK place\nCATCH \
                      problem\n    TALK \"No maps today.\"\nEND TRY",
            handler: handler(Verb::Invoke),
        },
    ]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Use,
    List,
    Invoke,
}

struct Mcp {
    client: McpClient,
    verb: Verb,
}

#[async_trait]
impl Handler for Mcp {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let server = args.text("server")?;
        let (bot, cancel) = (Arc::clone(turn.bot()), turn.cancelled());
        if self.verb == Verb::Invoke || args.has("tool") {
            let tool = args.text("tool")?;
            let arguments = args.take("arguments");
            if !matches!(arguments, Value::Null | Value::Map(_)) {
                return Err(Fault::new(
                    FaultKind::Argument,
                    "arguments must be an object such as { \"name\": 1 }",
                ));
            }
            let result = self
                .client
                .invoke(&bot, &server, &tool, arguments.to_json(), &cancel)
                .await?;
            return Ok(Value::from_json(&result));
        }
        let tools = self.client.list(&bot, &server, &cancel).await?;
        if self.verb == Verb::List {
            let tools = tools.into_iter().map(|tool| {
                Value::from_json(&serde_json::json!({
                    "name": tool.name,
                    "description": tool.spec.description,
                }))
            });
            return Ok(Value::List(tools.collect()));
        }
        let offered = &mut turn.session().foreign;
        offered.retain(|known| known.server != server);
        offered.extend(tools);
        // What the server says of its tools is text of others, too: effects outside are confirmed from now on.
        turn.session().has_foreign = true;
        Ok(Value::Null)
    }
}
