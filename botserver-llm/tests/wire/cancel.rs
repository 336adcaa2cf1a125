//! Answers that nobody wants any more.

use std::time::Duration;

use botstate::model::{Delta, ModelError};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::{
    hello, llm, model,
    peer::{Peer, Script, content, role},
};

const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn cancelling_before_the_first_piece_reaches_the_provider() {
    for script in [
        Script::chunks([role()]).hang(),
        Script::text("late").before_head(Duration::from_mins(1)),
    ] {
        let peer = Peer::start([script]).await;
        let llm = llm(&peer);
        let cancel = CancellationToken::new();
        let asking = tokio::spawn({
            let (model, cancel) = (model(&llm), cancel.clone());
            async move { model.stream(hello(), cancel).await.map(|_| ()) }
        });
        while peer.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }

        cancel.cancel();

        assert!(
            peer.wait_left(1, PATIENCE).await,
            "the provider sees the connection closed"
        );
        assert_eq!(asking.await.unwrap(), Err(ModelError::Cancelled));
    }
}

#[tokio::test]
async fn cancelling_in_the_middle_reaches_the_provider() {
    let peer = Peer::start([Script::chunks([content("half")]).hang()]).await;
    let llm = llm(&peer);
    let cancel = CancellationToken::new();
    let mut deltas = model(&llm).stream(hello(), cancel.clone()).await.unwrap();
    assert_eq!(deltas.next().await, Some(Ok(Delta::Text("half".to_owned()))));

    cancel.cancel();

    assert_eq!(deltas.next().await, Some(Err(ModelError::Cancelled)));
    assert!(
        peer.wait_left(1, PATIENCE).await,
        "the provider sees the connection closed"
    );
    assert_eq!(deltas.next().await, None);
}

#[tokio::test]
async fn dropping_an_answer_reaches_the_provider() {
    let peer = Peer::start([Script::chunks([content("half")]).hang()]).await;
    let llm = llm(&peer);
    let mut deltas = model(&llm).stream(hello(), CancellationToken::new()).await.unwrap();
    deltas.next().await.unwrap().unwrap();

    drop(deltas);

    assert!(
        peer.wait_left(1, PATIENCE).await,
        "the provider sees the connection closed"
    );
}

#[tokio::test]
async fn a_pause_between_tries_can_be_cancelled() {
    let peer = Peer::start([Script::status(503, "{}").header("retry-after", "10")]).await;
    let llm = llm(&peer);
    let cancel = CancellationToken::new();
    let asking = model(&llm);

    let answered = tokio::join!(asking.stream(hello(), cancel.clone()), async {
        while peer.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.cancel();
    });

    assert_eq!(answered.0.map(|_| ()), Err(ModelError::Cancelled));
    assert_eq!(peer.asked().len(), 1);
}
