//! Which of several models answers, and which one when that one fails.

use std::{cmp::Ordering, sync::Arc};

use async_trait::async_trait;
use botstate::model::{ChatMessage, ChatModel, ChatRequest, Deltas, Goal, ModelError, ModelFacts};
use tokio_util::sync::CancellationToken;

use crate::{
    client::{Client, Patience},
    spend::Limits,
};

/// Models asked one after the other at most.
const LONGEST: usize = 8;

/// One of the models, with what the settings say about its answers.
pub(crate) struct Candidate {
    pub(crate) client: Arc<Client>,
    pub(crate) facts: ModelFacts,
    pub(crate) temperature: Option<f32>,
    pub(crate) max_tokens: Option<u32>,
    pub(crate) limits: Limits,
}

/// Models in the order in which the settings name them, and what decides between them.
pub(crate) struct Route {
    first: Candidate,
    others: Vec<Candidate>,
    goal: Option<Goal>,
}

impl Route {
    /// A route that begins with `first` unless something else fits `goal` better.
    pub(crate) fn new(first: Candidate, mut others: Vec<Candidate>, goal: Option<Goal>) -> Self {
        others.truncate(LONGEST - 1);
        Self { first, others, goal }
    }

    fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The candidates in the order in which `request` asks them. Those that cannot do what it needs are left
    /// out, unless none can.
    fn order(&self, request: &ChatRequest) -> Vec<&Candidate> {
        let mut order: Vec<_> = self.candidates().filter(|one| one.can(request)).collect();
        if order.is_empty() {
            order = self.candidates().collect();
        }
        match request.goal.or(self.goal) {
            Some(Goal::Cost) => order.sort_by(|a, b| cheaper(&a.facts, &b.facts)),
            // What was never asked comes first, so that its pace becomes known.
            Some(Goal::Speed) => order.sort_by_key(|one| one.client.pace()),
            // The settings name the best model first.
            Some(Goal::Quality) | None => {}
        }
        order
    }
}

impl Candidate {
    fn can(&self, request: &ChatRequest) -> bool {
        let has_images = request
            .messages
            .iter()
            .any(|message| matches!(message, ChatMessage::User { images, .. } if !images.is_empty()));
        (!has_images || self.facts.vision != Some(false))
            && (request.tools.is_empty() || self.facts.tools != Some(false))
    }

    async fn ask(
        &self,
        request: &ChatRequest,
        patience: Patience,
        cancel: CancellationToken,
    ) -> Result<Deltas, ModelError> {
        let spend = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(ModelError::Cancelled),
            spend = self.limits.take(request, self.client.url(), patience) => spend?,
        };
        self.client
            .ask(request, self.facts.price, spend, patience, cancel)
            .await
    }
}

/// By the price of a prompt that is three times as long as its answer; models without a price come last.
fn cheaper(a: &ModelFacts, b: &ModelFacts) -> Ordering {
    let cost = |facts: &ModelFacts| {
        facts
            .price
            .map_or(f64::INFINITY, |price| price.input * 3.0 + price.output)
    };
    cost(a).total_cmp(&cost(b))
}

/// Whether another model may do better.
fn passes(error: &ModelError) -> bool {
    match error {
        ModelError::Unreachable { .. }
        | ModelError::Timeout { .. }
        | ModelError::Limited { .. }
        | ModelError::Resting { .. } => true,
        ModelError::Refused { status, .. } => *status >= 500,
        ModelError::NotAsked { .. }
        | ModelError::Unauthorized { .. }
        | ModelError::Garbled { .. }
        | ModelError::Exhausted { .. }
        | ModelError::Cancelled => false,
    }
}

#[async_trait]
impl ChatModel for Route {
    fn name(&self) -> &str {
        self.first.client.model()
    }

    /// The shortest of all, since any of them may have to answer.
    fn context_tokens(&self) -> Option<u32> {
        self.candidates().filter_map(|one| one.facts.context_tokens).min()
    }

    fn facts(&self) -> ModelFacts {
        ModelFacts {
            context_tokens: self.context_tokens(),
            ..self.first.facts
        }
    }

    async fn stream(&self, mut request: ChatRequest, cancel: CancellationToken) -> Result<Deltas, ModelError> {
        let (temperature, max_tokens) = (request.temperature, request.max_tokens);
        let order = self.order(&request);
        let mut left = order.len();
        for candidate in order {
            left -= 1;
            request.temperature = temperature
                .or(candidate.temperature)
                .filter(|wanted| (0.0..=2.0).contains(wanted));
            request.max_tokens = max_tokens.or(candidate.max_tokens).filter(|wanted| *wanted > 0);
            let patience = if left > 0 { Patience::Short } else { Patience::Long };
            match candidate.ask(&request, patience, cancel.clone()).await {
                Err(error) if left > 0 && passes(&error) => {
                    tracing::warn!(llm.model = candidate.client.model(), %error, "another model is asked instead");
                }
                answer => return answer,
            }
        }
        Err(ModelError::NotAsked {
            reason: "no model is named".to_owned(),
        })
    }
}
