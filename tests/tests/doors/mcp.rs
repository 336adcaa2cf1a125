//! A bot as an MCP server, request by request: documents, search and prompts, and who gets to see which.

use std::time::Duration;

use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup, http_client};
use serde_json::{Value, json};

use super::{House, call};

/// A word that stands in the names and texts of documents that not everybody may read, and nowhere else.
const CANARY: &str = "zugzwangcanary";

const RULES: &str = "
default_access: all
folders:
  staff: { access: authenticated }
  board: { access: user_based, users: [somebody@else.example] }
";

/// Documents of the collection that everybody may read: more than a page has.
const OPEN: usize = 103;

fn documents(packages: &Packages) {
    packages.file("shop", "shop.gbkb/kb.permissions.yaml", RULES);
    for number in 1..OPEN {
        let text = format!("# Tea {number}\n\nTea of the kind {number} steeps for {number} minutes.\n");
        packages.file("shop", &format!("shop.gbkb/open/{number:03}.md"), &text);
    }
    packages.file(
        "shop",
        "shop.gbkb/open/50% off?.md",
        "# Discounts\n\nHalf the price on Mondays.\n",
    );
    for folder in ["staff", "board"] {
        let text = format!("# Secret {CANARY} of {folder}\n\nThe {CANARY} discounts of {folder} on Mondays.\n");
        packages.file("shop", &format!("shop.gbkb/{folder}/{CANARY}-{folder}.md"), &text);
    }
}

fn with_visitors(setup: Setup) -> Setup {
    setup.env("BOTSERVER_API_VISITORS", "true")
}

/// Waits until so many documents of the shop can be found.
pub(super) async fn wait_for_documents(house: &House, count: usize) {
    wait_for_documents_of(&house.server, &house.session, "shop", count).await;
}

/// Waits until so many documents of a bot can be found.
pub(super) async fn wait_for_documents_of(server: &Server, session: &str, bot: &str, count: usize) {
    let path = format!("/api/kb/{bot}/progress");
    let deadline = tokio::time::Instant::now() + Duration::from_mins(2);
    loop {
        let (status, progress) = call(server, "GET", &path, session, &Value::Null).await;
        if status == 200 && progress["ready"] == json!(count) && progress["waiting"] == json!(0) {
            return;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{count} documents are not there: {progress}\n{}",
            server.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// One request of MCP; an empty key is nobody's.
async fn ask(house: &House, key: &str, method: &str, params: &Value) -> Value {
    let url = format!("{}/mcp/shop", house.server.url());
    let mut request = http_client()
        .unwrap()
        .post(url)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-06-18");
    if !key.is_empty() {
        request = request.bearer_auth(key);
    }
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let answer = request.body(body.to_string()).send().await.unwrap();
    let text = answer.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Every document that a caller is told of, page by page.
async fn listed(house: &House, key: &str) -> (Vec<String>, usize) {
    let (mut uris, mut pages, mut params) = (Vec::new(), 0, json!({}));
    loop {
        let answer = ask(house, key, "resources/list", &params).await;
        let items = answer["result"]["resources"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"));
        uris.extend(items.iter().map(|item| item["uri"].as_str().unwrap().to_owned()));
        pages += 1;
        match &answer["result"]["nextCursor"] {
            Value::String(cursor) => params = json!({ "cursor": cursor }),
            _ => return (uris, pages),
        }
    }
}

async fn search(house: &House, key: &str, arguments: Value) -> Value {
    let params = json!({ "name": "search_knowledge", "arguments": arguments });
    ask(house, key, "tools/call", &params).await["result"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_are_resources_for_those_who_may_read_them() {
    let house = House::open_with(documents, with_visitors).await;
    wait_for_documents(&house, OPEN + 2).await;
    let (_, key) = house.key(&[]).await;

    let (own, pages) = listed(&house, &key).await;
    let (visited, _) = listed(&house, "").await;

    let mut sorted = own.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((own.len(), sorted.len(), pages), (OPEN + 1, OPEN + 1, 2));
    let staff = format!("kb://staff/{CANARY}-staff.md");
    assert!(own.contains(&staff) && own.contains(&"kb://open/50%25%20off%3F.md".to_owned()));
    assert_eq!(visited.len(), OPEN);
    assert!(!visited.concat().contains(CANARY));
    for uri in ["kb://open/50%25%20off%3F.md", "kb://open/007.md"] {
        let read = ask(&house, "", "resources/read", &json!({ "uri": uri })).await;
        let contents = &read["result"]["contents"][0];
        assert_eq!(
            (&contents["uri"], &contents["mimeType"]),
            (&json!(uri), &json!("text/markdown"))
        );
        assert!(contents["text"].as_str().unwrap().starts_with("# "), "{read}");
    }
    let read = ask(&house, &key, "resources/read", &json!({ "uri": staff })).await;
    assert!(
        read["result"]["contents"][0]["text"]
            .as_str()
            .unwrap()
            .contains("discounts of staff"),
        "{read}"
    );

    // What may not be read is what is not there.
    let nowhere = "kb://staff/nothing.md";
    let missing = ask(&house, "", "resources/read", &json!({ "uri": nowhere })).await;
    let board = format!("kb://board/{CANARY}-board.md");
    for (key, uri) in [("", &staff), ("", &board), (key.as_str(), &board)] {
        let refused = ask(&house, key, "resources/read", &json!({ "uri": uri })).await;
        let expected = missing.to_string().replace(nowhere, uri);
        assert_eq!(refused.to_string(), expected);
    }
    assert_eq!(missing["error"]["code"], json!(-32002), "{missing}");
    for cursor in ["nonsense", "e30"] {
        let refused = ask(&house, "", "resources/list", &json!({ "cursor": cursor })).await;
        assert_eq!(refused["error"]["code"], json!(-32602), "{refused}");
    }
    let templates = ask(&house, "", "resources/templates/list", &json!({})).await;
    assert_eq!(
        templates["result"]["resourceTemplates"][0]["uriTemplate"],
        json!("kb://{collection}/{+path}")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_what_the_caller_may_read_and_tells_of_nothing_else() {
    let house = House::open_with(documents, with_visitors).await;
    wait_for_documents(&house, OPEN + 2).await;
    let (_, key) = house.key(&[]).await;
    let question = json!({ "query": format!("{CANARY} discounts on Mondays"), "limit": 5 });

    let found = search(&house, &key, question.clone()).await.to_string();
    let visited = search(&house, "", question).await.to_string();

    assert!(
        found.contains(&format!("{CANARY}-staff.md")) && !found.contains("of board"),
        "{found}"
    );
    assert!(
        visited.contains("Half the price") && !visited.contains(CANARY),
        "{visited}"
    );
    let tools = ask(&house, "", "tools/list", &json!({})).await.to_string();
    assert!(
        tools.contains("search_knowledge") && !tools.contains("staff") && !tools.contains("board"),
        "{tools}"
    );
    let only = search(&house, "", json!({ "query": "discounts", "collection": "staff" })).await;
    assert_eq!(only["content"][0]["text"], json!("nothing was found"), "{only}");
    let one = search(&house, "", json!({ "query": "tea", "limit": 1 })).await;
    assert_eq!(one["content"].as_array().unwrap().len(), 1, "{one}");
    let blank = search(&house, "", json!({ "query": " " })).await;
    assert_eq!(blank["isError"], json!(true), "{blank}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_prompts_are_listed_and_filled_in() {
    let house = House::open_with(
        |packages| {
            packages.file(
                "shop",
                "shop.gbprompts/offer.md",
                "---\npublic: true\ndescription: An offer\nvariables:\n  item: { description: What is sold }\n  \
                 tone: { type: choice, choices: [warm, plain], default: warm }\n---\nOffer ${item} in a ${tone} way.\n",
            );
            packages.file("shop", "shop.gbprompts/own.md", "The shop's own secret text.\n");
        },
        |setup| setup,
    )
    .await;
    let (_, key) = house.key(&[]).await;
    let get = async |params: Value| ask(&house, &key, "prompts/get", &params).await;

    let list = ask(&house, &key, "prompts/list", &json!({})).await;
    let warm = get(json!({ "name": "offer", "arguments": { "item": "tea ${tone}" } })).await;

    let prompts = list["result"]["prompts"].as_array().unwrap();
    assert_eq!((prompts.len(), &prompts[0]["name"]), (1, &json!("offer")), "{list}");
    let arguments: Vec<_> = prompts[0]["arguments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["required"])
        .collect();
    assert_eq!(arguments, [&json!(true), &json!(false)]);
    let message = &warm["result"]["messages"][0];
    // What a value says stays a value.
    assert_eq!(
        (&message["role"], message["content"]["text"].as_str().unwrap().trim()),
        (&json!("user"), "Offer tea ${tone} in a warm way.")
    );
    for wrong in [
        json!({ "name": "offer" }),
        json!({ "name": "offer", "arguments": { "item": "tea", "tone": "rude" } }),
        json!({ "name": "own" }),
        json!({ "name": "nothing" }),
    ] {
        let refused = get(wrong).await;
        assert_eq!(refused["error"]["code"], json!(-32602), "{refused}");
        assert!(!refused.to_string().contains("secret text"));
    }
    let (status, _) = call(&house.server, "POST", "/mcp/shop", "", &json!({})).await;
    assert_eq!(status, 401);
}
