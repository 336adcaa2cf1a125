//! The web pages: the chat at `/` and `/<bot>`, the widget `/embed.js`, the page of one-time links, and their assets.
//!
//! Everything under `web/` is part of the binary and is served as it lies there: native modules, plain CSS, no build
//! step. The pages talk to the server as any other client does, so this crate knows no domain and has no state.
//!
//! A page names its assets under `/assets/<version>/`, where the version is a hash of all of them. Such an address never
//! changes its meaning and is kept by browsers; modules import each other by relative addresses and so stay in their
//! version. Pages themselves are asked for each time and answered with 304 while they are the same.

mod assets;
mod routes;

pub use assets::{Asset, asset};
pub use routes::routes;
