//! Who may read which document: the rules of `kb.permissions.yaml`.
//!
//! A document belongs to the rule of the innermost folder that names one. What decides is written into the document's
//! row as an [`Access`], so that search meets nothing else: documents with the same access lie together, and those
//! that a reader may not read are never looked at.

use std::collections::{BTreeMap, BTreeSet};

use botstate::knowledge::Reader;
use serde::{Deserialize, Serialize};

/// Bytes that a permissions file may have.
pub(crate) const LARGEST: u64 = 1 << 20;

/// Who may read a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Access {
    /// Everybody who may talk to the bot.
    All,
    /// Everybody with an account.
    Authenticated,
    /// Who has one of these roles.
    Roles(BTreeSet<String>),
    /// Who belongs to one of these groups.
    Groups(BTreeSet<String>),
    /// These people, by mail address or id.
    Users(BTreeSet<String>),
    /// Nobody: the document is not even indexed.
    Nobody,
}

/// A reader with what decides besides the port's own fields.
#[derive(Debug, Clone)]
pub(crate) struct Eye<'a> {
    pub(crate) reader: &'a Reader,
    /// The mail address of the person.
    pub(crate) email: Option<&'a str>,
}

impl Access {
    /// The form in which rows and indexes keep it.
    pub(crate) fn key(&self) -> String {
        // Names and lists of names are all there is in it.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The access that a row has; damaged ones let nobody in.
    pub(crate) fn of_key(key: &str) -> Self {
        serde_json::from_str(key).unwrap_or(Self::Nobody)
    }

    /// Whether the reader is let in.
    pub(crate) fn admits(&self, eye: &Eye<'_>) -> bool {
        let holds = |wanted: &BTreeSet<String>, has: &BTreeSet<String>| {
            wanted
                .iter()
                .any(|wanted| has.iter().any(|has| has.eq_ignore_ascii_case(wanted)))
        };
        let reader = eye.reader;
        match self {
            Self::All => true,
            Self::Authenticated => reader.person.is_some(),
            Self::Roles(roles) => reader.person.is_some() && holds(roles, &reader.roles),
            Self::Groups(groups) => reader.person.is_some() && holds(groups, &reader.groups),
            Self::Users(users) => reader.person.is_some_and(|person| {
                let id = person.to_string();
                users.iter().any(|user| {
                    user.eq_ignore_ascii_case(&id) || eye.email.is_some_and(|email| user.eq_ignore_ascii_case(email))
                })
            }),
            Self::Nobody => false,
        }
    }

    /// Whether the mail address of the reader matters.
    pub(crate) fn is_of_users(&self) -> bool {
        matches!(self, Self::Users(_))
    }
}

/// The rules of a bot.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    default: Access,
    /// Whether folders inside a folder with a rule have that rule.
    inherits: bool,
    /// By path in lower case, without slashes at the ends.
    folders: BTreeMap<String, Folder>,
}

#[derive(Debug, Clone)]
struct Folder {
    access: Access,
    /// Whether the rule of the folder around it must let the reader in as well.
    is_narrower: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            default: Access::All,
            inherits: true,
            folders: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    #[serde(alias = "public", alias = "everyone")]
    All,
    Authenticated,
    #[serde(alias = "role")]
    RoleBased,
    #[serde(alias = "group")]
    GroupBased,
    #[serde(alias = "user")]
    UserBased,
    #[serde(alias = "private", alias = "nobody")]
    None,
}

/// Who finds the documents of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Visibility {
    /// Those who may read them.
    #[serde(
        alias = "permission_based",
        alias = "same_as_access",
        alias = "inherit",
        alias = "all",
        alias = "authenticated",
        alias = "role_based",
        alias = "group_based",
        alias = "user_based"
    )]
    Readers,
    /// Nobody: they are not indexed.
    #[serde(alias = "hidden", alias = "private")]
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    #[serde(default)]
    #[expect(dead_code, reason = "written by authors; there is one version so far")]
    version: Option<serde_yaml_ng::Value>,
    #[serde(default)]
    default_access: Option<Level>,
    #[serde(default)]
    default_roles: BTreeSet<String>,
    #[serde(default)]
    default_groups: BTreeSet<String>,
    #[serde(default)]
    default_users: BTreeSet<String>,
    #[serde(default, alias = "inherit")]
    inheritance: Option<bool>,
    #[serde(default)]
    index_visibility: Option<Visibility>,
    #[serde(default)]
    folders: BTreeMap<String, FolderForm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FolderForm {
    #[serde(default)]
    access: Option<Level>,
    #[serde(default)]
    roles: BTreeSet<String>,
    #[serde(default)]
    groups: BTreeSet<String>,
    #[serde(default)]
    users: BTreeSet<String>,
    #[serde(default)]
    index_visibility: Option<Visibility>,
    #[serde(default, alias = "inherit", alias = "inheritance")]
    inherit_parent: bool,
    #[serde(default)]
    #[expect(dead_code, reason = "a word of the author to other authors")]
    description: Option<String>,
}

impl Rules {
    /// The rules that the text of a permissions file says.
    ///
    /// # Errors
    /// What cannot be understood, with its line where that is known. Nobody may read anything then.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let form: FileForm = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        let is_hidden = |visibility| visibility == Some(Visibility::None);
        let default = access(
            form.default_access.unwrap_or(Level::All),
            form.default_roles,
            form.default_groups,
            form.default_users,
            "default_access",
        )?;
        let mut folders = BTreeMap::new();
        for (path, folder) in form.folders {
            let key = clean(&path);
            if key.is_empty() {
                return Err(format!(
                    "the folder {path:?} names no folder: use default_access for all of them"
                ));
            }
            let level = match folder.access {
                Some(level) => level,
                None if !folder.users.is_empty() => Level::UserBased,
                None if !folder.groups.is_empty() => Level::GroupBased,
                None if !folder.roles.is_empty() => Level::RoleBased,
                None => return Err(format!("the folder {path:?} needs access")),
            };
            let mut own = access(
                level,
                folder.roles,
                folder.groups,
                folder.users,
                &format!("folder {path:?}"),
            )?;
            if is_hidden(folder.index_visibility) {
                own = Access::Nobody;
            }
            folders.insert(
                key,
                Folder {
                    access: own,
                    is_narrower: folder.inherit_parent,
                },
            );
        }
        Ok(Self {
            default: if is_hidden(form.index_visibility) {
                Access::Nobody
            } else {
                default
            },
            inherits: form.inheritance.unwrap_or(true),
            folders,
        })
    }

    /// Rules that let nobody read anything: what holds while the file cannot be understood.
    pub(crate) fn closed() -> Self {
        Self {
            default: Access::Nobody,
            inherits: true,
            folders: BTreeMap::new(),
        }
    }

    /// Who may read the document at `path` of `collection`: every access of the list must let the reader in.
    pub(crate) fn access(&self, collection: &str, path: &str) -> Vec<Access> {
        let whole = format!("{}/{}", clean(collection), clean(path));
        let mut at = whole.as_str();
        let mut found = Vec::new();
        // A rule may name the document itself.
        let mut is_direct = true;
        loop {
            if let Some(folder) = self.folders.get(at)
                && (is_direct || self.inherits)
            {
                found.push(folder.access.clone());
                if !folder.is_narrower {
                    return found;
                }
            }
            is_direct = at == whole;
            match at.rsplit_once('/') {
                Some((parent, _)) => at = parent,
                None => break,
            }
        }
        found.push(self.default.clone());
        found
    }
}

fn access(
    level: Level,
    roles: BTreeSet<String>,
    groups: BTreeSet<String>,
    users: BTreeSet<String>,
    place: &str,
) -> Result<Access, String> {
    let named = |names: BTreeSet<String>, what: &str| {
        if names.is_empty() {
            Err(format!("{place} needs {what}"))
        } else {
            Ok(names)
        }
    };
    Ok(match level {
        Level::All => Access::All,
        Level::Authenticated => Access::Authenticated,
        Level::RoleBased => Access::Roles(named(roles, "roles")?),
        Level::GroupBased => Access::Groups(named(groups, "groups")?),
        Level::UserBased => Access::Users(named(users, "users")?),
        Level::None => Access::Nobody,
    })
}

/// A path in lower case, with single slashes between its names, without `*` at its end.
fn clean(path: &str) -> String {
    let names: Vec<&str> = path
        .split(['/', '\\'])
        .filter(|name| !name.is_empty() && *name != "." && *name != "*" && *name != "**")
        .collect();
    names.join("/").to_lowercase()
}

/// What a row keeps of several accesses that must all let a reader in.
pub(crate) fn key_of(accesses: &[Access]) -> String {
    match accesses {
        [one] => one.key(),
        several if several.contains(&Access::Nobody) => Access::Nobody.key(),
        several => {
            let mut wanted: Vec<&Access> = several.iter().filter(|access| **access != Access::All).collect();
            wanted.sort();
            wanted.dedup();
            match wanted.as_slice() {
                [] => Access::All.key(),
                [one] => one.key(),
                _ => serde_json::to_string(&wanted).unwrap_or_default(),
            }
        }
    }
}

/// Whether what a row keeps lets the reader in.
pub(crate) fn admits(key: &str, eye: &Eye<'_>) -> bool {
    match serde_json::from_str::<Vec<Access>>(key) {
        Ok(all) => !all.is_empty() && all.iter().all(|access| access.admits(eye)),
        Err(_) => Access::of_key(key).admits(eye),
    }
}

/// Whether what a row keeps names people.
pub(crate) fn names_users(key: &str) -> bool {
    match serde_json::from_str::<Vec<Access>>(key) {
        Ok(all) => all.iter().any(Access::is_of_users),
        Err(_) => Access::of_key(key).is_of_users(),
    }
}

#[cfg(test)]
mod tests;
