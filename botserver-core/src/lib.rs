//! The HTTP server: middleware, health, errors, limits, the description of the API and graceful drain.
//!
//! Domains give [`Routes`], each of which declares who may enter; [`App`] puts them behind one set of middleware,
//! and [`serve`] answers connections with the result until the [`Lifecycle`](botstate::Lifecycle) drains. The crate
//! starts alone: without any domain the server answers health, metrics and its description.

mod app;
mod auth;
mod docs;
mod extract;
mod health;
mod machine;
mod metrics;
mod middleware;
mod openapi;
pub mod outbound;
mod problem;
mod routes;
mod server;
pub mod telemetry;
pub mod ws;

pub use app::{App, Composed, Handles};
pub use auth::{Auth, Authenticator};
pub use extract::{Json, Path, Query};
pub use middleware::{
    context::{Peer, RequestContext},
    finish::OwnBody,
    headers::Embeddable,
};
pub use problem::{PROBLEM_JSON, Problem};
pub use routes::{Built, RouteEntry, Routes};
pub use server::{BindError, ServeOptions, bind, serve};
pub use utoipa_axum::routes;

/// Makes ring the TLS provider of the process. The binary calls it first; later calls change nothing.
pub fn install_tls() {
    // An error means that a provider is installed, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
