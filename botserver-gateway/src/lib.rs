//! Front doors that other clients speak already: OpenAI's API under `/v1`, and MCP under `/mcp/<bot>`.
//!
//! A bot is a model there. Whoever asks proves who they are like everywhere, most often with an API key, and the turn
//! engine does the rest through the port [`Conversations`](botstate::door::Conversations): prompts, tools, knowledge,
//! limits and budgets are those of the chat page.
//!
//! # What is kept
//!
//! Clients of chat completions bring the whole talk with every request. Nothing of it is kept: a conversation for each
//! history would fill the database with copies. What scripts have set, and a dialog that waits for an answer, is found
//! again in the cache by the words themselves. A client that names its conversation (`metadata.conversation`, or
//! `previous_response_id` and `conversation` of the responses) gets one that is kept, with its log and its own history.

mod error;
mod keywords;
mod mcp;
mod openai;
mod routes;
mod service;
mod whole;

use botserver_core::Routes;
use botstate::keyword::Keyword;

pub use mcp::client::McpClient;
pub use service::Gateway;

/// Keywords that reach MCP servers.
pub fn keywords(client: &McpClient) -> Vec<Keyword> {
    keywords::keywords(client)
}

/// Routes under `/v1` and `/mcp`.
pub fn routes(gateway: &Gateway) -> Routes {
    routes::all(gateway)
}
