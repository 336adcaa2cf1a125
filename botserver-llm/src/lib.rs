//! Models: the provider port's clients, streaming, tools and usage.
//!
//! [`service()`] gives the models that the server's [`LlmConfig`] and the settings of each bot name. A model
//! is reached through the port of [`botstate::model`]; no word of a provider's protocol leaves this crate.
//! Spoken are OpenAI's chat completions, which nearly every provider and every local server offers, Anthropic's
//! messages, Google's `generateContent` (Gemini API and Vertex AI) and Amazon Bedrock's Converse. Several
//! models of a bot stand in for each other.
//!
//! ```
//! use std::sync::Arc;
//!
//! use botserver_llm::{LlmConfig, service};
//! use botstate::keyword::Registry;
//!
//! let llm = service(LlmConfig {
//!     base_url: Some("http://localhost:8081".to_owned()),
//!     model: Some("qwen3".to_owned()),
//!     ..LlmConfig::default()
//! }, None);
//! let mut registry = Registry::new();
//! llm.register(&mut registry);
//!
//! let models = llm.models();
//! assert!(Arc::strong_count(&models) > 2, "the service, its keywords and this one");
//! assert!(llm.breakers().is_empty(), "nothing was asked yet");
//! ```
//!
//! Invariants: an answer that was cancelled or dropped ends its request at the provider at once; nothing is
//! retried after the first piece; no key is ever sent to an address that it was not given for.

mod anthropic;
mod bedrock;
mod breaker;
mod catalogue;
mod client;
mod embed;
mod endpoint;
mod gemini;
mod gpu;
mod http;
mod keyword;
#[cfg(feature = "local-models")]
mod local;
#[cfg(not(feature = "local-models"))]
#[path = "local/absent.rs"]
mod local;
mod meter;
mod models;
mod openai;
mod provider;
mod rerank;
mod route;
pub mod scripted;
mod service;
mod shelf;
mod spend;

pub use breaker::{BreakerReport, BreakerState};
pub use catalogue::{ListedModel, list_models};
pub use gpu::Nvidia;
pub use http::ensure_tls;
pub use keyword::{keywords, llm_keyword, model_keywords, text_keywords};
pub use service::{LlmConfig, LlmService, service};
pub use shelf::{FileState, ModelFile, ModelShelf, ShelfEntry, sha256_of};
