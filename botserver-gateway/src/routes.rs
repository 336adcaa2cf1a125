//! HTTP in, HTTP out.

mod chat;
mod embeddings;
mod mcp;
mod models;
mod responses;
mod turn;

use botlib::Access;
use botserver_core::{Routes, routes};
use http::Method;

use crate::{error::translate, service::Gateway};

/// Whoever comes without a key may be let in as a visitor, if the operator and the bot allow it: the handlers decide.
const KEY_OR_VISITOR: Access = Access::Public;

pub(crate) fn all(gateway: &Gateway) -> Routes {
    Routes::new("openai")
        .route(KEY_OR_VISITOR, routes!(models::list_models))
        .route(KEY_OR_VISITOR, routes!(models::get_model))
        .route(KEY_OR_VISITOR, routes!(chat::create_completion))
        .route(KEY_OR_VISITOR, routes!(responses::create_response))
        .route(KEY_OR_VISITOR, routes!(embeddings::create_embeddings))
        .map_responses(translate)
        .protocol(
            KEY_OR_VISITOR,
            "/mcp/{bot}",
            &[Method::POST, Method::GET, Method::DELETE],
            mcp::speak,
        )
        .with_state(gateway.clone())
}
