//! Keywords of dialogs: memories, HTTP, and the log.

mod cache;
mod call;
mod code;
mod data;
mod files;
mod get;
mod headers;
mod http;
mod memory;
mod print;
mod role;
mod rows;
mod soap;

use std::sync::Arc;

use botserver_core::outbound::Outbound;
use botstate::{
    keyword::Keyword,
    model::Models,
    shared::{Cache, RateLimit},
};

pub use call::LocalApi;
pub(crate) use files::FileHost;
pub(crate) use memory::Memory;
pub(crate) use rows::Sources;

use crate::tables::Tables;

/// What keywords work with.
#[derive(Clone)]
pub(crate) struct Host {
    /// What bots remember.
    pub(crate) memory: Memory,
    /// Values that may vanish.
    pub(crate) cache: Arc<dyn Cache>,
    /// How often a bot may call outside.
    pub(crate) limits: Arc<dyn RateLimit>,
    /// The client of requests to the outside.
    pub(crate) outbound: Outbound,
    /// The server's own API.
    pub(crate) api: LocalApi,
    /// Files of bots.
    pub(crate) files: FileHost,
    /// The bots' own tables.
    pub(crate) tables: Tables,
    /// Language models, where there are any.
    pub(crate) models: Option<Arc<dyn Models>>,
}

/// Every keyword of this crate.
pub(crate) fn keywords(host: &Host) -> Vec<Keyword> {
    [
        memory::keywords(&host.memory),
        cache::keywords(&host.cache),
        headers::keywords(),
        print::keywords(),
        http::keywords(host),
        files::keywords(host),
        rows::keywords(&host.files.sources),
        data::keywords(host),
        vec![
            get::keyword(host),
            soap::keyword(host),
            role::keyword(),
            code::keyword(),
            call::keyword(&host.api),
        ],
    ]
    .into_iter()
    .flatten()
    .collect()
}
