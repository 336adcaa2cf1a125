//! Websites: what is asked of them, what is kept, and what is taken away again.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Response, StatusCode},
};
use botlib::{Caller, ConversationId, Value, value::Map};
use botstate::{
    conversation::{Emit, SessionState},
    db,
    dialog::{Bot, Fault},
    keyword::{Args, Turn},
};
use chrono::Duration;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::support::{Server, houses};

/// A page: its kind and its text.
type Page = (&'static str, String);

/// A website that remembers what it was asked.
#[derive(Clone, Default)]
struct Site {
    pages: Arc<Mutex<BTreeMap<String, Page>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// Serves on a free port, and gives the address.
    async fn serve(&self) -> String {
        let router = Router::new().fallback(answer).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        #[expect(clippy::disallowed_methods, reason = "the peer of a test ends with its runtime")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn put(&self, path: &str, kind: &'static str, text: &str) {
        self.pages.lock().insert(path.to_owned(), (kind, text.to_owned()));
    }

    fn page(&self, path: &str, text: &str) {
        self.put(path, "text/html; charset=utf-8", text);
    }

    /// What was asked for since the last call.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock())
    }
}

async fn answer(State(site): State<Site>, request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let known = request.headers().get("if-none-match").cloned();
    let conditional = if known.is_some() { "?" } else { "" };
    site.asked.lock().push(format!("{path}{conditional}"));
    let Some((kind, text)) = site.pages.lock().get(&path).cloned() else {
        return Response::builder()
            .status(StatusCode::NOT_FOUND)
            .body(Body::empty())
            .unwrap();
    };
    let digest = text
        .bytes()
        .fold(7_u64, |sum, byte| sum.wrapping_mul(131) ^ u64::from(byte));
    let tag = format!("\"{digest}\"");
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Response::builder()
            .status(StatusCode::NOT_MODIFIED)
            .body(Body::empty())
            .unwrap();
    }
    Response::builder()
        .header("content-type", kind)
        .header("etag", tag)
        .body(Body::from(text))
        .unwrap()
}

/// A turn that keeps what is written until it is committed.
struct Visit {
    caller: Caller,
    bot: Arc<Bot>,
    db: db::Db,
    session: SessionState,
    written: Vec<db::Change>,
}

#[async_trait]
impl Turn for Visit {
    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn bot(&self) -> &Arc<Bot> {
        &self.bot
    }

    fn conversation(&self) -> ConversationId {
        ConversationId::from_uuid(uuid::Uuid::nil())
    }

    fn idempotency_key(&self) -> &'static str {
        "1"
    }

    fn session(&mut self) -> &mut SessionState {
        &mut self.session
    }

    fn emit(&mut self, event: Emit) {
        panic!("websites say nothing themselves: {event:?}");
    }

    fn write(&mut self, change: db::Change) {
        self.written.push(change);
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        for change in std::mem::take(&mut self.written) {
            let written = self.db.write(move |conn| change(conn).map_err(db::Error::from));
            written.await.unwrap();
        }
        Ok(())
    }

    fn cancelled(&self) -> CancellationToken {
        CancellationToken::new()
    }
}

/// Performs a keyword as a script would, and commits.
async fn perform(server: &Server, visit: &mut Visit, phrase: &str, given: &[(&str, &str)]) -> Result<Value, Fault> {
    let keyword = server.state.ports.keywords.find(phrase).unwrap();
    let args = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::text(*value)));
    let handler = keyword.handler.clone().unwrap();
    let value = handler.call(visit, Args(args.collect::<Map>())).await?;
    visit.flush().await?;
    Ok(value)
}

fn visit(server: &Server) -> Visit {
    let bot = server.bot("a");
    Visit {
        caller: Caller::system(bot.org),
        bot,
        db: server.state.db.clone(),
        session: SessionState::default(),
        written: Vec::new(),
    }
}

/// The paths of the pages that are kept, without the address of the site.
async fn kept(server: &Server, url: &str) -> Vec<String> {
    let states = server.states("a").await;
    let pages = states.iter().filter(|(_, state)| state == "ready");
    let mut paths: Vec<String> = pages
        .filter_map(|(path, _)| Some(path.split_once(url)?.1.to_owned()))
        .collect();
    paths.sort();
    paths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_website_is_read_by_its_rules_and_kept_fresh() {
    for house in houses() {
        let site = Site::default();
        site.put("/robots.txt", "text/plain", "User-agent: *\nDisallow: /private\n");
        site.page("/", r#"<a href="/tea">Tea</a> <a href="/private/x">no</a> <a href="http://127.0.0.1:1/">away</a> Welcome to our shop."#);
        site.page(
            "/tea",
            r#"<a href="/green">more</a> Black tea steeps for four minutes."#,
        );
        site.page("/green", r#"<a href="/deep">more</a> Green tea wants eighty degrees."#);
        site.page("/deep", r#"<a href="/deeper">more</a> Deep pages are read as well."#);
        site.page("/deeper", "Too deep for anybody.");
        site.page("/copy", "Black tea steeps for four minutes, as a copy.");
        site.put("/sitemap.xml", "application/xml", "");
        site.page("/private/x", "Nobody may read this.");
        let url = site.serve().await;
        site.put(
            "/sitemap.xml",
            "application/xml",
            &format!("<urlset><url><loc>{url}/copy</loc></url></urlset>"),
        );
        let server = house.open(&["a"]).await;
        let mut person = visit(&server);

        perform(
            &server,
            &mut person,
            "USE WEBSITE",
            &[("url", &url), ("interval", "1d")],
        )
        .await
        .unwrap();

        let chosen = person.session.collections.clone().unwrap();
        assert_eq!(chosen, ["127.0.0.1"]);
        server
            .until("the site is read", async || {
                kept(&server, &url).await == ["/", "/copy", "/deep", "/green", "/tea"]
            })
            .await;
        let asked = site.asked();
        assert!(
            !asked
                .iter()
                .any(|path| path.starts_with("/private") || path == "/deeper"),
            "{asked:?}"
        );
        let found = server
            .in_collection("a", "127.0.0.1", "How long does black tea steep?")
            .await;
        assert!(found.contains(&format!("{url}/tea")), "{found:?}");

        // A day later one page is gone, one is new in its place, and the rest is not sent again.
        site.pages.lock().remove("/green");
        site.page(
            "/tea",
            r#"<a href="/white">more</a> Black tea steeps for five minutes."#,
        );
        site.page("/white", "White tea is gentle.");
        server.clock.advance(Duration::hours(25));
        // The shorter wish counts, and what is overdue by it is read at once.
        perform(
            &server,
            &mut person,
            "USE WEBSITE",
            &[("url", &url), ("interval", "2h")],
        )
        .await
        .unwrap();
        server
            .until("the site is read again", async || {
                kept(&server, &url).await == ["/", "/copy", "/tea", "/white"]
            })
            .await;
        let asked = site.asked();
        assert!(
            asked.contains(&"/?".to_owned()) && asked.contains(&"/copy?".to_owned()),
            "{asked:?}"
        );

        perform(&server, &mut person, "CLEAR WEBSITES", &[]).await.unwrap();
        assert_eq!(person.session.collections, Some(Vec::new()));
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_of_a_bot_limit_what_is_read() {
    for house in houses().into_iter().take(1) {
        let site = Site::default();
        let links: String = (0..20)
            .map(|number| format!("<a href=\"/p{number}\">x</a>"))
            .collect::<Vec<_>>()
            .concat();
        site.page("/", &format!("{links} Start."));
        for number in 0..20 {
            site.page(&format!("/p{number}"), &format!("Page number {number}."));
        }
        let url = site.serve().await;
        let server = house.open(&["a"]).await;
        server.set("a", &[("website-max-pages", "5")]);

        perform(&server, &mut visit(&server), "USE WEBSITE", &[("url", &url)])
            .await
            .unwrap();

        server
            .until("five pages are there", async || kept(&server, &url).await.len() == 5)
            .await;
        let pages = site.asked().iter().filter(|path| path.starts_with("/p")).count();
        assert_eq!(pages, 4);
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_forbids_it_is_left_alone_and_bad_arguments_are_told() {
    for house in houses().into_iter().take(1) {
        let site = Site::default();
        site.put("/robots.txt", "text/plain", "User-agent: botserver\nDisallow: /\n");
        site.page("/", "Nobody may read this.");
        let url = site.serve().await;
        let server = house.open(&["a"]).await;
        let mut person = visit(&server);

        perform(&server, &mut person, "USE WEBSITE", &[("url", &url)])
            .await
            .unwrap();
        server
            .until("the rules are asked for", async || {
                site.asked.lock().contains(&"/robots.txt".to_owned())
            })
            .await;
        let bad = perform(
            &server,
            &mut person,
            "USE WEBSITE",
            &[("url", &url), ("interval", "soon")],
        )
        .await;

        let told = bad.unwrap_err().to_string();
        assert!(
            told.starts_with("\"soon\" is not how old a website may become"),
            "{told}"
        );
        assert!(
            perform(&server, &mut person, "USE WEBSITE", &[("url", "ftp://x")])
                .await
                .is_err()
        );
        server.close().await;
        assert!(!site.asked().contains(&"/".to_owned()));
    }
}
