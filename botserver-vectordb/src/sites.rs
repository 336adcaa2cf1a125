//! Websites as collections: their pages are documents, read again when they are due.
//!
//! A job reads a site from its first address on: pages of the same host, as deep and as many as the bot's settings
//! allow, by the rules of its robots.txt (RFC 9309). What did not change is not sent again, and what is gone is taken
//! away. All requests go through the guarded client, so no page leads to a private address.

mod crawl;
mod interval;
mod page;
mod robots;
mod sitemap;

use std::{sync::Arc, time::Duration as Pause};

use async_trait::async_trait;
use botlib::OrgId;
use botstate::{
    db::{self, Change},
    dialog::Bot,
    job::{Job, JobError, JobHandler, NewJob},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

pub(crate) use interval::Interval;

use crate::{
    error::Error,
    service::KnowledgeService,
    store::sites::{self, Site},
};

/// The kind of jobs that read a website.
pub(crate) const CRAWL: &str = "kb.crawl";

/// How soon a site that could not be read at all is tried again.
const RETRY: chrono::Duration = chrono::Duration::hours(1);

/// The shortest pause between two requests to a site.
const PAUSE: Pause = Pause::from_millis(200);

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    site: Uuid,
}

/// The first address of a site and the name of its collection.
///
/// # Errors
/// When the text is no address of the web.
pub(crate) fn address(text: &str) -> Result<(Url, String), Error> {
    let bad = || {
        Error::Invalid(format!(
            "{text:?} is not the address of a website such as https://example.com/"
        ))
    };
    let text = text.trim();
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let mut url = Url::parse(&whole).map_err(|_error| bad())?;
    url.set_fragment(None);
    let host = url
        .host_str()
        .filter(|_| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(bad)?;
    let mut name = host.to_owned();
    for piece in url.path().split('/').filter(|piece| !piece.is_empty()) {
        name.extend([" ", piece]);
    }
    Ok((url, name.chars().take(100).collect()))
}

impl KnowledgeService {
    /// The change that makes a website one of the bot's: new, or due sooner than it was.
    pub(crate) fn site_change(&self, bot: &Arc<Bot>, url: &Url, collection: &str, every: Interval) -> Change {
        let (org, id, now) = (bot.org, bot.id, self.clock.now());
        let (url, collection) = (url.to_string(), collection.to_owned());
        let jobs = self.jobs.clone();
        let order = move |conn: &mut db::Connection, site: Uuid, due: DateTime<Utc>| match &jobs {
            Some(jobs) => jobs.enqueue(crawl_job(org, id, site, due))(conn),
            None => Ok(()),
        };
        Box::new(move |conn| {
            let Some(known) = sites::find(conn, org, id, &url)? else {
                let site = Site {
                    id: Uuid::now_v7(),
                    org,
                    bot: id,
                    url,
                    collection,
                    every: every.0,
                    next_at: Some(now),
                    crawled_at: None,
                };
                sites::add(conn, &site)?;
                return order(conn, site.id, now);
            };
            // Of several wishes the shortest counts.
            let shorter = match (known.every, every.0) {
                (Some(known), Some(wanted)) => wanted < known,
                (known, wanted) => known.is_none() && wanted.is_some(),
            };
            if !shorter {
                return Ok(());
            }
            let due = known.crawled_at.zip(every.0).map(|(at, every)| (at + every).max(now));
            let due = due.or(known.next_at).unwrap_or(now);
            sites::schedule(conn, known.id, every.0, Some(due))?;
            order(conn, known.id, due)
        })
    }

    /// The collections of a bot that are websites.
    pub(crate) async fn site_collections(&self, bot: &Bot) -> Result<Vec<String>, Error> {
        let (org, id) = (bot.org, bot.id);
        let read = self
            .db
            .read(move |conn| sites::collections(conn, org, id).map_err(db::Error::from));
        Ok(read.await?)
    }

    /// Reads a site that is due, and says when it is due again.
    async fn crawl_site(&self, org: OrgId, id: Uuid) -> Result<(), Error> {
        let now = self.clock.now();
        let jobs = self.jobs.clone();
        // Whoever comes first has it. What breaks off is tried again by the job that is ordered here.
        let claim = self.db.write(move |conn| {
            let site = sites::get(conn, org, id)?;
            let Some(site) = site.filter(|site| site.next_at.is_some_and(|due| due <= now)) else {
                return Ok(None);
            };
            let again = now + RETRY;
            sites::schedule(conn, id, site.every, Some(again))?;
            if let Some(jobs) = &jobs {
                jobs.enqueue(crawl_job(org, site.bot, id, again))(conn)?;
            }
            Ok::<_, db::Error>(Some(site))
        });
        let Some(site) = claim.await? else { return Ok(()) };
        let (Some(bot), Some(outbound)) = (self.bot_of(site.bot), self.outbound.clone()) else {
            return Ok(());
        };
        let outcome = crawl::Crawl::of(self, &bot, &site, &outbound).run().await?;
        let Some(outcome) = outcome else { return Ok(()) };
        tracing::info!(bot.name = %bot.name, "read the website {}: {outcome}", site.url);
        let (jobs, failed) = (self.jobs.clone(), outcome.failed);
        let change = self.db.write(move |conn| {
            // Somebody may have asked for a shorter interval meanwhile.
            let every = sites::get(conn, org, id)?.and_then(|site| site.every);
            let next = match (&failed, every) {
                (Some(_), every) => Some(now + every.map_or(RETRY, |every| every.min(RETRY))),
                (None, every) => every.map(|every| now + every),
            };
            sites::crawled(conn, id, now, failed.as_deref())?;
            sites::schedule(conn, id, every, next)?;
            if let (Some(jobs), Some(due)) = (&jobs, next) {
                jobs.enqueue(crawl_job(org, site.bot, id, due))(conn)?;
            }
            Ok::<_, db::Error>(())
        });
        change.await?;
        Ok(())
    }
}

fn crawl_job(org: OrgId, bot: botlib::BotId, site: Uuid, due: DateTime<Utc>) -> NewJob {
    NewJob {
        org,
        bot: Some(bot),
        kind: CRAWL,
        payload: serde_json::json!({ "site": site }),
        // Two wishes for the same moment are one job.
        key: Some(format!("{CRAWL}:{site}:{}", due.timestamp_micros())),
        due_at: due,
    }
}

/// Reads websites when a job says so.
pub(crate) struct Crawler(pub(crate) KnowledgeService);

#[async_trait]
impl JobHandler for Crawler {
    async fn run(&self, job: Job) -> Result<(), JobError> {
        let order: Order =
            serde_json::from_value(job.payload).map_err(|error| JobError::Never(format!("no site: {error}")))?;
        let done = self.0.crawl_site(job.org, order.site).await;
        done.map_err(|error| JobError::Again(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_collection() {
        let (url, name) = address("example.org/docs/start#top").unwrap();

        assert_eq!(
            (url.as_str(), name.as_str()),
            ("https://example.org/docs/start", "example.org docs start")
        );
        assert!(address("ftp://example.org").is_err());
        assert!(address("no address").is_err());
    }
}
