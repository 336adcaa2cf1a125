//! Where rows come from: a variable, a table of the bot, a data file.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Clock as _, SystemClock, Value, value::Map};
use botstate::{
    dialog::{Env, Fault, FaultKind},
    keyword::{self, Turn},
};
use chrono::{DateTime, FixedOffset};

use crate::{
    basic::{dates, run, tabular},
    files::{self, Drives, FilePath, LARGEST_TABLE},
    filter::Filter,
    tables::{Ask, Tables, Wanted},
};

/// Tables of bots, as row keywords read them.
#[async_trait]
pub(crate) trait TableRows: Send + Sync + 'static {
    /// All rows of the bot's table `name`; nothing when there is no such table.
    async fn rows(&self, turn: &mut dyn Turn, name: &str) -> Result<Option<Vec<Map>>, Fault>;
}

#[async_trait]
impl TableRows for Tables {
    async fn rows(&self, turn: &mut dyn Turn, name: &str) -> Result<Option<Vec<Map>>, Fault> {
        let name = name.to_owned();
        self.read(Ask::of(turn), move |work| work.find(&name, &Wanted::of(Filter::all())))
            .await
    }
}

/// Everything that rows can come from; cheap to clone.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) drives: Drives,
    tables: Option<Arc<dyn TableRows>>,
}

impl Sources {
    /// Data files only.
    pub(crate) fn new(drives: &Drives) -> Self {
        Self {
            drives: drives.clone(),
            tables: None,
        }
    }

    /// Tables as well.
    #[must_use]
    pub(crate) fn with_tables(mut self, tables: Arc<dyn TableRows>) -> Self {
        self.tables = Some(tables);
        self
    }

    /// The rows of a source.
    ///
    /// # Errors
    /// When a table or file cannot be read, or is too large.
    pub(crate) async fn load(&self, turn: &mut dyn Turn, source: Value) -> Result<Vec<Map>, Fault> {
        match split(source) {
            Named::Value(Value::Text(name)) | Named::Name(name) => self.stored(turn, &name).await,
            Named::Value(Value::File(file)) => match file.path {
                Some(path) => self.stored(turn, &path).await,
                None => Err(
                    Fault::new(FaultKind::Argument, format!("{} is no data file of the bot", file.name))
                        .hint("keep it with UPLOAD first"),
                ),
            },
            Named::Value(value) => {
                let rows = tabular::rows(value);
                tabular::check_rows(rows.len())?;
                Ok(rows)
            }
        }
    }

    /// The elements of a source, plain values as they are.
    pub(crate) async fn items(&self, turn: &mut dyn Turn, source: Value) -> Result<Vec<Value>, Fault> {
        match split(source) {
            Named::Value(Value::List(items)) => Ok(items),
            Named::Value(Value::Null) => Ok(Vec::new()),
            Named::Value(value) => Ok(self.load(turn, value).await?.into_iter().map(Value::Map).collect()),
            Named::Name(name) => {
                let rows = self.stored(turn, &name).await?;
                Ok(rows.into_iter().map(Value::Map).collect())
            }
        }
    }

    /// The rows of a table, or else of the data file of that name; none when there is neither.
    async fn stored(&self, turn: &mut dyn Turn, name: &str) -> Result<Vec<Map>, Fault> {
        let name = name.trim();
        let bot = self.drives.of(turn.bot());
        if files::is_table(name) {
            let table = bot.table(&FilePath::parse(name)?).await?;
            return Ok(table.unwrap_or_default().rows);
        }
        let plain = name.trim_start_matches('.');
        if !plain.contains('.')
            && let Some(tables) = &self.tables
            && let Some(rows) = tables.rows(turn, plain).await?
        {
            tabular::check_rows(rows.len())?;
            return Ok(rows);
        }
        for ending in ["csv", "xlsx", "json", "tsv"] {
            if let Ok(path) = FilePath::parse(&format!("{plain}.{ending}"))
                && let Some(table) = bot.table(&path).await?
            {
                return Ok(table.rows);
            }
        }
        Ok(Vec::new())
    }

    /// The template in a text: the file of that name, or the text itself.
    pub(crate) async fn template(&self, turn: &mut dyn Turn, text: &str) -> Result<String, Fault> {
        let is_name = !text.contains(['\n', '{']) && text.rsplit_once('.').is_some_and(|(_, ending)| ending.len() < 6);
        if !is_name {
            return Ok(text.to_owned());
        }
        let path = FilePath::parse(text)?;
        if ["docx", "pptx", "xlsx", "pdf", "odt"].contains(&path.ending().as_str()) {
            return Err(Fault::new(
                FaultKind::NotFound,
                format!("FILL {path}: this server has no service for documents"),
            )
            .hint("FILL takes templates that are text: .txt, .md, .html"));
        }
        let found = self.drives.of(turn.bot()).text(&path, LARGEST_TABLE).await?;
        found.ok_or_else(|| files::missing(&path))
    }

    /// Writes a value to a file.
    pub(crate) async fn write(&self, turn: &mut dyn Turn, path: &str, value: Value) -> Result<Value, Fault> {
        let path = FilePath::parse(path)?;
        let bytes = files::serialise(&path, value)?;
        turn.flush().await?;
        let file = self
            .drives
            .of(turn.bot())
            .write(turn.idempotency_key(), &path, bytes)
            .await?;
        Ok(Value::File(file))
    }
}

/// What a `@source` names.
enum Named {
    Value(Value),
    Name(String),
}

fn split(source: Value) -> Named {
    match keyword::Source::from(source) {
        keyword::Source {
            name: Some(name),
            value: Value::Null,
        } => Named::Name(name),
        keyword::Source { value, .. } => Named::Value(value),
    }
}

/// A bare name with the value of its variable, as `@source` hands it over.
pub(super) fn named(name: &str, value: Value) -> Value {
    Value::Map(Map::from_iter([
        ("name".to_owned(), Value::text(name)),
        ("value".to_owned(), value),
    ]))
}

/// The value of a `@source` that is no table.
pub(super) fn variable(source: Value) -> Value {
    match split(source) {
        Named::Value(value) => value,
        Named::Name(name) => Value::Text(name),
    }
}

/// The text of a `@source` that is one, or the bare name itself where there is no such variable.
pub(super) fn name_or_text(source: &Value) -> Option<String> {
    match split(source.clone()) {
        Named::Value(Value::Text(text)) | Named::Name(text) => Some(text),
        Named::Value(_) => None,
    }
}

/// The text of a `%filter` that is nothing but one text.
pub(crate) fn text_of(parts: &Value) -> Option<String> {
    match parts {
        Value::Text(text) => Some(text.clone()),
        Value::List(parts) if !parts.is_empty() => {
            let texts = parts.iter().map(tabular::plain).collect::<Result<Vec<_>, _>>();
            texts.ok().map(|texts| texts.concat())
        }
        _ => None,
    }
}

/// Bare words or a text, without quotes.
pub(super) fn words(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        other => other.to_string(),
    };
    let plain: String = text.chars().filter(|c| !"\"'`".contains(*c)).collect();
    Some(plain.trim().to_owned())
}

/// The member that a path leads to.
pub(super) fn member(row: &Map, path: &str) -> Value {
    let path = path.strip_prefix("item.").unwrap_or(path);
    if let Some(value) = row.get(path) {
        return value.clone();
    }
    let mut names = path.split('.');
    let mut found = names.next().and_then(|name| row.get(name));
    for name in names {
        found = match found {
            Some(Value::Map(map)) => map.get(name),
            _ => None,
        };
    }
    found.cloned().unwrap_or_default()
}

/// The present moment in the bot's zone, in which dates are read while the guard lives.
pub(crate) fn clock(turn: &dyn Turn) -> (run::Guard, DateTime<FixedOffset>) {
    let settings = &turn.bot().settings;
    let env = Env {
        now: SystemClock.now(),
        zone: settings.get("timezone").unwrap_or("UTC").to_owned(),
        locale: settings.get("locale").unwrap_or("en").to_owned(),
        seed: 0,
        names: Arc::default(),
    };
    let guard = run::enter(&env, 0, u64::MAX, std::time::Duration::from_mins(1));
    (guard, dates::now())
}
