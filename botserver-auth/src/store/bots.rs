//! Who may talk to which bot.

use std::collections::{BTreeMap, BTreeSet};

use botlib::{BotId, OrgId};
use botstate::{
    db::{Connection, DbTime, DbUuid, bot_access as access, bot_readers as readers},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::model::tenants::{BotAccess, Grantee, Visibility};

/// A bot, and kind and id of somebody whom it is for.
type Named = (DbUuid, String, String);

/// Every bot of the organisation of which something was said.
pub(crate) fn list(conn: &mut Connection, org: OrgId) -> QueryResult<BTreeMap<BotId, BotAccess>> {
    let own = DbUuid::from(org);
    let (bots, named): (Vec<(DbUuid, String)>, Vec<Named>) = on_each!(conn, |conn| {
        let bots = access::table
            .filter(access::org_id.eq(own))
            .select((access::bot_id, access::visibility))
            .load(conn)?;
        let named = readers::table
            .filter(readers::org_id.eq(own))
            .select((readers::bot_id, readers::subject_kind, readers::subject_id))
            .load(conn)?;
        Ok::<_, diesel::result::Error>((bots, named))
    })?;
    let empty = |visibility: String| BotAccess {
        visibility: Visibility::named(&visibility),
        groups: BTreeSet::new(),
        people: BTreeSet::new(),
    };
    let mut found: BTreeMap<BotId, BotAccess> = bots
        .into_iter()
        .map(|(bot, visibility)| (bot.into(), empty(visibility)))
        .collect();
    for (bot, kind, id) in named {
        let Some(bot) = found.get_mut(&BotId::from(bot)) else {
            continue;
        };
        match Grantee::read(&kind, &id) {
            Some(Grantee::Person(person)) => {
                bot.people.insert(person);
            }
            Some(Grantee::Group(group)) => {
                bot.groups.insert(group);
            }
            Some(Grantee::Bot(_)) | None => {}
        }
    }
    Ok(found)
}

/// Writes who may talk to a bot.
pub(crate) fn replace(
    conn: &mut Connection,
    org: OrgId,
    bot: BotId,
    new: &BotAccess,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let (own, id) = (DbUuid::from(org), DbUuid::from(bot));
    let groups = new.groups.iter().map(|group| Grantee::Group(*group));
    let people = new.people.iter().map(|person| Grantee::Person(*person));
    let named: Vec<Grantee> = groups.chain(people).collect();
    on_each!(conn, |conn| {
        diesel::delete(readers::table)
            .filter(readers::org_id.eq(own).and(readers::bot_id.eq(id)))
            .execute(conn)?;
        diesel::delete(access::table)
            .filter(access::org_id.eq(own).and(access::bot_id.eq(id)))
            .execute(conn)?;
        diesel::insert_into(access::table)
            .values((
                access::bot_id.eq(id),
                access::org_id.eq(own),
                access::visibility.eq(new.visibility.name()),
                access::updated_at.eq(DbTime(now)),
            ))
            .execute(conn)?;
        for grantee in &named {
            diesel::insert_into(readers::table)
                .values((
                    readers::bot_id.eq(id),
                    readers::subject_kind.eq(grantee.kind()),
                    readers::subject_id.eq(grantee.id()),
                    readers::org_id.eq(own),
                ))
                .execute(conn)?;
        }
        Ok::<_, diesel::result::Error>(())
    })
}

/// Takes somebody out of what restricted bots are for.
pub(crate) fn forget(conn: &mut Connection, org: OrgId, grantee: Grantee) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::delete(readers::table)
        .filter(
            readers::org_id
                .eq(DbUuid::from(org))
                .and(readers::subject_kind.eq(grantee.kind()))
        )
        .filter(readers::subject_id.eq(grantee.id()))
        .execute(conn))?;
    Ok(())
}
