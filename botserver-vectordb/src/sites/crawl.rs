//! One reading of a website, page by page.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    sync::Arc,
};

use botserver_core::outbound::{Outbound, OutboundRequest, OutboundResponse};
use botstate::{db, dialog::Bot, document::Extractor};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use url::Url;
use uuid::Uuid;

use super::{PAUSE, page::Page, robots::Robots, sitemap::Sitemap};
use crate::{
    error::Error,
    model::Origin,
    package::hash_bytes,
    service::{KnowledgeService, Upload},
    store::{
        collections, documents,
        sites::{self, Seen, Site},
    },
};

/// The largest page that is read.
const LARGEST_PAGE: usize = 5 << 20;

/// Lists of pages that are read.
const MOST_LISTS: usize = 10;

/// Pages of a site where its bot says nothing, and at most.
const PAGES: (usize, usize) = (100, 10_000);

/// How far from the first page, where its bot says nothing, and at most.
const DEPTH: (usize, usize) = (3, 20);

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    read: usize,
    unchanged: usize,
    gone: usize,
    /// Why the site could not be read at all.
    pub(super) failed: Option<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = &self.failed {
            return write!(f, "not now: {reason}");
        }
        let Self {
            read, unchanged, gone, ..
        } = self;
        write!(f, "{read} pages read, {unchanged} unchanged, {gone} gone")
    }
}

pub(super) struct Crawl<'a> {
    service: &'a KnowledgeService,
    bot: &'a Arc<Bot>,
    site: &'a Site,
    outbound: Outbound,
    robots: Robots,
    known: HashMap<String, Seen>,
    queue: VecDeque<(Url, usize)>,
    /// Addresses that were asked for or waited for, or that others led to.
    met: HashSet<String>,
    /// Pages that are there.
    there: HashSet<String>,
    /// Contents of pages, of which each is kept once.
    contents: HashSet<String>,
    depth: usize,
    outcome: Outcome,
}

/// What a page turned out to be.
enum Fetched {
    Unchanged(Seen),
    New(OutboundResponse),
    Gone,
    Failed(String),
}

impl<'a> Crawl<'a> {
    pub(super) fn of(service: &'a KnowledgeService, bot: &'a Arc<Bot>, site: &'a Site, outbound: &Outbound) -> Self {
        Self {
            service,
            bot,
            site,
            outbound: outbound.limited_to(LARGEST_PAGE),
            robots: Robots::default(),
            known: HashMap::new(),
            queue: VecDeque::new(),
            met: HashSet::new(),
            there: HashSet::new(),
            contents: HashSet::new(),
            depth: setting(bot, "website-max-depth", DEPTH),
            outcome: Outcome::default(),
        }
    }

    /// Reads the site; none when the server stopped meanwhile.
    pub(super) async fn run(mut self) -> Result<Option<Outcome>, Error> {
        let Ok(start) = Url::parse(&self.site.url) else {
            return Err(Error::Invalid(format!("{} is not an address", self.site.url)));
        };
        let id = self.site.id;
        let known = self
            .service
            .db
            .read(move |conn| sites::pages(conn, id).map_err(db::Error::from));
        self.known = known.await?.into_iter().collect();
        if let Err(reason) = self.ask_robots(&start).await {
            self.outcome.failed = Some(reason);
            return Ok(Some(self.outcome));
        }
        self.add(start.clone(), 0);
        self.ask_sitemaps(&start).await;
        let most = setting(self.bot, "website-max-pages", PAGES);
        let draining = self.service.lifecycle.draining();
        while let Some((url, depth)) = self.queue.pop_front() {
            if self.there.len() >= most {
                break;
            }
            tokio::select! {
                () = draining.cancelled() => return Ok(None),
                () = tokio::time::sleep(self.robots.pause.unwrap_or(PAUSE).max(PAUSE)) => {}
            }
            let fetched = self.fetch(&url).await;
            if let (Fetched::Failed(reason), 0) = (&fetched, depth) {
                self.outcome.failed = Some(reason.clone());
                return Ok(Some(self.outcome));
            }
            self.take_in(&url, depth, fetched).await?;
        }
        self.take_away().await?;
        Ok(Some(self.outcome))
    }

    /// Pages are asked for by the rules of the site; where these cannot be had, none is (RFC 9309, 2.3.1).
    async fn ask_robots(&mut self, start: &Url) -> Result<(), String> {
        let Ok(url) = start.join("/robots.txt") else {
            return Ok(());
        };
        let answer = self.send(&url, HeaderMap::new()).await?;
        self.robots = match answer.status {
            status if status.is_success() => Robots::parse(&String::from_utf8_lossy(&answer.body)),
            status if status.is_client_error() => Robots::default(),
            _ => Robots::closed(),
        };
        let path = path_of(start);
        if self.robots.allows(&path) {
            return Ok(());
        }
        Err(if answer.status.is_server_error() {
            format!("its robots.txt cannot be had ({})", answer.status)
        } else {
            "its robots.txt forbids it".to_owned()
        })
    }

    async fn ask_sitemaps(&mut self, start: &Url) {
        let mut lists: VecDeque<Url> = self
            .robots
            .sitemaps
            .iter()
            .filter_map(|list| start.join(list).ok())
            .collect();
        if lists.is_empty() {
            lists.extend(start.join("/sitemap.xml").ok());
        }
        let mut asked = 0_usize;
        while let Some(list) = lists.pop_front() {
            if asked >= MOST_LISTS || !same_site(start, &list) {
                continue;
            }
            asked += 1;
            // A site without a list is read by its links.
            let Ok(answer) = self.send(&list, HeaderMap::new()).await else {
                continue;
            };
            if !answer.status.is_success() {
                continue;
            }
            let found = Sitemap::parse(&String::from_utf8_lossy(&answer.body));
            lists.extend(found.lists.iter().filter_map(|list| Url::parse(list).ok()));
            for page in found.pages.iter().filter_map(|page| Url::parse(page).ok()) {
                self.add(page, 1);
            }
        }
    }

    /// Lets a page be read later, if it is one of the site's and new.
    fn add(&mut self, mut url: Url, depth: usize) {
        url.set_fragment(None);
        let Ok(start) = Url::parse(&self.site.url) else { return };
        let wanted = depth <= self.depth && same_site(&start, &url) && self.robots.allows(&path_of(&url));
        if wanted && self.met.insert(url.to_string()) {
            self.queue.push_back((url, depth));
        }
    }

    async fn send(&self, url: &Url, headers: HeaderMap) -> Result<OutboundResponse, String> {
        let request = OutboundRequest {
            headers,
            ..OutboundRequest::new(Method::GET, url.as_str())
        };
        self.outbound.send(request).await.map_err(|error| error.to_string())
    }

    async fn fetch(&self, url: &Url) -> Fetched {
        let known = self.known.get(url.as_str());
        let mut headers = HeaderMap::new();
        let mut ask = |name: HeaderName, value: Option<&String>| {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        };
        ask(header::IF_NONE_MATCH, known.and_then(|seen| seen.etag.as_ref()));
        ask(header::IF_MODIFIED_SINCE, known.and_then(|seen| seen.modified.as_ref()));
        match (self.send(url, headers).await, known) {
            (Ok(answer), Some(seen)) if answer.status == StatusCode::NOT_MODIFIED => Fetched::Unchanged(seen.clone()),
            (Ok(answer), _) if answer.status.is_success() => Fetched::New(answer),
            (Ok(answer), _) if answer.status.is_client_error() && answer.status != StatusCode::TOO_MANY_REQUESTS => {
                Fetched::Gone
            }
            (Ok(answer), _) => Fetched::Failed(format!("{url} answers {}", answer.status)),
            (Err(reason), _) => Fetched::Failed(reason),
        }
    }

    async fn take_in(&mut self, url: &Url, depth: usize, fetched: Fetched) -> Result<(), Error> {
        match fetched {
            Fetched::Gone => {}
            Fetched::Failed(reason) => {
                tracing::debug!("a page is left as it was: {reason}");
                // What is not there for a moment stays as it was.
                if self.known.contains_key(url.as_str()) {
                    self.there.insert(url.to_string());
                }
            }
            Fetched::Unchanged(seen) => {
                self.outcome.unchanged += 1;
                self.there.insert(url.to_string());
                self.contents.insert(seen.hash);
                for link in seen.links.iter().filter_map(|link| Url::parse(link).ok()) {
                    self.add(link, depth + 1);
                }
            }
            Fetched::New(answer) => self.take_page(url, depth, &answer).await?,
        }
        Ok(())
    }

    async fn take_page(&mut self, asked: &Url, depth: usize, answer: &OutboundResponse) -> Result<(), Error> {
        let url = &answer.url;
        let elsewhere = url != asked;
        // A page that leads elsewhere is read there, if that is here and not met yet.
        if elsewhere
            && (!same_site(asked, url) || !self.robots.allows(&path_of(url)) || !self.met.insert(url.to_string()))
        {
            return Ok(());
        }
        let header = |name: HeaderName| {
            let value = answer.headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let kind = header(header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        let is_page = kind.is_empty() || kind.contains("html");
        let reads = |extractor: &Arc<dyn Extractor>| extractor.reads(url.path());
        if !is_page && !kind.starts_with("text/") && !self.service.extractor.as_ref().is_some_and(reads) {
            return Ok(());
        }
        let mut page = Page {
            index: true,
            follow: true,
            ..Page::default()
        };
        if is_page {
            page = Page::parse(&String::from_utf8_lossy(&answer.body), url);
        }
        page.obey(&header(HeaderName::from_static("x-robots-tag")).unwrap_or_default());
        if page.follow {
            for link in &page.links {
                self.add(link.clone(), depth + 1);
            }
        }
        let hash = hash_bytes(&answer.body);
        if !page.index || answer.body.is_empty() || !self.contents.insert(hash.clone()) {
            return Ok(());
        }
        let seen = Seen {
            etag: header(header::ETAG),
            modified: header(header::LAST_MODIFIED),
            hash,
            links: page.links.iter().filter(|_| page.follow).map(Url::to_string).collect(),
        };
        self.there.insert(url.to_string());
        if self
            .known
            .get(url.as_str())
            .is_some_and(|known| known.hash == seen.hash)
        {
            self.outcome.unchanged += 1;
        } else {
            self.outcome.read += 1;
            let upload = Upload {
                collection: self.site.collection.clone(),
                path: url.to_string(),
                origin: Origin::Website,
                bytes: answer.body.clone(),
            };
            self.service.upload(self.bot, upload).await?;
        }
        let (site, url) = (self.site.clone(), url.to_string());
        let keep = self
            .service
            .db
            .write(move |conn| sites::keep_page(conn, &site, &url, &seen).map_err(db::Error::from));
        keep.await?;
        Ok(())
    }

    /// Takes away what the site does not have any more.
    async fn take_away(&mut self) -> Result<(), Error> {
        let gone: HashSet<String> = self
            .known
            .keys()
            .filter(|url| !self.there.contains(*url))
            .cloned()
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        self.outcome.gone = gone.len();
        let (org, bot, site) = (self.site.org, self.site.bot, self.site.id);
        let (name, urls) = (self.site.collection.clone(), gone);
        let found = self.service.db.write(move |conn| {
            for url in &urls {
                sites::forget_page(conn, site, url)?;
            }
            let Some(collection) = collections::find(conn, org, bot, &name)? else {
                return Ok(None);
            };
            let entries = documents::list(conn, org, collection.id)?;
            let gone = entries
                .iter()
                .filter(|entry| entry.origin == Origin::Website && urls.contains(&entry.path));
            let gone: Vec<Uuid> = gone.map(|entry| entry.id).collect();
            Ok::<_, db::Error>(Some((collection, gone)))
        });
        if let Some((collection, gone)) = found.await? {
            self.service.delete_documents(&collection, gone).await?;
        }
        Ok(())
    }
}

/// Scheme, host and port are the same.
fn same_site(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// What the rules of a site are about.
fn path_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// A number from the bot's settings.
fn setting(bot: &Bot, name: &str, (usual, most): (usize, usize)) -> usize {
    bot.settings.parse(name).unwrap_or(usual).min(most)
}
