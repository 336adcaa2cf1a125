//! The port to the ledger of what models were asked and what it cost.

use std::sync::Arc;

use crate::model::{Asker, Price, Usage};

/// Keeps what is recorded, soon and in the background.
pub trait Ledger: Send + Sync + 'static {
    /// Records a call. Never waits.
    fn record(&self, call: Call);
}

/// One call of a model or of an embedder.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// For whom.
    pub asker: Asker,
    /// The bot's name, for metrics.
    pub bot: Arc<str>,
    /// What was asked.
    pub kind: Kind,
    /// The kind of the provider, such as `anthropic`; nothing when none answered.
    pub provider: Option<Arc<str>>,
    /// The provider's name of the model.
    pub model: Arc<str>,
    /// Its tokens.
    pub usage: Usage,
    /// Whether the tokens are an estimate, since the provider gave no count.
    pub is_estimated: bool,
    /// What tokens of the model cost, when known.
    pub price: Option<Price>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An answer.
    Chat,
    /// Vectors.
    Embedding,
}

impl Kind {
    /// The name in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embedding => "embedding",
        }
    }
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Answered,
    /// It failed.
    Failed,
    /// It was stopped before its end.
    Cancelled,
    /// The answer had been given before, and nobody was asked.
    Cached,
    /// A budget was spent, and nobody was asked.
    Refused,
}

impl Outcome {
    /// The name in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Cached => "cached",
            Self::Refused => "refused",
        }
    }
}
