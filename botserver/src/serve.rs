//! `botserver serve`: answer until told to stop.

use std::process::ExitCode;

use anyhow::Context;
use botserver_core::{ServeOptions, bind, serve, telemetry};
use botstate::Config;

use crate::compose;

pub(crate) async fn run(mut config: Config) -> anyhow::Result<ExitCode> {
    telemetry::init(&config.log)?;
    // The port first: when it is taken, nothing else should have happened.
    let listener = bind(config.http.host, config.http.port)?;
    let address = listener.local_addr().context("could not tell the address")?;
    // Links that the server makes name the port that it really got.
    config.http.port = address.port();
    let server = compose::server(config).await?;
    let state = server.state;
    if let Some(backup) = &server.migrated.backup {
        tracing::info!(
            "the database was brought up to date; as it was before it is in {}",
            backup.display()
        );
    }
    let config = &state.config;
    let url = config.public_url();
    tracing::info!(database = state.db.kind(), "serving {url}");
    if let Some(link) = &server.claim {
        announce(&url, link);
    }
    let serving = state.lifecycle.spawn(serve(
        listener,
        server.app.router,
        ServeOptions::from(&config.http),
        state.lifecycle.clone(),
    ));
    stop_signal().await.context("could not listen for signals")?;
    tracing::info!("finishing what runs");
    let is_clean = state.lifecycle.shutdown(config.http.drain_timeout).await;
    serving.await.context("the server broke off")?;
    if !is_clean {
        tracing::warn!("some work did not finish within {:?}", config.http.drain_timeout);
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows the administrator's link, which logs must not keep, to whoever watches the terminal.
fn announce(url: &str, link: &str) {
    use std::io::Write;
    let text = format!(
        "\n  {url}\n\n  The administrator has no password yet. Open this link within a day to set one; it works once:\n  {link}\n\n"
    );
    // When the terminal is gone, `botserver user add` makes another link.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Waits for Ctrl-C or the signal with which service managers stop programs.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
