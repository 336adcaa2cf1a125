//! HTTP in, HTTP out.

use std::sync::Arc;

use axum::extract::State;
use botlib::{Access, Permission};
use botserver_core::{Json, Routes, routes};
use botstate::dialog::Bots;
use serde::Serialize;
use utoipa::ToSchema;

/// Routes that tell of the bots, under `/api/bots`.
pub(crate) fn router(bots: Arc<dyn Bots>) -> Routes {
    Routes::new("bots")
        .route(Access::Needs(Permission::BotsRead), routes!(list_bots))
        .with_state(bots)
}

/// The bots that run.
#[derive(Debug, Serialize, ToSchema)]
struct BotList {
    /// Every bot, by name.
    items: Vec<BotStatus>,
}

/// A bot that runs.
#[derive(Debug, Serialize, ToSchema)]
struct BotStatus {
    /// The name, which is also the path of its page.
    name: String,
    /// The id, the same on all nodes.
    id: String,
    /// The content hash of the version that runs.
    version: String,
    /// Names of the scripts that a model may call.
    tools: Vec<String>,
    /// Diagnostics of the package as it lies on disk, as text; a version with errors does not replace one without.
    problems: Vec<String>,
}

/// Lists the bots with what is wrong with their packages.
#[utoipa::path(get, path = "/api/bots", responses((status = 200, body = BotList)))]
async fn list_bots(State(bots): State<Arc<dyn Bots>>) -> Json<BotList> {
    let items = bots.list().into_iter().map(|bot| BotStatus {
        name: bot.name.clone(),
        id: bot.id.to_string(),
        version: bot.version.clone(),
        tools: bot.tools.iter().map(|tool| tool.name.clone()).collect(),
        problems: bots.diagnostics(&bot.name),
    });
    Json(BotList { items: items.collect() })
}
