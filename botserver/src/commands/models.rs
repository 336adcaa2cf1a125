//! `botserver models`: what there is, what can be had, and whether it is what it should be.

mod fetch;

use std::{fmt::Write as _, process::ExitCode};

use anyhow::{Context as _, anyhow};
use botserver_llm::{FileState, LlmService, ModelShelf, ShelfEntry, list_models};
use botstate::Config;

use super::print;
use crate::{cli::Models, compose};

pub(super) async fn run(command: Models, config: Config) -> anyhow::Result<ExitCode> {
    let shelf = ModelShelf::new(config.llm.models_dir.clone());
    match command {
        Models::List => list(&shelf, &config),
        Models::Fetch {
            name,
            url,
            sha256,
            file,
        } => {
            let own = url.zip(sha256).map(|(url, sha256)| fetch::Own { url, sha256, file });
            fetch::run(&shelf, &config, &name, own).await
        }
        Models::Verify { names } => verify(&shelf, &config, &names).await,
    }
}

fn list(shelf: &ModelShelf, config: &Config) -> anyhow::Result<ExitCode> {
    let folder = shelf.folder().display();
    let entries = shelf
        .list()
        .with_context(|| format!("could not read {folder}: check models_dir"))?;
    let mut text = format!("Models of this process, in {folder}\n");
    if !LlmService::runs_models() {
        text.push_str("(this server was built without them: build it with --features local-models)\n");
    }
    text.push_str("  hash-v1                   always there, needs no model\n");
    for entry in &entries {
        writeln!(text, "  {:<25} {}", entry.name, told(entry))?;
    }
    text.push_str("\nModels of providers: tokens of context, abilities, US dollars for a million tokens in and out\n");
    let own = compose::llm_config(config)?.catalogue;
    for model in list_models(own.as_deref()).map_err(|reason| anyhow!(reason))? {
        let facts = model.facts;
        let context = facts
            .context_tokens
            .map_or_else(|| "?".to_owned(), |tokens| tokens.to_string());
        let abilities: Vec<&str> = [
            (facts.tools, "tools"),
            (facts.vision, "vision"),
            (facts.reasoning, "reasoning"),
        ]
        .into_iter()
        .filter_map(|(has, name)| (has == Some(true)).then_some(name))
        .collect();
        let price = facts
            .price
            .map_or_else(|| "?".to_owned(), |price| format!("{} / {}", price.input, price.output));
        let line = format!(
            "  {:<11} {:<32} {context:>8}  {:<23} {price}",
            model.provider,
            model.model,
            abilities.join(" ")
        );
        writeln!(text, "{}", line.trim_end())?;
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What there is to say about a model of the shelf.
fn told(entry: &ShelfEntry) -> String {
    let licence = entry
        .licence
        .as_deref()
        .map(|name| format!("{name}, "))
        .unwrap_or_default();
    let wanted: u64 = entry.files.iter().filter_map(|file| file.bytes).sum();
    let state = match (entry.exists, entry.is_pinned, entry.files.len()) {
        (false, ..) => format!("{}, not there: botserver models fetch {}", size(wanted), entry.name),
        (true, _, 0) => format!("{}, no checksums", size(entry.bytes)),
        (true, _, count) if entry.present == count => format!("{}, there", size(entry.bytes)),
        (true, true, count) => format!(
            "{} of {count} files there: botserver models fetch {}",
            entry.present, entry.name
        ),
        (true, false, count) => format!("{} of {count} files there", entry.present),
    };
    format!("{licence}{state}")
}

/// A size for people.
fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1} MB")
}

async fn verify(shelf: &ModelShelf, config: &Config, names: &[String]) -> anyhow::Result<ExitCode> {
    let entries: Vec<ShelfEntry> = if names.is_empty() {
        let all = shelf
            .list()
            .with_context(|| format!("could not read {}: check models_dir", shelf.folder().display()))?;
        all.into_iter().filter(|entry| entry.exists).collect()
    } else {
        let find = |name: &String| shelf.find(name).map_err(|reason| anyhow!(reason));
        names.iter().map(find).collect::<Result<_, _>>()?
    };
    if entries.is_empty() {
        print(&format!("no models in {}\n", shelf.folder().display()))?;
    }
    let llm = botserver_llm::service(compose::llm_config(config)?, None);
    let mut is_well = true;
    for entry in &entries {
        is_well &= verify_one(shelf, &llm, entry).await?;
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a model is what it should be, told line by line.
async fn verify_one(shelf: &ModelShelf, llm: &LlmService, entry: &ShelfEntry) -> anyhow::Result<bool> {
    let mut is_well = true;
    let tell = |is_good: bool, what: &str| {
        let mark = if is_good { "ok  " } else { "FAIL" };
        print(&format!("{mark}  {:<25} {what}\n", entry.name)).map(|()| is_good)
    };
    if !entry.exists {
        return tell(false, "not there: botserver models fetch gets those that it knows");
    }
    if entry.files.is_empty() {
        tell(true, "no checksums to compare with")?;
    }
    for file in &entry.files {
        let (shelf, name, wanted) = (shelf.clone(), entry.name.clone(), file.clone());
        let state = tokio::task::spawn_blocking(move || shelf.check(&name, &wanted)).await?;
        is_well &= match state {
            Ok(FileState::Same) => tell(true, &format!("{} is what it should be", file.file))?,
            Ok(FileState::Missing) => tell(false, &format!("{} is missing: fetch the model again", file.file))?,
            Ok(FileState::Different) => tell(
                false,
                &format!(
                    "{} is not what it should be: delete it and fetch the model again",
                    file.file
                ),
            )?,
            Err(reason) => tell(false, &reason)?,
        };
    }
    if !is_well {
        return Ok(false);
    }
    if !LlmService::runs_models() {
        return tell(true, "not run: this server was built without local models");
    }
    match llm.probe(&entry.name).await {
        Ok(what) => tell(true, &what),
        Err(reason) => tell(false, &reason),
    }
}
