//! `botserver migrate`: bring the database up to date without serving.

use std::process::ExitCode;

use botstate::{Config, Db};

use super::print;

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let (db, report) = Db::open(&config.database).await?;
    if report.applied.is_empty() {
        print(&format!("the {} database is up to date\n", db.kind()))?;
    }
    for step in &report.applied {
        print(&format!("applied {}\n", step.0))?;
    }
    if let Some(backup) = &report.backup {
        print(&format!("the database as it was before is in {}\n", backup.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
