//! HTTP in, HTTP out.

mod bots;
mod conversations;
mod farewell;
mod feed;
mod files;
mod inbound;
mod memory;
mod prompts;
mod socket;
mod stream;

use botlib::{Access, Permission};
use botserver_core::{Routes, routes};
use botstate::AppState;

use crate::service::ChatService;

pub(crate) fn all(state: &AppState, service: ChatService) -> Routes {
    let talk = Access::Needs(Permission::ChatTalk);
    let bots = Access::Needs(Permission::BotsRead);
    let farewells = farewell::Farewells::new(state);
    let sockets = socket::Sockets::new(state, service.clone(), farewells.clone());
    let streams = stream::Streams {
        chat: service.clone(),
        farewells,
    };
    let upload_limit = state.config.http.body_limit_bytes;
    let files = Routes::new("chat")
        .route(talk, routes!(files::create_file))
        .body_limit(upload_limit)
        .route(talk, routes!(files::get_file));
    Routes::new("chat")
        .route(Access::Public, routes!(bots::get_config))
        .route(talk, routes!(conversations::list_conversations))
        .route(talk, routes!(conversations::list_events))
        .route(talk, routes!(conversations::create_message))
        .route(talk, routes!(conversations::stop_answer))
        .route(talk, routes!(memory::list_memory, memory::clear_memory))
        .route(talk, routes!(memory::update_memory, memory::delete_memory))
        .route(talk, routes!(prompts::rate_answer))
        .route(bots, routes!(prompts::list_prompts))
        .route(bots, routes!(prompts::list_prompt_versions))
        .route(bots, routes!(prompts::get_prompt_version))
        .merge(files)
        .with_state(service)
        .merge(
            Routes::new("chat")
                .route(talk, routes!(stream::stream_events))
                .with_state(streams),
        )
        .merge(
            // Whoever brings no token is let in as a new visitor, if the bot is public: the socket decides.
            Routes::new("chat")
                .page(Access::Public, "/ws", socket::open)
                .page(Access::Public, "/ws/{bot}", socket::open_bot)
                .with_state(sockets),
        )
}
