//! The scripted model keeps to the port.

use std::time::Duration;

use botserver_llm::scripted::{Reply, ScriptedModel};
use botstate::model::{ChatMessage, ChatModel, ChatRequest, Delta, Finish, ModelError, ToolCall, Usage};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

fn limited() -> ModelError {
    ModelError::Limited {
        url: "http://model".to_owned(),
        retry_after: None,
    }
}

async fn all(model: &ScriptedModel) -> Result<Vec<Result<Delta, ModelError>>, ModelError> {
    Ok(model
        .stream(ChatRequest::default(), CancellationToken::new())
        .await?
        .collect()
        .await)
}

#[tokio::test]
async fn replies_come_in_order_and_end_once() {
    let model = ScriptedModel::new([
        Reply::text(["a", "b"]).usage(3, 2),
        Reply::call("one", "{}").then_call("two", "{\"x\":1}"),
        Reply::text(["c"]).finish(Finish::Length),
    ]);

    let call = |id: &str, name: &str, arguments: &str| {
        Ok(Delta::Call(ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            signature: None,
        }))
    };
    let text = |text: &str| Ok(Delta::Text(text.to_owned()));
    let end = |finish, usage| {
        Ok(Delta::End {
            finish,
            usage,
            by: None,
        })
    };
    let usage = Some(Usage {
        input_tokens: 3,
        output_tokens: 2,
        ..Usage::default()
    });
    assert_eq!(
        all(&model).await.unwrap(),
        [text("a"), text("b"), end(Finish::Stop, usage)]
    );
    assert_eq!(
        all(&model).await.unwrap(),
        [
            call("call_1", "one", "{}"),
            call("call_2", "two", "{\"x\":1}"),
            end(Finish::ToolCalls, None)
        ]
    );
    assert_eq!(all(&model).await.unwrap(), [text("c"), end(Finish::Length, None)]);
    assert_eq!((model.left(), model.under_way(), model.given_up()), (0, 0, 0));
}

#[tokio::test]
async fn errors_come_before_or_in_the_answer() {
    let model = ScriptedModel::new([Reply::error(limited()), Reply::text(["a"]).then_error(limited())]);

    assert_eq!(all(&model).await.unwrap_err(), limited());
    assert_eq!(
        all(&model).await.unwrap(),
        [Ok(Delta::Text("a".to_owned())), Err(limited())]
    );
    assert!(
        matches!(all(&model).await, Err(ModelError::NotAsked { .. })),
        "the queue is empty"
    );
}

#[tokio::test(start_paused = true)]
async fn a_hanging_answer_ends_when_it_is_cancelled_or_dropped() {
    let model = ScriptedModel::new([
        Reply::text(["a"]).then_hang(),
        Reply::text(["a"]).then_hang(),
        Reply::hang(),
    ]);
    let cancel = CancellationToken::new();
    let mut cancelled = model.stream(ChatRequest::default(), cancel.clone()).await.unwrap();
    let mut dropped = model
        .stream(ChatRequest::default(), CancellationToken::new())
        .await
        .unwrap();
    cancelled.next().await.unwrap().unwrap();
    dropped.next().await.unwrap().unwrap();
    assert_eq!(model.under_way(), 2);

    cancel.cancel();
    drop(dropped);

    assert_eq!(cancelled.next().await, Some(Err(ModelError::Cancelled)));
    assert_eq!(cancelled.next().await, None);
    assert_eq!((model.under_way(), model.given_up()), (0, 2));
    let silent = tokio::time::timeout(Duration::from_mins(1), all(&model)).await;
    assert!(silent.is_err(), "nothing comes by itself");
}

#[tokio::test(start_paused = true)]
async fn pauses_are_kept_and_requests_remembered() {
    let model = ScriptedModel::answering(|request| {
        Reply::text([request.messages.len().to_string()]).pause(Duration::from_secs(2))
    });
    let began = tokio::time::Instant::now();
    let messages = vec![ChatMessage::user("hi")];
    let request = ChatRequest {
        messages,
        ..ChatRequest::default()
    };

    let mut deltas = model.stream(request.clone(), CancellationToken::new()).await.unwrap();

    assert_eq!(deltas.next().await, Some(Ok(Delta::Text("1".to_owned()))));
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert_eq!(model.wait_asked(1).await, [request]);
}
