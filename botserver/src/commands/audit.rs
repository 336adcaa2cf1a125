//! `botserver audit`: the audit log from the command line.

use std::process::ExitCode;

use botserver_compliance::ComplianceService;
use botstate::Config;

use super::print;
use crate::{cli::Audit, compose};

/// Entries that are read and printed at once.
const PAGE: i64 = 1_000;

pub(super) async fn run(command: Audit, config: Config) -> anyhow::Result<ExitCode> {
    let state = compose::base(config).await?.state;
    let compliance = ComplianceService::new(&state);
    match command {
        Audit::Verify { expected } => match compliance.verify(&expected).await? {
            Ok(verified) if verified.is_empty() => print("the log is empty\n")?,
            Ok(verified) => {
                for log in verified {
                    print(&format!("{log}\n"))?;
                }
            }
            Err(broken) => {
                print(&format!("{broken}\n"))?;
                return Ok(ExitCode::FAILURE);
            }
        },
        Audit::Head => {
            for head in compliance.heads().await? {
                print(&format!("{}:{}:{}\n", head.org, head.last_seq, head.last_hash))?;
            }
        }
        Audit::Export { org, from } => {
            let wanted = org.map(|org| org.to_string());
            for head in compliance.heads().await? {
                if wanted.as_ref().is_some_and(|wanted| *wanted != head.org) {
                    continue;
                }
                let mut next = from.max(head.first_seq);
                while next <= head.last_seq {
                    let end = (next + PAGE).min(head.last_seq + 1);
                    let page = compliance.range(head.org.clone(), next, end).await?;
                    let lines: Result<String, serde_json::Error> = page
                        .iter()
                        .map(|entry| serde_json::to_string(entry).map(|line| line + "\n"))
                        .collect();
                    print(&lines?)?;
                    next = end;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
