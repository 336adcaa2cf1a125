//! What goes wrong around the server: told plainly, answered in time, and over when it is over.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

#[path = "outages/cache.rs"]
mod cache;
#[path = "outages/database.rs"]
mod database;
#[path = "outages/disk.rs"]
mod disk;
#[path = "outages/drain.rs"]
mod drain;
#[path = "outages/model.rs"]
mod model;
#[path = "outages/start.rs"]
mod start;
#[path = "outages/watch.rs"]
mod watch;

/// A dialog that never ends and answers everything once.
const ECHO: &str = r#"
DO
  HEAR said
  TALK "echo ${said}"
LOOP
"#;
