//! The server against its standards: WebSocket byte by byte, and the API against its own description.

// Marked as tests, so that the lints treat the helpers in them as such.
#[cfg(test)]
#[path = "conformance/autobahn.rs"]
mod autobahn;
#[cfg(test)]
#[path = "conformance/schema.rs"]
mod schema;
#[cfg(test)]
#[path = "conformance/socket.rs"]
mod socket;
