//! Which provider a bot's settings and the server's configuration lead to.

use botlib::Secret;
use botserver_llm::{LlmConfig, service};
use botstate::model::ModelError;

use crate::{ask, bot, config, hello, llm, peer::Peer};

#[tokio::test]
async fn the_bots_settings_win_over_the_configuration() {
    let (server, own) = (Peer::start([]).await, Peer::start([]).await);
    let llm = llm(&server);
    let url = format!("{}/v1", own.url());
    let rows = [
        ("llm-url", url.as_str()),
        ("llm-api-key", "sk-bot"),
        ("llm-model", "own"),
        ("temperature", "0.25"),
        ("llm-max-tokens", "64"),
        ("llm-context-window", "8192"),
    ];
    let model = llm.models().for_bot(&bot(&rows)).unwrap();

    ask(model.as_ref(), hello()).await.unwrap();

    assert_eq!((model.name(), model.context_tokens()), ("own", Some(8192)));
    assert!(server.asked().is_empty());
    let asked = own.asked().remove(0);
    assert_eq!(
        (asked.path.as_str(), asked.bearer()),
        ("/v1/chat/completions", Some("Bearer sk-bot"))
    );
    assert_eq!(asked.body["model"], "own");
    assert_eq!(asked.body["temperature"], 0.25);
    assert_eq!(asked.body["max_tokens"], 64);
}

#[tokio::test]
async fn the_servers_key_is_not_sent_to_the_address_of_a_bot() {
    let (server, own) = (Peer::start([]).await, Peer::start([]).await);
    let llm = llm(&server);

    for url in [own.url(), server.url()] {
        let model = llm.models().for_bot(&bot(&[("llm-url", &url)])).unwrap();
        ask(model.as_ref(), hello()).await.unwrap();
    }

    assert_eq!(own.asked()[0].bearer(), None);
    assert_eq!(server.asked()[0].bearer(), Some("Bearer sk-server"));
}

#[tokio::test]
async fn credentials_in_the_address_are_used_when_there_is_no_key() {
    let peer = Peer::start([]).await;
    let url = peer.url().replace("http://", "http://ann:pw@");
    let llm = service(
        LlmConfig {
            api_key: None,
            ..config(&peer)
        },
        None,
    );

    for rows in [
        vec![("llm-url", url.as_str())],
        vec![("llm-url", url.as_str()), ("llm-key", "sk")],
    ] {
        ask(llm.models().for_bot(&bot(&rows)).unwrap().as_ref(), hello())
            .await
            .unwrap();
    }

    let bearers: Vec<_> = peer
        .asked()
        .iter()
        .map(|asked| asked.bearer().unwrap().to_owned())
        .collect();
    assert_eq!(bearers, ["Basic YW5uOnB3", "Bearer sk"]);
    assert!(
        llm.breakers().iter().all(|report| !report.url.contains("ann")),
        "{:?}",
        llm.breakers()
    );
}

#[tokio::test]
async fn paths_of_the_settings_are_used() {
    let peer = Peer::start([]).await;
    let llm = llm(&peer);

    let model = llm
        .models()
        .for_bot(&bot(&[("llm-endpoint-path", "/custom/chat")]))
        .unwrap();
    ask(model.as_ref(), hello()).await.unwrap();

    assert_eq!(peer.asked()[0].path, "/custom/chat");
}

#[tokio::test]
async fn nothing_answers_where_nothing_is_named() {
    let nothing = service(LlmConfig::default(), None);
    let only_a_key = service(
        LlmConfig {
            api_key: Some(Secret::new("sk")),
            ..LlmConfig::default()
        },
        None,
    );

    assert!(nothing.models().for_bot(&bot(&[])).is_none());
    assert!(
        nothing
            .models()
            .for_bot(&bot(&[("llm-url", "none"), ("llm-model", "m")]))
            .is_none()
    );
    assert!(only_a_key.models().for_bot(&bot(&[])).is_none());
    assert_eq!(
        only_a_key.models().for_bot(&bot(&[("llm-model", "m")])).unwrap().name(),
        "m"
    );
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_reported_to_whoever_asks() {
    let llm = service(
        LlmConfig {
            model: Some("m".to_owned()),
            ..LlmConfig::default()
        },
        None,
    );
    let cases = [
        (
            vec![("llm-url", "http://localhost:1"), ("llm-key", "vault:gbo/llm")],
            "llm-key in config.csv is a vault reference and this server reads none: put the value itself there, \
             or leave the row out and give it to the server",
        ),
        (
            vec![("llm-url", "localhost:1")],
            "its address must begin with http:// or https://",
        ),
        (
            vec![("llm-url", "http://localhost:1"), ("llm-key", "sk\nx")],
            "its key has characters that no key has: check OPENAI_API_KEY or llm-key",
        ),
    ];

    for (rows, expected) in cases {
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
