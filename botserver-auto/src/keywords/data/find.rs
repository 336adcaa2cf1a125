//! FIND and GET LAST.

use std::{sync::Arc, time::Duration};

use botlib::{Clock as _, SystemClock, Value};
use botstate::{
    dialog::{Env, Fault},
    keyword::{Args, Turn},
};
use chrono::{DateTime, FixedOffset};

use super::{
    Data,
    arguments::{limit, order, refuse_connection},
    source::Source,
};
use crate::{
    basic::{dates, run},
    filter::Filter,
    tables::{Rows, Wanted},
};

impl Data {
    pub(super) async fn find(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        refuse_connection(turn, &mut args)?;
        let source = Source::of(turn, args.take("source"))?;
        let mut wanted = Wanted::of(Filter::parse(&args.take("filter"))?);
        let mut one = args.take("first").is_true();
        if args.has("field") {
            let field = args.text("field")?;
            wanted.filter = Filter::equals(field.trim(), &args.take("value"));
            one = true;
        }
        if args.has("order") {
            wanted.order = order(&args.text("order")?);
        }
        wanted.limit = limit(&mut args)?;
        if one {
            wanted.limit = Some(1);
        }
        let rows = self.rows(turn, source, wanted).await?;
        Ok(if one { first(rows) } else { list(rows) })
    }

    pub(super) async fn last(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let source = Source::target(turn, args.take("source"))?;
        let wanted = Wanted {
            newest: true,
            limit: Some(1),
            ..Wanted::of(Filter::all())
        };
        Ok(first(self.rows(turn, source, wanted).await?))
    }
}

/// Rows as a value.
pub(super) fn list(rows: Rows) -> Value {
    Value::List(rows.into_iter().map(Value::Map).collect())
}

fn first(rows: Rows) -> Value {
    rows.into_iter().next().map_or(Value::Null, Value::Map)
}

/// The present moment in the bot's zone, in which dates are read while the guard lives.
pub(super) fn clock(turn: &dyn Turn) -> (run::Guard, DateTime<FixedOffset>) {
    let settings = &turn.bot().settings;
    let env = Env {
        now: SystemClock.now(),
        zone: settings.get("timezone").unwrap_or("UTC").to_owned(),
        locale: settings.get("locale").unwrap_or("en").to_owned(),
        seed: 0,
        names: Arc::default(),
    };
    let guard = run::enter(&env, 0, u64::MAX, Duration::from_mins(1));
    (guard, dates::now())
}
