//! Tools that a client brings.

use std::collections::HashSet;

use botstate::{
    dialog::{Bot, ToolSpec},
    model::ToolChoice,
};
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
pub(crate) enum Kind {
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

/// Which tools the model may call, or has to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ClientToolChoice)]
pub(crate) enum Choice {
    /// A word for all of them.
    Word(Word),
    /// One of them, as chat completions name it.
    Function {
        /// `function`.
        #[serde(rename = "type")]
        kind: Kind,
        /// The function.
        function: Named,
    },
    /// One of them, as responses name it.
    Name {
        /// `function`.
        #[serde(rename = "type")]
        kind: Kind,
        /// Its name.
        name: String,
    },
}

/// A word for all tools.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ClientToolWord)]
pub(crate) enum Word {
    /// None is called.
    None,
    /// The model decides.
    Auto,
    /// One or several are called.
    Required,
}

/// The name of a function.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = ClientFunctionName)]
pub(crate) struct Named {
    /// Its name.
    name: String,
}

/// The tools on offer, unless the client wants none to be called, and whether one has to be called.
pub(crate) fn read(
    tools: Option<Vec<Tool>>,
    choice: Option<Choice>,
    bot: &Bot,
) -> Result<(Vec<ToolSpec>, ToolChoice), Refusal> {
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
    let choice = match choice {
        None | Some(Choice::Word(Word::Auto)) => ToolChoice::Auto,
        Some(Choice::Word(Word::None)) => {
            specs.clear();
            ToolChoice::Auto
        }
        Some(Choice::Word(Word::Required)) => ToolChoice::Required,
        Some(
            Choice::Function {
                kind: Kind::Function,
                function: Named { name },
            }
            | Choice::Name {
                kind: Kind::Function,
                name,
            },
        ) => ToolChoice::Named(name),
    };
    let is_there = match &choice {
        ToolChoice::Auto => true,
        ToolChoice::Required => !specs.is_empty(),
        ToolChoice::Named(name) => specs.iter().any(|tool| tool.name == *name),
    };
    if !is_there {
        return Err(Refusal::invalid(
            "tool_choice",
            "a call can be asked for of tools that the request brings, and of no others",
        ));
    }
    Ok((specs, choice))
}

/// The choice as responses repeat it.
pub(crate) fn told(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => json!({ "type": "function", "name": name }),
    }
}
