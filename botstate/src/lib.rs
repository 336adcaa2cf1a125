//! Shared state: configuration, database, lifecycle, and the ports through which domains meet.
//!
//! A domain crate takes from [`AppState`] the handles that it uses and knows no other domain: it meets
//! them through the traits in [`dialog`], [`model`], [`shared`] and [`service`], or through [`event`]s.
//! This crate knows no domain and no HTTP.

pub mod audit;
pub mod config;
pub mod conversation;
pub mod db;
pub mod dialog;
pub mod document;
pub mod door;
pub mod embed;
pub mod event;
pub mod foreign;
pub mod gpu;
pub mod identity;
pub mod job;
pub mod keyword;
pub mod knowledge;
mod lifecycle;
pub mod model;
pub mod money;
pub mod prompt;
pub mod recording;
pub mod rerank;
pub mod rows;
pub mod run;
pub mod service;
pub mod shared;
mod state;
pub mod usage;
pub mod vector;

pub use config::Config;
pub use db::Db;
pub use lifecycle::{Hold, Lifecycle};
pub use state::{AppState, Ports};
