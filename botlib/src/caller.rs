//! Who asks, and what they may do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{BotId, ConversationId, OrgId, PersonId, RequestId, SessionId, VisitorId};

/// Something that may be allowed or not, as `resource.action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Permission {
    /// Talk to a bot and read one's own conversations.
    #[serde(rename = "chat.talk")]
    ChatTalk,
    /// See and end one's own sessions, change one's own password.
    #[serde(rename = "account.manage")]
    AccountManage,
    /// See the people of the organisation.
    #[serde(rename = "users.read")]
    UsersRead,
    /// Create, change and remove people.
    #[serde(rename = "users.write")]
    UsersWrite,
    /// See the bots and the diagnostics of their scripts.
    #[serde(rename = "bots.read")]
    BotsRead,
    /// Follow a conversation line by line, with all that its scripts know.
    #[serde(rename = "bots.debug")]
    BotsDebug,
    /// See jobs, schedules and approvals, and start them.
    #[serde(rename = "tasks.manage")]
    TasksManage,
    /// Search collections of documents, as far as their permissions let the reader.
    #[serde(rename = "kb.read")]
    KnowledgeRead,
    /// Add and remove collections and documents, and see how their indexing goes.
    #[serde(rename = "kb.manage")]
    KnowledgeManage,
    /// See what models were asked and what it cost, and the budgets.
    #[serde(rename = "usage.read")]
    UsageRead,
    /// Set budgets.
    #[serde(rename = "usage.manage")]
    UsageManage,
    /// Read and export the audit log.
    #[serde(rename = "audit.read")]
    AuditRead,
    /// Read the metrics of the server.
    #[serde(rename = "monitoring.read")]
    MonitoringRead,
}

impl Permission {
    /// Every permission there is.
    pub const ALL: [Self; 13] = [
        Self::ChatTalk,
        Self::AccountManage,
        Self::UsersRead,
        Self::UsersWrite,
        Self::BotsRead,
        Self::BotsDebug,
        Self::TasksManage,
        Self::KnowledgeRead,
        Self::KnowledgeManage,
        Self::UsageRead,
        Self::UsageManage,
        Self::AuditRead,
        Self::MonitoringRead,
    ];

    /// The name in configuration, documents and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatTalk => "chat.talk",
            Self::AccountManage => "account.manage",
            Self::UsersRead => "users.read",
            Self::UsersWrite => "users.write",
            Self::BotsRead => "bots.read",
            Self::BotsDebug => "bots.debug",
            Self::TasksManage => "tasks.manage",
            Self::KnowledgeRead => "kb.read",
            Self::KnowledgeManage => "kb.manage",
            Self::UsageRead => "usage.read",
            Self::UsageManage => "usage.manage",
            Self::AuditRead => "audit.read",
            Self::MonitoringRead => "monitoring.read",
        }
    }
}

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

/// A named set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Someone without an account.
    Visitor,
    /// Someone with an account.
    Member,
    /// Looks after bots and the server's health.
    Operator,
    /// May do everything.
    Admin,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Self; 4] = [Self::Visitor, Self::Member, Self::Operator, Self::Admin];

    /// The name in configuration, documents and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Member => "member",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
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
            Self::Admin => &Permission::ALL,
        }
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
    /// The role that somebody with an account has.
    pub role: Option<Role>,
    /// Groups that somebody with an account belongs to, by name.
    pub groups: BTreeSet<String>,
    /// For a visitor, and for a person's page: the bot and the conversation that the token was made for.
    pub visit: Option<(BotId, ConversationId)>,
    /// For a person: the session that the token belongs to.
    pub session: Option<SessionId>,
    /// For the bearer of an API key that is for some bots only: those.
    pub bots: Option<BTreeSet<BotId>>,
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
            groups: BTreeSet::new(),
            visit: None,
            session: None,
            bots: None,
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
            session: Some(session),
            ..Self::nobody(org, request)
        }
    }

    /// Whether the caller holds `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Whether the caller's credential is good for the bot.
    pub fn may_talk_to(&self, bot: BotId) -> bool {
        self.bots.as_ref().is_none_or(|bots| bots.contains(&bot))
    }

    /// Whether a route with `access` is open to the caller.
    pub fn may_enter(&self, access: Access) -> bool {
        match access {
            Access::Public => true,
            Access::Needs(permission) => self.may(permission),
        }
    }

    /// Whether anybody has been proved at all.
    pub fn is_known(&self) -> bool {
        self.subject != Subject::Nobody
    }
}
