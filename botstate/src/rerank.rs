//! The port to rerankers: models that read a question and a passage together and say how well they fit.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{dialog::Bot, model::ModelError};

/// Finds rerankers by the settings of bots.
pub trait Rerankers: Send + Sync + 'static {
    /// The reranker that the bot's settings name; nothing where they name none, which is the usual case.
    fn for_bot(&self, bot: &Bot) -> Option<Arc<dyn Reranker>>;
}

/// Says how well passages answer a question.
#[async_trait]
pub trait Reranker: Send + Sync + 'static {
    /// Names the reranker, for logs and metrics.
    fn id(&self) -> &str;

    /// The best of a search that it shall look at.
    fn top(&self) -> usize;

    /// How well each text fits the question, in the order of the texts: 0 to 1, to be compared within one call only.
    ///
    /// # Errors
    /// When the model cannot be asked in time or answers something else.
    async fn rerank(&self, question: &str, texts: &[String]) -> Result<Vec<f32>, ModelError>;
}
