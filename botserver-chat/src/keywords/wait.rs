//! Pauses.

use std::time::Duration;

use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Keyword, Turn},
};

use super::{Answer, act};

/// The longest pause.
const LONGEST: Duration = Duration::from_mins(5);

pub(super) fn keywords() -> Vec<Keyword> {
    vec![Keyword {
        phrase: "WAIT",
        shapes: &["seconds"],
        class: Class::Wait,
        summary: "Pauses for some seconds, 300 at most; a number above 300 is taken for milliseconds.",
        example: "WAIT 0.1",
        handler: Some(act(wait)),
    }]
}

fn wait(turn: &mut dyn Turn, mut args: Args) -> Answer<'_> {
    Box::pin(async move {
        let number = args.number("seconds")?;
        let seconds = if number > LONGEST.as_secs_f64() {
            number / 1000.0
        } else {
            number
        };
        let pause = Duration::try_from_secs_f64(seconds)
            .map_err(|_negative| {
                Fault::new(
                    FaultKind::Argument,
                    "WAIT needs a number of seconds that is not negative",
                )
            })?
            .min(LONGEST);
        let cancelled = turn.cancelled();
        match cancelled.run_until_cancelled(tokio::time::sleep(pause)).await {
            Some(()) => Ok(Value::Null),
            None => Err(Fault::new(FaultKind::Stopped, "the person stopped the dialog")),
        }
    })
}
