//! Lets somebody in whom no token names: the port that sockets use for programs and old clients.

use async_trait::async_trait;
use botlib::{Caller, ConversationId, RequestId, VisitorId};
use botstate::{dialog::Bot, identity::Visitors};

use crate::{AuthService, token::signed::VisitorClaims};

#[async_trait]
impl Visitors for AuthService {
    async fn admit(&self, bot: &Bot, request: RequestId) -> Option<(Caller, String)> {
        match self.is_public(bot).await {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                tracing::warn!(%error, "whether a bot is public could not be found out");
                return None;
            }
        }
        let (visitor, conversation) = (VisitorId::new(), ConversationId::new());
        let now = self.now();
        let claims = VisitorClaims {
            org: bot.org,
            visitor,
            bot: bot.id,
            conversation,
        };
        let token = match self.keys().sign_visitor(claims, now, now + self.visitor_ttl()) {
            Ok(token) => token,
            Err(error) => {
                tracing::error!(%error, "a visitor's token could not be signed");
                return None;
            }
        };
        let caller = Caller::visitor(bot.org, visitor, bot.id, conversation, request);
        Some((caller, token.expose().to_owned()))
    }
}
