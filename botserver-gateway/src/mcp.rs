//! MCP, the protocol by which models reach tools.

pub(crate) mod client;
pub(crate) mod server;
