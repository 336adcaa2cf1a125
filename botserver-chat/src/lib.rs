//! Conversations: the event log, the turn engine and its front doors.
//!
//! Every front door (WebSocket, SSE, REST) turns what comes in into an `Inbound` and hands it to the engine,
//! which runs one turn at a time for each conversation. Everything visible is an entry of the conversation's
//! log; listeners get it with its number, and any door can go on from a number.

mod answers;
mod context;
mod engine;
mod error;
mod frame;
mod keywords;
mod knowledge;
mod links;
mod memory;
mod model;
mod phrases;
mod prompt;
mod recording;
mod room;
mod routes;
mod runner;
mod service;
mod store;
mod sweep;
mod tables;
mod turn;

use botserver_core::Routes;
use botstate::AppState;

pub use error::Error;
pub use keywords::{keywords, keywords_of};
pub use recording::recording;
pub use service::ChatService;

/// Chat routes: `/ws`, and REST under `/api/chat` and `/api/bot`.
pub fn routes(state: &AppState, service: &ChatService) -> Routes {
    routes::all(state, service.clone())
}
