//! The port to embedders: texts as vectors whose nearness is nearness of meaning.

use std::sync::Arc;

use async_trait::async_trait;

use botlib::Caller;

use crate::{
    dialog::Bot,
    model::{Answerer, ModelError},
};

/// Finds the embedder of a bot.
pub trait Embedders: Send + Sync + 'static {
    /// The embedder that the bot's settings or the server's configuration name, else the one that is always there.
    fn for_bot(&self, bot: &Bot) -> Arc<dyn Embedder>;

    /// The same, for somebody whom its use is counted for.
    fn for_caller(&self, bot: &Bot, _caller: &Caller) -> Arc<dyn Embedder> {
        self.for_bot(bot)
    }

    /// The embedder with that id, for questions about what was embedded before the settings changed; nothing when it
    /// cannot be had any more.
    fn find(&self, bot: &Bot, id: &str) -> Option<Arc<dyn Embedder>> {
        Some(self.for_bot(bot)).filter(|embedder| embedder.id() == id)
    }
}

/// Turns texts into vectors.
#[async_trait]
pub trait Embedder: Send + Sync + 'static {
    /// Names the embedder and everything that changes its vectors, such as `hash-v1` or `bge-small-en-v1.5@1f2e3d4c`.
    /// Vectors of different ids must not be compared.
    fn id(&self) -> &str;

    /// Numbers of a vector; of a provider that was not told how many to give, what its model's name suggests.
    fn dimensions(&self) -> usize;

    /// Tokens of a text that count; what is longer is cut off.
    fn max_tokens(&self) -> usize;

    /// The vectors of the texts in their order, each of length 1 (L2).
    ///
    /// # Errors
    /// When the model cannot be asked or answers something else.
    async fn embed(&self, texts: &[String], side: Side) -> Result<Vec<Vec<f32>>, ModelError>;

    /// The provider that counts what is embedded; nothing where it costs nothing, as in this process.
    fn provider(&self) -> Option<Answerer> {
        None
    }

    /// The same vectors, and the tokens that the provider counted for them.
    ///
    /// # Errors
    /// Like [`Embedder::embed`].
    async fn embed_counted(&self, texts: &[String], side: Side) -> Result<(Vec<Vec<f32>>, Option<u32>), ModelError> {
        Ok((self.embed(texts, side).await?, None))
    }
}

/// What a text is, for models that were trained to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A question.
    Query,
    /// A text to be found.
    Passage,
}
