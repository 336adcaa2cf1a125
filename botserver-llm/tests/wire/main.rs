//! The client against a provider that speaks the protocol and its faults over real sockets.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly and start peers"
)]

mod answers;
mod breaker;
mod cancel;
mod dialect;
mod faults;
mod peer;
mod providers;
mod request;
mod routes;
mod settings;
mod wishes;

use std::{sync::Arc, time::Duration};

use botlib::{BotId, OrgId, Secret};
use botserver_llm::{LlmConfig, LlmService, service};
use botstate::{
    dialog::{Bot, Settings},
    model::{ChatMessage, ChatModel, ChatRequest, Delta, ModelError},
};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::peer::Peer;

/// A bot with these rows in its `config.csv`.
fn bot(rows: &[(&str, &str)]) -> Bot {
    Bot {
        id: BotId::new(),
        org: OrgId::new(),
        name: "shop".to_owned(),
        version: "1".to_owned(),
        settings: Settings::new(
            rows.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        ),
        prompt: None,
        tools: Vec::new(),
        scripts: Vec::new(),
        triggers: Vec::new(),
        start_wants_message: false,
        chooses_collections: false,
        prompts: Vec::new(),
    }
}

/// Short waits, and `peer` as the provider.
fn config(peer: &Peer) -> LlmConfig {
    LlmConfig {
        base_url: Some(peer.url()),
        api_key: Some(Secret::new("sk-server")),
        model: Some("m".to_owned()),
        first_token_timeout: Duration::from_mins(2),
        idle_timeout: Duration::from_mins(2),
        retry_pause: Duration::from_millis(10),
        ..LlmConfig::default()
    }
}

fn llm(peer: &Peer) -> LlmService {
    service(config(peer), None)
}

fn model(llm: &LlmService) -> Arc<dyn ChatModel> {
    llm.models().for_bot(&bot(&[])).unwrap()
}

fn hello() -> ChatRequest {
    ChatRequest {
        messages: vec![ChatMessage::user("hello")],
        ..ChatRequest::default()
    }
}

/// Asks and collects the whole answer.
async fn ask(model: &dyn ChatModel, request: ChatRequest) -> Result<Vec<Delta>, ModelError> {
    let deltas = model.stream(request, CancellationToken::new()).await?;
    deltas.collect::<Vec<_>>().await.into_iter().collect()
}

/// The texts of an answer in one.
fn text(deltas: &[Delta]) -> String {
    deltas
        .iter()
        .filter_map(|delta| {
            if let Delta::Text(text) = delta {
                Some(text.as_str())
            } else {
                None
            }
        })
        .collect()
}
