//! Bots as MCP clients: tools that other servers run.
//!
//! A bot may use the servers that its settings name, and no others. Addresses are reached through the guarded client;
//! a program is started only where the operator has given it a name.

mod http;
mod message;
mod process;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use botserver_core::outbound::Outbound;
use botstate::{
    dialog::{Bot, Fault, FaultKind, ToolSpec},
    foreign::{ForeignTool, ForeignTools},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use message::{PROTOCOL, Reply};

/// The longest that one call may take, the greeting included.
const LIMIT: Duration = Duration::from_mins(1);
/// The largest answer of a server, in bytes.
const LARGEST: usize = 1 << 20;
/// The longest result of a tool that a model gets, in characters.
const LONGEST_RESULT: usize = 32 * 1024;
/// Tools of one server at most.
const TOOLS: usize = 64;
/// The largest description and schema of a tool, in bytes.
const LARGEST_TOOL: usize = 16 * 1024;

/// Reaches MCP servers; cheap to clone.
#[derive(Clone)]
pub struct McpClient {
    outbound: Outbound,
    /// Programs that the operator has named, with their arguments.
    commands: Arc<BTreeMap<String, Vec<String>>>,
}

impl std::fmt::Debug for McpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("McpClient")
    }
}

/// Where a server is.
enum Route {
    Http { url: String, token: Option<String> },
    Process(Vec<String>),
}

/// A server that has been greeted.
enum Line {
    Http(Box<http::Session>),
    Process(Box<process::Session>),
}

impl Line {
    async fn ask(&mut self, method: &str, params: Value) -> Result<Value, Fault> {
        match self {
            Self::Http(session) => session.ask(method, params).await,
            Self::Process(session) => session.ask(method, params).await,
        }
    }

    async fn tell(&mut self, method: &str) -> Result<(), Fault> {
        match self {
            Self::Http(session) => session.tell(method).await,
            Self::Process(session) => session.tell(method).await,
        }
    }

    async fn close(self) {
        match self {
            Self::Http(session) => session.close().await,
            Self::Process(session) => session.close().await,
        }
    }
}

impl McpClient {
    /// A client that reaches addresses through `outbound` and starts `commands`.
    pub fn new(outbound: &Outbound, commands: BTreeMap<String, Vec<String>>) -> Self {
        Self {
            outbound: outbound.limited_to(LARGEST),
            commands: Arc::new(commands),
        }
    }

    /// The tools of a server, as a conversation offers them.
    pub(crate) async fn list(
        &self,
        bot: &Bot,
        server: &str,
        cancel: &CancellationToken,
    ) -> Result<Vec<ForeignTool>, Fault> {
        let found = self
            .with(bot, server, cancel, async |line| {
                let mut tools = Vec::new();
                let mut cursor = Value::Null;
                loop {
                    let params = if cursor.is_null() {
                        json!({})
                    } else {
                        json!({ "cursor": cursor })
                    };
                    let page = line.ask("tools/list", params).await?;
                    let items = page.get("tools").and_then(Value::as_array).cloned().unwrap_or_default();
                    tools.extend(items);
                    cursor = page.get("nextCursor").cloned().unwrap_or_default();
                    if cursor.is_null() || tools.len() > TOOLS {
                        return Ok(tools);
                    }
                }
            })
            .await?;
        let allowed = allowed_tools(bot, server);
        let tools = found.iter().filter_map(|tool| described(server, tool));
        Ok(tools
            .filter(|tool| allowed.as_ref().is_none_or(|names| names.contains(&tool.name)))
            .take(TOOLS)
            .collect())
    }

    /// What a tool gives: its structured content, else its texts.
    pub(crate) async fn invoke(
        &self,
        bot: &Bot,
        server: &str,
        tool: &str,
        args: Value,
        cancel: &CancellationToken,
    ) -> Result<Value, Fault> {
        if allowed_tools(bot, server).is_some_and(|names| !names.iter().any(|name| name == tool)) {
            return Err(Fault::new(
                FaultKind::Permission,
                format!("the tool {tool} of the MCP server {server} is not allowed"),
            )
            .hint(format!("add it to mcp-{server}-tools in config.csv")));
        }
        let params = json!({ "name": tool, "arguments": if args.is_null() { json!({}) } else { args } });
        let result = self
            .with(bot, server, cancel, async |line| line.ask("tools/call", params).await)
            .await?;
        let text = texts(&result);
        if result.get("isError").and_then(Value::as_bool) == Some(true) {
            return Err(Fault::new(
                FaultKind::Network,
                format!(
                    "the tool {tool} of the MCP server {server} failed: {}",
                    short(&text, 500)
                ),
            ));
        }
        match result.get("structuredContent") {
            Some(content) if content.is_object() => Ok(content.clone()),
            _ => Ok(Value::String(text)),
        }
    }

    /// Greets a server, lets `work` talk to it, and says goodbye, all within the limit.
    async fn with<T>(
        &self,
        bot: &Bot,
        server: &str,
        cancel: &CancellationToken,
        work: impl AsyncFnOnce(&mut Line) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let talk = async {
            let mut line = self.open(bot, server)?;
            let hello = json!({
                "protocolVersion": PROTOCOL,
                "capabilities": {},
                "clientInfo": { "name": "botserver", "version": env!("CARGO_PKG_VERSION") },
            });
            let outcome = async {
                let welcome = line.ask("initialize", hello).await?;
                if let (Line::Http(session), Some(version)) = (&mut line, welcome.get("protocolVersion")) {
                    session.agree_on(version.as_str().unwrap_or(PROTOCOL));
                }
                line.tell("notifications/initialized").await?;
                work(&mut line).await
            }
            .await;
            line.close().await;
            outcome
        };
        tokio::select! {
            outcome = tokio::time::timeout(LIMIT, talk) => outcome.unwrap_or_else(|_late| {
                let seconds = LIMIT.as_secs();
                Err(Fault::new(FaultKind::Network, format!("the MCP server {server} did not answer within {seconds} s")))
            }),
            () = cancel.cancelled() => Err(Fault::new(FaultKind::Stopped, "the person stopped the call")),
        }
    }

    fn open(&self, bot: &Bot, server: &str) -> Result<Line, Fault> {
        Ok(match self.route(bot, server)? {
            Route::Http { url, token } => Line::Http(Box::new(http::Session::new(self.outbound.clone(), url, token))),
            Route::Process(command) => Line::Process(Box::new(process::Session::start(server, &command)?)),
        })
    }

    /// Where the bot's settings say that a server is.
    fn route(&self, bot: &Bot, server: &str) -> Result<Route, Fault> {
        let setting = |name: &str| bot.settings.get(&format!("mcp-{server}-{name}"));
        let is_name = !server.is_empty()
            && server.len() <= 32
            && server.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_name && let Some(url) = setting("url") {
            return Ok(Route::Http {
                url: url.to_owned(),
                token: setting("token").map(str::to_owned),
            });
        }
        if is_name && let Some(name) = setting("command") {
            let command = self.commands.get(name).ok_or_else(|| {
                Fault::new(
                    FaultKind::Permission,
                    format!("this server starts no program called {name}"),
                )
                .hint("the operator names programs in BOTSERVER_MCP_COMMANDS")
            })?;
            return Ok(Route::Process(command.clone()));
        }
        let server: String = server.chars().take(64).collect();
        Err(Fault::new(
            FaultKind::NotFound,
            format!("the settings of this bot name no MCP server {server}"),
        )
        .hint(format!("add mcp-{server}-url to config.csv")))
    }
}

#[async_trait]
impl ForeignTools for McpClient {
    async fn call(
        &self,
        bot: &Bot,
        tool: &ForeignTool,
        args: Value,
        cancel: CancellationToken,
    ) -> Result<String, Fault> {
        let value = self.invoke(bot, &tool.server, &tool.name, args, &cancel).await?;
        let text = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Ok(short(&text, LONGEST_RESULT))
    }
}

/// The tools of a server that the bot's settings allow; nothing when they allow all.
fn allowed_tools(bot: &Bot, server: &str) -> Option<Vec<String>> {
    let names = bot.settings.get(&format!("mcp-{server}-tools"))?;
    let parts = names.split([' ', ';', ',']).filter(|name| !name.is_empty());
    Some(parts.map(str::to_owned).collect())
}

/// A tool as the model is told of it; nothing for one that no model could call.
fn described(server: &str, tool: &Value) -> Option<ForeignTool> {
    let name = tool.get("name")?.as_str()?;
    let known: String = format!("{server}__{name}")
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || "_-".contains(letter) {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let description = tool.get("description").and_then(Value::as_str).unwrap_or_default();
    let parameters = tool.get("inputSchema").filter(|schema| schema.is_object()).cloned();
    let parameters = parameters.unwrap_or_else(|| json!({ "type": "object", "properties": {} }));
    if known.len() > 64 || parameters.to_string().len() > LARGEST_TOOL {
        tracing::warn!(
            mcp.server = server,
            tool = name,
            "a tool is left out: its name or schema is too long"
        );
        return None;
    }
    Some(ForeignTool {
        server: server.to_owned(),
        name: name.to_owned(),
        spec: ToolSpec {
            name: known,
            description: short(description, 1024),
            parameters,
        },
    })
}

fn texts(result: &Value) -> String {
    let blocks = result.get("content").and_then(Value::as_array).map(Vec::as_slice);
    let text = |block: &Value| {
        let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "text" => block.get("text").and_then(Value::as_str).map(str::to_owned),
            "resource" => block
                .pointer("/resource/text")
                .and_then(Value::as_str)
                .map(str::to_owned),
            other => Some(format!("({other})")),
        }
    };
    let texts: Vec<String> = blocks.unwrap_or_default().iter().filter_map(text).collect();
    texts.join("\n")
}

fn short(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The result that a server's reply holds.
fn result(server: &str, reply: Reply) -> Result<Value, Fault> {
    match (reply.result, reply.error) {
        (Some(result), None) => Ok(result),
        (_, Some(error)) => Err(Fault::new(
            FaultKind::Network,
            format!("the MCP server {server} refused: {}", short(&error.message, 300)),
        )),
        (None, None) => Err(garbled(server)),
    }
}

fn garbled(server: &str) -> Fault {
    Fault::new(
        FaultKind::Network,
        format!("the MCP server {server} sent an answer that cannot be read"),
    )
}
