//! What a page needs to know about a bot before anybody talks to it.

use axum::extract::State;
use botserver_core::{Json, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::service::ChatService;

/// Which bot.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Wanted {
    /// The bot's name; the default bot when absent.
    bot_name: Option<String>,
}

/// How a bot presents itself. Nothing else of its settings is told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BotView {
    /// The name.
    name: String,
    /// Whether people without an account may talk to it.
    public: bool,
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    theme_title: Option<String>,
    /// A sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// The main colour, as CSS.
    #[serde(skip_serializing_if = "Option::is_none")]
    theme_color1: Option<String>,
    /// The second colour, as CSS.
    #[serde(skip_serializing_if = "Option::is_none")]
    theme_color2: Option<String>,
    /// The address of a logo on this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    theme_logo: Option<String>,
    /// A word in place of a logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    theme_logo_text: Option<String>,
}

/// Tells how a bot presents itself.
#[utoipa::path(get, path = "/api/bot/config", params(Wanted), responses((status = 200, body = BotView)))]
pub(super) async fn get_config(
    State(chat): State<ChatService>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<BotView>, Problem> {
    let bot = chat.bot(wanted.bot_name.as_deref())?;
    let text = |name: &str| bot.settings.get(name).map(str::to_owned);
    Ok(Json(BotView {
        name: bot.name.clone(),
        public: bot.settings.flag("public").unwrap_or(true),
        theme_title: text("theme-title").or_else(|| text("bot-name")),
        description: text("bot-description"),
        theme_color1: text("theme-color1"),
        theme_color2: text("theme-color2"),
        theme_logo: text("theme-logo"),
        theme_logo_text: text("theme-logo-text"),
    }))
}
