//! What was learnt about models by asking them.

use std::sync::atomic::{AtomicU8, Ordering};

use botstate::model::ModelError;

/// What was learnt about a model: parameters that it wants otherwise than most.
#[derive(Debug, Default)]
pub(crate) struct Habits(AtomicU8);

impl Habits {
    pub(crate) const NO_USAGE: u8 = 1;
    pub(crate) const COMPLETION_TOKENS: u8 = 2;
    pub(crate) const NO_TEMPERATURE: u8 = 4;
    pub(crate) const NO_CHOICE: u8 = 8;
    pub(crate) const NO_FORMAT: u8 = 16;

    /// What is known now.
    pub(crate) fn now(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    /// Learns from a refusal of a request that was made as `used` says; whether another try can go better.
    pub(crate) fn adapt(&self, used: u8, error: &ModelError) -> bool {
        let ModelError::Refused {
            status: 400 | 422,
            reason,
            ..
        } = error
        else {
            return false;
        };
        let says = |word: &str| reason.contains(word);
        let learnt = if says("stream_options") {
            Self::NO_USAGE
        } else if says("max_completion_tokens") {
            Self::COMPLETION_TOKENS
        } else if says("temperature") && ["nsupported", "not support", "deprecated"].into_iter().any(says) {
            Self::NO_TEMPERATURE
        } else if [
            "tool_choice",
            "toolChoice",
            "functionCallingConfig",
            "function_calling_config",
        ]
        .into_iter()
        .any(says)
        {
            Self::NO_CHOICE
        } else if [
            "response_format",
            "responseMimeType",
            "response_mime_type",
            "responseJsonSchema",
            "response mime type",
        ]
        .into_iter()
        .any(says)
            && !says("nvalid schema")
        {
            // A schema that is wrong is the asker's mistake, and not a habit of the model.
            Self::NO_FORMAT
        } else {
            return false;
        };
        self.0.fetch_or(learnt, Ordering::Relaxed);
        used & learnt == 0
    }
}
