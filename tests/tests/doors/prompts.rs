//! Nothing that belongs to others reaches a prompt: the model's own record of what it was asked is the proof.

use botserver_tests::client::Chat;
use botserver_tests::packages::Packages;
use serde_json::{Value, json};

use super::{House, call, mcp::wait_for_documents_of};

/// A word that stands in everything that others have, and nowhere else.
const CANARY: &str = "zugzwangcanary";

/// What of the other bot is marked, each in its own way.
const MARKS: [&str; 9] = [
    "prompt", "tool", "result", "file", "title", "passage", "fact", "history", "greeting",
];

/// A bot whose every part is marked.
fn rival(packages: &Packages) {
    packages.settings("rival", &[("system-prompt", &format!("You are {CANARY}-prompt."))]);
    packages.script(
        "rival",
        "start",
        &format!(
            "SET BOT MEMORY \"note\", \"{CANARY}-memory\"\nSET USER FACT \"diet\", \"{CANARY}-fact\"\n\
             TALK \"Welcome to {CANARY}-greeting\"\n"
        ),
    );
    packages.script(
        "rival",
        "lookup",
        &format!("DESCRIPTION \"Finds {CANARY}-tool.\"\nRETURN \"{CANARY}-result\"\n"),
    );
    packages.file(
        "rival",
        &format!("rival.gbkb/notes/{CANARY}-file.md"),
        &format!("# Harbour {CANARY}-title\n\nThe harbour prices of {CANARY}-passage are secret.\n"),
    );
}

/// Our bot, with a document that only people with an account may read.
fn shop(packages: &Packages) {
    packages.settings("shop", &[("system-prompt", "You sell tea at the harbour.")]);
    packages.script(
        "shop",
        "start",
        "note = GET BOT MEMORY \"note\"\nTALK \"note: ${note}\"\n",
    );
    packages.script(
        "shop",
        "remember",
        "PARAM text AS STRING LIKE \"tea\" DESCRIPTION \"What to note\"\nDESCRIPTION \"Notes a fact.\"\n\
         SET USER FACT \"note\", text\nSET USER MEMORY \"note\", text\nTALK \"noted\"\n",
    );
    packages.script(
        "shop",
        "facts",
        "DESCRIPTION \"Tells the facts.\"\nfacts = USER FACTS\nTALK \"facts: ${facts}\"\n",
    );
    packages.file(
        "shop",
        "shop.gbkb/kb.permissions.yaml",
        "default_access: all\nfolders:\n  staff: { access: authenticated }\n",
    );
    packages.file(
        "shop",
        "shop.gbkb/open/prices.md",
        "# Harbour prices\n\nTea at the harbour costs three.\n",
    );
    packages.file(
        "shop",
        &format!("shop.gbkb/staff/{CANARY}-staff.md"),
        &format!("# {CANARY}-staff\n\nThe harbour prices for staff are {CANARY}-half.\n"),
    );
}

fn record(house: &House) -> String {
    let bodies = house.model.requests().into_iter().map(|asked| asked.body);
    bodies.map(|body| body.to_string()).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_another_bot_another_person_or_a_closed_document_reaches_a_prompt() {
    let house = House::open_with(
        |packages| {
            rival(packages);
            shop(packages);
        },
        |setup| setup.env("BOTSERVER_API_VISITORS", "true"),
    )
    .await;
    let url = house.server.url();
    wait_for_documents_of(&house.server, &house.session, "rival", 1).await;
    wait_for_documents_of(&house.server, &house.session, "shop", 2).await;

    // The other bot, and another person with ours: all that they have is in the record.
    let (_, mut other) = Chat::start(&url, "rival").await.unwrap();
    other.turn().await.unwrap();
    other.say(&format!("My word is {CANARY}-history.")).await.unwrap();
    other.say("What are the harbour prices?").await.unwrap();
    other.say("call:lookup{}").await.unwrap();
    let theirs = record(&house);
    for mark in MARKS {
        assert!(
            theirs.contains(&format!("{CANARY}-{mark}")),
            "{mark} is nowhere in\n{theirs}"
        );
    }
    let (_, mut bob) = Chat::start(&url, "shop").await.unwrap();
    bob.turn().await.unwrap();
    bob.run_tool("remember", &json!({ "text": format!("{CANARY}-bob") }))
        .await
        .unwrap();
    bob.turn().await.unwrap();
    bob.say(&format!("The harbour prices of {CANARY}-bob, please."))
        .await
        .unwrap();
    assert!(record(&house).contains(&format!("note: {CANARY}-bob")));
    house.model.forget();

    let (_, mut ana) = Chat::start(&url, "shop").await.unwrap();
    let mut heard = vec![ana.turn().await.unwrap().text()];
    for text in [
        "What are the harbour prices?",
        "What do you know of zugzwangcanry and of staff?",
        "call:lookup{}",
        "call:facts{}",
    ] {
        heard.push(ana.say(text).await.unwrap().text());
    }
    for (path, body) in [
        (
            "/v1/chat/completions",
            json!({ "model": "shop", "messages": [{ "role": "user", "content": "harbour prices for staff" }] }),
        ),
        (
            "/v1/responses",
            json!({ "model": "shop", "input": "harbour prices for staff" }),
        ),
    ] {
        let (status, answer) = call(&house.server, "POST", path, "", &body).await;
        assert_eq!(status, 200, "{answer}");
        heard.push(answer.to_string());
    }
    let (_, models) = call(&house.server, "GET", "/v1/models", "", &Value::Null).await;
    heard.push(models.to_string());

    let ours = record(&house);
    assert!(
        house.model.requests().len() >= 6 && ours.contains("Tea at the harbour costs three"),
        "{ours}"
    );
    assert!(!ours.contains(CANARY), "{ours}");
    assert!(!heard.concat().contains(CANARY), "{heard:?}");
}
