//! What is counted of every request.

use std::sync::Arc;

use botstate::model::{ModelError, Usage};
use metrics::{counter, describe_counter, describe_histogram, histogram};
use tokio::time::Instant;

/// Says what the metrics mean.
pub(crate) fn describe() {
    describe_counter!("llm_requests_total", "Answers asked of models, by how they ended");
    describe_counter!("llm_errors_total", "Answers that failed, by reason");
    describe_counter!("llm_tokens_total", "Tokens as providers counted them");
    describe_histogram!("llm_first_token_seconds", "Seconds until the first piece of an answer");
}

/// Measures one request; one that is dropped before its end counts as cancelled.
#[derive(Debug)]
pub(crate) struct Meter {
    model: Arc<str>,
    started: Instant,
    outcome: &'static str,
}

impl Meter {
    /// Starts to measure a request to `model`.
    pub(crate) fn start(model: Arc<str>) -> Self {
        Self {
            model,
            started: Instant::now(),
            outcome: "cancelled",
        }
    }

    /// The first piece is there.
    pub(crate) fn first_piece(&self) {
        histogram!("llm_first_token_seconds", "model" => self.model.to_string()).record(self.started.elapsed());
    }

    /// The answer came to its end.
    pub(crate) fn end(&mut self, usage: Option<Usage>) {
        self.outcome = "ok";
        if let Some(usage) = usage {
            for (kind, tokens) in [("input", usage.input_tokens), ("output", usage.output_tokens)] {
                counter!("llm_tokens_total", "model" => self.model.to_string(), "kind" => kind)
                    .increment(u64::from(tokens));
            }
        }
    }

    /// The answer failed.
    pub(crate) fn fail(&mut self, error: &ModelError) {
        self.outcome = label(error);
        if !matches!(error, ModelError::Cancelled) {
            counter!("llm_errors_total", "model" => self.model.to_string(), "outcome" => self.outcome).increment(1);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        counter!("llm_requests_total", "model" => self.model.to_string(), "outcome" => self.outcome).increment(1);
    }
}

fn label(error: &ModelError) -> &'static str {
    match error {
        ModelError::NotAsked { .. } => "not_asked",
        ModelError::Unreachable { .. } => "unreachable",
        ModelError::Timeout { .. } => "timeout",
        ModelError::Unauthorized { .. } => "unauthorized",
        ModelError::Limited { .. } => "limited",
        ModelError::Refused { .. } => "refused",
        ModelError::Garbled { .. } => "garbled",
        ModelError::Resting { .. } => "resting",
        ModelError::Exhausted { .. } => "exhausted",
        ModelError::Cancelled => "cancelled",
    }
}
