//! The port to whoever says who someone is.

use async_trait::async_trait;
use botlib::{Caller, RequestId};

use crate::dialog::Bot;

/// Lets people in who have no account.
#[async_trait]
pub trait Visitors: Send + Sync + 'static {
    /// A new visitor of `bot`, with the token that proves them from now on; nothing when the bot is not public.
    async fn admit(&self, bot: &Bot, request: RequestId) -> Option<(Caller, String)>;
}
