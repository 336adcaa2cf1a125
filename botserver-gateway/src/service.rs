//! Who may talk to which bot by these doors.

use std::{sync::Arc, time::Duration};

use botlib::{Caller, Clock, Permission, Subject};
use botserver_core::RequestContext;
use botstate::{
    AppState,
    dialog::{Bot, Bots},
    door::Conversations,
    embed::Embedders,
    identity::Visitors,
    knowledge::Knowledge,
    run::Late,
    shared::{Decision, Quota, RateLimit},
};

use crate::error::Refusal;

/// Requests a minute that somebody without a key may make from one address.
const VISITS: u32 = 60;

/// The doors, and what they lead to. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    bots: Option<Arc<dyn Bots>>,
    visitors: Option<Arc<dyn Visitors>>,
    limits: Arc<dyn RateLimit>,
    pub(crate) conversations: Late<dyn Conversations>,
    pub(crate) embedders: Option<Arc<dyn Embedders>>,
    pub(crate) knowledge: Late<dyn Knowledge>,
    pub(crate) clock: Arc<dyn Clock>,
    default_bot: Arc<str>,
    /// Whether the operator lets people without a key talk to public bots.
    lets_visitors: bool,
    /// Whether those are limited, as all callers are.
    limits_visitors: bool,
    /// When the server started: bots have no age of their own.
    pub(crate) since: i64,
    /// Origins of pages that may speak MCP.
    pub(crate) origins: Arc<[String]>,
    /// Names by which this server may be asked: a page of elsewhere that gave its own name our address is refused.
    pub(crate) hosts: Arc<[String]>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gateway")
    }
}

impl Gateway {
    /// The doors over the state's ports.
    pub fn new(state: &AppState) -> Self {
        let http = &state.config.http;
        let own = state.config.public_url();
        let loopback = ["127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{}", http.port));
        let near = loopback.into_iter().filter(|_| http.public_url.is_none());
        let origins = http.cors_origins.iter().cloned().chain([own]).chain(near);
        let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into_iter();
        let public = http
            .public_url
            .iter()
            .filter_map(|url| url.host_str().map(str::to_owned));
        Self {
            bots: state.ports.bots.clone(),
            visitors: state.ports.visitors.clone(),
            limits: Arc::clone(&state.limits),
            conversations: state.ports.conversations.clone(),
            embedders: state.ports.embedders.clone(),
            knowledge: state.ports.knowledge.clone(),
            clock: Arc::clone(&state.clock),
            default_bot: state.config.default_bot.as_str().into(),
            lets_visitors: state.config.auth.api_visitors,
            limits_visitors: http.rate_per_minute > 0,
            since: state.clock.now().timestamp(),
            origins: origins.collect(),
            hosts: local.chain(public).collect(),
        }
    }

    /// The bots that the caller may talk to, by name.
    pub(crate) fn bots_of(&self, caller: &Caller) -> Vec<Arc<Bot>> {
        let all = self.bots.as_ref().map(|bots| bots.list()).unwrap_or_default();
        all.into_iter().filter(|bot| self.is_open(caller, bot)).collect()
    }

    fn is_open(&self, caller: &Caller, bot: &Bot) -> bool {
        let is_public = bot.settings.flag("public") != Some(false);
        match caller.subject {
            Subject::Person(_) => {
                caller.may(Permission::ChatTalk) && caller.org == bot.org && caller.may_talk_to(bot.id)
            }
            Subject::Visitor(_) => caller.visit.is_some_and(|(visited, _)| visited == bot.id) && is_public,
            Subject::Nobody => self.lets_visitors && is_public,
            Subject::Bot(_) | Subject::System => false,
        }
    }

    /// The bot called `name`, and the caller as whoever talks to it: somebody without a key becomes a visitor, where
    /// the operator lets those in.
    ///
    /// # Errors
    /// A refusal that does not tell whether there is such a bot.
    pub(crate) async fn enter(
        &self,
        caller: Caller,
        name: &str,
        context: &RequestContext,
    ) -> Result<(Caller, Arc<Bot>), Refusal> {
        self.check_caller(&caller)?;
        let name = if name.is_empty() { &self.default_bot } else { name };
        let found = self.bots.as_ref().and_then(|bots| bots.find(name));
        let bot = found
            .filter(|bot| self.is_open(&caller, bot))
            .ok_or_else(|| Refusal::unknown_model(name))?;
        if caller.is_known() {
            return Ok((caller, bot));
        }
        self.allow_visit(context).await?;
        let admitted = match &self.visitors {
            Some(visitors) => visitors.admit(&bot, caller.request).await,
            None => None,
        };
        let (visitor, _) = admitted.ok_or_else(Refusal::unproved)?;
        Ok((visitor, bot))
    }

    /// Refuses whoever may enter nowhere.
    ///
    /// # Errors
    /// 401 for nobody, unless visitors are let in; 403 for a key without leave to talk.
    pub(crate) fn check_caller(&self, caller: &Caller) -> Result<(), Refusal> {
        match caller.subject {
            Subject::Nobody if !self.lets_visitors => Err(Refusal::unproved()),
            Subject::Person(_) if !caller.may(Permission::ChatTalk) => {
                let problem = botserver_core::Problem::forbidden(Permission::ChatTalk.name());
                Err(problem.into())
            }
            _ => Ok(()),
        }
    }

    async fn allow_visit(&self, context: &RequestContext) -> Result<(), Refusal> {
        if !self.limits_visitors {
            return Ok(());
        }
        let quota = Quota {
            burst: VISITS,
            period: Duration::from_mins(1),
        };
        let key = format!("api-visit:{}", context.client_key());
        match self.limits.take(&key, quota, 1).await {
            Ok(Decision::Refused { retry_after }) => {
                Err(botserver_core::Problem::too_many(retry_after.as_secs().max(1)).into())
            }
            Ok(Decision::Allowed { .. }) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "visitors of the API are not limited");
                Ok(())
            }
        }
    }

    /// The conversations.
    ///
    /// # Errors
    /// When the server was built without them.
    pub(crate) fn conversations(&self) -> Result<Arc<dyn Conversations>, Refusal> {
        let found = self.conversations.get().map(Arc::clone);
        found.ok_or_else(|| Refusal::not_built_in("conversations"))
    }
}
