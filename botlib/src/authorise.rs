//! The one function that decides who may do what.

use std::collections::BTreeSet;

use crate::{BotId, Caller, OrgId, Permission, PersonId, Subject};

/// What something is done to. Guards of routes know no object yet; services name the one that they found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resource<'a> {
    is_absent: bool,
    org: Option<OrgId>,
    is_organization: bool,
    owner: Option<PersonId>,
    bot: Option<BotId>,
    holds: Option<&'a BTreeSet<Permission>>,
}

impl<'a> Resource<'a> {
    /// Nothing in particular: a route, or a list of which the caller sees the own part.
    pub fn route() -> Self {
        Self::default()
    }

    /// Something of an organisation.
    pub fn of(org: OrgId) -> Self {
        Self {
            org: Some(org),
            ..Self::default()
        }
    }

    /// An organisation itself, which those who look after the server see as well.
    pub fn organization(org: OrgId) -> Self {
        Self {
            is_organization: true,
            ..Self::of(org)
        }
    }

    /// Something that is not there.
    pub fn absent() -> Self {
        Self {
            is_absent: true,
            ..Self::default()
        }
    }

    /// It belongs to one person, and nobody else may know of it.
    #[must_use]
    pub fn owned_by(self, person: PersonId) -> Self {
        Self {
            owner: Some(person),
            ..self
        }
    }

    /// It is a bot, or of a bot.
    #[must_use]
    pub fn of_bot(self, bot: BotId) -> Self {
        Self { bot: Some(bot), ..self }
    }

    /// It holds or gives these permissions: whoever has fewer may see it and not touch it, or people could give
    /// themselves what they lack.
    #[must_use]
    pub fn holding(self, permissions: &'a BTreeSet<Permission>) -> Self {
        Self {
            holds: Some(permissions),
            ..self
        }
    }
}

/// Whether something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allowed,
    /// Nobody has been proved: sign in first.
    Unproved,
    /// The caller lacks this permission.
    Forbidden(Permission),
    /// The caller may not know whether there is such a thing.
    Invisible,
}

/// Decides whether `caller` may do `action` to `resource`. What no rule allows is refused.
///
/// Refusals never depend on an object that the caller may not see: who lacks the permission hears the same whatever the
/// object, and an object of somebody else looks like one that is not there.
pub fn authorise(caller: &Caller, action: Permission, resource: &Resource<'_>) -> Decision {
    if !caller.is_known() {
        return Decision::Unproved;
    }
    if !caller.may(action) {
        return Decision::Forbidden(action);
    }
    if !sees(caller, resource) {
        return Decision::Invisible;
    }
    let lacking = resource
        .holds
        .and_then(|held| held.difference(&caller.permissions).next());
    lacking.map_or(Decision::Allowed, |permission| Decision::Forbidden(*permission))
}

fn sees(caller: &Caller, resource: &Resource<'_>) -> bool {
    let oversees = resource.is_organization && caller.may(Permission::OrgManage);
    let is_of_org = resource.org.is_none_or(|org| org == caller.org) || oversees;
    let is_own = resource.owner.is_none_or(|owner| match caller.subject {
        Subject::Person(person) => person == owner,
        Subject::System => true,
        Subject::Nobody | Subject::Visitor(_) | Subject::Bot(_) => false,
    });
    let is_open = resource.bot.is_none_or(|bot| caller.may_talk_to(bot));
    !resource.is_absent && is_of_org && is_own && is_open
}
