//! What the operator sees of requests.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly and start peers"
)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Router, routing::post};
use botlib::{BotId, OrgId};
use botserver_llm::{LlmConfig, service};
use botstate::{
    dialog::{Bot, Settings},
    model::{ChatRequest, ModelError},
};
use futures::StreamExt;
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use tokio_util::sync::CancellationToken;

/// Adds up everything, by name and labels.
#[derive(Default, Clone)]
struct Sums(Arc<Mutex<BTreeMap<String, u64>>>);

struct Sum(Sums, String);

impl CounterFn for Sum {
    fn increment(&self, value: u64) {
        *self.0.0.lock().unwrap().entry(self.1.clone()).or_default() += value;
    }

    fn absolute(&self, _: u64) {}
}

impl HistogramFn for Sum {
    fn record(&self, _: f64) {
        self.increment(1);
    }
}

impl Recorder for Sums {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(Sum(self.clone(), named(key))))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(Sum(self.clone(), named(key))))
    }
}

fn named(key: &Key) -> String {
    let labels: Vec<_> = key
        .labels()
        .map(|label| format!("{}={}", label.key(), label.value()))
        .collect();
    format!("{} {}", key.name(), labels.join(" "))
}

#[tokio::test]
async fn requests_tokens_and_errors_are_counted_by_model_and_outcome() {
    const ANSWER: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n\
        data: {\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    let app = Router::new()
        .route("/good/chat/completions", post(async || ANSWER))
        .route(
            "/bad/chat/completions",
            post(async || axum::http::StatusCode::UNAUTHORIZED),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let sums = Sums::default();
    let _recording = metrics::set_default_local_recorder(&sums);
    let llm = service(
        LlmConfig {
            base_url: Some(url),
            model: Some("m".to_owned()),
            ..LlmConfig::default()
        },
        None,
    );
    let model = |path: &str| {
        let bot = Bot {
            id: BotId::new(),
            org: OrgId::new(),
            name: "shop".to_owned(),
            version: "1".to_owned(),
            settings: Settings::new([("llm-endpoint-path".to_owned(), format!("{path}/chat/completions"))]),
            prompt: None,
            tools: Vec::new(),
            scripts: Vec::new(),
            triggers: Vec::new(),
            start_wants_message: false,
            chooses_collections: false,
            prompts: Vec::new(),
        };
        llm.models().for_bot(&bot).unwrap()
    };
    let ask = async |path: &str| {
        model(path)
            .stream(ChatRequest::default(), CancellationToken::new())
            .await
    };

    let whole = ask("good").await.unwrap().collect::<Vec<_>>().await;
    drop(ask("good").await.unwrap());
    let refused = ask("bad").await.map(|_| ()).unwrap_err();

    assert_eq!(whole.len(), 2);
    assert!(matches!(refused, ModelError::Unauthorized { .. }));
    insta::assert_debug_snapshot!(sums.0.lock().unwrap(), @r#"
    {
        "llm_errors_total model=m outcome=unauthorized": 1,
        "llm_first_token_seconds model=m": 2,
        "llm_requests_total model=m outcome=cancelled": 1,
        "llm_requests_total model=m outcome=ok": 1,
        "llm_requests_total model=m outcome=unauthorized": 1,
        "llm_tokens_total model=m kind=input": 5,
        "llm_tokens_total model=m kind=output": 2,
    }
    "#);
}
