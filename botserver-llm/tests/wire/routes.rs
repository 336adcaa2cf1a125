//! Several models that stand in for each other.

use std::{sync::Arc, time::Duration};

use botlib::Secret;
use botlib::SystemClock;
use botserver_llm::{LlmConfig, LlmService, service};
use botstate::{
    model::{ChatModel, ChatRequest, Delta, Goal, ModelError},
    shared::Local,
};

use crate::{
    ask, bot, config,
    dialect::Dialect,
    hello,
    peer::{Peer, Script, content},
    text,
};

/// A bot whose model `first` is at one peer and whose model `second`, which speaks another protocol, at another.
fn two(llm: &LlmService, first: &Peer, second: &Peer, more: &[(&str, &str)]) -> Arc<dyn ChatModel> {
    let (first, second) = (first.url(), second.url());
    let mut rows = vec![
        ("llm-models", "first; second"),
        ("llm-url.first", first.as_str()),
        ("llm-key.first", "sk-first"),
        ("llm-url.second", second.as_str()),
        ("llm-provider.second", "anthropic"),
        ("llm-key.second", "sk-second"),
        ("llm-model.second", "claude"),
    ];
    rows.extend(more);
    llm.models().for_bot(&bot(&rows)).unwrap()
}

fn hasty() -> LlmService {
    let config = LlmConfig {
        retry_pause: Duration::from_millis(1),
        first_token_timeout: Duration::from_secs(5),
        ..LlmConfig::default()
    };
    service(config, None)
}

/// The provider and the model that an answer says it came from.
fn by(deltas: &[Delta]) -> (&str, &str) {
    match deltas.last() {
        Some(Delta::End { by: Some(by), .. }) => (&by.provider, &by.model),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn another_model_answers_when_one_fails_before_the_first_piece() {
    let failing = |status| {
        let fail = || Script::status(status, "{}").header("retry-after", "10");
        vec![fail(), fail(), fail()]
    };
    for scripts in [
        failing(429),
        failing(500),
        failing(503),
        vec![Script::text("late").before_head(Duration::from_mins(1))],
    ] {
        let (first, second) = (
            Peer::start(scripts).await,
            Peer::start([Dialect::Anthropic.text("from the second")]).await,
        );

        let deltas = ask(two(&hasty(), &first, &second, &[]).as_ref(), hello())
            .await
            .unwrap();

        assert_eq!(text(&deltas), "from the second");
        assert_eq!(by(&deltas), ("anthropic", "claude"));
        assert!(!first.asked().is_empty());
        let asked = second.asked().remove(0);
        assert_eq!(
            (asked.path.as_str(), &asked.headers["x-api-key"]),
            ("/v1/messages", &"sk-second".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn no_other_model_answers_after_the_first_piece_or_for_a_request_that_is_wrong() {
    for scripts in [
        vec![Script::chunks([content("half")]).cut()],
        vec![Script::status(400, r#"{"error":{"message":"no"}}"#)],
        vec![Script::status(401, "{}")],
    ] {
        let (first, second) = (Peer::start(scripts).await, Peer::start([]).await);

        let error = ask(two(&hasty(), &first, &second, &[]).as_ref(), hello())
            .await
            .unwrap_err();

        assert!(!matches!(error, ModelError::NotAsked { .. }), "{error:?}");
        assert!(second.asked().is_empty(), "{error:?}");
    }
}

#[tokio::test]
async fn what_matters_most_decides_who_is_asked_first() {
    let prices = [
        ("llm-price-input.first", "5"),
        ("llm-price-output.first", "25"),
        ("llm-price-input.second", "1"),
        ("llm-price-output.second", "5"),
    ];
    let cases = [
        (None, None, "first"),
        (Some("cost"), None, "claude"),
        (Some("quality"), None, "first"),
        (Some("cost"), Some(Goal::Quality), "first"),
        (None, Some(Goal::Cost), "claude"),
    ];
    for (strategy, goal, expected) in cases {
        let (first, second) = (
            Peer::start([]).await,
            Peer::start([Dialect::Anthropic.text("ok")]).await,
        );
        let mut rows = prices.to_vec();
        rows.extend(strategy.map(|strategy| ("model-routing-strategy", strategy)));
        let request = ChatRequest { goal, ..hello() };

        let deltas = ask(two(&hasty(), &first, &second, &rows).as_ref(), request)
            .await
            .unwrap();

        assert_eq!(by(&deltas).1, expected, "{strategy:?} {goal:?}");
        let Some(Delta::End { by: Some(by), .. }) = deltas.last() else {
            panic!("{deltas:?}");
        };
        assert!(by.price.is_some(), "the price is that of the settings");
    }
}

#[tokio::test]
async fn the_fastest_model_is_asked_first_once_all_were_measured() {
    let (first, second) = (Peer::start([]).await, Peer::start([]).await);
    let llm = service(
        LlmConfig {
            first_token_timeout: Duration::from_mins(2),
            ..LlmConfig::default()
        },
        None,
    );
    let model = two(&llm, &first, &second, &[("model-routing-strategy", "speed")]);
    first.push(Script::text("slow").before_head(Duration::from_secs(5)));
    for _ in 0..3 {
        second.push(Dialect::Anthropic.text("fast"));
    }

    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(text(&ask(model.as_ref(), hello()).await.unwrap()));
    }

    assert_eq!(answers, ["slow", "fast", "fast", "fast"]);
}

#[tokio::test]
async fn names_alone_are_models_at_the_same_place_with_the_same_key() {
    let peer = Peer::start([
        Script::status(500, "{}"),
        Script::status(500, "{}"),
        Script::status(500, "{}"),
    ])
    .await;
    let url = peer.url();
    let rows = [
        ("llm-url", url.as_str()),
        ("llm-key", "sk-own"),
        ("llm-models", "large;small"),
    ];
    let model = hasty().models().for_bot(&bot(&rows)).unwrap();

    let deltas = ask(model.as_ref(), hello()).await.unwrap();

    assert_eq!(by(&deltas), ("compatible", "small"));
    let asked: Vec<_> = peer
        .asked()
        .iter()
        .map(|one| (one.body["model"].clone(), one.bearer().map(str::to_owned)))
        .collect();
    let key = || Some("Bearer sk-own".to_owned());
    assert_eq!(
        asked,
        [
            ("large".into(), key()),
            ("large".into(), key()),
            ("large".into(), key()),
            ("small".into(), key())
        ]
    );
}

#[tokio::test]
async fn a_bots_key_is_not_sent_to_the_address_of_another_of_its_models() {
    let (first, second) = (Peer::start([]).await, Peer::start([]).await);
    let (url, other) = (first.url(), second.url());
    let rows = [
        ("llm-url", url.as_str()),
        ("llm-key", "sk-own"),
        ("llm-models", "far"),
        ("llm-url.far", other.as_str()),
    ];

    ask(hasty().models().for_bot(&bot(&rows)).unwrap().as_ref(), hello())
        .await
        .unwrap();

    assert_eq!(second.asked()[0].bearer(), None);
}

#[tokio::test]
async fn the_servers_models_follow_its_first_one() {
    let peer = Peer::start([
        Script::status(500, "{}"),
        Script::status(500, "{}"),
        Script::status(500, "{}"),
    ])
    .await;
    let llm = service(
        LlmConfig {
            models: vec!["second".to_owned()],
            ..config(&peer)
        },
        None,
    );

    let deltas = ask(llm.models().for_bot(&bot(&[])).unwrap().as_ref(), hello())
        .await
        .unwrap();

    assert_eq!(by(&deltas).1, "second");
    assert!(peer.asked().iter().all(|one| one.bearer() == Some("Bearer sk-server")));
}

#[tokio::test]
async fn limits_are_counted_for_every_service_that_shares_the_count() {
    let peer = Peer::start([]).await;
    let rates = Arc::new(Local::new(Arc::new(SystemClock)));
    let limited = || {
        service(
            LlmConfig {
                api_key: Some(Secret::new("sk-server")),
                ..config(&peer)
            },
            Some(Arc::<Local>::clone(&rates)),
        )
    };
    let (one, other) = (limited(), limited());
    let rows = [("llm-rate-limit", "2/h")];
    let bot = bot(&rows);

    for llm in [&one, &other] {
        ask(llm.models().for_bot(&bot).unwrap().as_ref(), hello())
            .await
            .unwrap();
    }
    let error = ask(one.models().for_bot(&bot).unwrap().as_ref(), hello())
        .await
        .unwrap_err();

    assert!(
        matches!(error, ModelError::Limited { retry_after: Some(after), .. } if after > 1000),
        "{error:?}"
    );
    assert_eq!(peer.asked().len(), 2);
}

#[tokio::test]
async fn tokens_are_counted_as_the_provider_tells_them() {
    use crate::peer::{finish, role, usage};

    let peer = Peer::start([Script::chunks([role(), content("ok"), finish("stop"), usage(900, 90)]).done()]).await;
    let rates = Arc::new(Local::new(Arc::new(SystemClock)));
    let llm = service(config(&peer), Some(rates));
    let bot = bot(&[("llm-tpm-limit", "1000/h")]);
    let long = ChatRequest {
        max_tokens: Some(100),
        ..hello()
    };

    ask(llm.models().for_bot(&bot).unwrap().as_ref(), long.clone())
        .await
        .unwrap();
    let error = ask(llm.models().for_bot(&bot).unwrap().as_ref(), long)
        .await
        .unwrap_err();

    assert!(matches!(error, ModelError::Limited { .. }), "{error:?}");
}

#[tokio::test]
async fn settings_that_name_no_provider_say_which_there_are() {
    let llm = hasty();
    for (rows, expected) in [
        (
            vec![("llm-provider", "skynet"), ("llm-model", "m")],
            "llm-provider is \"skynet\", which is none of openai, azure, anthropic, gemini, vertex, bedrock, groq, \
             mistral, deepseek, openrouter, ollama, llama-server, compatible",
        ),
        (
            vec![("llm-provider", "azure"), ("llm-model", "m")],
            "llm-provider azure needs an address: add llm-url",
        ),
        (
            vec![("llm-url", "http://localhost:1"), ("llm-rate-limit", "some")],
            "llm-rate-limit in config.csv must be a number such as 20 or 1000/h",
        ),
        (
            vec![("llm-url", "http://localhost:1"), ("model-routing-strategy", "dice")],
            "model-routing-strategy in config.csv is \"dice\": it can be manual, cost, speed or quality",
        ),
    ] {
        let model = llm.models().for_bot(&bot(&rows)).unwrap();

        let error = ask(model.as_ref(), hello()).await.unwrap_err();

        assert_eq!(
            error,
            ModelError::NotAsked {
                reason: expected.to_owned()
            }
        );
    }
}
