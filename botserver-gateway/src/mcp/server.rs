//! A bot as an MCP server: its tools, its public prompts, and what it knows as passages and as documents.
//!
//! Each request stands alone and proves its caller: there are no sessions that somebody else could take over, and any
//! node answers. A tool runs in a turn of its own, with the caller's permissions.

mod prompts;
mod resources;

use std::sync::Arc;

use botlib::{Caller, Value};
use botstate::{
    dialog::Bot,
    door::{Content, End, Inbound, Place, Wish},
    knowledge::{Query, Reader},
};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, GetPromptRequestParams,
        GetPromptResponse, Implementation, JsonObject, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
        ReadResourceResult, ResourcesCapability, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde_json::json;

use crate::service::Gateway;

/// The tool that asks the bot itself.
const ASK: &str = "ask";
/// The tool that searches what the bot knows.
const SEARCH: &str = "search_knowledge";
/// Passages of a search, unless somebody wants fewer.
const PASSAGES: usize = 8;
/// Tokens that the passages of a search may have together.
const TOKENS: usize = 6000;

/// What one caller finds behind `/mcp/<bot>`.
#[derive(Clone)]
pub(crate) struct BotServer {
    pub(crate) gateway: Gateway,
    pub(crate) caller: Caller,
    pub(crate) bot: Arc<Bot>,
}

impl BotServer {
    async fn collections(&self) -> Vec<String> {
        let Some(knowledge) = self.gateway.knowledge.get() else {
            return Vec::new();
        };
        match knowledge.collections(&self.bot, &Reader::of(&self.caller)).await {
            Ok(collections) => collections,
            Err(fault) => {
                tracing::warn!(%fault, "the collections of a bot could not be listed");
                Vec::new()
            }
        }
    }

    async fn search(&self, args: &JsonObject) -> Result<CallToolResult, ErrorData> {
        let text = args
            .get("query")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        if text.trim().is_empty() {
            return Ok(failed("query must say what is sought"));
        }
        let Some(knowledge) = self.gateway.knowledge.get() else {
            return Err(unknown_tool(SEARCH));
        };
        let mut collections = self.collections().await;
        if let Some(wanted) = args.get("collection").and_then(serde_json::Value::as_str) {
            collections.retain(|name| name == wanted);
        }
        let limit = args.get("limit").and_then(serde_json::Value::as_u64);
        let query = Query {
            text: text.to_owned(),
            bot: Arc::clone(&self.bot),
            collections,
            reader: Reader::of(&self.caller),
            limit: limit.map_or(PASSAGES, |limit| {
                usize::try_from(limit).unwrap_or(PASSAGES).clamp(1, 50)
            }),
            tokens: TOKENS,
        };
        match knowledge.search(&query).await {
            Ok(found) if found.passages.is_empty() => {
                Ok(CallToolResult::success(vec![ContentBlock::text("nothing was found")]))
            }
            Ok(found) => {
                let blocks = found.passages.iter().map(|passage| {
                    let source = &passage.source;
                    let page = source.page.map(|page| format!(", page {page}")).unwrap_or_default();
                    ContentBlock::text(format!(
                        "[{}] {} ({}{page})\n\n{}",
                        source.number, source.title, source.document, passage.text
                    ))
                });
                Ok(CallToolResult::success(blocks.collect()))
            }
            Err(fault) => Ok(failed(&fault.message)),
        }
    }

    async fn run(&self, content: Content, request: &RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
        let Some(conversations) = self.gateway.conversations.get() else {
            return Err(ErrorData::internal_error(
                "this server was built without conversations",
                None,
            ));
        };
        let inbound = Inbound {
            caller: self.caller.clone(),
            bot: Arc::clone(&self.bot),
            place: Place::Passing { history: Vec::new() },
            key: None,
            content,
            channel: "mcp",
            locale: None,
            wish: Wish::default(),
        };
        let talk = match conversations.send(inbound).await {
            Ok(talk) => talk,
            Err(problem) => return Ok(failed(problem.detail.as_ref().unwrap_or(&problem.title))),
        };
        tokio::select! {
            outcome = talk.finish() => Ok(match outcome {
                Ok(end) => result(&end),
                Err(problem) => failed(problem.detail.as_ref().unwrap_or(&problem.title)),
            }),
            () = request.ct.cancelled() => Ok(failed("the call was cancelled")),
        }
    }
}

impl ServerHandler for BotServer {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::builder().enable_tools().enable_prompts().build();
        if self.gateway.knowledge.get().is_some() {
            capabilities.resources = Some(ResourcesCapability::default());
        }
        let mut info = ServerConfig::new(capabilities);
        info.server_info = Implementation::new(self.bot.name.clone(), self.bot.version.clone());
        info.instructions = self.bot.settings.get("bot-description").map(str::to_owned);
        info
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let own = self.bot.tools.iter().map(|tool| {
            let schema = tool.parameters.as_object().cloned().unwrap_or_default();
            Tool::new(tool.name.clone(), tool.description.clone(), Arc::new(with_type(schema)))
        });
        let mut tools: Vec<Tool> = own.collect();
        if self.bot.tool(ASK).is_none() {
            tools.push(Tool::new(
                ASK,
                format!("Asks the bot {} and gives its answer.", self.bot.name),
                schema(&json!({
                    "type": "object",
                    "properties": { "message": { "type": "string", "description": "What to ask" } },
                    "required": ["message"],
                })),
            ));
        }
        let collections = self.collections().await;
        if !collections.is_empty() && self.bot.tool(SEARCH).is_none() {
            tools.push(Tool::new(
                SEARCH,
                "Searches the documents that the bot knows and gives passages with their sources.",
                schema(&json!({
                    "type": "object",
                    "properties": {
                        "query": { "type": "string", "description": "What is sought" },
                        "collection": { "type": "string", "enum": collections },
                        "limit": { "type": "integer", "minimum": 1, "maximum": 50 },
                    },
                    "required": ["query"],
                })),
            ));
        }
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(self.prompts())
    }

    async fn get_prompt(
        &self,
        asked: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.prompt(&asked.name, asked.arguments).map(GetPromptResponse::from)
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.resources(page.and_then(|page| page.cursor)).await
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        asked: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let contents = self.resource(&asked.uri).await?;
        Ok(ReadResourceResult::new(vec![contents]).into())
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let args = call.arguments.unwrap_or_default();
        let outcome = if let Some(tool) = self.bot.tool(&call.name) {
            let content = Content::Tool {
                name: tool.name.clone(),
                args: serde_json::Value::Object(args),
            };
            self.run(content, &request).await
        } else if call.name == ASK {
            let text = args
                .get("message")
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default();
            if text.trim().is_empty() {
                return Ok(failed("message must say what to ask").into());
            }
            let content = Content::Message {
                text: text.to_owned(),
                files: Vec::new(),
                images: Vec::new(),
            };
            self.run(content, &request).await
        } else if call.name == SEARCH {
            self.search(&args).await
        } else {
            Err(unknown_tool(&call.name))
        };
        outcome.map(CallToolResponse::from)
    }
}

fn unknown_tool(name: &str) -> ErrorData {
    let name: String = name.chars().take(64).collect();
    ErrorData::invalid_params(
        format!("there is no tool {name}: tools/list gives those there are"),
        None,
    )
}

fn failed(why: &str) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(why)])
}

/// What a tool gave back and what it said.
fn result(end: &End) -> CallToolResult {
    if let Some(fault) = &end.fault {
        return failed(&fault.message);
    }
    if end.is_waiting {
        let question = format!("the tool asks, and nobody can answer it here: {}", end.text);
        return failed(&question);
    }
    let mut blocks = Vec::new();
    if !end.text.is_empty() {
        blocks.push(ContentBlock::text(end.text.clone()));
    }
    let value = end.value.to_json();
    match &end.value {
        Value::Null => {}
        Value::Text(text) => blocks.push(ContentBlock::text(text.clone())),
        _ => blocks.push(ContentBlock::text(value.to_string())),
    }
    if blocks.is_empty() {
        blocks.push(ContentBlock::text("done"));
    }
    let mut result = CallToolResult::success(blocks);
    if value.is_object() {
        result.structured_content = Some(value);
    }
    result
}

fn schema(document: &serde_json::Value) -> Arc<JsonObject> {
    Arc::new(document.as_object().cloned().unwrap_or_default())
}

fn with_type(mut schema: JsonObject) -> JsonObject {
    schema
        .entry("type")
        .or_insert_with(|| serde_json::Value::from("object"));
    schema
}
