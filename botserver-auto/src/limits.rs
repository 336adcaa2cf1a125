//! How much scripts of a bot may do: what the operator allows, and less where `config.csv` says so.

use std::time::Duration;

use botstate::{config::ScriptConfig, dialog::Settings};

use crate::basic::Limits;

/// The limits of a bot with these settings: `script-cpu` (seconds), `script-operations`, `script-steps`, `script-depth`,
/// `script-output-bytes` and `script-state-bytes`. A bot can lower them, never raise them.
pub(crate) fn of(bot: &Settings, operator: ScriptConfig) -> Limits {
    let usual = Limits::default();
    let steps = at_most(bot, "script-steps", operator.steps);
    Limits {
        operations: at_most(bot, "script-operations", operator.operations),
        time: bot
            .parse("script-cpu")
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .map_or(operator.cpu, |wanted| wanted.min(operator.cpu)),
        depth: at_most(bot, "script-depth", usual.depth),
        says: steps,
        output_bytes: at_most(bot, "script-output-bytes", usual.output_bytes),
        calls: steps,
        state_bytes: at_most(bot, "script-state-bytes", usual.state_bytes),
    }
}

fn at_most<T: Ord + Copy + std::str::FromStr>(bot: &Settings, name: &str, most: T) -> T {
    bot.parse(name).map_or(most, |wanted: T| wanted.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_lowers_its_limits_and_cannot_raise_them() {
        let operator = ScriptConfig {
            cpu: Duration::from_secs(5),
            operations: 1000,
            steps: 50,
        };
        let settings = [
            ("script-cpu", "0.5"),
            ("script-operations", "999999"),
            ("script-steps", "7"),
            ("script-depth", "none"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));

        let limits = of(&Settings::new(settings), operator);

        assert_eq!(limits.time, Duration::from_millis(500));
        assert_eq!((limits.operations, limits.says, limits.calls), (1000, 7, 7));
        assert_eq!(limits.depth, Limits::default().depth);
    }
}
