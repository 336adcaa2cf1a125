//! A whole run of an agent through the server, against a provider that speaks Anthropic's protocol: two tools, one of
//! which fails, a provider that has to be asked again, a kill -9 in the middle of a tool, and an answer that is stopped.
#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use botserver_tests::{
    client::{Chat, Visitor},
    packages::Packages,
    process::{Server, Setup, http_client},
};
use futures::StreamExt;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::watch;

/// Longer than anything takes on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(2);

const STOCK: &str = r#"
PARAM tea AS STRING LIKE "green" DESCRIPTION "Which tea"
DESCRIPTION "Tells how many boxes there are"
IF tea = "none" THEN
  THROW "there is no such tea"
END IF
RETURN "7 boxes of ${tea}"
"#;

const ORDER: &str = r#"
PARAM tea AS STRING LIKE "green" DESCRIPTION "Which tea"
DESCRIPTION "Places an order"
answer = POST "SHOP", #{ tea: tea }
INSERT "orders", #{ tea: tea, number: answer.data.number }
RETURN "order ${answer.data.number}"
"#;

const LOOK: &str = r#"
FOR EACH order IN FIND "orders"
  TALK "${order.tea} ${order.number}"
NEXT
"#;

/// What the provider answers next.
enum Reply {
    Refuse(u16),
    Calls(Vec<(&'static str, &'static str, Value)>),
    Text(&'static str),
    /// Words, and then nothing more.
    Hang(&'static str),
}

/// The provider.
#[derive(Clone)]
struct Provider(Arc<Inner>);

struct Inner {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Value>>,
    /// Answers that were given up.
    left: watch::Sender<usize>,
}

/// Notices an answer that nobody waits for any more.
struct Guard(Provider);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.left.send_modify(|left| *left += 1);
    }
}

impl Provider {
    async fn start(replies: impl IntoIterator<Item = Reply>) -> (Self, String) {
        let provider = Self(Arc::new(Inner {
            replies: Mutex::new(replies.into_iter().collect()),
            asked: Mutex::default(),
            left: watch::Sender::new(0),
        }));
        let url = serve(Router::new().fallback(answer).with_state(provider.clone())).await;
        (provider, url)
    }

    /// What it was asked, without what is the same every time.
    fn asked(&self) -> Vec<Value> {
        self.0.asked.lock().clone()
    }
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn answer(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Response {
    assert_eq!(headers["x-api-key"], "sk-tea");
    let asked: Value = serde_json::from_slice(&body).unwrap();
    provider.0.asked.lock().push(asked);
    let reply = provider.0.replies.lock().pop_front();
    let mut events = vec![json!({ "type": "message_start", "message": { "usage": { "input_tokens": 9 } } })];
    let (said, hangs, reason) = match reply.unwrap_or(Reply::Text("there is nothing more to say")) {
        Reply::Refuse(status) => {
            let error = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } });
            let status = StatusCode::from_u16(status).unwrap();
            return (status, [("content-type", "application/json")], error.to_string()).into_response();
        }
        Reply::Calls(calls) => {
            for (index, (id, name, input)) in calls.iter().enumerate() {
                let block = json!({ "type": "tool_use", "id": id, "name": name, "input": {} });
                events.push(json!({ "type": "content_block_start", "index": index, "content_block": block }));
                let delta = json!({ "type": "input_json_delta", "partial_json": input.to_string() });
                events.push(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
            }
            (None, false, "tool_use")
        }
        Reply::Text(text) => (Some(text), false, "end_turn"),
        Reply::Hang(text) => (Some(text), true, "end_turn"),
    };
    if let Some(text) = said {
        let delta = json!({ "type": "text_delta", "text": text });
        events.push(json!({ "type": "content_block_delta", "index": 0, "delta": delta }));
    }
    if !hangs {
        let delta = json!({ "stop_reason": reason, "stop_sequence": null });
        events.push(json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": 3 } }));
        events.push(json!({ "type": "message_stop" }));
    }
    let lines = events
        .iter()
        .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    let text = lines.collect::<Vec<_>>().concat();
    let first = futures::stream::iter([Ok::<_, Infallible>(Bytes::from(text))]);
    let body = if hangs {
        let guard = Guard(provider);
        Body::from_stream(first.chain(futures::stream::once(async move {
            let _guard = guard;
            std::future::pending().await
        })))
    } else {
        Body::from_stream(first)
    };
    ([("content-type", "text/event-stream")], body).into_response()
}

/// A shop that takes an order once for each idempotency key, and not at all while it is closed.
#[derive(Clone, Default)]
struct Shop {
    keys: Arc<Mutex<Vec<String>>>,
    is_open: Arc<AtomicBool>,
}

async fn take_order(State(shop): State<Shop>, headers: HeaderMap) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    shop.keys.lock().push(key);
    if !shop.is_open.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    axum::Json(json!({ "number": 41 })).into_response()
}

/// Waits until `reached`; `otherwise` says what did not come.
async fn until(mut reached: impl FnMut() -> bool, otherwise: impl FnOnce() -> String) {
    let waiting = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{}", otherwise());
}

/// What the log says: what was said, and by whom.
async fn said(who: &Visitor) -> Vec<String> {
    let request = http_client()
        .unwrap()
        .get(format!("{}/api/chat/{}/events?limit=200", who.server, who.session_id))
        .bearer_auth(&who.token);
    let page: Value = serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
    let items = page["items"].as_array().unwrap().iter();
    items
        .filter_map(|item| {
            let sign = match item["kind"].as_str()? {
                "user_message" => '>',
                "bot_message" => '<',
                _ => return None,
            };
            Some(format!("{sign} {}", item["payload"]["content"].as_str()?))
        })
        .collect()
}

async fn start(packages: &Packages, provider: &str, shop: &str) -> Server {
    packages.script("shop", "stock", STOCK);
    packages.script("shop", "order", &ORDER.replace("SHOP", shop));
    packages.script("shop", "look", LOOK);
    packages.settings(
        "shop",
        &[
            ("llm-provider", "anthropic"),
            ("llm-url", provider),
            ("llm-key", "sk-tea"),
            ("llm-model", "claude"),
            // Whether a person is asked before an order is another test's subject.
            ("tool-confirm", "never"),
        ],
    );
    Setup::new()
        .bots(packages.path())
        .env("BOTSERVER_ALLOW_PRIVATE", "127.0.0.0/8")
        .start()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_goes_on_after_errors_refusals_a_kill_and_a_stop() {
    let (provider, url) = Provider::start([
        Reply::Calls(vec![
            ("toolu_1", "stock", json!({ "tea": "green" })),
            ("toolu_2", "stock", json!({ "tea": "none" })),
        ]),
        Reply::Refuse(529),
        Reply::Calls(vec![("toolu_3", "order", json!({ "tea": "green" }))]),
        Reply::Text("Your tea has the number 41."),
        Reply::Hang("Once upon a time"),
    ])
    .await;
    let shop = Shop::default();
    let shop_url = serve(Router::new().fallback(take_order).with_state(shop.clone())).await;
    let packages = Packages::new();
    let mut server = start(&packages, &url, &shop_url).await;
    let (who, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();

    chat.send("A box of green tea, please").await.unwrap();
    until(
        || !shop.keys.lock().is_empty(),
        || format!("no order; asked {:#?}\n{}", provider.asked(), server.log()),
    )
    .await;
    server.kill().unwrap();
    shop.is_open.store(true, Ordering::SeqCst);
    server.restart().await.unwrap();
    let who = who.at(&server.url());
    let mut words = said(&who).await;
    for _ in 0..1200 {
        if words.last().is_some_and(|last| last.contains("41")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        words = said(&who).await;
    }

    assert_eq!(
        words,
        ["> A box of green tea, please", "< Your tea has the number 41."],
        "{}",
        server.log()
    );
    let asked = provider.asked();
    assert_eq!(asked.len(), 4, "{asked:#?}");
    assert_eq!(asked[1], asked[2], "the refused request is made again as it was");
    let last = |request: &Value| request["messages"].as_array().unwrap().last().unwrap().clone();
    let results = last(&asked[1]);
    assert_eq!(results["role"], "user");
    assert_eq!(results["content"][0]["tool_use_id"], "toolu_1");
    assert_eq!(results["content"][0]["content"], r#""7 boxes of green""#);
    assert_eq!(results["content"][1]["tool_use_id"], "toolu_2");
    let fault = results["content"][1]["content"].as_str().unwrap();
    assert!(
        fault.starts_with("error:") && fault.contains("there is no such tea"),
        "{fault}"
    );
    assert_eq!(last(&asked[3])["content"][0]["content"], r#""order 41""#);
    let keys = shop.keys.lock().clone();
    assert!(
        keys.iter().all(|key| *key == keys[0]),
        "one order, however often it was sent: {keys:?}"
    );

    let mut chat = who.resume(i64::MAX).await.unwrap();
    chat.run_tool("look", &json!({})).await.unwrap();
    assert_eq!(chat.turn().await.unwrap().texts(), ["green 41"]);

    chat.send("Tell me a story").await.unwrap();
    loop {
        let frame = chat.next_frame_within(PATIENCE).await.unwrap();
        if frame.content == "Once upon a time" {
            break;
        }
    }
    chat.stop().await.unwrap();
    until(
        || *provider.0.left.borrow() == 1,
        || "the provider was not left".to_owned(),
    )
    .await;
    let turn = chat.turn().await.unwrap();
    let stopped = turn.completion().is_some();
    assert!(stopped, "{turn:?}");
    assert_eq!(said(&who).await.last().map(String::as_str), Some("< Once upon a time"));
}
