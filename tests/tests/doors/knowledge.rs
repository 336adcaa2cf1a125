//! Keywords over documents, in dialogs of a running server.

use std::time::Duration;

use axum::{Router, response::Html, routing::get};
use botserver_tests::client::Chat;
use botserver_tests::packages::Packages;
use serde_json::{Value, json};

use super::{House, mcp::wait_for_documents};

const RULES: &str = "default_access: all\nfolders:\n  staff: { access: authenticated }\n";

/// Two collections for everybody, and one for those with an account.
fn documents(packages: &Packages) {
    packages.file("shop", "shop.gbkb/kb.permissions.yaml", RULES);
    for (path, text) in [
        (
            "products/guarantee.md",
            "# Guarantee\n\nEvery kettle has a guarantee of twenty-four months.\n",
        ),
        (
            "hours/open.md",
            "# Hours\n\nWe are open from nine to six on weekdays.\n",
        ),
        (
            "staff/pay.md",
            "# Pay\n\nThe guarantee of a kettle costs the staff nothing.\n",
        ),
    ] {
        packages.file("shop", &format!("shop.gbkb/{path}"), text);
    }
}

/// A shop with these tools, and the chat of a visitor with it.
async fn open(tools: &[(&str, &str)]) -> (House, Chat) {
    let house = House::open_with(
        |packages| {
            documents(packages);
            for (name, text) in tools {
                packages.script("shop", name, &format!("DESCRIPTION \"Does {name}.\"\n{text}"));
            }
        },
        |setup| setup.env("BOTSERVER_ALLOW_PRIVATE", "127.0.0.0/8"),
    )
    .await;
    wait_for_documents(&house, 3).await;
    let (_, chat) = Chat::start(&house.server.url(), "shop").await.unwrap();
    (house, chat)
}

/// What a tool says.
async fn run(chat: &mut Chat, tool: &str) -> String {
    chat.run_tool(tool, &json!({})).await.unwrap();
    chat.turn().await.unwrap().text()
}

/// Runs a tool until it says this.
async fn run_until(chat: &mut Chat, tool: &str, wanted: &str) {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(2);
    loop {
        let said = run(chat, tool).await;
        if said.contains(wanted) {
            return;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{tool} never says {wanted}: {said}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn think_kb_and_search_kb_give_what_the_person_may_read() {
    let think = "found = THINK KB \"How long is the guarantee of a kettle?\"\nTALK found.summary\n\
                 TALK \"${found.kb_count} searched, confident: ${found.confidence > 0.5}\"\n\
                 FOR EACH source IN found.sources\n  TALK source\nNEXT\n";
    let search = "FOR EACH passage IN SEARCH KB \"guarantee of a kettle\"\n  \
                  TALK \"${passage.kb_name}/${passage.source}: ${passage.title}, ${passage.relevance > 0}\"\nNEXT\n";
    let (_house, mut chat) = open(&[("think", think), ("search", search)]).await;

    let thought = run(&mut chat, "think").await;
    let found = run(&mut chat, "search").await;

    assert!(
        thought.starts_with("Every kettle has a guarantee of twenty-four months."),
        "{thought}"
    );
    assert!(
        thought.contains("2 searched, confident: true") && thought.contains("guarantee.md"),
        "{thought}"
    );
    assert!(found.contains("products/guarantee.md: Guarantee, true"), "{found}");
    assert!(!format!("{thought}{found}").contains("pay"), "{thought}\n{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn use_kb_and_clear_kb_choose_what_later_messages_are_answered_from() {
    let tools = [
        ("narrow", "USE KB \"hours\"\nTALK \"ok\"\n"),
        (
            "both",
            "USE KB \"hours\"\nUSE KB \"products\"\nCLEAR KB \"hours\"\nTALK \"ok\"\n",
        ),
        ("none", "CLEAR KB ALL\nTALK \"ok\"\n"),
        (
            "count",
            "found = THINK KB \"guarantee of a kettle\"\nTALK \"${found.kb_count}: ${found.total_results}\"\n",
        ),
    ];
    let (house, mut chat) = open(&tools).await;
    let mut asked = async |tool: Option<&str>| {
        if let Some(tool) = tool {
            assert_eq!(run(&mut chat, tool).await, "ok");
        }
        let count = run(&mut chat, "count").await;
        house.model.forget();
        chat.say("How long is the guarantee of a kettle?").await.unwrap();
        let prompt = json!(house.model.last_messages()).to_string();
        (count, prompt.contains("twenty-four months"))
    };

    // A bot whose scripts choose collections searches none before they have chosen.
    assert_eq!(asked(None).await, ("0: 0".to_owned(), false));
    assert_eq!(asked(Some("narrow")).await, ("1: 0".to_owned(), false));
    assert_eq!(asked(Some("both")).await, ("1: 1".to_owned(), true));
    assert_eq!(asked(Some("none")).await, ("0: 0".to_owned(), false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn add_to_kb_makes_a_text_findable() {
    let tools = [
        (
            "note",
            "path = ADD TO KB \"notes\", \"The office is closed on Fridays.\"\nTALK path\n",
        ),
        (
            "look",
            "FOR EACH passage IN SEARCH KB \"Is the office closed on Fridays?\"\n  TALK passage.content\nNEXT\n",
        ),
    ];
    let (_house, mut chat) = open(&tools).await;

    let path = run(&mut chat, "note").await;

    assert!(
        path.starts_with("The office is closed on Fridays") && path.contains(".md"),
        "{path}"
    );
    run_until(&mut chat, "look", "The office is closed on Fridays.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_count_what_the_person_may_read() {
    let tools = [
        ("all", "TALK KB STATISTICS\n"),
        ("one", "TALK KB COLLECTION STATS \"products\"\n"),
        ("closed", "stats = KB COLLECTION STATS \"staff\"\nTALK \"[${stats}]\"\n"),
        (
            "count",
            "TALK KB DOCUMENTS COUNT\nTALK KB DOCUMENTS COUNT \"products\"\nTALK KB DOCUMENTS COUNT \"staff\"\n",
        ),
        ("added", "TALK KB DOCUMENTS ADDED SINCE 7\n"),
        ("list", "FOR EACH name IN KB LIST COLLECTIONS\n  TALK name\nNEXT\n"),
        ("size", "size = KB STORAGE SIZE\nTALK \"${size >= 0}\"\n"),
    ];
    let (_house, mut chat) = open(&tools).await;

    let all: Value = serde_json::from_str(&run(&mut chat, "all").await).unwrap();
    let one: Value = serde_json::from_str(&run(&mut chat, "one").await).unwrap();

    assert_eq!(
        (&all["total_collections"], &all["total_documents"]),
        (&json!(2), &json!(2)),
        "{all}"
    );
    assert_eq!(all["documents_added_last_week"], json!(2));
    assert_eq!(
        (&one["name"], &one["documents_count"]),
        (&json!("products"), &json!(1)),
        "{one}"
    );
    assert_eq!(run(&mut chat, "closed").await, "[]");
    assert_eq!(run(&mut chat, "count").await, "2\n1\n0");
    assert_eq!(run(&mut chat, "added").await, "2");
    assert_eq!(run(&mut chat, "list").await, "hours\nproducts");
    assert_eq!(run(&mut chat, "size").await, "true");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn use_website_reads_a_site_and_clear_websites_leaves_it() {
    let page = "<html><head><title>Harbour</title></head><body><p>The ferry leaves at seven.</p></body></html>";
    let url = super::injection::serve(Router::new().route("/", get(move || async move { Html(page) }))).await;
    let site = format!("USE WEBSITE \"{url}/\" REFRESH \"1d\"\nTALK \"ok\"\n");
    let tools = [
        ("site", site.as_str()),
        (
            "look",
            "FOR EACH passage IN SEARCH KB \"When does the ferry leave?\"\n  TALK passage.content + passage.source\nNEXT\n",
        ),
        (
            "leave",
            "CLEAR WEBSITES\nfound = THINK KB \"ferry\"\nTALK found.kb_count\n",
        ),
    ];
    let (_house, mut chat) = open(&tools).await;

    assert_eq!(run(&mut chat, "site").await, "ok");

    run_until(&mut chat, "look", &format!("The ferry leaves at seven.{url}")).await;
    assert_eq!(run(&mut chat, "leave").await, "0");
}
