//! Rows of websites and their pages.

use botlib::{BotId, OrgId};
use botstate::{
    db::{Connection, DbTime, DbUuid, kb_site_pages, kb_sites},
    on_each,
};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use uuid::Uuid;

/// A website that a bot reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) id: Uuid,
    pub(crate) org: OrgId,
    pub(crate) bot: BotId,
    pub(crate) url: String,
    pub(crate) collection: String,
    /// How old it may become; without it, it is read once.
    pub(crate) every: Option<Duration>,
    /// When it is due.
    pub(crate) next_at: Option<DateTime<Utc>>,
    pub(crate) crawled_at: Option<DateTime<Utc>>,
}

/// A page as it was last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) etag: Option<String>,
    pub(crate) modified: Option<String>,
    pub(crate) hash: String,
    pub(crate) links: Vec<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = kb_sites)]
struct Row {
    id: DbUuid,
    org_id: DbUuid,
    bot_id: DbUuid,
    url: String,
    collection: String,
    every_seconds: Option<i64>,
    next_at: Option<DbTime>,
    crawled_at: Option<DbTime>,
}

impl From<Row> for Site {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            org: row.org_id.into(),
            bot: row.bot_id.into(),
            url: row.url,
            collection: row.collection,
            every: row.every_seconds.and_then(Duration::try_seconds),
            next_at: row.next_at.map(|at| at.0),
            crawled_at: row.crawled_at.map(|at| at.0),
        }
    }
}

/// The website of a bot that begins at that address.
pub(crate) fn find(conn: &mut Connection, org: OrgId, bot: BotId, url: &str) -> QueryResult<Option<Site>> {
    let own = kb_sites::table.filter(
        kb_sites::org_id
            .eq(DbUuid::from(org))
            .and(kb_sites::bot_id.eq(DbUuid::from(bot)))
            .and(kb_sites::url.eq(url)),
    );
    let row: Option<Row> = on_each!(conn, |conn| own.select(Row::as_select()).first(conn).optional())?;
    Ok(row.map(Site::from))
}

pub(crate) fn get(conn: &mut Connection, org: OrgId, id: Uuid) -> QueryResult<Option<Site>> {
    let own = kb_sites::table.filter(kb_sites::org_id.eq(DbUuid::from(org)).and(kb_sites::id.eq(DbUuid(id))));
    let row: Option<Row> = on_each!(conn, |conn| own.select(Row::as_select()).first(conn).optional())?;
    Ok(row.map(Site::from))
}

/// The collections that are websites of a bot.
pub(crate) fn collections(conn: &mut Connection, org: OrgId, bot: BotId) -> QueryResult<Vec<String>> {
    on_each!(conn, |conn| kb_sites::table
        .filter(
            kb_sites::org_id
                .eq(DbUuid::from(org))
                .and(kb_sites::bot_id.eq(DbUuid::from(bot)))
        )
        .select(kb_sites::collection)
        .load(conn))
}

/// Adds a website.
pub(crate) fn add(conn: &mut Connection, site: &Site) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::insert_into(kb_sites::table)
        .values((
            kb_sites::id.eq(DbUuid(site.id)),
            kb_sites::org_id.eq(DbUuid::from(site.org)),
            kb_sites::bot_id.eq(DbUuid::from(site.bot)),
            kb_sites::url.eq(&site.url),
            kb_sites::collection.eq(&site.collection),
            kb_sites::every_seconds.eq(site.every.map(|every| every.num_seconds())),
            kb_sites::next_at.eq(site.next_at.map(DbTime)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Changes when a website is read again.
pub(crate) fn schedule(
    conn: &mut Connection,
    id: Uuid,
    every: Option<Duration>,
    next_at: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::update(
        kb_sites::table.filter(kb_sites::id.eq(DbUuid(id)))
    )
    .set((
        kb_sites::every_seconds.eq(every.map(|every| every.num_seconds())),
        kb_sites::next_at.eq(next_at.map(DbTime)),
    ))
    .execute(conn))?;
    Ok(())
}

/// Says that a website was read.
pub(crate) fn crawled(conn: &mut Connection, id: Uuid, now: DateTime<Utc>, error: Option<&str>) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::update(
        kb_sites::table.filter(kb_sites::id.eq(DbUuid(id)))
    )
    .set((kb_sites::crawled_at.eq(DbTime(now)), kb_sites::error.eq(error)))
    .execute(conn))?;
    Ok(())
}

/// The pages of a website as they were last seen.
pub(crate) fn pages(conn: &mut Connection, site: Uuid) -> QueryResult<Vec<(String, Seen)>> {
    type Found = (String, Option<String>, Option<String>, String, String);
    let rows: Vec<Found> = on_each!(conn, |conn| kb_site_pages::table
        .filter(kb_site_pages::site_id.eq(DbUuid(site)))
        .select((
            kb_site_pages::url,
            kb_site_pages::etag,
            kb_site_pages::modified,
            kb_site_pages::hash,
            kb_site_pages::links,
        ))
        .load(conn))?;
    let seen = |(url, etag, modified, hash, links): Found| {
        let links = links.lines().map(str::to_owned).collect();
        let seen = Seen {
            etag,
            modified,
            hash,
            links,
        };
        (url, seen)
    };
    Ok(rows.into_iter().map(seen).collect())
}

/// Keeps a page as it was just seen.
pub(crate) fn keep_page(conn: &mut Connection, site: &Site, url: &str, seen: &Seen) -> QueryResult<()> {
    forget_page(conn, site.id, url)?;
    on_each!(conn, |conn| diesel::insert_into(kb_site_pages::table)
        .values((
            kb_site_pages::site_id.eq(DbUuid(site.id)),
            kb_site_pages::org_id.eq(DbUuid::from(site.org)),
            kb_site_pages::url.eq(url),
            kb_site_pages::etag.eq(&seen.etag),
            kb_site_pages::modified.eq(&seen.modified),
            kb_site_pages::hash.eq(&seen.hash),
            kb_site_pages::links.eq(seen.links.join("\n")),
        ))
        .execute(conn))?;
    Ok(())
}

pub(crate) fn forget_page(conn: &mut Connection, site: Uuid, url: &str) -> QueryResult<()> {
    let own = kb_site_pages::table.filter(kb_site_pages::site_id.eq(DbUuid(site)).and(kb_site_pages::url.eq(url)));
    on_each!(conn, |conn| diesel::delete(own).execute(conn))?;
    Ok(())
}
