//! Providers that refuse, stumble, stall or talk nonsense.

use std::time::{Duration, Instant};

use botserver_llm::{LlmConfig, service};
use botstate::model::{Delta, ModelError};
use futures::StreamExt;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    ask, config, hello, llm, model,
    peer::{Peer, Script, content, finish, role},
    text,
};

fn failure(status: u16) -> Script {
    Script::status(status, json!({ "error": { "message": "try later" } }).to_string())
}

/// The error with the peer's address left out.
fn shown(error: &ModelError, peer: &Peer) -> String {
    error.to_string().replace(&peer.url(), "http://peer")
}

#[tokio::test]
async fn refusals_say_in_short_what_the_provider_says() {
    let message = |text: &str| json!({ "error": { "message": text } }).to_string();
    let cases = [
        (
            Script::status(401, message("Incorrect API key provided: sk-server")),
            "the model at http://peer/v1/chat/completions refused the key: check OPENAI_API_KEY or llm-key",
        ),
        (
            Script::status(403, message("sk-server may not use this model")),
            "the model at http://peer/v1/chat/completions answered 403: [secret] may not use this model",
        ),
        (
            Script::status(404, "<html><body>nginx</body></html>"),
            "the model at http://peer/v1/chat/completions answered 404: not found: check llm-url and llm-endpoint-path",
        ),
        (
            Script::status(413, "request entity\ntoo large"),
            "the model at http://peer/v1/chat/completions answered 413: request entity too large",
        ),
        (
            Script::status(307, "").header("location", "http://elsewhere/"),
            "the model at http://peer/v1/chat/completions answered 307: it redirects to http://elsewhere/, \
             and redirects are not followed: check llm-url",
        ),
        (
            Script::status(
                429,
                json!({ "error": { "message": "No credit left", "code": "insufficient_quota" } }).to_string(),
            ),
            "the model at http://peer/v1/chat/completions answered 429: No credit left",
        ),
    ];

    for (script, expected) in cases {
        let peer = Peer::start([script]).await;

        let error = ask(model(&llm(&peer)).as_ref(), hello()).await.unwrap_err();

        assert_eq!(shown(&error, &peer), expected);
        assert_eq!(peer.asked().len(), 1, "nothing is repeated after {expected}");
    }
}

#[tokio::test]
async fn failures_of_the_server_are_tried_twice_more() {
    let peer = Peer::start([failure(500), failure(503)]).await;
    let answered = ask(model(&llm(&peer)).as_ref(), hello()).await.unwrap();

    let down = Peer::start([failure(500), failure(502), failure(503)]).await;
    let error = ask(model(&llm(&down)).as_ref(), hello()).await.unwrap_err();

    assert_eq!((text(&answered).as_str(), peer.asked().len()), ("ok", 3));
    assert_eq!(
        shown(&error, &down),
        "the model at http://peer/v1/chat/completions answered 503: try later"
    );
    assert_eq!(down.asked().len(), 3);
}

#[tokio::test]
async fn the_pause_that_a_provider_asks_for_is_kept() {
    let peer = Peer::start([failure(429).header("retry-after", "1")]).await;
    let began = Instant::now();

    let answered = ask(model(&llm(&peer)).as_ref(), hello()).await.unwrap();

    assert_eq!(text(&answered), "ok");
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_pause_that_is_too_long_is_told_instead_of_waited() {
    let peer = Peer::start([failure(429).header("retry-after", "3600")]).await;

    let error = ask(model(&llm(&peer)).as_ref(), hello()).await.unwrap_err();

    assert_eq!(
        error,
        ModelError::Limited {
            url: format!("{}/v1/chat/completions", peer.url()),
            retry_after: Some(3600)
        }
    );
}

#[tokio::test]
async fn a_stream_cut_before_the_first_piece_is_tried_again() {
    let peer = Peer::start([Script::chunks([role()]).cut(), Script::raw(Vec::<Vec<u8>>::new())]).await;

    let answered = ask(model(&llm(&peer)).as_ref(), hello()).await.unwrap();

    assert_eq!((text(&answered).as_str(), peer.asked().len()), ("ok", 3));
}

#[tokio::test]
async fn a_stream_cut_after_the_first_piece_is_not_tried_again() {
    for script in [
        Script::chunks([content("half")]).cut(),
        Script::chunks([content("half")]),
    ] {
        let peer = Peer::start([script]).await;
        let llm = llm(&peer);
        let mut deltas = model(&llm).stream(hello(), CancellationToken::new()).await.unwrap();

        assert_eq!(deltas.next().await, Some(Ok(Delta::Text("half".to_owned()))));
        let error = deltas.next().await.unwrap().unwrap_err();

        assert!(
            matches!(&error, ModelError::Unreachable { reason, .. } if reason.contains("broke off")),
            "{error}"
        );
        assert_eq!(deltas.next().await, None);
        assert_eq!(peer.asked().len(), 1);
    }
}

#[tokio::test]
async fn an_error_inside_the_stream_is_a_refusal() {
    let trouble = json!({ "error": { "message": "overloaded", "code": 503 } });
    let peer = Peer::start([
        Script::chunks([trouble.clone()]),
        Script::chunks([content("a"), trouble]),
    ])
    .await;
    let llm = llm(&peer);

    let mut deltas = model(&llm).stream(hello(), CancellationToken::new()).await.unwrap();
    let first = deltas.next().await.unwrap();
    let error = deltas.next().await.unwrap().unwrap_err();

    assert_eq!(
        first,
        Ok(Delta::Text("a".to_owned())),
        "the first error came before a piece and was tried again"
    );
    assert_eq!(
        shown(&error, &peer),
        "the model at http://peer/v1/chat/completions answered 503: overloaded"
    );
}

#[tokio::test]
async fn a_first_piece_that_does_not_come_is_waited_for_once() {
    let limit = LlmConfig {
        first_token_timeout: Duration::from_millis(300),
        ..config(&Peer::start([]).await)
    };
    for script in [
        Script::text("late").before_head(Duration::from_mins(1)),
        Script::chunks([role()]).hang(),
    ] {
        let peer = Peer::start([script]).await;
        let llm = service(
            LlmConfig {
                base_url: Some(peer.url()),
                ..limit.clone()
            },
            None,
        );

        let error = ask(model(&llm).as_ref(), hello()).await.unwrap_err();

        assert_eq!(
            error,
            ModelError::Timeout {
                url: format!("{}/v1/chat/completions", peer.url()),
                seconds: 1
            }
        );
        assert!(
            peer.wait_left(1, Duration::from_mins(1)).await,
            "the connection is closed"
        );
        assert_eq!(peer.asked().len(), 1);
    }
}

#[tokio::test]
async fn silence_in_the_middle_is_given_up() {
    let peer = Peer::start([Script::chunks([content("half")]).hang()]).await;
    let llm = service(
        LlmConfig {
            idle_timeout: Duration::from_millis(300),
            ..config(&peer)
        },
        None,
    );

    let error = ask(model(&llm).as_ref(), hello()).await.unwrap_err();

    assert!(matches!(error, ModelError::Timeout { seconds: 1, .. }), "{error}");
    assert!(
        peer.wait_left(1, Duration::from_mins(1)).await,
        "the connection is closed"
    );
}

#[tokio::test]
async fn an_answer_that_ended_does_not_wait_for_its_cost_for_ever() {
    let peer = Peer::start([Script::chunks([content("a"), finish("stop")]).hang()]).await;
    let patient = LlmConfig {
        idle_timeout: Duration::from_hours(1),
        ..config(&peer)
    };
    let llm = service(patient, None);

    let answering = tokio::time::timeout(Duration::from_mins(2), async {
        ask(model(&llm).as_ref(), hello()).await
    });

    assert_eq!(text(&answering.await.expect("the answer ends").unwrap()), "a");
}

#[tokio::test]
async fn slow_pieces_within_the_limit_are_waited_for() {
    let script = Script::chunks([role()])
        .pause(Duration::from_millis(200))
        .then(&content("slow"))
        .pause(Duration::from_millis(200))
        .then(&finish("stop"));
    let peer = Peer::start([script.done()]).await;

    assert_eq!(text(&ask(model(&llm(&peer)).as_ref(), hello()).await.unwrap()), "slow");
}

#[tokio::test]
async fn garbage_is_named_and_not_asked_for_again() {
    let cases = [
        (
            Script::raw(["data: {oops\n\n"]),
            "a chunk is not JSON: key must be a string at line 1 column 2",
        ),
        (Script::raw([b"data: \xff\n\n".to_vec()]), "it is not UTF-8"),
        (
            Script::status(200, "<html>").header("content-type", "text/html; charset=utf-8"),
            "an event stream was expected and text/html came: check llm-url",
        ),
        (Script::raw(vec![vec![b'x'; 1 << 16]; 20]), "it is too long"),
    ];

    for (script, expected) in cases {
        let peer = Peer::start([script]).await;

        let error = ask(model(&llm(&peer)).as_ref(), hello()).await.unwrap_err();

        let url = format!("{}/v1/chat/completions", peer.url());
        assert_eq!(
            error,
            ModelError::Garbled {
                url,
                reason: expected.to_owned()
            }
        );
        assert_eq!(peer.asked().len(), 1);
    }
}
