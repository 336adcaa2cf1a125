//! Dialogs: the BASIC language, packages and their keywords.
//!
//! [`basic`] is the language: text in, values out, no I/O. A package is a folder `<name>.gbai` with scripts, settings
//! and a prompt; [`AutoService`] mounts every package of a folder, swaps in what changes, and gives the server its
//! [`Bots`](botstate::dialog::Bots) and [`Dialogs`](botstate::dialog::Dialogs). [`cli`] checks and runs packages
//! without a server.
//!
//! Invariants: a package with errors never replaces one without; a waiting dialog goes on with the program that it was
//! started with, whatever became of the script; requests to the outside pass the guarded client of `botserver-core`.

pub mod basic;
mod bots;
pub mod cli;
mod dap;
mod dialogs;
mod examples;
mod files;
mod filter;
mod framing;
#[cfg(test)]
mod fuzz;
mod keywords;
mod limits;
mod lsp;
mod manual;
mod mounted;
mod mounts;
mod package;
mod query;
mod routes;
mod service;
mod store;
mod sweep;
mod tables;
mod watch;
mod xml;

pub use examples::{ExampleFile, embedded_example, write_first_bot};
pub use keywords::LocalApi;
pub use service::{AutoHandles, AutoService, Mount, outbound, outbound_through};
