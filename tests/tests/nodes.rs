//! Two servers on one PostgreSQL and one Valkey are one server.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

use std::time::Duration;

use botserver_tests::client::{Chat, PATIENCE, Visitor};
use botserver_tests::model::Model;
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup, http_client};
use botserver_tests::servers::{Database, Postgres, Redis};
use futures::future::join_all;
use serde_json::Value;

/// Two servers, and what they stand on.
struct Nodes {
    one: Server,
    two: Server,
    _database: Database,
    _packages: Packages,
}

async fn two(packages: Packages, model: Option<&Model>) -> Option<Nodes> {
    let (postgres, redis) = (Postgres::shared()?, Redis::shared()?);
    let database = postgres.database();
    let setup = || {
        let setup = Setup::new().bots(packages.path());
        let setup = setup.env("DATABASE_URL", &database.url).env("REDIS_URL", &redis.url);
        match model {
            Some(model) => setup.model(model),
            None => setup,
        }
    };
    let (one, two) = futures::join!(setup().start(), setup().start());
    let (one, two) = (one.unwrap(), two.unwrap());
    Some(Nodes {
        one,
        two,
        _database: database,
        _packages: packages,
    })
}

fn echo() -> Packages {
    Packages::of_start("shop", "DO\n  HEAR said\n  TALK \"Heard ${said}\"\nLOOP")
}

/// The log of a conversation as that node tells it: number, kind and content of each entry.
async fn log(who: &Visitor) -> Vec<(i64, String, String)> {
    let mut entries = Vec::new();
    let mut after = 0;
    loop {
        let url = format!(
            "{}/api/chat/{}/events?limit=200&after={after}",
            who.server, who.session_id
        );
        let answer = http_client()
            .unwrap()
            .get(url)
            .bearer_auth(&who.token)
            .send()
            .await
            .unwrap();
        let page: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
        entries.extend(items.iter().map(|item| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (
                item["seq"].as_i64().unwrap(),
                text(&item["kind"]),
                text(&item["payload"]["content"]),
            )
        }));
        match page["next"].as_str() {
            Some(next) => after = next.parse().unwrap(),
            None => return entries,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_on_two_nodes_see_the_same_conversation_while_it_is_written() {
    let model = Model::start().await.unwrap();
    let packages = Packages::of_start("shop", "TALK \"Welcome\"");
    let Some(nodes) = two(packages, Some(&model)).await else {
        return;
    };
    let (who, mut here) = Chat::start(&nodes.one.url(), "shop").await.unwrap();
    here.turn().await.unwrap();
    let mut there = who.at(&nodes.two.url()).connect().await.unwrap();
    assert_eq!(there.turn().await.unwrap().texts(), ["Welcome"]);

    for round in 0..5 {
        let writer = if round % 2 == 0 { &mut here } else { &mut there };
        writer
            .send("say:one two three four five six seven\nmock:pause=20")
            .await
            .unwrap();
        let (near, far) = futures::join!(here.turn(), there.turn());
        let (near, far) = (near.unwrap(), far.unwrap());

        assert_eq!(near.texts(), ["one two three four five six seven"]);
        assert_eq!(far.texts(), near.texts());
        for seen in [&near, &far] {
            assert!(seen.said[0].is_complete && seen.said[0].pieces > 3, "{seen:?}");
        }
        let seqs =
            |turn: &botserver_tests::client::Turn| turn.frames.iter().filter_map(|frame| frame.seq).collect::<Vec<_>>();
        assert_eq!(seqs(&near), seqs(&far));
    }
    assert_eq!(log(&who).await, log(&who.at(&nodes.two.url())).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_joins_another_node_in_the_middle_of_an_answer_has_it_whole() {
    let model = Model::start().await.unwrap();
    let packages = Packages::of_start("shop", "TALK \"Welcome\"");
    let Some(nodes) = two(packages, Some(&model)).await else {
        return;
    };
    let (who, mut here) = Chat::start(&nodes.one.url(), "shop").await.unwrap();
    here.turn().await.unwrap();
    let there = who.at(&nodes.two.url());

    here.send("say:one two three four five six seven eight nine ten\nmock:pause=40")
        .await
        .unwrap();
    while here.next_frame().await.unwrap().stream_token.is_none() {}
    let mut late = there.connect().await.unwrap();
    late.turn().await.unwrap();
    let seen = late.turn().await.unwrap();
    let mut after = there.resume(seen.completion().unwrap().seq.unwrap()).await.unwrap();
    let hello = after.next_frame().await.unwrap();
    let nothing = after.next_frame_within(Duration::from_millis(300)).await;

    assert_eq!(seen.texts(), ["one two three four five six seven eight nine ten"]);
    assert!(seen.said[0].is_complete);
    assert_eq!(hello.kind.as_deref(), Some("connected"));
    assert!(nothing.is_err(), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_reaches_both_nodes_is_one_turn() {
    let Some(nodes) = two(echo(), None).await else { return };
    let (who, mut first) = Chat::start(&nodes.one.url(), "shop").await.unwrap();
    first.turn().await.unwrap();
    let mut chats = Vec::new();
    for number in 0..10 {
        let node = if number % 2 == 0 { &nodes.one } else { &nodes.two };
        let mut chat = who.at(&node.url()).resume(i64::MAX).await.unwrap();
        chat.next_frame().await.unwrap();
        chats.push(chat);
    }

    join_all(chats.iter_mut().map(|chat| chat.send_as("m-1", "hello"))).await;
    let turns = join_all(chats.iter_mut().map(Chat::turn)).await;

    for turn in turns {
        assert_eq!(turn.unwrap().texts(), ["Heard hello"]);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let said: Vec<_> = log(&who)
        .await
        .into_iter()
        .filter(|(_, kind, _)| kind == "user_message")
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_to_both_nodes_are_answered_once_each_and_in_their_order() {
    let Some(nodes) = two(echo(), None).await else { return };
    let (who, mut first) = Chat::start(&nodes.one.url(), "shop").await.unwrap();
    first.turn().await.unwrap();

    let writers = (0..10).map(|writer| {
        let node = if writer % 2 == 0 { &nodes.one } else { &nodes.two };
        let who = who.at(&node.url());
        async move {
            let mut chat = who.resume(i64::MAX).await.unwrap();
            for number in 0..20 {
                let text = format!("{writer}.{number}");
                chat.send(&text).await.unwrap();
                let answer = format!("Heard {text}");
                loop {
                    let frame = chat.next_frame_within(PATIENCE).await.unwrap();
                    assert_ne!(frame.kind.as_deref(), Some("error"), "{frame:?}");
                    if frame.content == answer {
                        break;
                    }
                }
            }
        }
    });
    join_all(writers).await;

    let entries = log(&who.at(&nodes.two.url())).await;
    let mut next = [0; 10];
    for pair in entries
        .iter()
        .filter(|(_, _, content)| !content.is_empty())
        .collect::<Vec<_>>()
        .chunks(2)
    {
        let text = &pair[0].2;
        assert_eq!(
            (pair[0].1.as_str(), &pair[1].2),
            ("user_message", &format!("Heard {text}"))
        );
        let (writer, number) = text.split_once('.').unwrap();
        let expected = &mut next[writer.parse::<usize>().unwrap()];
        assert_eq!(number.parse(), Ok(*expected), "of {writer}");
        *expected += 1;
    }
    assert_eq!(next, [20; 10]);
    assert!(entries.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_can_be_stopped_from_the_other_node() {
    let model = Model::start().await.unwrap();
    let packages = Packages::of_start("shop", "TALK \"Welcome\"");
    let Some(nodes) = two(packages, Some(&model)).await else {
        return;
    };
    let (who, mut here) = Chat::start(&nodes.one.url(), "shop").await.unwrap();
    here.turn().await.unwrap();
    let mut there = who.at(&nodes.two.url()).connect().await.unwrap();
    there.turn().await.unwrap();

    let long = "one two three four five six ".repeat(50);
    here.send(&format!("say:{long}\nmock:pause=200")).await.unwrap();
    while there.next_frame().await.unwrap().stream_token.is_none() {}
    there.stop().await.unwrap();
    let seen = there.turn().await.unwrap();

    let end = seen
        .frames
        .iter()
        .find(|frame| frame.is_complete && frame.stream_token.is_some())
        .unwrap();
    assert_eq!(end.data.as_ref().unwrap()["stopped"], true);
    model.wait_cancelled(1, PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_node_dies_in_a_turn_the_other_finishes_it_before_what_comes_next() {
    let packages = Packages::of_start(
        "shop",
        "HEAR first\nTALK \"Thinking\"\nWAIT 3\nTALK \"Heard ${first}\"\nHEAR second\nTALK \"Then ${second}\"",
    );
    let Some(mut nodes) = two(packages, None).await else {
        return;
    };
    let (who, mut here) = Chat::start(&nodes.one.url(), "shop").await.unwrap();
    here.turn().await.unwrap();
    here.send("one").await.unwrap();
    while here.next_frame().await.unwrap().content != "Thinking" {}
    nodes.one.kill().unwrap();

    let mut there = who.at(&nodes.two.url()).resume(i64::MAX).await.unwrap();
    there.send("two").await.unwrap();
    loop {
        let frame = there.next_frame_within(PATIENCE).await.unwrap();
        assert_ne!(frame.kind.as_deref(), Some("error"), "{frame:?}");
        if frame.content == "Then two" {
            break;
        }
    }

    let contents: Vec<_> = log(&who.at(&nodes.two.url()))
        .await
        .into_iter()
        .map(|(_, _, content)| content)
        .collect();
    let said: Vec<_> = contents.iter().filter(|content| !content.is_empty()).collect();
    assert_eq!(said, ["one", "Thinking", "Heard one", "two", "Then two"]);
}

async fn api(method: &str, url: &str, token: Option<&str>, body: Value) -> (u16, Value) {
    let mut request = http_client().unwrap().request(method.parse().unwrap(), url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if !body.is_null() {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// Opens an account with a one-time link; the session's token and the person's id.
async fn claimed(server: &str, link: &str) -> Option<(String, String)> {
    let token = link.split('#').nth(1)?.split_whitespace().next()?;
    let body = serde_json::json!({ "token": token, "password": "nine green kettles whistle" });
    let (status, body) = api("POST", &format!("{server}/api/auth/claim"), None, body).await;
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    (status == 200).then(|| text("/token").zip(text("/person/id")))?
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_loses_on_one_node_closes_their_sockets_on_the_other() {
    let Some(nodes) = two(echo(), None).await else { return };
    let (one, there) = (nodes.one.url(), nodes.two.url());
    // Of two nodes that start at once the later one's link is good.
    let mut admin = None;
    for log in [nodes.one.log(), nodes.two.log()] {
        let link = log.split("/claim").nth(1).unwrap_or_default().to_owned();
        admin = admin.or(claimed(&one, &link).await);
    }
    let (admin, _) = admin.expect("a link in one of the logs");
    let body = serde_json::json!({ "email": "ana@example.org", "name": "Ana", "role": "operator" });
    let (status, made) = api("POST", &format!("{one}/api/users"), Some(&admin), body).await;
    assert_eq!(status, 201, "{made}");
    let (ana, id) = claimed(&one, made["claim"]["url"].as_str().unwrap()).await.unwrap();
    let who = |conversation: &str| Visitor {
        server: there.clone(),
        bot_name: "shop".to_owned(),
        user_id: id.clone(),
        session_id: conversation.to_owned(),
        token: ana.clone(),
    };
    let bots = format!("{there}/api/bots");
    let conversation = "01890a5d-ac96-774b-bcce-b302099a8057";
    let member = format!("{one}/api/members/{id}");
    let mut chat = who(conversation).connect().await.unwrap();
    chat.say("hello").await.unwrap();
    assert_eq!(api("GET", &bots, Some(&ana), Value::Null).await.0, 200);

    let demoted = api("PATCH", &member, Some(&admin), serde_json::json!({ "role": "member" })).await;
    assert_eq!(demoted.0, 200, "{}", demoted.1);
    assert_eq!(api("GET", &bots, Some(&ana), Value::Null).await.0, 403);
    let close = chat.closed(PATIENCE).await.unwrap().expect("a reason");
    assert_eq!(
        u16::from(close.code),
        1012,
        "whoever comes back is known as what they are now"
    );

    let mut again = who(conversation).connect().await.unwrap();
    again.next_frame().await.unwrap();
    assert_eq!(api("DELETE", &member, Some(&admin), Value::Null).await.0, 204);
    assert_eq!(api("GET", &bots, Some(&ana), Value::Null).await.0, 401);
    again.closed(PATIENCE).await.unwrap().expect("a reason");
    let log = format!("{there}/api/chat/{conversation}/events");
    assert_eq!(api("GET", &log, Some(&ana), Value::Null).await.0, 401);
}
