//! GET, POST, PUT, PATCH, DELETE HTTP and their headers, against a server that remembers what it was asked.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, Uri, header},
    response::{IntoResponse, Response},
};
use botlib::value::Map;
use botstate::dialog::FaultKind;
use http::StatusCode;
use parking_lot::Mutex;

use crate::support::House;

/// A request as the peer saw it.
#[derive(Debug, Clone)]
struct Seen {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: String,
}

/// A server on this machine.
#[derive(Clone, Default)]
struct Peer(Arc<Mutex<Vec<Seen>>>);

impl Peer {
    /// Starts it and gives its address.
    async fn start() -> (Self, String) {
        let peer = Self::default();
        let seen = peer.clone();
        let router = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let answer = answer(uri.path());
            let body = String::from_utf8(body.to_vec()).unwrap();
            seen.0.lock().push(Seen {
                method,
                path: uri.to_string(),
                headers,
                body,
            });
            async move {
                if uri.path() == "/slow" {
                    std::future::pending::<()>().await;
                }
                answer
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        #[expect(clippy::disallowed_methods, reason = "the peer ends with the test's runtime")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        (peer, url)
    }

    fn last(&self) -> Seen {
        self.0.lock().last().unwrap().clone()
    }
}

fn answer(path: &str) -> Response {
    let json = |status: u16, body: &'static str| {
        (
            StatusCode::from_u16(status).unwrap(),
            [(header::CONTENT_TYPE, "application/json")],
            body,
        )
            .into_response()
    };
    match path {
        "/product" => json(200, r#"{"name":"tea","price":2.50,"status":"sold out"}"#),
        "/list" => json(200, r#"[{"id":1},{"id":2}]"#),
        "/text" => "plain words".into_response(),
        "/orders" => json(201, r#"{"id":77,"status":"open"}"#),
        "/refused" => json(422, r#"{"error":"no","status":"bad"}"#),
        "/large" => "x".repeat(2 << 20).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A house whose scripts may reach this machine.
async fn open(files: &[(&str, &str)]) -> House {
    House::open(files, None, |config| {
        config.http.allow_private = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await
}

async fn said(url: &str, script: &str) -> Vec<String> {
    let house = open(&[("a.gbai/start.bas", &script.replace("URL", url))]).await;
    house.said("a", "start").await
}

#[tokio::test]
async fn get_gives_the_body_and_what_is_known_about_the_answer() {
    let (peer, url) = Peer::start().await;

    let said = said(
        &url,
        "x = GET \"URL/product\"\nTALK x.name + \" \" + x.price\nTALK x.status\nTALK x.data.name\nTALK x.headers[\"content-type\"]\n\
         FOR EACH item IN GET \"URL/list\"\n  TALK item.id\nNEXT\nTALK GET \"URL/text\"",
    )
    .await;

    assert_eq!(
        said,
        [
            "tea 2.5",
            "sold out",
            "tea",
            "application/json",
            "1",
            "2",
            "plain words"
        ]
    );
    assert!(
        !peer.last().headers.contains_key("idempotency-key"),
        "reading twice does no harm"
    );
}

#[tokio::test]
async fn an_answer_of_error_is_no_fault() {
    let (_, url) = Peer::start().await;

    let said = said(
        &url,
        "x = GET \"URL/refused\"\nTALK x.status + \" \" + x.error + \" \" + x.data.status\n\
         y = GET \"URL/nowhere\"\nTALK y.status + y.statusText",
    )
    .await;

    assert_eq!(said, ["422 no bad", "404Not Found"]);
}

#[tokio::test]
async fn writing_sends_json_forms_and_text_with_a_key_for_repetitions() {
    let (peer, url) = Peer::start().await;
    let script = "x = POST \"URL/orders\", { item: \"tea\", count: 2, none: NULL }\n\
                  TALK x.status + \" \" + x.id + \" \" + x.data.status\nPUT \"URL/orders\", \"plain\"\n\
                  PATCH \"URL/orders\", { a: \"1 2\", b: \"é\" }, \"application/x-www-form-urlencoded\"\n\
                  POST \"URL/orders\"\nDELETE HTTP \"URL/orders\"";
    let house = open(&[("a.gbai/start.bas", &script.replace("URL", &url))]).await;

    let said = house.said("a", "start").await;

    assert_eq!(said, ["201 77 open"]);
    let seen = peer.0.lock().clone();
    let sent: Vec<String> = seen
        .iter()
        .map(|seen| {
            let kind = seen
                .headers
                .get(header::CONTENT_TYPE)
                .map_or("-", |kind| kind.to_str().unwrap());
            format!("{} {kind} {}", seen.method, seen.body)
        })
        .collect();
    assert_eq!(
        sent,
        [
            "POST application/json {\"item\":\"tea\",\"count\":2,\"none\":null}",
            "PUT text/plain; charset=utf-8 plain",
            "PATCH application/x-www-form-urlencoded a=1+2&b=%C3%A9",
            "POST - ",
            "DELETE - ",
        ]
    );
    let keys: std::collections::BTreeSet<_> = seen
        .iter()
        .map(|seen| seen.headers["idempotency-key"].clone())
        .collect();
    assert_eq!(keys.len(), 5, "every call has its own");
}

#[tokio::test]
async fn headers_go_with_every_request_until_they_are_cleared() {
    let (peer, url) = Peer::start().await;
    let script = "SET HEADER \"X-One\", 1\nSET HEADER \"X-Two\" AS \"two\"\nSET HEADER \"X-Three\" = \"three\"\n\
                  SET HEADER \"x-two\", \"\"\nHEAR key AS PASSWORD\nSET HEADER \"Authorization\", key\n\
                  GET \"URL/one?q=1\"\nCLEAR HEADERS\nGET \"URL/two\"";
    let house = open(&[("a.gbai/start.bas", &script.replace("URL", &url))]).await;

    house
        .visitor("a")
        .run("start", Map::new(), &["Bearer s3cret"])
        .await
        .unwrap();

    let seen = peer.0.lock().clone();
    let first = &seen[0].headers;
    assert_eq!(
        (&first["x-one"], &first["x-three"], &first["authorization"]),
        (
            &"1".parse().unwrap(),
            &"three".parse().unwrap(),
            &"Bearer s3cret".parse().unwrap()
        )
    );
    assert_eq!(
        (seen[0].path.as_str(), first.contains_key("x-two")),
        ("/one?q=1", false)
    );
    assert!(!seen[1].headers.contains_key("x-one") && !seen[1].headers.contains_key("authorization"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_a_fault_that_says_why() {
    let (_, url) = Peer::start().await;
    let cases = [
        ("SET HEADER \"a b\", 1", FaultKind::Argument),
        ("SET HEADER \"a\", \"1\\n2\"", FaultKind::Argument),
        ("SET HEADER \"Host\", \"x\"\nGET \"URL/text\"", FaultKind::Argument),
        ("GET \"ftp://example.com/x\"", FaultKind::Argument),
        ("GET \"http://user:pass@example.com/\"", FaultKind::Argument),
        ("GET \"URL/large\"", FaultKind::Limit),
        ("GET \"http://127.0.0.1:1/\"", FaultKind::Network),
        ("GET \"../orders.csv\"", FaultKind::Argument),
        ("GET \"/api/orders\"", FaultKind::NotFound),
        ("GET \"things\", \"x\"", FaultKind::Argument),
    ];
    for (script, kind) in cases {
        let house = open(&[("a.gbai/start.bas", &script.replace("URL", &url))]).await;

        let fault = house.visitor("a").run("start", Map::new(), &[]).await.unwrap_err();

        assert_eq!(fault.kind, kind, "{script}: {fault}");
    }
}

#[tokio::test]
async fn private_addresses_are_refused_unless_the_operator_allows_them() {
    let (peer, url) = Peer::start().await;
    let script = format!("GET \"{url}/text\"");
    let house = House::new(&[
        ("a.gbai/start.bas", &script),
        ("a.gbai/post.bas", &script.replace("GET", "POST")),
    ])
    .await;

    for script in ["start", "post"] {
        let fault = house.visitor("a").run(script, Map::new(), &[]).await.unwrap_err();

        assert_eq!(fault.kind, FaultKind::Permission, "{fault}");
        assert!(fault.message.contains("not a public address"), "{fault}");
    }
    assert!(peer.0.lock().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn a_person_who_stops_the_dialog_waits_for_no_answer() {
    let (_, url) = Peer::start().await;
    let house = open(&[("a.gbai/start.bas", &format!("GET \"{url}/slow\""))]).await;
    let mut visitor = house.visitor("a");
    let cancel = visitor.cancel.clone();

    let running = visitor.run("start", Map::new(), &[]);
    let stop = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        cancel.cancel();
    };
    let (result, ()) = futures::future::join(running, stop).await;

    assert_eq!(result.unwrap_err().kind, FaultKind::Stopped);
}

#[tokio::test]
async fn get_reads_settings_the_conversation_and_memory() {
    let house = House::new(&[
        (
            "a.gbai/start.bas",
            "rate = GET \"config\", \"param-rate\"\nTALK rate + 1\nhours = GET \"config\", \"business_hours\"\nTALK hours.start + hours.end\n\
             none = GET \"config\", \"nothing\"\nTALK TYPEOF(none)\nSET BOT MEMORY \"owner\", \"Ana\"\nTALK GET \"owner\"\n\
             path = \"session.id\"\nTALK LEN(GET path)",
        ),
        ("a.gbai/config.csv", "name,value\nparam-rate,0.5\nbusiness-hours-start,9\nbusiness-hours-end,18\n"),
    ])
    .await;

    assert_eq!(house.said("a", "start").await, ["1.5", "27", "null", "Ana", "36"]);
}

#[tokio::test]
async fn a_literal_path_into_something_the_script_sees_is_a_member_of_it() {
    let house = House::new(&[(
        "a.gbai/start.bas",
        "order = { lines: { count: 3 }, csv: 4 }\nTALK GET \"order.lines.count\"\nTALK GET \"User.Message\"\n\
         channel = GET \"session.channel\" OR \"web\"\nTALK channel\n\
         TALK GET BOT MEMORY \"no\" + 1 OR \"none\"",
    )])
    .await;
    let file = House::new(&[(
        "a.gbai/start.bas",
        "order = { csv: 4 }\nTALK (GET \"order.csv\") IS NULL",
    )])
    .await;

    assert_eq!(house.said("a", "start").await, ["3", "hello", "web", "none"]);
    assert_eq!(file.said("a", "start").await, ["true"], "the name of a file stays one");
}

#[tokio::test]
async fn bodies_are_written_by_fields_by_variables_or_whole() {
    let (peer, url) = Peer::start().await;
    let script = "name = \"Ana\"\nage = 7\nPOST \"URL/orders\" WITH item = \"tea\", count = 1 + 1\n\
                  POST \"URL/orders\", name, age\nPOST \"URL/orders\", name, 1 + 1\n\
                  POST \"URL/orders\" BODY { a: 1 } HEADERS { \"x-shop\": \"north\" }\n\
                  answer = GET \"URL/list\" WITH page = 2, q = \"a b\"\n\
                  GRAPHQL \"URL/graphql\", \"{ shop }\", { id: 1 }";
    let house = open(&[("a.gbai/start.bas", &script.replace("URL", &url))]).await;

    house.said("a", "start").await;

    let seen = peer.0.lock().clone();
    let sent: Vec<String> = seen.iter().map(|seen| format!("{} {}", seen.path, seen.body)).collect();
    assert_eq!(
        sent,
        [
            "/orders {\"item\":\"tea\",\"count\":2}",
            "/orders {\"name\":\"Ana\",\"age\":7}",
            "/orders [\"Ana\",2]",
            "/orders {\"a\":1}",
            "/list?page=2&q=a+b ",
            "/graphql {\"query\":\"{ shop }\",\"variables\":{\"id\":1}}",
        ]
    );
    assert_eq!(seen[3].headers["x-shop"], "north");
}

#[tokio::test]
async fn a_bot_calls_outside_as_often_as_it_may() {
    let (peer, url) = Peer::start().await;
    let script = "FOR i = 1 TO 5\n  POST \"URL/orders\", i\nNEXT".replace("URL", &url);
    let files = [
        ("a.gbai/a.gbot/config.csv", "name,value\nscript-calls-per-minute,3\n"),
        ("a.gbai/start.bas", script.as_str()),
    ];
    let house = open(&files).await;

    let fault = house.visitor("a").run("start", Map::new(), &[]).await.unwrap_err();

    assert_eq!(fault.kind, FaultKind::Limit);
    assert_eq!(peer.0.lock().len(), 3);
}

#[tokio::test]
async fn a_path_calls_the_servers_own_api_with_the_rights_of_who_talks() {
    let api = Router::new().route(
        "/api/crm/leads",
        axum::routing::post(|caller: axum::Extension<botlib::Caller>, body: String| async move {
            axum::Json(serde_json::json!({ "who": format!("{:?}", caller.subject), "sent": body }))
        })
        .get(|uri: Uri| async move { axum::Json(serde_json::json!({ "query": uri.query() })) }),
    );
    let script = "answer = CALL \"/crm/leads\", { name: \"Ana\" }\nTALK answer.who + \" \" + answer.sent\n\
                  list = GET \"/api/crm/leads\" WITH page = 2\nTALK list.query\n\
                  CALL \"/crm/leads\", \"a\", 1\nTRY\n  CALL \"/crm/nothing\"\nCATCH problem\n  \
                  TALK problem.message\nEND TRY";
    let house = open(&[("a.gbai/start.bas", script)]).await;
    house.api.set(api);

    let said = house.said("a", "start").await;

    assert_eq!(
        said,
        [
            "System {\"name\":\"Ana\"}",
            "page=2",
            "POST /api/crm/nothing answered 404: ",
        ]
    );
}
