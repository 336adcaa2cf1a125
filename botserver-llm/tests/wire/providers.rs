//! The same tests with every provider.

use std::{sync::Arc, time::Duration};

use botserver_llm::{LlmConfig, LlmService, service};
use botstate::{
    dialog::ToolSpec,
    model::{ChatMessage, ChatModel, ChatRequest, Delta, Finish, Image, ModelError, ToolCall, Usage},
};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    bot,
    dialect::{ALL, Dialect, Ended, Said, frame},
    hello,
    peer::{Peer, Script},
    text,
};

pub(crate) fn llm() -> LlmService {
    let config = LlmConfig {
        first_token_timeout: Duration::from_mins(2),
        idle_timeout: Duration::from_mins(2),
        retry_pause: Duration::from_millis(10),
        ..LlmConfig::default()
    };
    service(config, None)
}

pub(crate) fn asked_at(llm: &LlmService, dialect: Dialect, peer: &Peer) -> Arc<dyn ChatModel> {
    let url = format!("{}{}", peer.url(), dialect.base());
    let rows = [
        ("llm-url", url.as_str()),
        ("llm-provider", dialect.provider()),
        ("llm-key", "sk-own"),
        ("llm-model", "m"),
    ];
    llm.models().for_bot(&bot(&rows)).unwrap()
}

pub(crate) async fn ask(model: &dyn ChatModel, request: ChatRequest) -> Result<Vec<Delta>, ModelError> {
    let deltas = model.stream(request, CancellationToken::new()).await?;
    deltas.collect::<Vec<_>>().await.into_iter().collect()
}

/// The pieces of an answer without its end, neighbouring texts in one, and its end.
fn joined(deltas: Vec<Delta>) -> (Vec<Delta>, Finish, Option<Usage>) {
    let mut pieces: Vec<Delta> = Vec::new();
    for delta in deltas {
        match (pieces.last_mut(), delta) {
            (Some(Delta::Text(text)), Delta::Text(more)) => text.push_str(&more),
            (_, Delta::End { finish, usage, .. }) => return (pieces, finish, usage),
            (_, delta) => pieces.push(delta),
        }
    }
    panic!("it has no end: {pieces:?}");
}

pub(crate) fn tools() -> Vec<ToolSpec> {
    let tool = |name: &str| ToolSpec {
        name: name.to_owned(),
        description: format!("Does {name}"),
        parameters: json!({ "type": "object", "properties": { "q": { "type": "string" } }, "required": ["q"] }),
    };
    vec![tool("find tea"), tool("2fa")]
}

#[tokio::test]
async fn texts_come_whole_wherever_the_stream_is_cut_in_pieces() {
    let llm = llm();
    for dialect in ALL {
        let peer = Peer::start([]).await;
        let model = asked_at(&llm, dialect, &peer);
        let said = [Said::Thought("hmm ü"), Said::Text("Olá, 🎉"), Said::Text(" e\u{301}")];
        let body = dialect.answer(&said, Ended::Stop).concat();
        let mut cuts: Vec<Vec<Vec<u8>>> = (1..body.len())
            .step_by(7)
            .map(|at| vec![body[..at].to_vec(), body[at..].to_vec()])
            .collect();
        cuts.push(body.iter().map(|byte| vec![*byte]).collect());
        for pieces in cuts {
            let first = pieces[0].len();
            peer.push(dialect.script(pieces));

            let deltas = ask(model.as_ref(), hello()).await.unwrap();

            let (pieces, finish, usage) = joined(deltas);
            let expected = [
                Delta::Reasoning("hmm ü".to_owned()),
                Delta::Text("Olá, 🎉 e\u{301}".to_owned()),
            ];
            assert_eq!(pieces, expected, "{dialect:?} cut at {first}");
            assert_eq!(finish, Finish::Stop);
            let usage = usage.unwrap();
            assert_eq!(
                (usage.input_tokens, usage.output_tokens, usage.cached_tokens),
                (12, 5, 4),
                "{dialect:?}"
            );
        }
        let asked = peer.asked().remove(0);
        assert_eq!(asked.path, dialect.path(), "{dialect:?}");
        let (header, value) = dialect.key();
        assert_eq!(asked.headers[header], value, "{dialect:?}");
    }
}

#[tokio::test]
async fn the_end_tells_who_answered() {
    let llm = llm();
    for dialect in ALL {
        let peer = Peer::start([dialect.text("hi")]).await;

        let mut deltas = ask(asked_at(&llm, dialect, &peer).as_ref(), hello()).await.unwrap();

        let Some(Delta::End { by: Some(by), .. }) = deltas.pop() else {
            panic!("{dialect:?} does not say: {deltas:?}");
        };
        assert_eq!((&*by.provider, &*by.model), (dialect.provider(), "m"));
    }
}

#[tokio::test]
async fn parallel_calls_come_whole_and_their_results_go_back() {
    let llm = llm();
    for dialect in ALL {
        let said = [
            Said::Text("One moment."),
            Said::Call("call00001", "find_tea", r#"{"q":"chá ü"}"#),
            Said::Call("call00002", "_2fa", r#"{"q":"b"}"#),
        ];
        let peer = Peer::start([dialect.script(dialect.answer(&said, Ended::Calls))]).await;
        peer.push(dialect.text("Done."));
        let model = asked_at(&llm, dialect, &peer);
        let mut request = ChatRequest {
            tools: tools(),
            ..hello()
        };

        let (pieces, finish, _) = joined(ask(model.as_ref(), request.clone()).await.unwrap());

        assert_eq!(finish, Finish::ToolCalls, "{dialect:?}");
        let calls: Vec<ToolCall> = pieces
            .iter()
            .filter_map(|piece| match piece {
                Delta::Call(call) => Some(call.clone()),
                _ => None,
            })
            .collect();
        let told: Vec<_> = calls
            .iter()
            .map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("call00001", "find tea", r#"{"q":"chá ü"}"#),
                ("call00002", "2fa", r#"{"q":"b"}"#)
            ],
            "{dialect:?}"
        );

        request.messages.push(ChatMessage::Assistant {
            content: "One moment.".to_owned(),
            calls,
        });
        for (id, content) in [("call00001", r#"{"found":2}"#), ("call00002", "no such code")] {
            request.messages.push(ChatMessage::Tool {
                call_id: id.to_owned(),
                content: content.to_owned(),
            });
        }
        let deltas = ask(model.as_ref(), request).await.unwrap();
        assert_eq!(text(&deltas), "Done.");
        insta::assert_json_snapshot!(format!("results_{}", dialect.provider()), peer.asked()[1].body);
    }
}

#[tokio::test]
async fn pictures_and_instructions_have_the_providers_form() {
    let llm = llm();
    for dialect in ALL {
        let peer = Peer::start([dialect.text("A cat.")]).await;
        let request = ChatRequest {
            messages: vec![
                ChatMessage::System {
                    content: "You see.".to_owned(),
                },
                ChatMessage::Assistant {
                    content: "Welcome!".to_owned(),
                    calls: Vec::new(),
                },
                ChatMessage::User {
                    content: "What is this?".to_owned(),
                    images: vec![Image {
                        media_type: "image/png".to_owned(),
                        data: "iVBORw0KGgo=".to_owned(),
                    }],
                },
            ],
            temperature: Some(1.5),
            max_tokens: Some(99),
            ..ChatRequest::default()
        };

        ask(asked_at(&llm, dialect, &peer).as_ref(), request).await.unwrap();

        insta::assert_json_snapshot!(format!("picture_{}", dialect.provider()), peer.asked()[0].body);
    }
}

#[tokio::test]
async fn refusals_say_what_the_provider_says_and_never_the_key() {
    let llm = llm();
    for dialect in ALL {
        let peer = Peer::start([
            dialect.error(400, "sk-own asks for too much"),
            dialect.error(401, "wrong"),
            dialect.error(429, "slower").header("retry-after", "3600"),
        ])
        .await;
        let model = asked_at(&llm, dialect, &peer);

        let mut errors = Vec::new();
        for _ in 0..3 {
            errors.push(ask(model.as_ref(), hello()).await.unwrap_err());
        }

        let refused = matches!(&errors[0], ModelError::Refused { status: 400, reason, .. }
            if reason == "[secret] asks for too much");
        assert!(refused, "{dialect:?}: {:?}", errors[0]);
        assert!(
            matches!(&errors[1], ModelError::Unauthorized { .. }),
            "{dialect:?}: {:?}",
            errors[1]
        );
        assert!(
            matches!(
                &errors[2],
                ModelError::Limited {
                    retry_after: Some(3600),
                    ..
                }
            ),
            "{dialect:?}: {:?}",
            errors[2]
        );
    }
}

#[tokio::test]
async fn what_breaks_off_before_the_first_piece_is_tried_again_and_later_it_is_told() {
    let llm = llm();
    for dialect in ALL {
        let half = dialect.middle(&[Said::Text("half")]);
        let peer = Peer::start([
            dialect.error(503, "later"),
            dialect.script(dialect.beginning()).cut(),
            dialect.text("whole"),
            dialect.script([dialect.beginning(), half].concat()).cut(),
        ])
        .await;
        let model = asked_at(&llm, dialect, &peer);

        let whole = ask(model.as_ref(), hello()).await.unwrap();
        let broken = ask(model.as_ref(), hello()).await.unwrap_err();

        assert_eq!((text(&whole).as_str(), peer.asked().len()), ("whole", 4), "{dialect:?}");
        assert!(
            matches!(&broken, ModelError::Unreachable { reason, .. } if reason.starts_with("the answer broke off")),
            "{dialect:?}: {broken:?}"
        );
    }
}

#[tokio::test]
async fn a_first_piece_that_does_not_come_in_time_is_told() {
    let llm = service(
        LlmConfig {
            first_token_timeout: Duration::from_millis(300),
            ..LlmConfig::default()
        },
        None,
    );
    for dialect in ALL {
        let peer = Peer::start([dialect.script(dialect.beginning()).hang()]).await;

        let error = ask(asked_at(&llm, dialect, &peer).as_ref(), hello()).await.unwrap_err();

        assert!(matches!(error, ModelError::Timeout { .. }), "{dialect:?}: {error:?}");
        assert!(peer.wait_left(1, Duration::from_mins(1)).await, "{dialect:?}");
    }
}

#[tokio::test]
async fn cancelling_reaches_every_provider() {
    let llm = llm();
    for dialect in ALL {
        let pieces = [dialect.beginning(), dialect.middle(&[Said::Text("half")])].concat();
        let peer = Peer::start([dialect.script(pieces).hang()]).await;
        let cancel = CancellationToken::new();
        let mut deltas = asked_at(&llm, dialect, &peer)
            .stream(hello(), cancel.clone())
            .await
            .unwrap();
        assert_eq!(deltas.next().await, Some(Ok(Delta::Text("half".to_owned()))));

        cancel.cancel();

        assert_eq!(deltas.next().await, Some(Err(ModelError::Cancelled)), "{dialect:?}");
        assert!(peer.wait_left(1, Duration::from_mins(1)).await, "{dialect:?}");
    }
}

#[tokio::test]
async fn an_answer_that_was_too_long_says_so() {
    let llm = llm();
    for dialect in ALL {
        let peer = Peer::start([dialect.script(dialect.answer(&[Said::Text("and on")], Ended::Length))]).await;

        let (_, finish, _) = joined(ask(asked_at(&llm, dialect, &peer).as_ref(), hello()).await.unwrap());

        assert_eq!(finish, Finish::Length, "{dialect:?}");
    }
}

#[tokio::test]
async fn errors_inside_a_stream_are_told_as_what_they_are() {
    let llm = llm();
    let overloaded = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } });
    let cases: [(Dialect, Vec<u8>, u16); 3] = [
        (
            Dialect::Anthropic,
            format!("event: error\ndata: {overloaded}\n\n").into_bytes(),
            529,
        ),
        (
            Dialect::Gemini,
            format!(
                "data: {}\r\n\r\n",
                json!({ "error": { "code": 503, "message": "Overloaded" } })
            )
            .into_bytes(),
            503,
        ),
        (
            Dialect::Bedrock,
            frame("serviceUnavailableException", &json!({ "message": "Overloaded" })),
            503,
        ),
    ];
    for (dialect, error, status) in cases {
        let pieces = [dialect.middle(&[Said::Text("half")]), vec![error]].concat();
        let peer = Peer::start([dialect.script(pieces)]).await;

        let error = ask(asked_at(&llm, dialect, &peer).as_ref(), hello()).await.unwrap_err();

        let told = matches!(&error, ModelError::Refused { status: told, reason, .. }
            if *told == status && reason == "Overloaded");
        assert!(told, "{dialect:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_service_account_gets_one_token_for_many_requests() {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    let granted = json!({ "access_token": "ya29.granted", "expires_in": 3599, "token_type": "Bearer" });
    let tokens = Peer::start([Script::status(200, granted.to_string())]).await;
    let models = Peer::start([Dialect::Vertex.text("one"), Dialect::Vertex.text("two")]).await;
    // The key was made for this test and opens nothing.
    let account = json!({
        "type": "service_account", "project_id": "shop", "private_key_id": "k1",
        "private_key": include_str!("account.pem"), "client_email": "bot@shop.iam.gserviceaccount.com",
        "token_uri": format!("{}/token", tokens.url()),
    })
    .to_string();
    let rows = [
        ("llm-url", models.url()),
        ("llm-provider", "vertex".to_owned()),
        ("llm-key", account),
        ("llm-model", "gemini-2.5-flash".to_owned()),
    ];
    let rows: Vec<_> = rows.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let model = llm().models().for_bot(&bot(&rows)).unwrap();

    for expected in ["one", "two"] {
        assert_eq!(text(&ask(model.as_ref(), hello()).await.unwrap()), expected);
    }

    let asked = models.asked();
    assert_eq!(
        asked[0].path,
        "/v1/projects/shop/locations/global/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    );
    assert!(asked.iter().all(|one| one.bearer() == Some("Bearer ya29.granted")));
    let [request] = tokens.asked().try_into().unwrap();
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    let form = request.text();
    let assertion = form
        .strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")
        .unwrap();
    let parts: Vec<_> = assertion.split('.').collect();
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    assert_eq!(claims["iss"], "bot@shop.iam.gserviceaccount.com");
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/cloud-platform");
    assert_eq!(claims["aud"], format!("{}/token", tokens.url()));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    let der = base64::prelude::BASE64_STANDARD
        .decode(
            include_str!("account.pem")
                .lines()
                .filter(|line| !line.starts_with('-'))
                .collect::<String>(),
        )
        .unwrap();
    let key = ring::signature::RsaKeyPair::from_pkcs8(&der).unwrap();
    ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, key.public())
        .verify(
            format!("{}.{}", parts[0], parts[1]).as_bytes(),
            &BASE64_URL_SAFE_NO_PAD.decode(parts[2]).unwrap(),
        )
        .unwrap();
}

#[tokio::test]
async fn bedrock_requests_are_signed_when_the_key_has_two_parts() {
    let peer = Peer::start([Dialect::Bedrock.text("hi")]).await;
    let url = peer.url();
    let rows = [
        ("llm-url", url.as_str()),
        ("llm-provider", "bedrock"),
        ("llm-key", "AKID:secret:session"),
        ("llm-model", "eu.anthropic.claude-haiku-4-5-20251001-v1:0"),
    ];
    let model = llm().models().for_bot(&bot(&rows)).unwrap();

    ask(model.as_ref(), hello()).await.unwrap();

    let asked = peer.asked().remove(0);
    assert_eq!(
        asked.path,
        "/model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse-stream"
    );
    assert_eq!(asked.headers["x-amz-security-token"], "session");
    let authorization = asked.bearer().unwrap();
    assert!(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKID/")
            && authorization.contains("/us-east-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="),
        "{authorization}"
    );
    assert_eq!(model.context_tokens(), Some(200_000));
}
