//! What reaches the provider.

use botstate::{
    dialog::ToolSpec,
    model::{ChatMessage, ChatRequest, ToolCall},
};
use serde_json::json;

use crate::{
    ask, hello, llm, model,
    peer::{Peer, Script},
    text,
};

fn conversation() -> ChatRequest {
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        signature: None,
    };
    ChatRequest {
        messages: vec![
            ChatMessage::System {
                content: "You sell tea.".to_owned(),
            },
            ChatMessage::user("Two boxes of \"Olá\", please."),
            ChatMessage::Assistant {
                content: String::new(),
                calls: vec![
                    call("c1", "place order", r#"{"sku":"T1","count":2}"#),
                    call("c2", "check-stock", "{not json"),
                ],
            },
            ChatMessage::Tool {
                call_id: "c1".to_owned(),
                content: r#"{"order":7}"#.to_owned(),
            },
            ChatMessage::Tool {
                call_id: "c2".to_owned(),
                content: "the arguments are not JSON".to_owned(),
            },
            ChatMessage::Assistant {
                content: "Done.".to_owned(),
                calls: Vec::new(),
            },
            ChatMessage::user("Thanks"),
        ],
        tools: vec![
            ToolSpec {
                name: "place order".to_owned(),
                description: "Places an order".to_owned(),
                parameters: json!({
                    "type": "object",
                    "properties": { "sku": { "type": "string" }, "count": { "type": "integer" } },
                    "required": ["sku"],
                }),
            },
            ToolSpec {
                name: "check-stock".to_owned(),
                description: "Stock".to_owned(),
                parameters: json!(null),
            },
        ],
        temperature: Some(0.7),
        max_tokens: Some(500),
        ..ChatRequest::default()
    }
}

#[tokio::test]
async fn a_conversation_with_tools_has_the_providers_form() {
    let peer = Peer::start([]).await;

    ask(model(&llm(&peer)).as_ref(), conversation()).await.unwrap();

    let asked = peer.asked().remove(0);
    assert_eq!(asked.path, "/v1/chat/completions");
    assert_eq!(asked.bearer(), Some("Bearer sk-server"));
    assert_eq!(asked.headers["content-type"], "application/json");
    assert_eq!(asked.headers["accept"], "text/event-stream");
    insta::assert_json_snapshot!(asked.body);
}

#[tokio::test]
async fn parameters_that_a_model_refuses_are_left_out_from_then_on() {
    let refused = |message: &str| Script::status(400, json!({ "error": { "message": message } }).to_string());
    let peer = Peer::start([
        refused("Unrecognized request argument supplied: stream_options"),
        refused("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        refused("Unsupported value: 'temperature' does not support 0.7 with this model."),
    ])
    .await;
    let llm = llm(&peer);

    for _ in 0..2 {
        assert_eq!(text(&ask(model(&llm).as_ref(), conversation()).await.unwrap()), "ok");
    }

    let asked = peer.asked();
    assert_eq!(asked.len(), 5, "three refusals are learnt from once");
    for learnt in [&asked[3].body, &asked[4].body] {
        let has = |name: &str| learnt.get(name).is_some();
        assert!(
            !has("stream_options") && !has("max_tokens") && !has("temperature"),
            "{learnt}"
        );
        assert_eq!(learnt["max_completion_tokens"], 500);
    }
}

#[tokio::test]
async fn a_refusal_that_teaches_nothing_is_not_repeated() {
    let body = json!({ "error": { "message": "unknown role: stream_options" } }).to_string();
    let peer = Peer::start([Script::status(400, body.clone()), Script::status(400, body)]).await;

    let error = ask(model(&llm(&peer)).as_ref(), hello()).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "the model at {}/v1/chat/completions answered 400: unknown role: stream_options",
            peer.url()
        )
    );
    assert_eq!(peer.asked().len(), 2, "once more without the parameter, and no more");
}
