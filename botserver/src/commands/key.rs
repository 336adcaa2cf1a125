//! `botserver key`: API keys from the command line.

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Context;
use botlib::Permission;
use botserver_auth::{ApiKey, AuthService, NewKey};
use botstate::Config;
use chrono::TimeDelta;

use super::print;
use crate::{cli::Key, compose};

pub(super) async fn run(command: Key, config: Config) -> anyhow::Result<ExitCode> {
    let bots_dir = config.bots_dir.clone();
    let state = compose::base(config).await?.state;
    let auth = AuthService::start(&state).await?;
    let text = match command {
        Key::New {
            person,
            name,
            bots,
            permissions,
            days,
        } => {
            let permissions = permissions
                .iter()
                .map(|name| permission(name))
                .collect::<Result<_, _>>()?;
            let new = NewKey {
                name,
                permissions,
                bots: (!bots.is_empty()).then_some(ids(&bots_dir, state.org, bots)?),
                lasts: Some(TimeDelta::days(days.into())),
            };
            let (key, token) = auth.create_key_of(&person, new).await?;
            format!("{}\n{}\n", line(&key), token.expose())
        }
        Key::List { person } => {
            let keys = auth.list_keys_of(&person).await?;
            keys.iter().fold(String::new(), |mut text, key| {
                let _ = writeln!(text, "{}", line(key));
                text
            })
        }
        Key::Revoke { id } => {
            auth.revoke_any_key(id.parse()?).await?;
            format!("{id} is revoked\n")
        }
    };
    print(&text)?;
    state.lifecycle.shutdown(std::time::Duration::from_secs(1)).await;
    Ok(ExitCode::SUCCESS)
}

/// Ids of bots in place of their names.
#[cfg(feature = "auto")]
fn ids(folder: &std::path::Path, org: botlib::OrgId, names: Vec<String>) -> anyhow::Result<Vec<String>> {
    let id = |name: String| {
        let package = folder.join(format!("{name}.gbai"));
        anyhow::ensure!(
            package.is_dir(),
            "there is no bot {name}: {} is no folder",
            package.display()
        );
        Ok(botserver_auto::bot_id(org, &name).to_string())
    };
    names.into_iter().map(id).collect()
}

/// Without packages bots are known by their ids only.
#[cfg(not(feature = "auto"))]
#[expect(clippy::unnecessary_wraps, reason = "like its namesake")]
fn ids(_folder: &std::path::Path, _org: botlib::OrgId, names: Vec<String>) -> anyhow::Result<Vec<String>> {
    Ok(names)
}

fn permission(name: &str) -> anyhow::Result<Permission> {
    let found = Permission::ALL.into_iter().find(|known| known.name() == name);
    found.with_context(|| {
        let known: Vec<_> = Permission::ALL.iter().map(|known| known.name()).collect();
        format!("{name} is not a permission: there are {}", known.join(", "))
    })
}

fn line(key: &ApiKey) -> String {
    let permissions: Vec<_> = key.permissions.iter().map(|permission| permission.name()).collect();
    let bots = match &key.bots {
        None => "every bot".to_owned(),
        Some(bots) => bots.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    let seen = key.seen_at.map_or_else(
        || "never used".to_owned(),
        |seen| format!("used {}", seen.format("%F %R")),
    );
    format!(
        "{}  {}  {}  {bots}  until {}  {seen}",
        key.id,
        key.name,
        permissions.join(" "),
        key.expires_at.format("%F")
    )
}
