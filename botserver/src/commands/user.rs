//! `botserver user`: people from the command line.

use std::process::ExitCode;

use anyhow::Context;
use botlib::Role;
use botstate::Config;

use super::print;
use crate::{cli::User, compose};

pub(super) async fn run(command: User, config: Config) -> anyhow::Result<ExitCode> {
    let User::Add { email, name, role } = command;
    let role = Role::ALL
        .into_iter()
        .find(|known| known.name() == role && *known != Role::Visitor)
        .with_context(|| format!("{role} is not a role: member, operator, manager, admin or server_admin"))?;
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
    let base = compose::base(config).await?;
    let auth = botserver_auth::AuthService::start(&base.state).await?;
    let link = auth.create_person(&email, &name, role).await?;
    print(&format!(
        "{name} may sign in as {email} after opening this link, once and within a day:\n{}\n",
        link.url.expose()
    ))?;
    base.state.lifecycle.shutdown(std::time::Duration::from_secs(1)).await;
    Ok(ExitCode::SUCCESS)
}
