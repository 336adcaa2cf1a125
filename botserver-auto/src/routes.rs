//! HTTP in, HTTP out.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::{Access, Clock as _, Permission, SystemClock};
use botserver_core::{Auth, Json, Path, Problem, Query, Routes, routes};
use botstate::dialog::{Bots, Fault};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    files::{FilePath, LARGEST_FILE},
    keywords::FileHost,
};

/// Routes that tell of the bots, under `/api/bots`.
pub(crate) fn router(bots: Arc<dyn Bots>) -> Routes {
    Routes::new("bots")
        .route(Access::Needs(Permission::BotsRead), routes!(list_bots))
        .with_state(bots)
}

/// Routes that give out files of bots, under `/api/files`.
pub(crate) fn files(bots: Arc<dyn Bots>, files: FileHost) -> Routes {
    Routes::new("files")
        .route(Access::Public, routes!(get_bot_file))
        .with_state((bots, files))
}

/// A signed link to a file.
#[derive(Debug, Deserialize, IntoParams)]
struct Signed {
    /// The path among the bot's files.
    #[param(min_length = 1, max_length = 1024)]
    path: String,
    /// Until when the link is good, in seconds since 1970.
    expires: Option<i64>,
    /// What the server signed it with.
    #[param(max_length = 128)]
    signature: Option<String>,
}

/// A file as it is.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
struct FileContent(#[expect(dead_code, reason = "only its schema is used: bodies come as bytes")] Vec<u8>);

/// Gives out a file of a bot to whoever has a link that a script signed, as an attachment that no browser runs.
#[utoipa::path(get, path = "/api/files/{bot}", params(("bot" = String, Path), Signed),
    responses((status = 200, body = FileContent, content_type = "application/octet-stream")))]
async fn get_bot_file(
    State((bots, files)): State<(Arc<dyn Bots>, FileHost)>,
    Path(bot): Path<String>,
    Query(signed): Query<Signed>,
) -> Result<Response, Problem> {
    // A link that was never signed and one that has expired look the same from outside.
    let refused = || Problem::not_found("link");
    let path = FilePath::parse(&signed.path).map_err(|_fault| refused())?;
    let (Some(bot), Some(expires), Some(signature)) = (bots.find(&bot), signed.expires, &signed.signature) else {
        return Err(refused());
    };
    let internal = |fault: Fault| {
        tracing::warn!(bot.name = %bot.name, fault = %fault, "a file of a bot could not be given out");
        Problem::internal(fault)
    };
    let good = files
        .links
        .check(&bot.name, &path, expires, signature, SystemClock.now());
    if !good.await.map_err(internal)? {
        return Err(refused());
    }
    let content = files
        .drives
        .of(&bot)
        .read(&path, LARGEST_FILE)
        .await
        .map_err(internal)?;
    let content = content.ok_or_else(|| Problem::not_found("file"))?;
    let name: String = path
        .name()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-_ ".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, content).into_response())
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

/// Lists the bots of the organisation with what is wrong with their packages.
#[utoipa::path(get, path = "/api/bots", responses((status = 200, body = BotList)))]
async fn list_bots(State(bots): State<Arc<dyn Bots>>, Auth(caller): Auth) -> Json<BotList> {
    let own = bots.list().into_iter().filter(|bot| bot.org == caller.org);
    let items = own.map(|bot| BotStatus {
        name: bot.name.clone(),
        id: bot.id.to_string(),
        version: bot.version.clone(),
        tools: bot.tools.iter().map(|tool| tool.name.clone()).collect(),
        problems: bots.diagnostics(&bot.name),
    });
    Json(BotList { items: items.collect() })
}
