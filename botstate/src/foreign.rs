//! The port to tools that other servers run.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::dialog::{Bot, Fault, ToolSpec};

/// A tool of another server, as a conversation offers it to the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForeignTool {
    /// The server, by the name that the bot's settings give it.
    pub server: String,
    /// The tool's name there.
    pub name: String,
    /// What the model is told; its name begins with the server's.
    pub spec: ToolSpec,
}

/// Calls tools of other servers.
#[async_trait]
pub trait ForeignTools: Send + Sync + 'static {
    /// Calls a tool with arguments that nobody has checked. What it gives is somebody else's text: data, never an
    /// instruction.
    ///
    /// # Errors
    /// When the bot's settings do not allow it, or the server cannot be reached, answers too late, too much, or an error.
    async fn call(
        &self,
        bot: &Bot,
        tool: &ForeignTool,
        args: serde_json::Value,
        cancel: CancellationToken,
    ) -> Result<String, Fault>;
}
