//! QUERY.

use botlib::{Value, value::Map};
use botstate::{
    dialog::Fault,
    keyword::{Args, Turn},
};

use super::{
    Data,
    find::{clock, list},
    source::{Source, no_connection},
};
use crate::{
    filter::Filter,
    query::{self, Query},
    tables::Wanted,
};

impl Data {
    pub(super) async fn query(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        if args.has("connection") {
            let name = args.text("connection")?;
            return Err(no_connection(&turn.bot().settings, name.trim()));
        }
        let query = Query::parse(&args.take("sql"))?;
        let mut loaded = Vec::new();
        for table in query.tables() {
            let name = match &table.source {
                query::Source::Name(name) => Value::text(name.as_str()),
                query::Source::Value(value) => value.clone(),
            };
            let source = Source::target(turn, name)?;
            loaded.push(self.rows(turn, source, Wanted::of(Filter::all())).await?);
        }
        let (_run, now) = clock(turn);
        query.run(loaded, &Map::new(), &now).map(list)
    }
}
