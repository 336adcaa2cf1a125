//! The audit log, as its readers and its enemies meet it, on each database.

mod chain;
mod http;
mod support;
