//! HTTP requests that scripts ask for: to public addresses only, unless the operator allows more.
//!
//! The addresses are checked in the resolver that the connection itself uses, so that a name cannot have one answer
//! for the check and another for the connection. Redirects are followed here, hop by hop, through the same checks.

mod address;
mod client;
mod download;
mod error;
mod policy;
mod resolver;
mod transport;

pub use client::{Outbound, OutboundRequest, OutboundResponse};
pub use download::Download;
pub use error::OutboundError;
pub use policy::OutboundPolicy;
pub use resolver::{Lookup, SystemLookup};
pub use transport::Transport;
