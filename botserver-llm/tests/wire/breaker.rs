//! Providers that are down are left alone.

use std::{net::SocketAddr, time::Duration};

use botserver_llm::{BreakerState, LlmConfig, LlmService, service};
use botstate::{model::ModelError, service::Service};
use tokio_util::sync::CancellationToken;

use crate::{
    ask, bot, config, hello, model,
    peer::{Peer, Script, content},
    text,
};

const REST: Duration = Duration::from_millis(400);

/// A service whose provider has just failed five times.
async fn resting(peer: &Peer, rest: Duration) -> LlmService {
    let llm = service(
        LlmConfig {
            rest,
            retry_pause: Duration::from_millis(1),
            ..config(peer)
        },
        None,
    );
    for _ in 0..15 {
        peer.push(Script::status(500, "{}"));
    }
    for _ in 0..5 {
        assert!(matches!(
            ask(model(&llm).as_ref(), hello()).await,
            Err(ModelError::Refused { status: 500, .. })
        ));
    }
    llm
}

#[tokio::test]
async fn five_failures_in_a_row_spare_the_provider_for_every_bot() {
    let peer = Peer::start([]).await;
    let llm = resting(&peer, Duration::from_mins(10)).await;
    let asked = peer.asked().len();

    let error = ask(model(&llm).as_ref(), hello()).await.unwrap_err();
    let other = llm
        .models()
        .for_bot(&bot(&[("llm-key", "another"), ("llm-model", "other")]))
        .unwrap();
    let other = ask(other.as_ref(), hello()).await.unwrap_err();

    let url = format!("{}/v1/chat/completions", peer.url());
    for error in [error, other] {
        let ModelError::Resting {
            url: of,
            failures: 5,
            seconds,
        } = &error
        else {
            panic!("{error}")
        };
        assert!(*of == url && (1..=600).contains(seconds), "{error}");
    }
    assert_eq!(peer.asked().len(), asked);
    assert_eq!(llm.breakers()[0].state, BreakerState::Open);
    assert!(
        llm.health_checks()[0]
            .check()
            .await
            .unwrap_err()
            .contains("failed 5 times in a row")
    );
}

#[tokio::test]
async fn one_probe_opens_the_way_again() {
    let peer = Peer::start([]).await;
    let llm = resting(&peer, REST).await;
    let asked = peer.asked().len();
    peer.push(
        Script::chunks([content("slow")])
            .before_head(Duration::from_millis(200))
            .hang(),
    );
    tokio::time::sleep(REST).await;

    let (one, two) = (model(&llm), model(&llm));
    let (probe, second) = tokio::join!(
        one.stream(hello(), CancellationToken::new()),
        ask(two.as_ref(), hello())
    );

    let probe = probe.unwrap();
    assert!(matches!(second, Err(ModelError::Resting { .. })), "{second:?}");
    assert_eq!(peer.asked().len(), asked + 1);
    assert_eq!(
        text(&ask(two.as_ref(), hello()).await.unwrap()),
        "ok",
        "the first piece of the probe is enough"
    );
    assert_eq!(llm.breakers()[0].state, BreakerState::Closed);
    drop(probe);
}

#[tokio::test]
async fn a_refused_connection_is_unreachable_with_its_reason() {
    // The port for discarding, where nobody listens any more.
    let free: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let llm = service(
        LlmConfig {
            base_url: Some(format!("http://{free}/v1")),
            ..config(&Peer::start([]).await)
        },
        None,
    );

    let error = ask(model(&llm).as_ref(), hello()).await.unwrap_err();

    let ModelError::Unreachable { url, reason } = &error else {
        panic!("{error}")
    };
    assert_eq!(*url, format!("http://{free}/v1/chat/completions"));
    assert!(reason.to_lowercase().contains("connection refused"), "{reason}");
    assert_eq!(llm.breakers()[0].failures, 1, "the retries are part of one failure");
}
