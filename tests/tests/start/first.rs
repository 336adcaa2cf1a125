//! The first start in an empty folder, and the ones after it.

use std::time::Duration;

use botserver_tests::client::Chat;
use botserver_tests::process::{Server, Setup, http_client};
use serde_json::{Value, json};

const PASSWORD: &str = "a long enough sentence";

/// The token of the one-time link that the server printed, if it did.
fn link(log: &str) -> Option<String> {
    let at = log.find("bl_")?;
    let token = log.get(at..)?;
    Some(
        token
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c))
            .collect(),
    )
}

async fn post(server: &Server, path: &str, body: Value) -> (u16, Value) {
    let request = http_client().unwrap().post(format!("{}{path}", server.url()));
    let answer = request
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default(),
    )
}

#[tokio::test]
async fn in_an_empty_folder_it_makes_what_it_needs_and_greets() {
    let server = Setup::new().bare().start().await.unwrap();

    let (_, mut chat) = Chat::start(&server.url(), "default").await.unwrap();
    let greeting = chat.turn().await.unwrap();
    let page = http_client().unwrap().get(server.url()).send().await.unwrap();

    assert!(greeting.text().contains("first bot of your server"), "{greeting:?}");
    assert_eq!(page.status().as_u16(), 200);
    assert!(page.text().await.unwrap().contains("<html"));
    for made in ["data/botserver.db", "bots/default.gbai/default.gbdialog/start.bas"] {
        assert!(server.folder().join(made).is_file(), "{made}");
    }
}

#[tokio::test]
async fn the_administrators_link_works_once_and_is_not_printed_again() {
    let mut server = Setup::new().bare().start().await.unwrap();
    let token = link(&server.log()).expect("the first start prints a link");
    let claim = json!({ "token": token, "password": PASSWORD });

    let weak = post(
        &server,
        "/api/auth/claim",
        json!({ "token": token, "password": "short" }),
    )
    .await;
    let first = post(&server, "/api/auth/claim", claim.clone()).await;
    let second = post(&server, "/api/auth/claim", claim).await;
    let login = post(
        &server,
        "/api/auth/login",
        json!({ "email": "admin@localhost", "password": PASSWORD }),
    )
    .await;

    assert_eq!(
        (weak.0, first.0, second.0, login.0),
        (422, 200, 404, 200),
        "{weak:?} {first:?} {second:?} {login:?}"
    );
    assert_eq!(login.1["person"]["role"], "server_admin");
    let session = login.1["token"].as_str().unwrap().to_owned();

    server.terminate(Duration::from_mins(1)).unwrap();
    let before = server.log().len();
    server.restart().await.unwrap();
    let me = http_client()
        .unwrap()
        .get(format!("{}/api/auth/me", server.url()))
        .bearer_auth(session);

    assert_eq!(
        link(server.log().get(before..).unwrap()),
        None,
        "nobody needs another link"
    );
    assert_eq!(
        me.send().await.unwrap().status().as_u16(),
        200,
        "sessions outlive a restart"
    );
}

#[tokio::test]
async fn an_unused_link_is_replaced_by_the_next_start() {
    let mut server = Setup::new().bare().start().await.unwrap();
    let old = link(&server.log()).unwrap();

    server.terminate(Duration::from_mins(1)).unwrap();
    let before = server.log().len();
    server.restart().await.unwrap();
    let new = link(server.log().get(before..).unwrap()).expect("nobody has used the first link");

    let claim = |token: String| json!({ "token": token, "password": PASSWORD });
    assert_eq!(post(&server, "/api/auth/claim", claim(old)).await.0, 404);
    assert_eq!(post(&server, "/api/auth/claim", claim(new)).await.0, 200);
}
