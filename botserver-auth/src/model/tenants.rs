//! The nouns of organisations: plans, members, groups, roles, grants, invitations, and who may talk to which bot.

use std::collections::BTreeSet;

use botlib::{BotId, GrantId, GroupId, InvitationId, OrgId, Permission, PersonId, Role, Secret};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Letters of a slug or of a role's name at most.
const WORD_MAX: usize = 63;
/// Letters of a description at most.
const DESCRIPTION_MAX: usize = 1000;
/// Mail domains that settings may name.
const DOMAINS_MAX: usize = 100;

/// What an organisation has agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Five members.
    Free,
    /// Fifty members.
    Pro,
    /// As many as there are.
    Enterprise,
}

impl Plan {
    const ALL: [Self; 3] = [Self::Free, Self::Pro, Self::Enterprise];

    /// The name in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }

    /// The plan called `name`; the least when nobody knows it.
    pub(crate) fn named(name: &str) -> Self {
        let found = Self::ALL.into_iter().find(|plan| plan.name() == name);
        found.unwrap_or(Self::Free)
    }

    /// How many members the organisation may have.
    pub const fn members(self) -> Option<i64> {
        match self {
            Self::Free => Some(5),
            Self::Pro => Some(50),
            Self::Enterprise => None,
        }
    }
}

/// What an organisation decides for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrgSettings {
    /// Domains of mail addresses that may be invited; any when empty.
    pub email_domains: BTreeSet<String>,
}

impl OrgSettings {
    /// Whether somebody with the address may come in.
    pub(crate) fn admits(&self, email: &str) -> bool {
        let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.email_domains.is_empty() || self.email_domains.contains(domain)
    }

    /// The settings in their normal form.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let invalid = |reason| {
            Err(Error::Invalid {
                field: "/settings/email_domains",
                reason,
            })
        };
        if self.email_domains.len() > DOMAINS_MAX {
            return invalid("has more than 100 domains");
        }
        let is_domain = |text: &String| {
            !text.is_empty()
                && text.len() <= 253
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        };
        if !self.email_domains.iter().all(is_domain) {
            return invalid("has something that is no domain");
        }
        let domains = self.email_domains.iter().map(|domain| domain.to_lowercase());
        Ok(Self {
            email_domains: domains.collect(),
        })
    }
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The id.
    pub id: OrgId,
    /// The name, as people write it.
    pub name: String,
    /// The name in addresses, unique on the server.
    pub slug: String,
    /// What was agreed.
    pub plan: Plan,
    /// What the organisation decides for itself.
    pub settings: OrgSettings,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An organisation to make.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// The name.
    pub name: String,
    /// The name in addresses.
    pub slug: String,
    /// What was agreed.
    pub plan: Plan,
    /// Who is invited to administer it.
    pub admin_email: String,
}

/// What to change about an organisation; absent values stay.
#[derive(Debug, Clone, Default)]
pub struct OrganizationChange {
    /// The name.
    pub name: Option<String>,
    /// What was agreed.
    pub plan: Option<Plan>,
    /// What the organisation decides for itself.
    pub settings: Option<OrgSettings>,
}

/// Somebody's place in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Membership {
    /// The organisation.
    pub(crate) org: OrgId,
    /// The person.
    pub(crate) person: PersonId,
    /// What the person is there.
    pub(crate) role: Role,
    /// Since when.
    pub(crate) created_at: DateTime<Utc>,
    /// Since when the person may not act there, unless they may.
    pub(crate) suspended_at: Option<DateTime<Utc>>,
}

/// What to change about a member; absent values stay.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemberChange {
    /// What the person is.
    pub role: Option<Role>,
    /// Whether the person may not act in the organisation for now.
    pub suspended: Option<bool>,
}

/// A group of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The id.
    pub id: GroupId,
    /// The name, unique in the organisation.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The group whose members all members of this one are as well.
    pub parent: Option<GroupId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What to change about a group; absent values stay.
#[derive(Debug, Clone, Default)]
pub struct GroupChange {
    /// The name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The group around it, or none.
    pub parent: Option<Option<GroupId>>,
}

/// A set of permissions with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRole {
    /// The name, unique in the organisation.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it allows.
    pub permissions: BTreeSet<Permission>,
    /// Whether every organisation has it and nobody can change it.
    pub is_built_in: bool,
}

/// Who was granted a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grantee {
    /// A person.
    Person(PersonId),
    /// Everybody in a group, and in the groups inside it.
    Group(GroupId),
    /// A bot, whose scripts may do it.
    Bot(BotId),
}

impl Grantee {
    /// The name of its kind in the API and the database.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Group(_) => "group",
            Self::Bot(_) => "bot",
        }
    }

    /// The id as text.
    pub fn id(self) -> String {
        match self {
            Self::Person(id) => id.to_string(),
            Self::Group(id) => id.to_string(),
            Self::Bot(id) => id.to_string(),
        }
    }

    /// Reads back what [`Self::kind`] and [`Self::id`] gave.
    pub(crate) fn read(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "person" => id.parse().ok().map(Self::Person),
            "group" => id.parse().ok().map(Self::Group),
            "bot" => id.parse().ok().map(Self::Bot),
            _ => None,
        }
    }
}

/// A role that somebody was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The id.
    pub id: GrantId,
    /// The role's name.
    pub role: String,
    /// Who was granted it.
    pub grantee: Grantee,
    /// Who granted it; nothing when the server did.
    pub granted_by: Option<PersonId>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when; for good when absent.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Somebody's invitation into an organisation.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The id.
    pub id: InvitationId,
    /// The organisation.
    pub org: OrgId,
    /// To whom it was sent, in its normal form.
    pub email: String,
    /// What the person is to be there.
    pub role: Role,
    /// Who invited; nothing when the server did.
    pub invited_by: Option<PersonId>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// An invitation to make.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// The mail address, as it was typed.
    pub email: String,
    /// What the person is to be.
    pub role: Role,
    /// How long it works; a week when absent, 30 days at most.
    pub lasts: Option<TimeDelta>,
}

/// An invitation with its address, which is shown this once.
#[derive(Debug, Clone)]
pub struct SentInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The address to open, with the token behind `#` so that it reaches no server's log.
    pub url: Secret,
}

/// What whoever holds an invitation may see of it.
#[derive(Debug, Clone)]
pub struct InvitationInfo {
    /// The invitation.
    pub invitation: Invitation,
    /// The organisation's name.
    pub organization: String,
    /// Whether the address has an account on this server already.
    pub has_account: bool,
}

/// Whom a bot talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// People of the organisation.
    Organization,
    /// Some groups and people of the organisation.
    Restricted,
}

impl Visibility {
    /// The name in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Organization => "organization",
            Self::Restricted => "restricted",
        }
    }

    /// The visibility called `name`; the narrowest when nobody knows it.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "public" => Self::Public,
            "organization" => Self::Organization,
            _ => Self::Restricted,
        }
    }
}

/// Who may talk to a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotAccess {
    /// Whom it talks to.
    pub visibility: Visibility,
    /// Groups that a restricted bot is for.
    pub groups: BTreeSet<GroupId>,
    /// People that a restricted bot is for.
    pub people: BTreeSet<PersonId>,
}

/// A name in addresses: lower-case letters, digits, and `-` or `_` between them.
pub(crate) fn checked_word(text: &str, field: &'static str) -> Result<String, Error> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = text.len() <= WORD_MAX
        && text.starts_with(is_plain)
        && text.ends_with(is_plain)
        && text.chars().all(|c| is_plain(c) || matches!(c, '-' | '_'));
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Error::Invalid {
            field,
            reason: "must be 1 to 63 of a-z, 0-9, - and _, beginning and ending with a letter or digit",
        })
    }
}

/// A description without spaces around it.
pub(crate) fn checked_description(text: &str) -> Result<String, Error> {
    if text.chars().count() > DESCRIPTION_MAX {
        return Err(Error::Invalid {
            field: "/description",
            reason: "is longer than 1000 characters",
        });
    }
    Ok(text.trim().to_owned())
}
