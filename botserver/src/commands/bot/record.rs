//! `botserver bot record`: a recorded conversation, out of the database.

use std::{io::Write as _, path::Path, process::ExitCode, time::Duration};

use anyhow::{Context as _, ensure};
use botlib::ConversationId;
use botstate::{
    Config,
    recording::{FORM, Head, SETTING},
};

use crate::compose;

/// Writes the recording of a conversation to the file `out`, or to standard output.
pub(super) async fn run(id: ConversationId, out: Option<&Path>, config: Config) -> anyhow::Result<ExitCode> {
    let base = compose::base(config).await?;
    let recorded = botserver_chat::recording(&base.state, id).await;
    base.state.lifecycle.shutdown(Duration::from_secs(1)).await;
    let entries = recorded.with_context(|| format!("could not read the conversation {id}"))?;
    ensure!(
        !entries.is_empty(),
        "the conversation {id} was not recorded: set {SETTING},true in the bot's config.csv before it begins"
    );
    let head = Head {
        form: FORM,
        conversation: id,
    };
    let mut lines = vec![serde_json::to_string(&head)?];
    for entry in &entries {
        lines.push(serde_json::to_string(entry)?);
    }
    let text = lines.join("\n") + "\n";
    match out {
        Some(path) => std::fs::write(path, text).with_context(|| format!("could not write {}", path.display()))?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}
