//! What somebody may do in an organisation, worked out from all that was said about it.

use std::collections::{BTreeMap, BTreeSet};

use botlib::{BotId, Caller, GroupId, Permission, Role};
use chrono::{DateTime, Utc};

/// What somebody is and may do in an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The role as a member.
    pub(crate) role: Option<Role>,
    /// Names of all roles with what each brings.
    pub(crate) roles: BTreeMap<String, BTreeSet<Permission>>,
    /// Names of the groups, those around them included.
    pub(crate) groups: BTreeSet<String>,
    /// All permissions together.
    pub(crate) permissions: BTreeSet<Permission>,
    /// Bots that do not talk to them.
    pub(crate) closed: BTreeSet<BotId>,
    /// When the first of the grants runs out.
    pub(crate) until: Option<DateTime<Utc>>,
}

impl Standing {
    /// Puts the standing into a caller.
    pub(crate) fn give(&self, caller: &mut Caller) {
        caller.role = self.role;
        caller.roles = self.roles.keys().cloned().collect();
        caller.groups.clone_from(&self.groups);
        caller.permissions.clone_from(&self.permissions);
        caller.closed.clone_from(&self.closed);
        caller.until = self.until;
    }

    /// Adds a role.
    pub(crate) fn add(&mut self, name: &str, permissions: impl IntoIterator<Item = Permission>) {
        let role = self.roles.entry(name.to_owned()).or_default();
        for permission in permissions {
            role.insert(permission);
            self.permissions.insert(permission);
        }
    }

    /// Takes away what is about the server: for organisations that do not own it.
    pub(crate) fn without_server(mut self) -> Self {
        self.permissions.retain(|permission| !permission.is_server_wide());
        for role in self.roles.values_mut() {
            role.retain(|permission| !permission.is_server_wide());
        }
        self
    }
}

/// The groups of an organisation as far as nesting goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree(pub(crate) BTreeMap<GroupId, (Option<GroupId>, String)>);

impl Tree {
    /// `direct` and every group around one of them. Ends whatever the data says.
    pub(crate) fn closure(&self, direct: impl IntoIterator<Item = GroupId>) -> BTreeSet<GroupId> {
        let mut found = BTreeSet::new();
        for start in direct {
            let mut next = Some(start);
            while let Some(group) = next {
                if !found.insert(group) {
                    break;
                }
                next = self.0.get(&group).and_then(|(parent, _)| *parent);
            }
        }
        found
    }

    /// Whether `parent` around `group` would make a circle.
    pub(crate) fn would_circle(&self, group: GroupId, parent: GroupId) -> bool {
        self.closure([parent]).contains(&group)
    }

    /// Names of groups.
    pub(crate) fn names(&self, groups: &BTreeSet<GroupId>) -> BTreeSet<String> {
        groups
            .iter()
            .filter_map(|group| self.0.get(group).map(|(_, name)| name.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(edges: &[(usize, Option<usize>)]) -> (Tree, Vec<GroupId>) {
        let ids: Vec<GroupId> = edges.iter().map(|_| GroupId::new()).collect();
        let tree = edges
            .iter()
            .map(|(group, parent)| (ids[*group], (parent.map(|parent| ids[parent]), group.to_string())))
            .collect();
        (Tree(tree), ids)
    }

    #[test]
    fn members_of_an_inner_group_are_members_of_those_around_it() {
        let (tree, ids) = tree(&[(0, Some(1)), (1, Some(2)), (2, None), (3, None)]);

        assert_eq!(tree.closure([ids[0]]), BTreeSet::from([ids[0], ids[1], ids[2]]));
        assert_eq!(tree.closure([ids[2]]), BTreeSet::from([ids[2]]));
    }

    #[test]
    fn circles_are_seen_before_they_are_made_and_end_where_they_are() {
        let (line, ids) = tree(&[(0, Some(1)), (1, Some(2)), (2, None)]);
        assert!(line.would_circle(ids[2], ids[0]));
        assert!(line.would_circle(ids[1], ids[1]));
        assert!(!line.would_circle(ids[0], ids[2]));

        let (circle, ids) = tree(&[(0, Some(1)), (1, Some(0))]);
        assert_eq!(circle.closure([ids[0]]).len(), 2);
    }
}
