//! Keywords that compute with rows, wherever they come from: variables, tables, data files.

mod pivot;
mod shape;
mod source;
mod template;

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};

pub(crate) use source::{Sources, clock, text_of};

use crate::{
    basic::{tabular, value::from_value},
    filter::Filter,
    query::{self, Operator, Query},
};

/// What is done with rows.
#[derive(Debug, Clone, Copy)]
enum Act {
    Filter,
    Map,
    Aggregate,
    Join,
    Group,
    Pivot,
    Sort,
    Fill,
    Select,
}

struct Rows {
    sources: Sources,
    act: Act,
}

pub(super) fn keywords(sources: &Sources) -> Vec<Keyword> {
    let keyword = |phrase, shapes, act, summary, example| Keyword {
        phrase,
        shapes,
        class: Class::Read,
        summary,
        example,
        handler: Some(Arc::new(Rows {
            sources: sources.clone(),
            act,
        })),
    };
    vec![
        keyword(
            "FILTER",
            &["@source, %filter", "@source WHERE ?filter"],
            Act::Filter,
            "The rows for which a condition holds.",
            "orders = [{ id: 1, total: 5 }, { id: 2, total: 50 }]\nlarge = FILTER orders, \"total > 10\"\nTALK large.id",
        ),
        keyword(
            "MAP",
            &["@source, %with", "@source WITH ~with"],
            Act::Map,
            "The rows with renamed columns (`\"old->new\"`), or one value for each row: a column or an expression.",
            "people = [{ name: \"Ana\" }, { name: \"Bo\" }]\nnames = MAP people, \"name\"\nTALK JOIN(names, \", \")",
        ),
        keyword(
            "AGGREGATE",
            &[
                "@first, @second[, %third[, %fourth]]",
                "@source !SUM $field[ WHERE ?filter]",
                "@source !AVG $field[ WHERE ?filter]",
                "@source !AVERAGE $field[ WHERE ?filter]",
                "@source !MIN $field[ WHERE ?filter]",
                "@source !MAX $field[ WHERE ?filter]",
                "@source !COUNT[ WHERE ?filter]",
            ],
            Act::Aggregate,
            "SUM, AVG, COUNT, MIN or MAX of a column.",
            "orders = [{ total: 5 }, { total: 2.5 }]\nTALK AGGREGATE \"SUM\", orders, \"total\"",
        ),
        keyword(
            "JOIN",
            &["@left, @right, key", "@left, @right", "@left WITH @right ON $on"],
            Act::Join,
            "The rows of two sources that have the same value in a column, each pair as one row.",
            "orders = [{ customer: 7, total: 5 }]\npeople = [{ customer: 7, name: \"Ana\" }]\nboth = JOIN orders, people, \"customer\"\nTALK both.name",
        ),
        keyword(
            "GROUP BY",
            &["@source, field[, aggregates]", "@source ON field"],
            Act::Group,
            "The rows by the value of a column: an object with the rows of each value, or with aggregates rows of sums.",
            "orders = [{ state: \"open\", total: 5 }, { state: \"paid\", total: 2 }]\ngroups = GROUP BY orders, \"state\"\nTALK groups.open.total",
        ),
        keyword(
            "PIVOT",
            &[
                "@source, row, column, value, aggregate",
                "@source, row, column, value",
                "@source, row, value",
                "@source ROWS $row COLUMNS $column VALUES $value",
            ],
            Act::Pivot,
            "A table with a row for each value of one column and a column for each value of another.",
            "sales = [{ day: 1, item: \"tea\", n: 2 }, { day: 1, item: \"cake\", n: 3 }]\ntable = PIVOT sales, \"day\", \"item\", \"n\"\nTALK table.cake",
        ),
        keyword(
            "SORT",
            &[
                "@source BY @field[ !DESC][ !ASC]",
                "@source BY $order",
                "@source, field, direction",
                "@source, field",
                "@source",
            ],
            Act::Sort,
            "The rows in the order of a column.",
            "items = [{ n: 2 }, { n: 1 }]\nsorted = SORT items BY \"n\" ASC\nTALK sorted.n",
        ),
        keyword(
            "FILL",
            &["@rows, template[ TO path]"],
            Act::Fill,
            "A template with its `{{name}}` filled in, once for each row.",
            "people = [{ name: \"Ana\" }]\nletters = FILL people, { text: \"Dear {{name}}\" }\nTALK letters.text",
        ),
        keyword(
            "SELECT",
            &["~query"],
            Act::Select,
            "What a query finds in variables, tables and data files.",
            "orders = [{ state: \"open\", total: 5 }, { state: \"open\", total: 2 }]\nopen = SELECT SUM(total) AS sum FROM orders WHERE state = 'open'\nTALK open.sum",
        ),
    ]
}

#[async_trait]
impl Handler for Rows {
    async fn call(&self, turn: &mut dyn Turn, args: Args) -> Result<Value, Fault> {
        match self.act {
            Act::Filter => self.filter(turn, args).await,
            Act::Map => self.map(turn, args).await,
            Act::Aggregate => self.aggregate(turn, args).await,
            Act::Join => self.join(turn, args).await,
            Act::Group => self.group(turn, args).await,
            Act::Pivot => self.pivot(turn, args).await,
            Act::Sort => self.sort(turn, args).await,
            Act::Fill => self.fill(turn, args).await,
            Act::Select => self.select(turn, args).await,
        }
    }
}

fn list(rows: Vec<Map>) -> Value {
    Value::List(rows.into_iter().map(Value::Map).collect())
}

fn misfit(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Argument, message)
}

impl Rows {
    async fn rows(&self, turn: &mut dyn Turn, args: &mut Args, name: &str) -> Result<Vec<Map>, Fault> {
        let source = args.take(name);
        self.sources.load(turn, source).await
    }

    async fn filter(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let values = self.sources.items(turn, args.take("source")).await?;
        let filter = Filter::parse(&args.take("filter"))?;
        let (_run, now) = clock(turn);
        let kept = values.into_iter().filter(|value| match value {
            Value::Map(row) => filter.matches(row, &now),
            // A list of plain values is filtered by them: `value > 3`, `item > 3`.
            other => filter.matches(&plain_row(other), &now),
        });
        Ok(Value::List(kept.collect()))
    }

    async fn map(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let values = self.sources.items(turn, args.take("source")).await?;
        let with = args.take("with");
        let outer = match args.take("rows") {
            Value::Map(names) => names,
            _ => Map::new(),
        };
        let (_run, now) = clock(turn);
        shape::map(values, &with, &outer, &now)
    }

    async fn aggregate(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        if args.has("source") {
            let operators = ["SUM", "AVG", "AVERAGE", "MIN", "MAX", "COUNT"];
            let named = operators.into_iter().find(|name| args.has(&name.to_lowercase()));
            let operator = named.and_then(Operator::find).unwrap_or(Operator::Count);
            let field = source::words(&args.take("field"));
            let filter = args.take("filter");
            let rows = self.rows(turn, &mut args, "source").await?;
            return shape::aggregate(turn, operator, rows, field.as_deref(), &filter);
        }
        let [first, second, third, fourth] = ["first", "second", "third", "fourth"].map(|name| args.take(name));
        let operator_of = |value: &Value| source::name_or_text(value).and_then(|text| Operator::find(&text));
        if let Some(operator) = operator_of(&first) {
            let rows = self.sources.load(turn, second).await?;
            return shape::aggregate(turn, operator, rows, text_of(&third).as_deref(), &fourth);
        }
        if let Some(operator) = operator_of(&second) {
            let rows = self.sources.load(turn, first).await?;
            return shape::aggregate(turn, operator, rows, text_of(&third).as_deref(), &fourth);
        }
        // `AGGREGATE "t", "SUM(amount)", "filter"`.
        let call = source::name_or_text(&second).unwrap_or_default();
        let parsed = call.trim().strip_suffix(')').and_then(|call| call.split_once('('));
        let Some((operator, field)) = parsed.and_then(|(name, field)| Some((Operator::find(name)?, field))) else {
            return Err(misfit("AGGREGATE needs SUM, AVG, COUNT, MIN or MAX")
                .hint("AGGREGATE \"SUM\", rows, \"column\" adds the values of a column up"));
        };
        let rows = self.sources.load(turn, first).await?;
        let field = (field.trim() != "*").then(|| field.trim().to_owned());
        shape::aggregate(turn, operator, rows, field.as_deref(), &third)
    }

    async fn join(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        if args.has("on") {
            let on = source::words(&args.take("on")).unwrap_or_default();
            let (key, other) = on.split_once('=').unwrap_or((&on, &on));
            let left = self.rows(turn, &mut args, "left").await?;
            let right = self.rows(turn, &mut args, "right").await?;
            return shape::join(left, right, key.trim(), other.trim_start_matches('=').trim()).map(list);
        }
        if !args.has("key") {
            let right = args.0.get("right").and_then(source::name_or_text);
            let Some(separator) = right else {
                return Err(
                    misfit("JOIN needs a column that both sources have").hint("JOIN orders, people, \"customer\"")
                );
            };
            let items = self.sources.items(turn, args.take("left")).await?;
            let texts = items.iter().map(tabular::plain).collect::<Result<Vec<_>, _>>()?;
            return Ok(Value::Text(texts.join(&separator)));
        }
        let key = args.take("key");
        let key = source::words(&key).ok_or_else(|| misfit("JOIN needs the name of a column"))?;
        let left = self.rows(turn, &mut args, "left").await?;
        let right = self.rows(turn, &mut args, "right").await?;
        shape::join(left, right, &key, &key).map(list)
    }

    async fn group(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let rows = self.rows(turn, &mut args, "source").await?;
        let field = args.text("field")?;
        let aggregates = args.take("aggregates");
        if aggregates.is_null() {
            return Ok(Value::Map(shape::group(rows, &field)));
        }
        shape::group_sums(rows, &field, &aggregates).map(list)
    }

    async fn pivot(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let rows = self.rows(turn, &mut args, "source").await?;
        let name = |args: &mut Args, name: &str| source::words(&args.take(name)).unwrap_or_default();
        let (row, value) = (name(&mut args, "row"), name(&mut args, "value"));
        let column = args.has("column").then(|| name(&mut args, "column"));
        let operator = name(&mut args, "aggregate");
        pivot::pivot(&rows, &row, column.as_deref(), &value, &operator).map(list)
    }

    async fn sort(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let mut order: Vec<(String, bool)> = Vec::new();
        if args.has("order") {
            let text = source::words(&args.take("order")).unwrap_or_default();
            order.extend(text.split(',').map(shape::direction));
        } else if args.has("field") {
            let name = args.take("field");
            let name = source::name_or_text(&name).ok_or_else(|| misfit("SORT needs the name of a column"))?;
            if shape::is_direction(&name) {
                order.push((String::new(), name.trim().eq_ignore_ascii_case("DESC")));
            } else {
                let (name, descending) = shape::direction(&name);
                let direction = args.take("direction").to_string();
                let descending = descending || args.has("desc") || direction.trim().eq_ignore_ascii_case("DESC");
                order.push((name, descending));
            }
        } else {
            order.push((String::new(), false));
        }
        let items = self.sources.items(turn, args.take("source")).await?;
        let mut keyed = Vec::new();
        for item in items {
            let mut keys = Vec::new();
            for (name, _) in &order {
                let key = match &item {
                    Value::Map(row) if !name.is_empty() => source::member(row, name),
                    other => other.clone(),
                };
                keys.push(from_value(key)?);
            }
            keyed.push((keys, item));
        }
        let descending: Vec<bool> = order.iter().map(|(_, descending)| *descending).collect();
        let (_run, _) = clock(turn);
        query::sort_by(&mut keyed, &descending);
        Ok(Value::List(keyed.into_iter().map(|(_, item)| item).collect()))
    }

    async fn fill(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let template = args.take("template");
        let source = args.take("rows");
        // `FILL(value, n)` is a list, as the function of that name gives it.
        if let Value::Int(count) = template {
            let value = source::variable(source);
            let count = usize::try_from(count).unwrap_or(0).min(tabular::MAX_ROWS);
            return Ok(Value::List(vec![value; count]));
        }
        let filled = match (source::variable(source), &template) {
            // The file or text stands first, what it is filled with second.
            (Value::Text(text), Value::Map(data)) => {
                let text = self.sources.template(turn, &text).await?;
                Value::Text(template::text(&text, data)?)
            }
            (rows, _) => {
                let rows = self.sources.load(turn, rows).await?;
                let filled = rows.iter().map(|row| template::value(&template, row));
                Value::List(filled.collect::<Result<_, _>>()?)
            }
        };
        if args.has("path") {
            let path = args.text("path")?;
            return self.sources.write(turn, &path, filled).await;
        }
        Ok(filled)
    }

    async fn select(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let query = Query::parse(&args.take("query"))?;
        let outer = match args.take("rows") {
            Value::Map(names) => names,
            _ => Map::new(),
        };
        let mut loaded = Vec::new();
        for table in query.tables() {
            let source = match &table.source {
                query::Source::Value(value) => value.clone(),
                query::Source::Name(name) => {
                    let known = outer
                        .get(name)
                        .or_else(|| outer.get(name.split('.').next().unwrap_or(name)));
                    source::named(name, known.cloned().unwrap_or_default())
                }
            };
            loaded.push(self.sources.load(turn, source).await?);
        }
        // Lists are sources; only single values can stand where a column could.
        let outer: Map = outer
            .into_iter()
            .filter(|(_, value)| !matches!(value, Value::List(_) | Value::Null))
            .collect();
        let (_run, now) = clock(turn);
        query.run(loaded, &outer, &now).map(list)
    }
}

/// A plain value as a row, under the names by which conditions call it.
fn plain_row(value: &Value) -> Map {
    ["value", "item"]
        .into_iter()
        .map(|name| (name.to_owned(), value.clone()))
        .collect()
}
