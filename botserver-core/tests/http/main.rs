//! The server through its router and through real sockets.

// Marked as tests, so that the lints treat the helpers in them as such.
#[cfg(test)]
mod access;
#[cfg(test)]
mod alone;
#[cfg(test)]
mod description;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod outbound;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod support;
#[cfg(test)]
mod web;
#[cfg(test)]
mod ws;
