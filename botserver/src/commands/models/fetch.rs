//! Fetching the files of a model: each beside its place until its digest is right, then moved there at once.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, anyhow, bail};
use botserver_core::outbound::Outbound;
use botserver_llm::{FileState, ModelFile, ModelShelf, sha256_of};
use botstate::Config;

use super::{print, size};
use crate::compose;

/// A file that the operator names.
pub(super) struct Own {
    pub(super) url: String,
    pub(super) sha256: String,
    pub(super) file: Option<String>,
}

pub(super) async fn run(shelf: &ModelShelf, config: &Config, name: &str, own: Option<Own>) -> anyhow::Result<ExitCode> {
    let entry = shelf.find(name).map_err(|reason| anyhow!(reason))?;
    let outbound = compose::guarded(config, None)?;
    if let Some(own) = own {
        let file = own.into_file()?;
        fetch(&outbound, shelf, &entry.name, &file).await?;
        if !entry.is_pinned {
            shelf
                .remember(&entry.name, &file.file, &file.sha256)
                .map_err(|reason| anyhow!(reason))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !entry.is_pinned {
        bail!(
            "{name} is none of the models that can be fetched by name: see botserver models list, or give --url and \
             --sha256 for each of its files (config.json, tokenizer.json, model.safetensors)"
        );
    }
    for file in &entry.files {
        fetch(&outbound, shelf, &entry.name, file).await?;
    }
    print(&format!(
        "{} is in {}; embedding-model,{} in a bot's config.csv uses it\n",
        entry.name,
        shelf.folder().join(&entry.name).display(),
        entry.name
    ))?;
    Ok(ExitCode::SUCCESS)
}

impl Own {
    fn into_file(self) -> anyhow::Result<ModelFile> {
        let sha256 = self.sha256.trim().to_ascii_lowercase();
        if sha256.len() != 64 || !sha256.chars().all(|c| c.is_ascii_hexdigit()) {
            bail!("--sha256 must have 64 hexadecimal digits");
        }
        let last = || {
            let path = self.url.split(['?', '#']).next().unwrap_or_default();
            path.rsplit('/').next().unwrap_or_default().to_owned()
        };
        Ok(ModelFile {
            file: self.file.clone().unwrap_or_else(last),
            bytes: None,
            sha256,
            url: Some(self.url),
        })
    }
}

/// Brings one file to its place, unless it is there already.
async fn fetch(outbound: &Outbound, shelf: &ModelShelf, name: &str, file: &ModelFile) -> anyhow::Result<()> {
    let place = shelf.path(name, &file.file).map_err(|reason| anyhow!(reason))?;
    let told = |what: &str| print(&format!("{name}/{} {what}\n", file.file));
    let (same, wanted, model) = (shelf.clone(), file.clone(), name.to_owned());
    let state = tokio::task::spawn_blocking(move || same.check(&model, &wanted)).await?;
    if state.map_err(|reason| anyhow!(reason))? == FileState::Same {
        return told("is there");
    }
    let url = file.url.as_deref().context("the file has no address")?;
    // Queries hold signatures and tokens: they do not belong into messages.
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let folder = place.parent().context("the file has no folder")?;
    fs::create_dir_all(folder).with_context(|| format!("could not make {}: check models_dir", folder.display()))?;
    let part = part_of(&place);
    load(outbound, url, &part, file.bytes)
        .await
        .with_context(|| format!("could not fetch {shown}; what came is kept, and the next try goes on from there"))?;
    let read = part.clone();
    let (digest, bytes) = tokio::task::spawn_blocking(move || sha256_of(&read)).await??;
    if digest != file.sha256 {
        // It would be wrong the next time as well.
        fs::remove_file(&part).with_context(|| format!("could not remove {}", part.display()))?;
        bail!(
            "{shown} gave a file with the SHA-256 {digest} instead of {}: it was thrown away",
            file.sha256
        );
    }
    fs::rename(&part, &place).with_context(|| format!("could not move {} to its place", part.display()))?;
    told(&format!("fetched, {}", size(bytes)))
}

/// Where a file lies until it is whole.
fn part_of(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Writes the answer behind what an earlier try has left.
async fn load(outbound: &Outbound, url: &str, part: &Path, wanted: Option<u64>) -> anyhow::Result<()> {
    let mut there = fs::metadata(part).map_or(0, |metadata| metadata.len());
    if wanted.is_some_and(|wanted| there >= wanted) {
        there = 0;
    }
    let mut download = outbound.download(url, there).await?;
    // The server has no such part: what is there is of another file.
    if download.status.as_u16() == 416 && there > 0 {
        there = 0;
        download = outbound.download(url, 0).await?;
    }
    let mut file = match download.status.as_u16() {
        206 if there > 0 => OpenOptions::new().append(true).open(part)?,
        200 => {
            there = 0;
            File::create(part)?
        }
        _ => bail!("the server answered {}", download.status),
    };
    while let Some(piece) = download.piece().await? {
        there += piece.len() as u64;
        if wanted.is_some_and(|wanted| there > wanted) {
            drop(file);
            fs::remove_file(part)?;
            bail!(
                "the server sends more than the {} bytes that the file has",
                wanted.unwrap_or_default()
            );
        }
        file.write_all(&piece)?;
    }
    file.sync_all()?;
    Ok(())
}
