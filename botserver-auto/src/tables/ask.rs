//! Questions of readers: one SELECT over the tables that a reader may read, and nothing else.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use botlib::{Caller, Value, value::Map};
use botstate::{
    dialog::{Bot, Fault, FaultKind},
    rows::{Selected, TableOutline, TableQueries},
};

use super::{Ask, Roles, Tables, Terms, Wanted};
use crate::{
    filter::Filter,
    query::{Query, Source},
};

/// Characters of a query.
const LONGEST: usize = 4_000;

/// Rows of an answer.
const MOST_ROWS: usize = 100;

impl Ask {
    /// What `reader` may see of the bot's tables.
    fn of_reader(bot: &Arc<Bot>, reader: &Caller) -> Self {
        Self {
            bot: Arc::clone(bot),
            terms: Terms {
                roles: Roles::of(reader),
                open: false,
                key: String::new(),
                watched: Vec::new(),
                depth: 0,
            },
        }
    }
}

#[async_trait]
impl TableQueries for Tables {
    async fn outlines(&self, bot: &Arc<Bot>, reader: &Caller) -> Result<Vec<TableOutline>, Fault> {
        self.read(Ask::of_reader(bot, reader), |work| {
            let mut outlines = work.outlines()?;
            // A table without a column that the reader may read can be asked nothing.
            outlines.retain(|outline| !outline.columns.is_empty());
            Ok(outlines)
        })
        .await
    }

    async fn select(&self, bot: &Arc<Bot>, reader: &Caller, query: &str) -> Result<Selected, Fault> {
        let (query, names) = read(query)?;
        self.read(Ask::of_reader(bot, reader), move |work| {
            let outlines = work.outlines()?;
            check(&query, &names, &outlines)?;
            let mut sources = Vec::new();
            for name in &names {
                sources.push(work.find(name, &Wanted::of(Filter::all()))?.unwrap_or_default());
            }
            let now = work.now();
            let mut rows = query.run(sources, &Map::new(), &now)?;
            let is_cut = rows.len() > MOST_ROWS;
            rows.truncate(MOST_ROWS);
            Ok(Selected {
                tables: names,
                rows,
                is_cut,
            })
        })
        .await
    }
}

/// The query and the names of its tables. Data files, connections and values are no tables.
fn read(text: &str) -> Result<(Query, Vec<String>), Fault> {
    let refused = |message: &str| Fault::new(FaultKind::Argument, message);
    let text = text.trim().trim_end_matches(';').trim_end();
    if text.len() > LONGEST {
        return Err(refused("the query is too long"));
    }
    let word = text.split_whitespace().next().unwrap_or_default();
    if !word.eq_ignore_ascii_case("SELECT") {
        return Err(refused("only one SELECT can be asked"));
    }
    let query = Query::parse(&Value::List(vec![Value::text(text)]))?;
    let names = query.tables().iter().map(|table| match &table.source {
        Source::Name(name) if !name.contains(['.', '/', '\\']) => Ok(name.clone()),
        _ => Err(refused("a query can only ask tables of the bot by their names")),
    });
    let names = names.collect::<Result<Vec<_>, _>>()?;
    Ok((query, names))
}

/// Refuses names that the reader knows nothing of, whether there is such a thing or not.
fn check(query: &Query, names: &[String], outlines: &[TableOutline]) -> Result<(), Fault> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for (name, table) in names.iter().zip(query.tables()) {
        let outline = outlines.iter().find(|outline| outline.name.eq_ignore_ascii_case(name));
        let Some(outline) = outline else {
            return Err(Fault::new(FaultKind::NotFound, format!("there is no table {name}")));
        };
        for (column, _) in &outline.columns {
            known.insert(column.to_lowercase());
            known.insert(format!("{}.{column}", table.alias).to_lowercase());
        }
    }
    for column in query.columns() {
        let name = column.to_lowercase();
        // What lies inside of an object or a list belongs to its column.
        let is_inner = |other: &String| {
            name.strip_prefix(other.as_str())
                .is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        if !known.contains(&name) && !known.iter().any(is_inner) {
            return Err(Fault::new(FaultKind::NotFound, format!("there is no column {column}")));
        }
    }
    Ok(())
}
