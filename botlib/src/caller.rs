//! Who asks, and what they may do.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    BotId, ConversationId, OrgId, Permission, PersonId, RequestId, SessionId, VisitorId,
    authorise::{Decision, Resource, authorise},
};

/// What a route asks of its caller. Every route declares one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anyone, known or not.
    Public,
    /// Whoever holds this permission.
    Needs(Permission),
}

impl Access {
    /// `public` or the permission's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Needs(permission) => permission.name(),
        }
    }
}

/// A set of permissions with a name that every organisation knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Someone without an account.
    Visitor,
    /// Someone with an account.
    Member,
    /// Looks after bots and the server's health.
    Operator,
    /// Looks after people and groups.
    Manager,
    /// May do everything in the organisation.
    Admin,
    /// May do everything, and looks after the organisations of the server.
    ServerAdmin,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Self; 6] = [
        Self::Visitor,
        Self::Member,
        Self::Operator,
        Self::Manager,
        Self::Admin,
        Self::ServerAdmin,
    ];

    /// The name in configuration, documents and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Member => "member",
            Self::Operator => "operator",
            Self::Manager => "manager",
            Self::Admin => "admin",
            Self::ServerAdmin => "server_admin",
        }
    }

    /// The role called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The permissions that come with the role.
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Visitor => &[Permission::ChatTalk],
            Self::Member => &[
                Permission::ChatTalk,
                Permission::AccountManage,
                Permission::KnowledgeRead,
            ],
            Self::Operator => &[
                Permission::ChatTalk,
                Permission::AccountManage,
                Permission::BotsRead,
                Permission::KnowledgeRead,
                Permission::KnowledgeManage,
                Permission::UsageRead,
                Permission::MonitoringRead,
            ],
            Self::Manager => &[
                Permission::ChatTalk,
                Permission::AccountManage,
                Permission::UsersRead,
                Permission::UsersWrite,
                Permission::BotsRead,
                Permission::KnowledgeRead,
                Permission::OrgRead,
                Permission::UsersInvite,
                Permission::GroupsRead,
                Permission::GroupsWrite,
                Permission::GroupsMembers,
                Permission::RolesRead,
                Permission::RolesGrant,
            ],
            Self::Admin => Permission::ALL.split_at(Permission::ALL.len() - 2).0,
            Self::ServerAdmin => &Permission::ALL,
        }
    }

    /// Whether the role brings everything that `other` brings.
    pub fn includes(self, other: Self) -> bool {
        other
            .permissions()
            .iter()
            .all(|permission| self.permissions().contains(permission))
    }
}

/// Who someone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Subject {
    /// Nobody has been proved.
    Nobody,
    /// Someone without an account, known by a signed token for one bot and one conversation.
    Visitor(VisitorId),
    /// Someone with an account.
    Person(PersonId),
    /// A bot, at work for itself: schedules, events, webhooks.
    Bot(BotId),
    /// The server itself: recovery, upkeep.
    System,
}

/// Who asks, for which organisation, in which request. The first argument of every service method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The organisation whose data may be touched.
    pub org: OrgId,
    /// Who it is.
    pub subject: Subject,
    /// What they may do.
    pub permissions: BTreeSet<Permission>,
    /// The role that somebody with an account has in the organisation.
    pub role: Option<Role>,
    /// Names of all roles: the one above, and those that were granted, to the person or to a group.
    pub roles: BTreeSet<String>,
    /// Groups that somebody with an account belongs to, by name.
    pub groups: BTreeSet<String>,
    /// For a visitor, and for a person's page: the bot and the conversation that the token was made for.
    pub visit: Option<(BotId, ConversationId)>,
    /// For a person: the session that the token belongs to.
    pub session: Option<SessionId>,
    /// For the bearer of an API key that is for some bots only: those.
    pub bots: Option<BTreeSet<BotId>>,
    /// Bots of the organisation that do not talk to the caller.
    pub closed: BTreeSet<BotId>,
    /// When something that the caller may do runs out, if anything does.
    pub until: Option<DateTime<Utc>>,
    /// The request, for logs and problem documents.
    pub request: RequestId,
}

impl Caller {
    /// Nobody: may use public routes only.
    pub fn nobody(org: OrgId, request: RequestId) -> Self {
        Self {
            org,
            subject: Subject::Nobody,
            permissions: BTreeSet::new(),
            role: None,
            roles: BTreeSet::new(),
            groups: BTreeSet::new(),
            visit: None,
            session: None,
            bots: None,
            closed: BTreeSet::new(),
            until: None,
            request,
        }
    }

    /// The server itself, working for `org`.
    pub fn system(org: OrgId) -> Self {
        Self {
            subject: Subject::System,
            permissions: Permission::ALL.into(),
            ..Self::nobody(org, RequestId::new())
        }
    }

    /// A bot that works for itself, with no person's rights.
    pub fn bot(org: OrgId, bot: BotId) -> Self {
        Self {
            subject: Subject::Bot(bot),
            permissions: [Permission::ChatTalk].into(),
            ..Self::nobody(org, RequestId::new())
        }
    }

    /// A visitor of one bot, in one conversation.
    pub fn visitor(
        org: OrgId,
        visitor: VisitorId,
        bot: BotId,
        conversation: ConversationId,
        request: RequestId,
    ) -> Self {
        Self {
            subject: Subject::Visitor(visitor),
            permissions: Role::Visitor.permissions().iter().copied().collect(),
            roles: [Role::Visitor.name().to_owned()].into(),
            visit: Some((bot, conversation)),
            ..Self::nobody(org, request)
        }
    }

    /// A person with `role`, in `session`.
    pub fn person(org: OrgId, person: PersonId, role: Role, session: SessionId, request: RequestId) -> Self {
        Self {
            subject: Subject::Person(person),
            permissions: role.permissions().iter().copied().collect(),
            role: Some(role),
            roles: [role.name().to_owned()].into(),
            session: Some(session),
            ..Self::nobody(org, request)
        }
    }

    /// Whether the caller holds `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Whether the caller has the role called `name`, or one that includes it.
    pub fn has_role(&self, name: &str) -> bool {
        let wanted = Role::ALL
            .into_iter()
            .find(|role| role.name().eq_ignore_ascii_case(name));
        self.roles.iter().any(|own| {
            let implied = wanted
                .zip(Role::named(own))
                .is_some_and(|(wanted, own)| own.includes(wanted));
            implied || own.eq_ignore_ascii_case(name)
        })
    }

    /// Whether the bot talks to the caller, and the caller's credential is good for it.
    pub fn may_talk_to(&self, bot: BotId) -> bool {
        self.bots.as_ref().is_none_or(|bots| bots.contains(&bot)) && !self.closed.contains(&bot)
    }

    /// Whether a route with `access` is open to the caller.
    pub fn may_enter(&self, access: Access) -> bool {
        match access {
            Access::Public => true,
            Access::Needs(permission) => authorise(self, permission, &Resource::route()) == Decision::Allowed,
        }
    }

    /// Whether anybody has been proved at all.
    pub fn is_known(&self) -> bool {
        self.subject != Subject::Nobody
    }
}
