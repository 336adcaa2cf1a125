//! What somebody may do: the one place where members, groups, grants, roles and bots are read together.

use std::collections::{BTreeMap, BTreeSet};

use botlib::{BotId, GroupId, OrgId, Permission, PersonId, Role};
use botstate::db::Connection;
use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::{bots, groups, members, roles};
use crate::model::{
    standing::Standing,
    tenants::{BotAccess, Grant, Grantee, Visibility},
};

/// What a person may do in an organisation; nothing when the person may not act there.
pub(crate) fn of_person(
    conn: &mut Connection,
    org: OrgId,
    person: PersonId,
    now: DateTime<Utc>,
) -> QueryResult<Option<Standing>> {
    let member = members::find(conn, org, person)?.filter(|member| member.suspended_at.is_none());
    let Some(member) = member else { return Ok(None) };
    let direct = groups::of_person(conn, org, person)?;
    let tree = if direct.is_empty() {
        crate::model::standing::Tree::default()
    } else {
        groups::tree(conn, org)?
    };
    let around = tree.closure(direct);
    let mut grantees: Vec<Grantee> = around.iter().map(|group| Grantee::Group(*group)).collect();
    grantees.push(Grantee::Person(person));
    let granted = roles::grants_to(conn, org, &grantees, now)?;
    let mut standing = Standing {
        role: Some(member.role),
        groups: tree.names(&around),
        closed: closed(&bots::list(conn, org)?, |access| admits(access, person, &around)),
        ..Standing::default()
    };
    standing.add(member.role.name(), member.role.permissions().iter().copied());
    add_grants(conn, org, &mut standing, &granted)?;
    Ok(Some(standing))
}

/// What a visitor may do.
pub(crate) fn of_visitor(conn: &mut Connection, org: OrgId) -> QueryResult<Standing> {
    let mut standing = Standing {
        closed: closed(&bots::list(conn, org)?, |access| {
            access.visibility == Visibility::Public
        }),
        ..Standing::default()
    };
    standing.add(Role::Visitor.name(), Role::Visitor.permissions().iter().copied());
    Ok(standing)
}

/// What a bot's scripts may do in its own name.
pub(crate) fn of_bot(conn: &mut Connection, org: OrgId, bot: BotId, now: DateTime<Utc>) -> QueryResult<Standing> {
    let granted = roles::grants_to(conn, org, &[Grantee::Bot(bot)], now)?;
    let mut standing = Standing::default();
    standing.permissions.insert(Permission::ChatTalk);
    add_grants(conn, org, &mut standing, &granted)?;
    Ok(standing)
}

/// What members of a group get from it and from the groups around it.
pub(crate) fn of_group(
    conn: &mut Connection,
    org: OrgId,
    group: GroupId,
    now: DateTime<Utc>,
) -> QueryResult<BTreeSet<Permission>> {
    let around = groups::tree(conn, org)?.closure([group]);
    let grantees: Vec<Grantee> = around.into_iter().map(Grantee::Group).collect();
    let granted = roles::grants_to(conn, org, &grantees, now)?;
    let mut standing = Standing::default();
    add_grants(conn, org, &mut standing, &granted)?;
    Ok(standing.permissions)
}

/// What a role allows, if there is such a role.
pub(crate) fn of_role(conn: &mut Connection, org: OrgId, name: &str) -> QueryResult<Option<BTreeSet<Permission>>> {
    match Role::named(name) {
        Some(role) => Ok(Some(role.permissions().iter().copied().collect())),
        None => Ok(roles::find(conn, org, name)?.map(|role| role.permissions)),
    }
}

fn add_grants(conn: &mut Connection, org: OrgId, standing: &mut Standing, granted: &[Grant]) -> QueryResult<()> {
    for grant in granted {
        if let Some(permissions) = of_role(conn, org, &grant.role)? {
            standing.add(&grant.role, permissions);
            standing.until = [standing.until, grant.expires_at].into_iter().flatten().min();
        }
    }
    Ok(())
}

fn closed(bots: &BTreeMap<BotId, BotAccess>, admits: impl Fn(&BotAccess) -> bool) -> BTreeSet<BotId> {
    bots.iter()
        .filter(|(_, access)| !admits(access))
        .map(|(bot, _)| *bot)
        .collect()
}

fn admits(access: &BotAccess, person: PersonId, groups: &BTreeSet<GroupId>) -> bool {
    match access.visibility {
        Visibility::Public | Visibility::Organization => true,
        Visibility::Restricted => access.people.contains(&person) || !access.groups.is_disjoint(groups),
    }
}
