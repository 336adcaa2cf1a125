//! `/api/auth`: leave to talk to a bot.

use axum::extract::State;
use botlib::{BotId, ConversationId, Subject};
use botserver_core::{Auth, Json, Problem, Query};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{AuthService, Error, Visit};

/// Which bot is visited.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VisitQuery {
    /// The bot's name or id; the default bot when absent.
    bot_name: Option<String>,
    /// What the client believes to be. Only a token proves it, so this is not looked at.
    #[expect(dead_code, reason = "clients send it, the token is what counts")]
    user_id: Option<String>,
    /// The conversation that the client believes to be in. Only a token proves it, so this is not looked at.
    #[expect(dead_code, reason = "clients send it, the token is what counts")]
    session_id: Option<String>,
}

/// Leave to talk to a bot in one conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VisitView {
    /// The visitor's or person's id.
    #[schema(value_type = String, format = "uuid")]
    user_id: Uuid,
    /// The conversation.
    #[schema(value_type = String, format = "uuid")]
    session_id: ConversationId,
    /// The bot's id.
    #[schema(value_type = String, format = "uuid")]
    bot_id: BotId,
    /// The bot's name.
    bot_name: String,
    /// Whether the user has an account.
    status: VisitStatus,
    /// Proves user and conversation: as a bearer token, or as the subprotocol `token.<token>` of a WebSocket.
    token: String,
    /// Until when the token is good. Asking again with it gives a fresh one.
    #[schema(value_type = String, format = "date-time")]
    expires_at: DateTime<Utc>,
}

/// Whether a user has an account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VisitStatus {
    /// Nobody knows who it is.
    Anonymous,
    /// A person.
    SignedIn,
}

impl From<Visit> for VisitView {
    fn from(visit: Visit) -> Self {
        Self {
            user_id: visit.user,
            session_id: visit.conversation,
            bot_id: visit.bot_id(),
            bot_name: visit.bot.name.clone(),
            status: if visit.is_signed_in {
                VisitStatus::SignedIn
            } else {
                VisitStatus::Anonymous
            },
            token: visit.token.expose().to_owned(),
            expires_at: visit.expires_at,
        }
    }
}

/// Gives leave to talk to a bot, and the token that proves it.
///
/// With a visitor's token for the same bot it is the same conversation with a fresh token; for somebody who is signed in
/// it is the person's own conversation; otherwise it is a new one of a new visitor. A token whose time is over counts as
/// none.
#[utoipa::path(
    get,
    path = "/api/auth",
    params(VisitQuery),
    responses(
        (status = 200, description = "Who the caller is to the bot", body = VisitView),
        (status = 401, description = "A forged token, or a bot that is not public", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "No such bot", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn visit(
    State(auth): State<AuthService>,
    Auth(mut caller): Auth,
    headers: HeaderMap,
    Query(query): Query<VisitQuery>,
) -> Result<Json<VisitView>, Problem> {
    // A page that was a visitor's until its user signed in still sends the visitor's token.
    if !matches!(caller.subject, Subject::Person(_)) {
        match auth.caller_of_cookie(&headers, caller.request).await {
            Ok(Some(person)) => caller = person,
            Ok(None) | Err(Error::BadToken | Error::CrossOrigin) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let visit = auth.visit(&caller, query.bot_name.as_deref()).await?;
    Ok(Json(visit.into()))
}
