//! SAVE, INSERT, UPDATE, DELETE and MERGE.

use botlib::{Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{self, Args, Turn},
};
use http::Method;

use super::{
    Data,
    arguments::{assignments, fields, named, names, target},
    change::{Act, Fields},
    source::{self, Source},
};
use crate::{filter::Filter, keywords::headers, tables::Wanted};

impl Data {
    pub(super) async fn save(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let target = target(turn, &mut args)?;
        if let Some(row) = given_fields(&mut args) {
            return self
                .to_table(turn, target, Act::Save(Fields::Rows(vec![row]), None))
                .await;
        }
        let mut values = named(args.take("values"));
        let act = match values.as_slice() {
            // An id and its row.
            [id, row] if matches!(row.value, Value::Map(_)) && !matches!(id.value, Value::Map(_) | Value::List(_)) => {
                let id = id.value.clone();
                Act::Save(fields(values.split_off(1))?, Some(id))
            }
            _ => Act::Save(fields(values)?, None),
        };
        self.to_table(turn, target, act).await
    }

    pub(super) async fn insert(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let target = target(turn, &mut args)?;
        let given = given_fields(&mut args);
        let fields = match (given, args.take("row")) {
            (Some(row), _) | (None, Value::Map(row)) => Fields::Rows(vec![row]),
            (None, Value::List(items)) => Fields::Rows(source::rows(items)),
            (None, Value::Null) => fields(named(args.take("values")))?,
            (None, other) => {
                let message = format!("INSERT needs an object, not {}", other.type_name());
                return Err(Fault::new(FaultKind::Argument, message));
            }
        };
        self.to_table(turn, target, Act::Insert(fields)).await
    }

    pub(super) async fn update(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let target = target(turn, &mut args)?;
        let filter = args.take("filter");
        let fields = match (given_fields(&mut args), args.take("computed")) {
            (Some(row), Value::Map(formulas)) => {
                let act = Act::Compute { filter, row, formulas };
                return self.to_table(turn, target, act).await;
            }
            (Some(row), _) => Fields::Rows(vec![row]),
            (None, _) => assignments(named(args.take("values")))?,
        };
        self.to_table(turn, target, Act::Update(filter, fields)).await
    }

    pub(super) async fn delete(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let has_filter = args.has("filter");
        if !has_filter
            && let Some(done) = self
                .delete_other(turn, &plain(args.0.get("table").cloned().unwrap_or_default()))
                .await?
        {
            return Ok(done);
        }
        let target = target(turn, &mut args)?;
        let filter = args.take("filter");
        if !has_filter {
            tracing::info!(bot.name = %turn.bot().name, "every row is deleted: DELETE has no filter");
        }
        self.to_table(turn, target, Act::Delete(filter)).await
    }

    /// DELETE of what is no table: a URL, a file by its path, a file that the script holds.
    async fn delete_other(&self, turn: &mut dyn Turn, value: &Value) -> Result<Option<Value>, Fault> {
        match value {
            Value::Text(text) if is_url(text) => {
                let headers = headers::of(turn)?;
                turn.flush().await?;
                let client = &self.client;
                let answer = client.write(turn, Method::DELETE, text.trim(), headers, &Value::Null, None);
                answer.await.map(Some)
            }
            Value::Text(text) if is_path(text) => self.files.delete(turn, value).await.map(Some),
            Value::File(_) => self.files.delete(turn, value).await.map(Some),
            Value::Map(map) if map.get("path").is_some() => self.files.delete(turn, value).await.map(Some),
            _ => Ok(None),
        }
    }

    pub(super) async fn merge(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let (table, rows) = (args.take("table"), args.take("rows"));
        let keys = names(args.take("keys"));
        if keys.is_empty()
            && let (Value::List(mut both), Value::List(more)) = (plain(table.clone()), plain(rows.clone()))
        {
            both.extend(more);
            return Ok(Value::List(both));
        }
        let target = Source::target(turn, table)?;
        let from = Source::of(turn, rows)?;
        let rows = self.rows(turn, from, Wanted::of(Filter::all())).await?;
        let columns = names(args.take("columns"));
        self.to_table(turn, target, Act::Merge { rows, keys, columns }).await
    }

    pub(super) async fn merge_one(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let target = target(turn, &mut args)?;
        let filter = args.take("filter");
        let row = given_fields(&mut args).unwrap_or_default();
        self.to_table(turn, target, Act::MergeOne { filter, row }).await
    }

    pub(super) async fn to_table(&self, turn: &mut dyn Turn, target: Source, act: Act) -> Result<Value, Fault> {
        match target {
            Source::Table(table) => {
                // A bare name means a data file only where there is one, and no table.
                if let Some(path) = self.file_called(turn, &table).await? {
                    let (of, none) = (table.clone(), Wanted::of(Filter::all()));
                    let none = Wanted { limit: Some(0), ..none };
                    if self.read(turn, move |work| work.find(&of, &none)).await?.is_none() {
                        return self.change_file(turn, &path, act).await;
                    }
                }
                self.change(turn, table, act).await
            }
            Source::File(path) => self.change_file(turn, &path, act).await,
            Source::Rows(_) => Err(Fault::new(
                FaultKind::Argument,
                "rows of a variable cannot be written to",
            )),
        }
    }
}

fn is_url(text: &str) -> bool {
    let scheme = text.trim().split_once("://").map(|(scheme, _)| scheme.to_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
}

/// Whether a text is the path of a file: it has a folder, or an ending that files have.
fn is_path(text: &str) -> bool {
    let name = text.trim();
    name.contains('/')
        || source::is_file(name)
        || !name.starts_with('.') && mime_guess::from_path(name).first().is_some()
}

/// What `{fields}` assigns.
fn given_fields(args: &mut Args) -> Option<Map> {
    match args.take("fields") {
        Value::Map(row) => Some(row),
        _ => None,
    }
}

/// The value of a `@source`.
fn plain(value: Value) -> Value {
    keyword::Source::from(value).value
}
