//! Embedders whose calls are counted, where they cost something.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Caller;
use botstate::{
    dialog::Bot,
    embed::{Embedder, Embedders, Side},
    model::{Answerer, Asker, ModelError, Usage, estimated_tokens},
    usage::{Kind, Outcome},
};

use super::{Order, Ticket};
use crate::{ledger::Desk, model::Stated};

/// The embedders of `inner`, counted.
pub(crate) struct MeteredEmbedders {
    pub(crate) inner: Arc<dyn Embedders>,
    pub(crate) desk: Desk,
}

impl MeteredEmbedders {
    fn metered(&self, bot: &Bot, caller: &Caller, inner: Arc<dyn Embedder>) -> Arc<dyn Embedder> {
        if inner.provider().is_none() {
            return inner;
        }
        Arc::new(Metered {
            inner,
            desk: self.desk.clone(),
            bot: bot.name.as_str().into(),
            asker: Asker::new(bot, caller, None),
            stated: Stated::read(&bot.settings).map_err(|error| error.to_string()),
        })
    }
}

impl Embedders for MeteredEmbedders {
    fn for_bot(&self, bot: &Bot) -> Arc<dyn Embedder> {
        self.metered(bot, &Caller::bot(bot.org, bot.id), self.inner.for_bot(bot))
    }

    fn for_caller(&self, bot: &Bot, caller: &Caller) -> Arc<dyn Embedder> {
        self.metered(bot, caller, self.inner.for_bot(bot))
    }

    fn find(&self, bot: &Bot, id: &str) -> Option<Arc<dyn Embedder>> {
        let inner = self.inner.find(bot, id)?;
        Some(self.metered(bot, &Caller::bot(bot.org, bot.id), inner))
    }
}

struct Metered {
    inner: Arc<dyn Embedder>,
    desk: Desk,
    bot: Arc<str>,
    asker: Asker,
    stated: Result<Stated, String>,
}

#[async_trait]
impl Embedder for Metered {
    fn id(&self) -> &str {
        self.inner.id()
    }

    fn dimensions(&self) -> usize {
        self.inner.dimensions()
    }

    fn max_tokens(&self) -> usize {
        self.inner.max_tokens()
    }

    fn provider(&self) -> Option<Answerer> {
        self.inner.provider()
    }

    async fn embed(&self, texts: &[String], side: Side) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(self.embed_counted(texts, side).await?.0)
    }

    async fn embed_counted(&self, texts: &[String], side: Side) -> Result<(Vec<Vec<f32>>, Option<u32>), ModelError> {
        let Some(by) = self.inner.provider() else {
            return self.inner.embed_counted(texts, side).await;
        };
        let estimate = texts
            .iter()
            .fold(0_u32, |sum, text| sum.saturating_add(estimated_tokens(text).max(1)));
        let order = Order {
            asker: self.asker.clone(),
            bot: Arc::clone(&self.bot),
            kind: Kind::Embedding,
            model: by.model,
            provider: Some(by.provider),
            price: by.price,
            input: estimate,
            output: 0,
        };
        let mut ticket = Ticket::take(&self.desk, &self.stated, order).await?;
        match self.inner.embed_counted(texts, side).await {
            Ok((vectors, tokens)) => {
                let usage = tokens.map(|input_tokens| Usage {
                    input_tokens,
                    ..Usage::default()
                });
                ticket.settle(Outcome::Answered, usage);
                Ok((vectors, tokens))
            }
            Err(error) => {
                ticket.fail(&error);
                Err(error)
            }
        }
    }
}
