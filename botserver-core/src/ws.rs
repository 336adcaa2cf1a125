//! The transport of a WebSocket (RFC 6455): the handshake, peers that are gone, and closing with the code that says why.
//!
//! What frames mean is not known here: [`Upgrade`] hands over a socket, [`read`] sorts out what comes from it,
//! [`Pulse`] finds out who is gone, and [`close`] ends it properly.

mod close;
mod pulse;
mod upgrade;

pub use close::{Code, Why, close, read};
pub use pulse::{Beat, Pulse};
pub use upgrade::{Refused, Upgrade};
