//! `botserver kb`: what bots know, seen by whoever puts it there.

use std::{io::Write as _, process::ExitCode};

use botserver_drive::{ExtractOptions, ReaderProgram, extract_file, extractor};

use super::print;
use crate::cli::Kb;

pub(super) async fn run(command: Kb) -> anyhow::Result<ExitCode> {
    match command {
        Kb::Extract { file, json } => {
            let extractor = extractor(ReaderProgram::Itself);
            match extract_file(&extractor, &file, ExtractOptions { json }).await {
                Ok(text) => {
                    print(&text)?;
                    Ok(ExitCode::SUCCESS)
                }
                Err(reason) => {
                    // When even this cannot be written there is nobody to tell.
                    let _ = writeln!(std::io::stderr(), "{}: {reason}", file.display());
                    Ok(ExitCode::from(1))
                }
            }
        }
    }
}
