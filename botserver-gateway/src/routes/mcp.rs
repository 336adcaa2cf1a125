//! `/mcp/<bot>`: streamable HTTP of MCP.

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use botserver_core::{Auth, OwnBody, Path, RequestContext};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};

use crate::{error::Refusal, mcp::server::BotServer, service::Gateway};

/// Answers one request of an MCP client, for bots whose `mcp-server` is true.
pub(super) async fn speak(
    State(gateway): State<Gateway>,
    Auth(caller): Auth,
    Path(name): Path<String>,
    context: RequestContext,
    request: Request,
) -> Result<Response, Refusal> {
    let (caller, bot) = gateway.enter(caller, &name, &context).await?;
    if bot.settings.flag("mcp-server") != Some(true) {
        return Err(Refusal::unknown_model(&name));
    }
    let mut config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(gateway.hosts.iter().cloned())
        .with_allowed_origins(gateway.origins.iter().cloned())
        .enforce_origin_validation();
    config.legacy_session_mode = false;
    config.json_response = true;
    let server = BotServer { gateway, caller, bot };
    let service = StreamableHttpService::new(
        move || Ok(server.clone()),
        std::sync::Arc::new(NeverSessionManager::default()),
        config,
    );
    let mut response = service.handle(request).await.map(Body::new).into_response();
    response.extensions_mut().insert(OwnBody);
    Ok(response)
}
