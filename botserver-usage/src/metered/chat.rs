//! Models whose calls are counted.

use std::sync::Arc;

use async_trait::async_trait;
use botstate::{
    dialog::{Bot, Fault},
    model::{ChatModel, ChatRequest, Delta, Deltas, ModelError, ModelFacts, Models, estimated_tokens},
    usage::{Kind, Outcome},
};
use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::{Order, Ticket};
use crate::{
    ledger::{ANSWER, Desk},
    model::Stated,
};

/// Tokens that a piece of an answer has at least.
const PIECE: u32 = 1;

/// The models of `inner`, counted.
pub(crate) struct MeteredModels {
    pub(crate) inner: Arc<dyn Models>,
    pub(crate) desk: Desk,
}

impl Models for MeteredModels {
    fn for_bot(&self, bot: &Bot) -> Option<Arc<dyn ChatModel>> {
        self.inner.for_bot(bot).map(|inner| self.metered(bot, inner))
    }

    fn names(&self, bot: &Bot) -> Vec<String> {
        self.inner.names(bot)
    }

    fn chosen(&self, bot: &Bot, name: &str) -> Result<Arc<dyn ChatModel>, Fault> {
        self.inner.chosen(bot, name).map(|inner| self.metered(bot, inner))
    }
}

impl MeteredModels {
    fn metered(&self, bot: &Bot, inner: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        Arc::new(Metered {
            inner,
            desk: self.desk.clone(),
            bot: bot.name.as_str().into(),
            stated: Stated::read(&bot.settings).map_err(|error| error.to_string()),
        })
    }
}

struct Metered {
    inner: Arc<dyn ChatModel>,
    desk: Desk,
    bot: Arc<str>,
    stated: Result<Stated, String>,
}

#[async_trait]
impl ChatModel for Metered {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn context_tokens(&self) -> Option<u32> {
        self.inner.context_tokens()
    }

    fn facts(&self) -> ModelFacts {
        self.inner.facts()
    }

    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<Deltas, ModelError> {
        let Some(asker) = request.asker.clone() else {
            return self.inner.stream(request, cancel).await;
        };
        let order = Order {
            asker,
            bot: Arc::clone(&self.bot),
            kind: Kind::Chat,
            model: self.inner.name().into(),
            provider: None,
            price: self.inner.facts().price,
            input: request.estimated_tokens(),
            output: request.max_tokens.unwrap_or(ANSWER),
        };
        let mut ticket = Ticket::take(&self.desk, &self.stated, order).await?;
        match self.inner.stream(request, cancel).await {
            Ok(deltas) => Ok(counted(deltas, ticket)),
            Err(error) => {
                ticket.fail(&error);
                Err(error)
            }
        }
    }
}

/// The same pieces; what is at their end goes to the ledger.
fn counted(deltas: Deltas, ticket: Ticket) -> Deltas {
    let pieces = stream::unfold((deltas, ticket), async |(mut deltas, mut ticket)| {
        let piece = deltas.next().await?;
        match &piece {
            Ok(Delta::Text(text) | Delta::Reasoning(text)) => ticket.heard(estimated_tokens(text).max(PIECE)),
            Ok(Delta::Call(call)) => ticket.heard(estimated_tokens(&call.arguments).max(PIECE)),
            Ok(Delta::End { usage, by, .. }) => {
                if let Some(by) = by {
                    ticket.answered_by(by.clone());
                }
                ticket.settle(Outcome::Answered, *usage);
            }
            Err(error) => ticket.fail(error),
        }
        Some((piece, (deltas, ticket)))
    });
    pieces.boxed()
}
