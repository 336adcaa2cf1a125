//! Who may talk to which bot.

use std::{collections::BTreeSet, sync::Arc};

use botlib::{Caller, Permission};
use botstate::{audit::Act, dialog::Bot};

use super::{AuthService, need};
use crate::{
    BotAccess, Error, Visibility,
    store::{bots, groups, members, organizations},
};

/// Groups and people that a restricted bot may be for.
const MANY: usize = 1000;

impl AuthService {
    /// A bot of the caller's organisation, by name or id.
    pub(super) fn own_bot(&self, caller: &Caller, name: &str) -> Result<Arc<Bot>, Error> {
        let found = self.bots.as_ref().and_then(|bots| bots.find(name));
        let found = found.filter(|bot| bot.org == caller.org);
        found.ok_or_else(|| Error::UnknownBot(name.chars().take(100).collect()))
    }

    /// Who may talk to a bot. Where nothing was said, its package says whether it is public.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownBot`].
    pub async fn get_bot_access(&self, caller: &Caller, bot: &str) -> Result<BotAccess, Error> {
        need(caller, Permission::BotsRead)?;
        let bot = self.own_bot(caller, bot)?;
        self.bot_access(&bot).await
    }

    /// Says who may talk to a bot.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownBot`], [`Error::UnknownGroup`], [`Error::UnknownPerson`],
    /// [`Error::TooMany`].
    #[tracing::instrument(name = "auth.set_bot_access", skip_all)]
    pub async fn set_bot_access(&self, caller: &Caller, bot: &str, new: BotAccess) -> Result<BotAccess, Error> {
        need(caller, Permission::BotsAccess)?;
        let bot = self.own_bot(caller, bot)?;
        if new.groups.len() + new.people.len() > MANY {
            return Err(Error::TooMany("groups and people"));
        }
        let (org, id, now, kept) = (caller.org, bot.id, self.clock.now(), new);
        let (act, at) = (
            Act::of(caller, "bots.access")
                .on("bot", bot.id)
                .with("visibility", kept.visibility.name()),
            self.clock.now(),
        );
        self.db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                for group in &kept.groups {
                    groups::find(conn, org, *group)?.ok_or(Error::UnknownGroup(*group))?;
                }
                for person in &kept.people {
                    members::find(conn, org, *person)?.ok_or(Error::UnknownPerson(*person))?;
                }
                Ok::<_, Error>(bots::replace(conn, org, id, &kept, now)?)
            })
            .await?;
        tracing::info!(bot.id = %id, "who may talk to a bot was changed");
        self.publish_access(org, None).await;
        self.bot_access(&bot).await
    }

    async fn bot_access(&self, bot: &Bot) -> Result<BotAccess, Error> {
        let (org, id) = (bot.org, bot.id);
        let kept = self
            .db
            .read(move |conn| Ok::<_, Error>(bots::list(conn, org)?.remove(&id)))
            .await?;
        let mut access = kept.unwrap_or(BotAccess {
            visibility: Visibility::Public,
            groups: BTreeSet::new(),
            people: BTreeSet::new(),
        });
        // What is said here narrows what the package says, and never widens it.
        if bot.settings.flag("public") == Some(false) && access.visibility == Visibility::Public {
            access.visibility = Visibility::Organization;
        }
        Ok(access)
    }
}
