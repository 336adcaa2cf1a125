//! Webhooks and forms: requests from outside that start scripts.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::support::{House, Server, houses};

const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn shop(config: &str) -> Vec<(&'static str, String)> {
    vec![
        ("shop.gbai/shop.gbot/config.csv", format!("name,value\n{config}")),
        (
            "shop.gbai/shop.gbdialog/order.bas",
            "WEBHOOK \"New Order\"\nTALK \"Order \" + body.id\nPROBE body.id\nRETURN { \"status\": 201, \"body\": { \"got\": body.id, \"by\": method, \"q\": params.q }, \"headers\": { \"x-shop\": \"yes\", \"set-cookie\": \"no\" } }\n".to_owned(),
        ),
        (
            "shop.gbai/shop.gbdialog/vars.bas",
            "WEBHOOK \"vars\"\nresult_status = 418\nresult_message = \"teapot\"\n".to_owned(),
        ),
        ("shop.gbai/shop.gbdialog/bad.bas", "WEBHOOK \"bad\"\nTHROW \"no stock\"\n".to_owned()),
        ("shop.gbai/shop.gbdialog/text.bas", "WEBHOOK \"text\"\nRETURN \"pong\"\n".to_owned()),
        ("shop.gbai/shop.gbdialog/silent.bas", "WEBHOOK \"silent\"\nx = 1\n".to_owned()),
        (
            "shop.gbai/shop.gbdialog/contact.bas",
            "ON FORM SUBMIT \"contact\"\n  TALK fields.name + \" wrote with \" + metadata.user_agent\nEND ON\n".to_owned(),
        ),
    ]
}

fn open(config: &str) -> House {
    let files = shop(config);
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    House::new(&files)
}

fn signature(id: &str, sent: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(SECRET).unwrap()).unwrap();
    mac.update(format!("{id}.{sent}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

async fn signed(server: &Server, id: &str, body: &str) -> crate::support::Answer {
    let sent = server.state.clock.now().timestamp();
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", &sent.to_string()),
        ("webhook-signature", &signature(id, sent, body)),
    ];
    server.post("/api/shop/webhook/new-order?q=1", &headers, body).await
}

#[tokio::test]
async fn a_signed_request_is_answered_by_its_script_once() {
    let files = shop(&format!("webhook-secret,whsec_{SECRET}\n"));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    for house in houses(&files) {
        let server = house.open().await;

        let first = signed(&server, "m1", "{\"id\":\"A7\"}").await;
        let again = signed(&server, "m1", "{\"id\":\"A7\"}").await;
        let other = signed(&server, "m2", "{\"id\":\"B8\"}").await;

        assert_eq!((first.status, again.status, other.status), (201, 201, 201), "{first:?}");
        assert_eq!(first.text, r#"{"got":"A7","by":"POST","q":"1"}"#);
        assert_eq!(first.text, again.text);
        assert_eq!(first.headers["x-shop"], "yes");
        assert!(!first.headers.contains_key("set-cookie"));
        let probed: Vec<String> = house.probed.lock().iter().map(|(text, _)| text.clone()).collect();
        assert_eq!(probed, ["A7", "B8"]);
    }
}

#[tokio::test]
async fn a_request_without_a_fitting_signature_starts_nothing() {
    let house = open(&format!("webhook-secret,whsec_{SECRET}\n"));
    let server = house.open().await;
    let path = "/api/shop/webhook/new-order";
    let sent = server.state.clock.now().timestamp();
    let old = (sent - 600).to_string();
    let forged = signature("m1", sent, "{}");

    let bare = server.post(path, &[], "{\"id\":\"A7\"}").await;
    let wrong = server
        .post(
            path,
            &[
                ("webhook-id", "m1"),
                ("webhook-timestamp", &sent.to_string()),
                ("webhook-signature", &forged),
            ],
            "{\"id\":\"A7\"}",
        )
        .await;
    let late = server
        .post(
            path,
            &[
                ("webhook-id", "m1"),
                ("webhook-timestamp", &old),
                ("webhook-signature", &signature("m1", sent - 600, "{}")),
            ],
            "{}",
        )
        .await;
    let unknown = server.post("/api/shop/webhook/nothing", &[], "{}").await;

    assert_eq!(
        (bare.status, wrong.status, late.status, unknown.status),
        (401, 401, 401, 401)
    );
    assert_eq!(bare.json()["type"], "tasks/unsigned");
    assert!(house.probed.lock().is_empty());
    assert_eq!(server.said().await, [""; 0]);
}

#[tokio::test]
async fn a_bot_without_a_secret_takes_nothing_unless_it_says_so() {
    let house = open("");
    let closed = house.open().await;
    let refused = closed.post("/api/shop/webhook/text", &[], "").await;
    assert_eq!(
        (refused.status, refused.json()["type"].as_str().unwrap()),
        (403, "tasks/no-secret")
    );

    let house = open("webhook-public,true\n");
    let server = house.open().await;
    let mut answers = Vec::new();
    for endpoint in ["text", "vars", "silent", "bad", "nothing"] {
        let answer = server.post(&format!("/api/shop/webhook/{endpoint}"), &[], "").await;
        answers.push(format!(
            "{endpoint}: {} {}",
            answer.status,
            answer.json()["type"].as_str().unwrap_or(&answer.text)
        ));
    }
    let got = server.get("/api/shop/webhook/TEXT").await;
    let nobody = server.post("/api/nobody/webhook/text", &[], "").await;

    assert_eq!(
        answers,
        [
            "text: 200 pong",
            "vars: 418 {\"message\":\"teapot\"}",
            "silent: 204 ",
            "bad: 500 tasks/script-failed",
            "nothing: 404 tasks/unknown-endpoint",
        ]
    );
    assert_eq!((got.status, got.text.as_str()), (200, "pong"));
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn a_form_is_told_to_its_scripts_once() {
    let house = open("");
    let server = house.open().await;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", "test"),
        ("idempotency-key", "f1"),
    ];

    let first = server
        .post("/api/shop/forms/Contact", &headers, "name=Ann+B&mail=a%40b.org")
        .await;
    let again = server
        .post("/api/shop/forms/contact", &headers, "name=Ann+B&mail=a%40b.org")
        .await;
    let unknown = server.post("/api/shop/forms/other", &headers, "name=Ann").await;
    let empty = server.post("/api/shop/forms/contact", &[], "").await;
    server.wait_said(1).await;
    server.settle().await;

    assert_eq!(
        (first.status, again.status, unknown.status, empty.status),
        (202, 202, 404, 422)
    );
    assert_eq!(first.json()["scripts"], 1);
    assert_eq!(server.said().await, ["Ann B wrote with test"]);
}
