//! Support for the suites that need the whole server, and for contract suites that need real servers.
//!
//! [`servers`] starts PostgreSQL, Valkey or Redis, [`process`] the `botserver` binary; both die with the test
//! process, however it ends. [`client`] talks to the server as a page does, [`model`] stands in for a model's
//! provider. What cannot be had on a machine is skipped with a line that says so ([`skip`]), except in CI.

pub mod api;
pub mod client;
pub mod encoder;
pub mod guard;
pub mod model;
pub mod nvml;
pub mod packages;
pub mod process;
pub mod servers;
pub mod skip;
