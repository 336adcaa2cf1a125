//! Logs: lines for people at a terminal, JSON for machines.

use std::panic::PanicHookInfo;

use botstate::config::LogConfig;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Logs could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not understood.
    #[error("could not understand the log filter {0:?}; write it as in info,botserver_chat=debug")]
    Filter(String, #[source] tracing_subscriber::filter::ParseError),
    /// Logs go somewhere else already.
    #[error("could not set up logs: they were set up before")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Sends logs to standard error, as `config` says, and panics with them. Once in a process.
///
/// # Errors
/// When the filter is wrong or logs were set up before.
pub fn init(config: &LogConfig) -> Result<(), TelemetryError> {
    let filter =
        EnvFilter::try_new(&config.filter).map_err(|error| TelemetryError::Filter(config.filter.clone(), error))?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let done = if config.json {
        registry
            .with(
                lines
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false),
            )
            .try_init()
    } else {
        let has_colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
        registry
            .with(lines.with_target(false).with_ansi(has_colours))
            .try_init()
    };
    done.map_err(TelemetryError::Twice)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or("no message");
    tracing::error!(panic.place = place, "panicked: {message}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_filter_is_explained() {
        let config = LogConfig {
            json: false,
            filter: "info,a=b=c".to_owned(),
        };

        let error = init(&config).unwrap_err();

        assert!(
            error.to_string().contains("write it as in info,botserver_chat=debug"),
            "{error}"
        );
    }
}
