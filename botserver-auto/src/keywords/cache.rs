//! `CACHE SET key, value, seconds` and `CACHE GET key`: values that may vanish at any time.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
    shared::{Cache, SharedError},
};

use super::memory;

/// How long a value stays when no time is given.
const USUAL: Duration = Duration::from_hours(1);

/// The longest that a value may stay.
const LONGEST: Duration = Duration::from_hours(30 * 24);

pub(super) fn keywords(cache: &Arc<dyn Cache>) -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "CACHE SET",
            shapes: &["key, value, seconds", "key, value"],
            class: Class::External,
            summary: "Keeps a value for all conversations of the bot, for so many seconds (an hour unless said otherwise).",
            example: "CACHE SET \"rate\", 1.08, 600\nTALK CACHE GET \"rate\"",
            handler: Some(Arc::new(Set(Arc::clone(cache)))),
        },
        Keyword {
            phrase: "CACHE GET",
            shapes: &["key"],
            class: Class::External,
            summary: "What CACHE SET kept under a key; null when it is not there any more.",
            example: "rate = CACHE GET \"rate\"\nIF rate IS NULL THEN\n  rate = 1.08\nEND IF\nTALK rate",
            handler: Some(Arc::new(Get(Arc::clone(cache)))),
        },
    ]
}

struct Set(Arc<dyn Cache>);

#[async_trait]
impl Handler for Set {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let key = key(turn, &mut args)?;
        let value = args.take("value");
        if value.is_null() {
            self.0.remove(&key).await.map_err(away)?;
            return Ok(Value::Null);
        }
        memory::check(&value)?;
        let ttl = if args.has("seconds") {
            seconds(args.number("seconds")?)?
        } else {
            USUAL
        };
        let bytes = serde_json::to_vec(&value)
            .map_err(|error| Fault::new(FaultKind::Argument, format!("the value cannot be kept: {error}")))?;
        self.0.set(&key, bytes.into(), ttl).await.map_err(away)?;
        Ok(Value::Null)
    }
}

struct Get(Arc<dyn Cache>);

#[async_trait]
impl Handler for Get {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let key = key(turn, &mut args)?;
        // A cache that is away has nothing: that is what scripts must expect of it anyway.
        let found = self.0.get(&key).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "CACHE GET found no cache");
            None
        });
        Ok(found
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default())
    }
}

fn key(turn: &dyn Turn, args: &mut Args) -> Result<String, Fault> {
    let key = memory::checked_key(&args.text("key")?)?;
    let (org, bot) = memory::space(turn);
    Ok(format!("script:{org}:{bot}:{key}"))
}

fn seconds(seconds: f64) -> Result<Duration, Fault> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| !time.is_zero() && *time <= LONGEST)
        .ok_or_else(|| {
            Fault::new(
                FaultKind::Argument,
                format!("a value cannot be cached for {seconds} seconds"),
            )
            .hint(format!(
                "from a second to {} days are possible",
                LONGEST.as_secs() / 86_400
            ))
        })
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for map_err")]
fn away(error: SharedError) -> Fault {
    Fault::new(FaultKind::Network, format!("could not cache the value: {error}"))
}
