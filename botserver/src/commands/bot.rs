//! `botserver bot`: check and run dialogs without a server.

#[cfg(feature = "chat")]
mod record;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    sync::Arc,
};

use botlib::{Value, value::Map};
use botserver_auto::cli::{self, CheckOptions, FmtOptions, RunOptions, Taping};
use botstate::{Config, keyword::Registry};

use crate::cli::Bot;
#[cfg(feature = "llm")]
use crate::compose;

pub(super) async fn run(command: Bot, config: Config) -> anyhow::Result<ExitCode> {
    let registry = Arc::new(keywords(&config)?);
    let code = match command {
        #[cfg(feature = "chat")]
        Bot::Record { conversation, out } => return record::run(conversation, out.as_deref(), config).await,
        #[cfg(feature = "trial")]
        Bot::Test(options) => return crate::trial::run(options, &config).await,
        Bot::New { name } => cli::new(&config.bots_dir, &name, &mut io::stdout()),
        Bot::Check { paths, json } => {
            let paths = if paths.is_empty() { vec![config.bots_dir] } else { paths };
            let options = CheckOptions {
                json,
                color: io::stdout().is_terminal(),
            };
            cli::check(&paths, &registry, options, &mut io::stdout())
        }
        Bot::Fmt { paths, check, stdout } => {
            let paths = if paths.is_empty() { vec![config.bots_dir] } else { paths };
            let options = FmtOptions {
                check,
                stdout,
                color: io::stdout().is_terminal(),
            };
            cli::fmt(&paths, &registry, options, &mut io::stdout())
        }
        Bot::Run {
            path,
            script,
            arguments,
            record,
            replay,
        } => {
            let args = arguments
                .iter()
                .map(|argument| pair(argument))
                .collect::<Result<Map, _>>()?;
            let options = RunOptions {
                path,
                script,
                args,
                limits: config.script,
                taping: match (record, replay) {
                    (Some(path), _) => Taping::Record(path),
                    (None, Some(path)) => Taping::Replay(path),
                    (None, None) => Taping::Off,
                },
            };
            cli::run(
                options,
                registry,
                &mut io::BufReader::new(io::stdin()),
                &mut io::stdout(),
            )
            .await
        }
        Bot::Lsp => cli::lsp(&registry, io::stdin(), &mut io::stdout()),
        Bot::Dap => cli::dap(registry, config.script, io::stdin(), &mut io::stdout()).await,
        Bot::Manual { out, grammar } => cli::manual(&registry, &out, grammar.as_deref(), &mut io::stdout()),
    };
    Ok(ExitCode::from(code))
}

fn pair(argument: &str) -> anyhow::Result<(String, Value)> {
    match argument.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), Value::text(value))),
        None => anyhow::bail!("--arg {argument}: write it as name=value"),
    }
}

/// The keywords of every domain, over what a terminal has.
pub(crate) fn keywords(config: &Config) -> anyhow::Result<Registry> {
    let mut registry = Registry::new();
    let outbound = botserver_auto::outbound(config.http.allow_private.clone())?;
    for keyword in cli::terminal_keywords(&outbound) {
        registry.register(keyword);
    }
    #[cfg(feature = "llm")]
    botserver_llm::service(compose::llm_config(config)?, None).register(&mut registry);
    #[cfg(feature = "chat")]
    for keyword in botserver_chat::keywords() {
        registry.register(keyword);
    }
    #[cfg(feature = "gateway")]
    for keyword in botserver_gateway::keywords(&compose::mcp_client(config, None)?) {
        registry.register(keyword);
    }
    #[cfg(feature = "auth")]
    for keyword in botserver_auth::keywords(&botstate::run::Late::default()) {
        registry.register(keyword);
    }
    #[cfg(feature = "tasks")]
    for keyword in botserver_tasks::known_keywords() {
        registry.register(keyword);
    }
    #[cfg(feature = "vectordb")]
    for keyword in botserver_vectordb::known_keywords() {
        registry.register(keyword);
    }
    Ok(registry)
}
