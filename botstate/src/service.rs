//! What a domain adds to the server besides its routes.

use async_trait::async_trait;

use crate::keyword::Registry;

/// A domain, as the composition sees it.
pub trait Service: Send + Sync + 'static {
    /// The domain's name, such as `chat`.
    fn name(&self) -> &'static str;

    /// Adds the domain's keywords.
    fn register_keywords(&self, _registry: &mut Registry) {}

    /// What `/health/ready` and `doctor` ask.
    fn health_checks(&self) -> Vec<Box<dyn HealthCheck>> {
        Vec::new()
    }
}

/// Asks whether something that the server depends on is there.
#[async_trait]
pub trait HealthCheck: Send + Sync + 'static {
    /// The dependency's name, such as `database`.
    fn name(&self) -> &'static str;

    /// Whether the server is of no use without it.
    fn is_required(&self) -> bool;

    /// A word about its state.
    ///
    /// # Errors
    /// What is wrong and what to do about it.
    async fn check(&self) -> Result<String, String>;
}
