//! Something else than the network that answers requests: a recording, or what a test of a bot has written down.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

/// Answers requests in place of the network. It gets each hop of a chain of redirects on its own, after the policy has
/// passed it, so that what is refused in production is refused here as well.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// The answer to `request`, or why there is none.
    ///
    /// # Errors
    /// A sentence for whoever wrote the answers down.
    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String>;
}
