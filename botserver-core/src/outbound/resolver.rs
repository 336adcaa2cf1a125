//! The resolver of outgoing connections: gives no address that the policy refuses.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::policy::{OutboundPolicy, Reach};

/// Finds the addresses of a name.
#[async_trait]
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of `host`.
    ///
    /// # Errors
    /// When there are none, or they could not be found.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0))
            .await?
            .map(|address| address.ip())
            .collect())
    }
}

/// A name led to an address that the policy refuses.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) address: IpAddr,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} may not be reached", self.address)
    }
}

impl Error for Refused {}

/// A name could not be found.
#[derive(Debug)]
pub(super) struct Unknown(pub(super) io::ErrorKind);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name could not be found: {}", self.0)
    }
}

impl Error for Unknown {}

/// Looks names up and checks every address of the answer.
pub(super) struct GuardedResolver {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) policy: Arc<OutboundPolicy>,
    pub(super) reach: Reach,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, policy, reach) = (Arc::clone(&self.lookup), Arc::clone(&self.policy), self.reach);
        Box::pin(async move {
            let addresses = lookup
                .lookup(name.as_str())
                .await
                .map_err(|error| Unknown(error.kind()))?;
            // One refused address refuses them all: a name with a public and a private one is an attack. A private one
            // is named first, since it says more than a port does.
            let within = |reach| {
                addresses
                    .iter()
                    .copied()
                    .find(|address| !policy.permits(*address, reach))
            };
            if let Some(address) = within(Reach::Public).or_else(|| within(reach)) {
                return Err(Refused { address }.into());
            }
            if addresses.is_empty() {
                return Err(Unknown(io::ErrorKind::NotFound).into());
            }
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
