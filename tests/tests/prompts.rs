//! Prompts of a package through the whole server: chosen by dialogs, counted by variant, kept through time.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

use std::time::{Duration, Instant};

use botserver_tests::client::{Chat, Visitor};
use botserver_tests::model::Model;
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup, http_client};
use botserver_tests::servers::Postgres;
use serde_json::{Value, json};

/// A password that is allowed.
const PASSWORD: &str = "nine green kettles whistle";

const GUIDE: &str = "---
description: Shows people around
author: Ana
variables:
  place: text
  size: { type: number, default: 2 }
variants: { plain: 1, warm: 1 }
---
You show people around ${place} of ${size} floors.

<!-- variant: plain -->
Be brief.

<!-- variant: warm -->
Be warm.
";

const TITLE: &str = "---
variables:
  text: text
---
say:A title for ${text}
";

const WORK: &str = r#"
PARAM place AS STRING
DESCRIPTION "Chooses the guide"
USE PROMPT "guide" WITH place = place, size = 3
title = RUN PROMPT "title" WITH text = "${place}"
TALK title
"#;

const RATE: &str = r#"
RATE ANSWER "solved"
TALK "thanks"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prompts_are_chosen_counted_and_kept_on_sqlite() {
    prompts_live(Setup::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prompts_are_chosen_counted_and_kept_on_postgresql() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.database();
    prompts_live(Setup::new().env("DATABASE_URL", &database.url)).await;
}

async fn prompts_live(setup: Setup) {
    let model = Model::start().await.unwrap();
    let packages = Packages::new();
    packages.script("shop", "work", WORK);
    packages.script("shop", "rate", RATE);
    packages.script("other", "work", "TALK \"other\"");
    let file = packages.package("shop").join("shop.gbprompts");
    std::fs::create_dir_all(&file).unwrap();
    std::fs::write(file.join("guide.md"), GUIDE).unwrap();
    std::fs::write(file.join("title.md"), TITLE).unwrap();
    let server = setup.bots(packages.path()).model(&model).start().await.unwrap();
    let admin = claim(&server).await;
    let (who, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();

    // What a value says is never read as a prompt.
    chat.run_tool("work", &json!({ "place": "a ${size} tower" }))
        .await
        .unwrap();
    let turn = chat.turn().await.unwrap();
    assert_eq!(turn.texts(), ["A title for a ${size} tower"]);
    chat.say("say:Welcome").await.unwrap();
    let system = model.last_messages()[0]["content"].as_str().unwrap().to_owned();
    assert!(
        system.starts_with("You show people around a ${size} tower of 3 floors."),
        "{system}"
    );
    let variant = if system.contains("Be warm.") { "warm" } else { "plain" };
    chat.run_tool("rate", &json!({})).await.unwrap();
    chat.turn().await.unwrap();

    let counted = counts(&server, &admin, "guide", variant).await;
    assert_eq!(
        (&counted["shown"], &counted["answered"], &counted["outcomes"]),
        (&json!(1), &json!(1), &json!({ "solved": 1 }))
    );
    let counted = counts(&server, &admin, "title", "default").await;
    assert_eq!((&counted["shown"], &counted["answered"]), (&json!(1), &json!(1)));
    let (status, other) = call(&server, "get", "/api/prompts/other", Some(&admin), None).await;
    assert_eq!(
        (status, &other["items"]),
        (200, &json!([])),
        "bots know nothing of each other"
    );

    // Another text is another version, whose counts are its own; what was said stays.
    std::fs::write(file.join("guide.md"), GUIDE.replace("Be brief.", "Be very brief.")).unwrap();
    let versions = wait_versions(&server, &admin, 2).await;
    assert_eq!(
        (&versions[0]["current"], &versions[1]["current"], &versions[1]["author"]),
        (&json!(true), &json!(false), &json!("Ana"))
    );
    let of = |version: &Value| -> i64 {
        let variants = version["variants"].as_array().unwrap().clone();
        variants
            .iter()
            .map(|variant| variant["counts"]["shown"].as_i64().unwrap())
            .sum()
    };
    assert_eq!((of(&versions[0]), of(&versions[1])), (0, 1));
    let path = format!(
        "/api/prompts/shop/guide/versions/{}",
        versions[1]["version"].as_str().unwrap()
    );
    let (_, old) = call(&server, "get", &path, Some(&admin), None).await;
    assert_eq!(old["source"], GUIDE);
    let (_, page) = call(
        &server,
        "get",
        "/api/prompts/shop/guide/versions?limit=1",
        Some(&admin),
        None,
    )
    .await;
    let next = page["next"].as_str().unwrap();
    let path = format!("/api/prompts/shop/guide/versions?limit=1&after={next}");
    let (_, page) = call(&server, "get", &path, Some(&admin), None).await;
    assert_eq!(
        (&page["items"][0]["version"], &page["next"]),
        (&versions[1]["version"], &Value::Null)
    );

    // A broken file changes nothing, and is said with its line.
    std::fs::write(file.join("guide.md"), GUIDE.replace("${place}", "${palace}")).unwrap();
    let problem = wait_problem(&server, &admin).await;
    assert!(problem.contains("shop.gbprompts/guide.md:9:"), "{problem}");
    let mut chat = who.connect().await.unwrap();
    // A connection hears of earlier turns first, so the end that it sees may be that of another.
    chat.say("say:Hello").await.unwrap();
    wait_shown(&server, &admin, variant).await;
    let system = model.last_messages()[0]["content"].as_str().unwrap().to_owned();
    assert!(
        system.starts_with("You show people around a ${size} tower of 3 floors."),
        "{system}"
    );
    assert_eq!(system.contains("Be warm."), variant == "warm", "{system}");

    rating_is_for_the_person_only(&server, &who, &admin, variant).await;
}

async fn rating_is_for_the_person_only(server: &Server, who: &Visitor, admin: &str, variant: &str) {
    let path = format!("/api/chat/{}/feedback", who.session_id);
    let up = json!({ "rating": "up" });
    let stranger = Visitor::arrive(&server.url(), "shop").await.unwrap();
    assert_eq!(
        call(server, "post", &path, Some(&stranger.token), Some(&up)).await.0,
        404
    );
    assert_eq!(call(server, "post", &path, None, Some(&up)).await.0, 401);
    assert_eq!(call(server, "post", &path, Some(&who.token), Some(&up)).await.0, 204);

    let counted = counts(server, admin, "guide", variant).await;
    assert_eq!(
        (&counted["shown"], &counted["up"]),
        (&json!(1), &json!(1)),
        "of the new version"
    );
}

async fn call(server: &Server, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> (u16, Value) {
    let method = method.to_uppercase().parse().unwrap();
    let mut request = http_client()
        .unwrap()
        .request(method, format!("{}{path}", server.url()));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default(),
    )
}

/// Lets the first administrator in, whose link stands in the log.
async fn claim(server: &Server) -> String {
    let log = server.log();
    let (_, rest) = log.split_once("#bl_").unwrap();
    let token = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c));
    let body = json!({ "token": format!("bl_{}", token.collect::<String>()), "password": PASSWORD });
    let (status, answer) = call(server, "post", "/api/auth/claim", None, Some(&body)).await;
    assert_eq!(status, 200, "{answer}");
    answer["token"].as_str().unwrap().to_owned()
}

async fn counts(server: &Server, admin: &str, name: &str, variant: &str) -> Value {
    let (status, list) = call(server, "get", "/api/prompts/shop", Some(admin), None).await;
    assert_eq!(status, 200, "{list}");
    let items = list["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["name"] == name).unwrap();
    let variants = item["variants"].as_array().unwrap();
    variants.iter().find(|one| one["name"] == variant).unwrap()["counts"].clone()
}

/// Waits until an answer was given with the version of the guide that runs.
async fn wait_shown(server: &Server, admin: &str, variant: &str) {
    let start = Instant::now();
    loop {
        let counted = counts(server, admin, "guide", variant).await;
        if counted["answered"] == 1 {
            return;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{counted}\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The versions of the guide once there are so many.
async fn wait_versions(server: &Server, admin: &str, count: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let (_, page) = call(server, "get", "/api/prompts/shop/guide/versions", Some(admin), None).await;
        let items = page["items"].as_array().unwrap();
        if items.len() == count && items[0]["current"] == true {
            return items.clone();
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{page}\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What is wrong with the package once something is.
async fn wait_problem(server: &Server, admin: &str) -> String {
    let start = Instant::now();
    loop {
        let (_, list) = call(server, "get", "/api/bots", Some(admin), None).await;
        let shop = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|bot| bot["name"] == "shop")
            .cloned();
        if let Some(problem) = shop.unwrap()["problems"][0].as_str() {
            return problem.to_owned();
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{list}\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
