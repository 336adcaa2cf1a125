//! `/v1/models`: bots are models.

use axum::extract::State;
use botserver_core::{Auth, Json, Path};
use botstate::dialog::Bot;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{error::Refusal, service::Gateway};

/// A bot as a model.
#[derive(Serialize, ToSchema)]
pub(super) struct Model {
    /// The bot's name.
    id: String,
    /// `model`.
    object: &'static str,
    /// When the server started, in seconds since 1970.
    created: i64,
    /// Who runs it.
    owned_by: &'static str,
}

/// The bots that the caller may talk to.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelList {
    /// `list`.
    object: &'static str,
    /// The bots, by name.
    data: Vec<Model>,
}

fn model(gateway: &Gateway, bot: &Bot) -> Model {
    Model {
        id: bot.name.clone(),
        object: "model",
        created: gateway.since,
        owned_by: "botserver",
    }
}

/// Lists the bots that the caller may talk to, as models.
#[utoipa::path(get, path = "/v1/models", responses(
    (status = 200, description = "The bots", body = ModelList),
    (status = 401, description = "No key", body = serde_json::Value),
    (status = "default", description = "Any other failure", body = serde_json::Value),
))]
pub(super) async fn list_models(
    State(gateway): State<Gateway>,
    Auth(caller): Auth,
) -> Result<Json<ModelList>, Refusal> {
    gateway.check_caller(&caller)?;
    let bots = gateway.bots_of(&caller);
    Ok(Json(ModelList {
        object: "list",
        data: bots.iter().map(|bot| model(&gateway, bot)).collect(),
    }))
}

/// Shows a bot as a model.
#[utoipa::path(get, path = "/v1/models/{model}",
    params(("model" = String, Path, description = "The bot's name")),
    responses(
        (status = 200, description = "The bot", body = Model),
        (status = 401, description = "No key", body = serde_json::Value),
        (status = 404, description = "No such bot for this caller", body = serde_json::Value),
        (status = "default", description = "Any other failure", body = serde_json::Value),
))]
pub(super) async fn get_model(
    State(gateway): State<Gateway>,
    Auth(caller): Auth,
    Path(name): Path<String>,
) -> Result<Json<Model>, Refusal> {
    gateway.check_caller(&caller)?;
    let bots = gateway.bots_of(&caller);
    let found = bots.iter().find(|bot| bot.name.eq_ignore_ascii_case(&name));
    let bot = found.ok_or_else(|| Refusal::unknown_model(&name))?;
    Ok(Json(model(&gateway, bot)))
}
