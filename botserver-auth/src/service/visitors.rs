//! Leave to talk to a bot.

use std::sync::Arc;

use botlib::{Caller, ConversationId, PersonId, SessionId, Subject, VisitorId};
use botstate::dialog::Bot;
use chrono::TimeDelta;

use super::{AuthService, Who};
use crate::{
    Error, Visit,
    token::signed::{TicketClaims, VisitorClaims, visitor_uuid},
};

/// How long a page may talk in a person's name before it must ask again.
const TICKET_TTL: TimeDelta = TimeDelta::hours(12);

impl AuthService {
    /// Lets the caller talk to the bot called `bot_name`, or to the default bot.
    ///
    /// A visitor of the same bot goes on with the same conversation and a fresh token; a person gets the conversation
    /// that is theirs; anybody else becomes a new visitor. Nothing that the client merely claims is believed.
    ///
    /// # Errors
    /// [`Error::UnknownBot`], and [`Error::BotNotPublic`] for those without an account where the bot's setting `public`
    /// is false.
    #[tracing::instrument(name = "auth.visit", skip_all)]
    pub async fn visit(&self, caller: &Caller, bot_name: Option<&str>) -> Result<Visit, Error> {
        let bot = self.find_bot(bot_name)?;
        let is_public = self.is_public(&bot).await?;
        match (caller.subject, caller.session, caller.visit) {
            (Subject::Person(person), Some(session), _) if bot.org == caller.org => {
                if !caller.may_talk_to(bot.id) {
                    return Err(Error::UnknownBot(bot.name.clone()));
                }
                self.visit_of_person(caller, bot, person, session)
            }
            // To another organisation's bot a person is a visitor, where it has any.
            (Subject::Person(_), ..) if !is_public => Err(Error::UnknownBot(bot.name.clone())),
            _ if !is_public => Err(Error::BotNotPublic),
            (Subject::Visitor(visitor), _, Some((visited, conversation))) if visited == bot.id => {
                self.visit_of_visitor(bot, visitor, conversation)
            }
            _ => self.visit_of_visitor(bot, VisitorId::new(), ConversationId::new()),
        }
    }

    /// Whether a bot talks to people without an account: its package says so, and the organisation nothing else.
    pub(crate) async fn is_public(&self, bot: &Bot) -> Result<bool, Error> {
        if bot.settings.flag("public") == Some(false) {
            return Ok(false);
        }
        let standing = self.standing(bot.org, Who::Visitor).await?;
        Ok(standing.is_some_and(|standing| !standing.closed.contains(&bot.id)))
    }

    fn find_bot(&self, name: Option<&str>) -> Result<Arc<Bot>, Error> {
        let name = name.filter(|name| !name.is_empty()).unwrap_or(&self.config.default_bot);
        let found = self.bots.as_ref().and_then(|bots| bots.find(name));
        found.ok_or_else(|| Error::UnknownBot(name.chars().take(100).collect()))
    }

    fn visit_of_visitor(
        &self,
        bot: Arc<Bot>,
        visitor: VisitorId,
        conversation: ConversationId,
    ) -> Result<Visit, Error> {
        let now = self.clock.now();
        let expires_at = now + self.config.auth.visitor_ttl;
        let claims = VisitorClaims {
            org: bot.org,
            visitor,
            bot: bot.id,
            conversation,
        };
        let token = self.keys.sign_visitor(claims, now, expires_at)?;
        Ok(Visit {
            user: visitor_uuid(visitor),
            is_signed_in: false,
            conversation,
            bot,
            token,
            expires_at,
        })
    }

    fn visit_of_person(
        &self,
        caller: &Caller,
        bot: Arc<Bot>,
        person: PersonId,
        session: SessionId,
    ) -> Result<Visit, Error> {
        let now = self.clock.now();
        let expires_at = now + TICKET_TTL;
        let conversation = self.keys.conversation(bot.id, person);
        let claims = TicketClaims {
            org: caller.org,
            person,
            session,
            bot: bot.id,
            conversation,
        };
        let token = self.keys.sign_ticket(claims, now, expires_at)?;
        Ok(Visit {
            user: *person.as_uuid(),
            is_signed_in: true,
            conversation,
            bot,
            token,
            expires_at,
        })
    }
}
