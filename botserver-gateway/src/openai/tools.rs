//! Tools that a client brings.

use std::collections::HashSet;

use botstate::dialog::{Bot, ToolSpec};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::error::Refusal;

/// Tools of a request at most.
const TOOLS: usize = 128;

/// A tool as clients describe it: chat completions put the function into `function`, responses beside `type`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = ClientTool)]
pub(crate) struct Tool {
    /// `function`: no other kind is run by clients.
    #[serde(rename = "type")]
    kind: Kind,
    /// The function, as chat completions have it.
    #[serde(default)]
    #[schema(required = false)]
    function: Option<Function>,
    /// The function's name, as responses have it.
    #[serde(default)]
    #[schema(required = false)]
    name: Option<String>,
    /// What it does, as responses have it.
    #[serde(default)]
    #[schema(required = false)]
    description: Option<String>,
    /// The schema of its arguments, as responses have it.
    #[serde(default)]
    #[schema(required = false)]
    parameters: Option<Value>,
}

/// The kind of a tool.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ClientToolKind)]
enum Kind {
    /// A function that the client runs.
    Function,
}

/// A function of a client.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = ClientFunction)]
struct Function {
    /// Its name.
    #[schema(pattern = "^[a-zA-Z0-9_-]{1,64}$")]
    name: String,
    /// What it does.
    #[serde(default)]
    #[schema(required = false)]
    description: Option<String>,
    /// The JSON schema of its arguments.
    #[serde(default)]
    #[schema(required = false)]
    parameters: Option<Value>,
}

/// The tools on offer, unless the client wants none to be called.
pub(crate) fn read(tools: Option<Vec<Tool>>, choice: Option<&Value>, bot: &Bot) -> Result<Vec<ToolSpec>, Refusal> {
    let tools = tools.unwrap_or_default();
    if tools.len() > TOOLS {
        return Err(Refusal::invalid("tools", format!("at most {TOOLS} tools are taken")));
    }
    let mut names = HashSet::new();
    let mut specs = Vec::with_capacity(tools.len());
    for tool in tools {
        let Kind::Function = tool.kind;
        let function = match (tool.function, tool.name) {
            (Some(function), _) => function,
            (None, Some(name)) => Function {
                name,
                description: tool.description,
                parameters: tool.parameters,
            },
            (None, None) => return Err(Refusal::invalid("tools", "a tool needs a function with a name")),
        };
        let is_name = (1..=64).contains(&function.name.len())
            && function
                .name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if !is_name || !names.insert(function.name.clone()) {
            return Err(Refusal::invalid(
                "tools",
                "each tool needs a name of its own of at most 64 letters, digits, _ and -",
            ));
        }
        if bot.tool(&function.name).is_some() {
            return Err(Refusal::invalid(
                "tools",
                format!(
                    "the bot has a tool {} of its own: call yours something else",
                    function.name
                ),
            ));
        }
        specs.push(ToolSpec {
            name: function.name,
            description: function.description.unwrap_or_default(),
            parameters: function
                .parameters
                .filter(Value::is_object)
                .unwrap_or_else(|| json!({ "type": "object", "properties": {} })),
        });
    }
    match choice.and_then(Value::as_str) {
        Some("none") => Ok(Vec::new()),
        None if choice.is_none_or(Value::is_null) => Ok(specs),
        Some("auto") => Ok(specs),
        _ => Err(Refusal::unsupported(
            "tool_choice",
            "the model chooses its tools itself here: leave tool_choice out, or send auto or none",
        )),
    }
}
