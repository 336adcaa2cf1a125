//! The ports that count: whoever asks a model or an embedder asks through these.

mod chat;
mod embed;

use std::sync::Arc;

use botstate::{
    model::{Answerer, Asker, ModelError, Price, Usage},
    usage::{Call, Kind, Outcome},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::Error,
    ledger::Desk,
    model::{Amount, Stated},
};

pub(crate) use self::{chat::MeteredModels, embed::MeteredEmbedders};

/// One call from its reservation to the ledger. Dropping it before its end means that it was stopped.
struct Ticket {
    desk: Desk,
    asker: Asker,
    bot: Arc<str>,
    kind: Kind,
    model: Arc<str>,
    provider: Option<Arc<str>>,
    price: Option<Price>,
    at: DateTime<Utc>,
    /// What is believed to have been used as long as nobody says how much it was.
    guess: Usage,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The reservation under this id is being made.
    Reserving(Uuid),
    /// The call was made, with or without a reservation.
    Made(Option<Uuid>),
    /// It is in the ledger.
    Settled,
}

/// What a call is made for, and with what.
struct Order {
    asker: Asker,
    bot: Arc<str>,
    kind: Kind,
    model: Arc<str>,
    provider: Option<Arc<str>>,
    price: Option<Price>,
    /// The tokens of the prompt.
    input: u32,
    /// The tokens that the answer is taken for.
    output: u32,
}

impl Ticket {
    /// Reserves what the call will probably cost.
    ///
    /// # Errors
    /// When a budget has no room for it: the call must not be made.
    async fn take(desk: &Desk, stated: &Result<Stated, String>, order: Order) -> Result<Self, ModelError> {
        let mut ticket = Self {
            desk: desk.clone(),
            asker: order.asker,
            bot: order.bot,
            kind: order.kind,
            model: order.model,
            provider: order.provider,
            price: order.price,
            at: desk.now(),
            guess: Usage {
                input_tokens: order.input,
                output_tokens: order.output,
                ..Usage::default()
            },
            state: State::Settled,
        };
        let stated = stated
            .as_ref()
            .map_err(|reason| ModelError::NotAsked { reason: reason.clone() })?;
        let amount = Amount {
            money: ticket.price.map(|price| price.of(&ticket.guess)).unwrap_or_default(),
            tokens: i64::from(order.input) + i64::from(order.output),
        };
        let id = Uuid::now_v7();
        ticket.state = State::Reserving(id);
        match desk.reserve(&ticket.asker, stated, amount, id, ticket.at).await {
            Ok(is_reserved) => {
                ticket.state = State::Made(is_reserved.then_some(id));
                ticket.guess.output_tokens = 0;
                Ok(ticket)
            }
            Err(error) => {
                ticket.state = State::Made(None);
                if matches!(error, Error::Exhausted { .. }) {
                    ticket.settle(Outcome::Refused, Some(Usage::default()));
                } else {
                    ticket.state = State::Settled;
                }
                Err(error.into())
            }
        }
    }

    /// Who really answered.
    fn answered_by(&mut self, by: Answerer) {
        self.provider = Some(by.provider);
        self.model = by.model;
        self.price = by.price;
    }

    /// More of the answer has come.
    fn heard(&mut self, tokens: u32) {
        self.guess.output_tokens = self.guess.output_tokens.saturating_add(tokens);
    }

    /// Writes the call down, with what the provider counted or else with the guess.
    fn settle(&mut self, outcome: Outcome, counted: Option<Usage>) {
        let State::Made(reservation) = std::mem::replace(&mut self.state, State::Settled) else {
            return;
        };
        let call = Call {
            asker: self.asker.clone(),
            bot: Arc::clone(&self.bot),
            kind: self.kind,
            provider: self.provider.clone(),
            model: Arc::clone(&self.model),
            usage: counted.unwrap_or(self.guess),
            is_estimated: counted.is_none(),
            price: self.price,
            outcome,
        };
        self.desk.settle(call, self.at, reservation);
    }

    /// Writes down that the call failed; one that failed before anything came cost nothing.
    fn fail(&mut self, error: &ModelError) {
        let outcome = match error {
            ModelError::Cancelled => Outcome::Cancelled,
            _ => Outcome::Failed,
        };
        let has_begun = self.guess.output_tokens > 0 || outcome == Outcome::Cancelled;
        self.settle(outcome, (!has_begun).then(Usage::default));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        match self.state {
            State::Reserving(id) => self.desk.release(id),
            State::Made(_) => self.settle(Outcome::Cancelled, None),
            State::Settled => {}
        }
    }
}
