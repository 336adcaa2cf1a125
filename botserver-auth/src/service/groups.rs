//! Groups of people.

use botlib::{Caller, GroupId, Page, PageRequest, Permission, PersonId, Resource};
use botstate::{audit::Act, db::Connection};

use super::{AuthService, members::Judge, need, need_on, people::cursor};
use crate::{
    Error, Group, GroupChange,
    model::{checked_name, normal_email, tenants::checked_description},
    store::{groups, members, organizations, people, standings},
};

/// Groups that an organisation may have.
const MANY: i64 = 1000;

/// Refuses whoever would give the members of a group more than they have themselves.
fn may_fill(conn: &mut Connection, judge: &Judge, group: GroupId, action: Permission) -> Result<(), Error> {
    let org = judge.caller.org;
    let held = judge.counting(standings::of_group(conn, org, group, judge.now)?);
    let filled = Resource::of(org).holding(&held);
    need_on(&judge.caller, action, &filled, || Error::UnknownGroup(group))
}

impl AuthService {
    /// A page of the groups of the caller's organisation, the oldest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], and [`Error::Invalid`] for a cursor that is none.
    pub async fn list_groups(&self, caller: &Caller, page: &PageRequest) -> Result<Page<Group>, Error> {
        need(caller, Permission::GroupsRead)?;
        let (org, after, limit) = (caller.org, cursor(page)?, page.limit());
        let rows = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let found = self
            .db
            .read(move |conn| Ok::<_, Error>(groups::list(conn, org, after, rows)?))
            .await?;
        Ok(Page::of(found, limit, |group| group.id.to_string()))
    }

    /// A group of the caller's organisation.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownGroup`].
    pub async fn get_group(&self, caller: &Caller, id: GroupId) -> Result<Group, Error> {
        need(caller, Permission::GroupsRead)?;
        let org = caller.org;
        self.db
            .read(move |conn| groups::find(conn, org, id)?.ok_or(Error::UnknownGroup(id)))
            .await
    }

    /// Makes a group.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`], [`Error::NameTaken`], [`Error::UnknownGroup`] for a group around it
    /// that is not there.
    #[tracing::instrument(name = "auth.create_group", skip_all)]
    pub async fn create_group(
        &self,
        caller: &Caller,
        name: &str,
        description: &str,
        parent: Option<GroupId>,
    ) -> Result<Group, Error> {
        need(caller, Permission::GroupsWrite)?;
        let group = Group {
            id: GroupId::new(),
            name: checked_name(name)?,
            description: checked_description(description)?,
            parent,
            created_at: self.clock.now(),
        };
        let (org, judge, made) = (caller.org, self.judge(caller), group.clone());
        let (act, at) = (Act::of(caller, "groups.create").on("group", group.id), self.clock.now());
        self.db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                if groups::count(conn, org)? >= MANY {
                    return Err(Error::TooMany("groups"));
                }
                if let Some(parent) = made.parent {
                    groups::find(conn, org, parent)?.ok_or(Error::UnknownGroup(parent))?;
                    may_fill(conn, &judge, parent, Permission::GroupsWrite)?;
                }
                if groups::insert(conn, org, &made)? {
                    Ok(())
                } else {
                    Err(Error::NameTaken("/name"))
                }
            })
            .await?;
        tracing::info!(group.id = %group.id, "a group was made");
        Ok(group)
    }

    /// Changes a group.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`], [`Error::NameTaken`], [`Error::UnknownGroup`], and
    /// [`Error::GroupCircle`] for a group that would lie inside itself.
    #[tracing::instrument(name = "auth.update_group", skip_all)]
    pub async fn update_group(&self, caller: &Caller, id: GroupId, change: GroupChange) -> Result<Group, Error> {
        need(caller, Permission::GroupsWrite)?;
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let description = change.description.as_deref().map(checked_description).transpose()?;
        let (org, judge) = (caller.org, self.judge(caller));
        let (act, at) = (Act::of(caller, "groups.update").on("group", id), self.clock.now());
        let group = self
            .db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                let mut group = groups::find(conn, org, id)?.ok_or(Error::UnknownGroup(id))?;
                if let Some(name) = name.filter(|name| *name != group.name) {
                    if groups::find_by_name(conn, org, &name)?.is_some() {
                        return Err(Error::NameTaken("/name"));
                    }
                    group.name = name;
                }
                group.description = description.unwrap_or(group.description);
                if let Some(parent) = change.parent {
                    if let Some(parent) = parent {
                        groups::find(conn, org, parent)?.ok_or(Error::UnknownGroup(parent))?;
                        if groups::tree(conn, org)?.would_circle(id, parent) {
                            return Err(Error::GroupCircle);
                        }
                        may_fill(conn, &judge, parent, Permission::GroupsWrite)?;
                    }
                    group.parent = parent;
                }
                groups::update(conn, org, &group)?;
                Ok(group)
            })
            .await?;
        tracing::info!(group.id = %id, "a group was changed");
        self.publish_access(org, None).await;
        Ok(group)
    }

    /// Removes a group with everything that was granted to it.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownGroup`].
    #[tracing::instrument(name = "auth.remove_group", skip_all)]
    pub async fn remove_group(&self, caller: &Caller, id: GroupId) -> Result<(), Error> {
        need(caller, Permission::GroupsWrite)?;
        let (org, judge) = (caller.org, self.judge(caller));
        let (act, at) = (Act::of(caller, "groups.remove").on("group", id), self.clock.now());
        self.db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                let group = groups::find(conn, org, id)?.ok_or(Error::UnknownGroup(id))?;
                if let Some(parent) = group.parent {
                    may_fill(conn, &judge, parent, Permission::GroupsWrite)?;
                }
                Ok::<_, Error>(groups::remove(conn, org, &group)?)
            })
            .await?;
        tracing::info!(group.id = %id, "a group was removed");
        self.publish_access(org, None).await;
        Ok(())
    }

    /// A page of the people who were put into a group.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownGroup`].
    pub async fn list_group_members(
        &self,
        caller: &Caller,
        id: GroupId,
        page: &PageRequest,
    ) -> Result<Page<PersonId>, Error> {
        need(caller, Permission::GroupsRead)?;
        let (org, after, limit) = (caller.org, cursor(page)?, page.limit());
        let rows = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let found = self
            .db
            .read(move |conn| {
                groups::find(conn, org, id)?.ok_or(Error::UnknownGroup(id))?;
                Ok::<_, Error>(groups::members(conn, org, id, (after, rows))?)
            })
            .await?;
        Ok(Page::of(found, limit, ToString::to_string))
    }

    /// Puts a member of the organisation into a group.
    ///
    /// # Errors
    /// [`Error::Forbidden`], also where the group may do more than the caller; [`Error::UnknownGroup`],
    /// [`Error::UnknownPerson`].
    #[tracing::instrument(name = "auth.add_to_group", skip_all)]
    pub async fn add_to_group(&self, caller: &Caller, id: GroupId, person: PersonId) -> Result<(), Error> {
        need(caller, Permission::GroupsMembers)?;
        let (org, judge) = (caller.org, self.judge(caller));
        let now = judge.now;
        let (act, at) = (
            Act::of(caller, "groups.add")
                .on("group", id)
                .with("person", person.to_string()),
            self.clock.now(),
        );
        let is_new = self
            .db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                groups::find(conn, org, id)?.ok_or(Error::UnknownGroup(id))?;
                members::find(conn, org, person)?.ok_or(Error::UnknownPerson(person))?;
                may_fill(conn, &judge, id, Permission::GroupsMembers)?;
                Ok::<_, Error>(groups::add(conn, org, id, person, now)?)
            })
            .await?;
        if is_new {
            tracing::info!(group.id = %id, person.id = %person, "somebody was put into a group");
            self.publish_access(org, Some(person)).await;
        }
        Ok(())
    }

    /// Takes somebody out of a group.
    ///
    /// # Errors
    /// [`Error::Forbidden`], also where the group may do more than the caller; [`Error::UnknownGroup`],
    /// [`Error::UnknownPerson`] for those who are not in it.
    #[tracing::instrument(name = "auth.take_out_of_group", skip_all)]
    pub async fn take_out_of_group(&self, caller: &Caller, id: GroupId, person: PersonId) -> Result<(), Error> {
        need(caller, Permission::GroupsMembers)?;
        let (org, judge) = (caller.org, self.judge(caller));
        let (act, at) = (
            Act::of(caller, "groups.take-out")
                .on("group", id)
                .with("person", person.to_string()),
            self.clock.now(),
        );
        self.db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                groups::find(conn, org, id)?.ok_or(Error::UnknownGroup(id))?;
                may_fill(conn, &judge, id, Permission::GroupsMembers)?;
                if groups::take_out(conn, org, id, person)? {
                    Ok(())
                } else {
                    Err(Error::UnknownPerson(person))
                }
            })
            .await?;
        tracing::info!(group.id = %id, person.id = %person, "somebody was taken out of a group");
        self.publish_access(org, Some(person)).await;
        Ok(())
    }

    /// The group with a name and the member with a mail address, for scripts, which know people by these.
    pub(crate) async fn find_named(
        &self,
        caller: &Caller,
        group: &str,
        email: Option<&str>,
    ) -> Result<(Group, Option<PersonId>), Error> {
        need(caller, Permission::GroupsRead)?;
        let (org, group) = (caller.org, group.trim().to_owned());
        let email = email.map(normal_email);
        self.db
            .read(move |conn| {
                let found = groups::find_by_name(conn, org, &group)?;
                let found = found.ok_or_else(|| Error::UnknownName(group.chars().take(100).collect()))?;
                let person = match email {
                    None => None,
                    Some(email) => {
                        let person = people::find_by_email(conn, org, &email)?;
                        Some(person.ok_or(Error::UnknownAddress)?.id)
                    }
                };
                Ok::<_, Error>((found, person))
            })
            .await
    }

    /// Names and mail addresses of who was put into a group, for scripts.
    pub(crate) async fn group_people(&self, caller: &Caller, group: GroupId) -> Result<Vec<(String, String)>, Error> {
        need(caller, Permission::GroupsRead)?;
        let org = caller.org;
        self.db
            .read(move |conn| {
                let mut found = Vec::new();
                for id in groups::members(conn, org, group, (None, MANY))? {
                    found.extend(people::find(conn, org, id)?.map(|person| (person.name, person.email)));
                }
                Ok::<_, Error>(found)
            })
            .await
    }
}
