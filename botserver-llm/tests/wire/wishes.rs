//! Calls and forms that a client wants, and models that cannot be made to give them.

use botstate::model::{AnswerFormat, ChatRequest, ModelError, ToolChoice};
use serde_json::json;

use crate::{
    dialect::{ALL, Dialect},
    hello,
    peer::Peer,
    providers::{ask, asked_at, llm, tools},
    text,
};

fn priced() -> AnswerFormat {
    AnswerFormat::Schema {
        name: "price".to_owned(),
        schema: json!({ "type": "object", "properties": { "eur": { "type": "number" } } }),
        is_strict: Some(true),
    }
}

#[tokio::test]
async fn a_call_that_is_wanted_and_a_form_have_the_providers_words() {
    let llm = llm();
    for dialect in ALL {
        let peer = Peer::start([dialect.text("1"), dialect.text("2"), dialect.text("3")]).await;
        let model = asked_at(&llm, dialect, &peer);
        let called = |choice| ChatRequest {
            tools: tools(),
            choice,
            ..hello()
        };
        let formed = ChatRequest {
            format: priced(),
            ..hello()
        };

        ask(model.as_ref(), called(ToolChoice::Named("find tea".to_owned())))
            .await
            .unwrap();
        ask(model.as_ref(), called(ToolChoice::Required)).await.unwrap();
        ask(model.as_ref(), formed).await.unwrap();

        let bodies: Vec<_> = peer.asked().into_iter().map(|asked| asked.body).collect();
        let place = match dialect {
            Dialect::Gemini | Dialect::Vertex => "/toolConfig/functionCallingConfig",
            Dialect::Bedrock => "/toolConfig/toolChoice",
            _ => "/tool_choice",
        };
        let wanted = match dialect {
            Dialect::Anthropic => [json!({ "type": "tool", "name": "find_tea" }), json!({ "type": "any" })],
            Dialect::Gemini | Dialect::Vertex => [
                json!({ "mode": "ANY", "allowedFunctionNames": ["find_tea"] }),
                json!({ "mode": "ANY" }),
            ],
            Dialect::Bedrock => [json!({ "tool": { "name": "find_tea" } }), json!({ "any": {} })],
            _ => [
                json!({ "type": "function", "function": { "name": "find_tea" } }),
                json!("required"),
            ],
        };
        for (body, wanted) in bodies.iter().zip(wanted) {
            assert_eq!(body.pointer(place), Some(&wanted), "{dialect:?}");
        }
        let schema = match dialect {
            Dialect::Gemini | Dialect::Vertex => "/generationConfig/responseJsonSchema",
            _ => "/response_format/json_schema/schema",
        };
        let told = bodies[2].pointer(schema).map(|schema| &schema["type"]);
        let has_own = !matches!(dialect, Dialect::Anthropic | Dialect::Bedrock);
        assert_eq!(told, has_own.then_some(&json!("object")), "{dialect:?}: {}", bodies[2]);
    }
}

#[tokio::test]
async fn a_model_that_cannot_be_made_to_call_or_to_keep_a_form_is_asked_without() {
    let dialect = Dialect::OpenAi;
    let peer = Peer::start([
        dialect.error(400, "this model does not support this tool_choice"),
        dialect.text("one"),
        dialect.error(400, "This response_format type is unavailable now"),
        dialect.text("two"),
        dialect.error(400, "Invalid schema for response_format 'price'"),
    ])
    .await;
    let model = asked_at(&llm(), dialect, &peer);
    let request = ChatRequest {
        tools: tools(),
        choice: ToolChoice::Required,
        format: priced(),
        ..hello()
    };

    let first = ask(model.as_ref(), request.clone()).await;
    let other = asked_at(&llm(), dialect, &peer);
    let wrong = ask(other.as_ref(), request).await;

    assert_eq!(text(&first.unwrap()), "one");
    let bodies: Vec<_> = peer.asked().into_iter().map(|asked| asked.body).collect();
    assert!(bodies[0].get("tool_choice").is_some() && bodies[1].get("tool_choice").is_none());
    assert_eq!(text(&wrong.unwrap()), "two");
    assert!(bodies[2].get("response_format").is_some() && bodies[3].get("response_format").is_none());
    let strict = ask(
        asked_at(&llm(), dialect, &peer).as_ref(),
        ChatRequest {
            format: priced(),
            ..hello()
        },
    )
    .await;
    assert!(
        matches!(strict, Err(ModelError::Refused { status: 400, .. })),
        "{strict:?}"
    );
}
