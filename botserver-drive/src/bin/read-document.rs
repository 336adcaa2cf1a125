//! Reads one document, as the server does when it is started again for it. The crate's own tests have no server.

use std::process::ExitCode;

fn main() -> ExitCode {
    botserver_drive::serve_reader()
}
