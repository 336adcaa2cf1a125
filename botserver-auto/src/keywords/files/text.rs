//! READ, WRITE, IMPORT, EXPORT.

use botlib::Value;
use botstate::{
    dialog::Fault,
    keyword::{Args, Turn},
};

use super::{Files, local, misfit, path_of};
use crate::{
    basic::{
        tabular::{self, Table},
        value::MAX_TEXT,
    },
    files::{FilePath, is_table, missing, parse_table, serialise},
};

impl Files {
    pub(super) async fn read(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let source = args.take("path");
        let file = self.host.bytes(turn, &source).await?;
        let binary = ["xlsx", "xls", "ods"]
            .iter()
            .any(|ending| file.name.to_lowercase().ends_with(ending));
        if args.has("table") || binary {
            let path = FilePath::parse(&file.name).or_else(|_| path_of(&source))?;
            let table = if is_table(&file.name) {
                parse_table(&path, &file.content)?
            } else {
                tabular::read_csv(&String::from_utf8_lossy(&file.content))?
            };
            return Ok(table.into_value());
        }
        let text = decode(&file.name, file.content)?;
        if args.has("lines") {
            return Ok(Value::List(text.lines().map(Value::from).collect()));
        }
        Ok(Value::Text(text))
    }

    pub(super) async fn write(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let path = path_of(&args.take("path"))?;
        let mut value = args.take("value");
        if args.has("table") {
            value = Value::List(tabular::rows(value).into_iter().map(Value::Map).collect());
        } else if args.has("lines") {
            let lines = match value {
                Value::List(items) => items.iter().map(tabular::plain).collect::<Result<Vec<_>, _>>()?,
                other => vec![tabular::plain(&other)?],
            };
            value = Value::Text(lines.into_iter().map(|line| line + "\n").collect());
        }
        let (files, key) = (self.host.of(turn), turn.idempotency_key().to_owned());
        if args.has("append") {
            append(&files, &key, &path, value).await?;
        } else {
            let bytes = match &value {
                // A file is written as it is.
                Value::File(_) => self.host.bytes(turn, &value).await?.content,
                _ => serialise(&path, value)?,
            };
            files.write(&key, &path, bytes).await?;
        }
        let written = files.find(&path).await?.ok_or_else(|| missing(&path))?;
        Ok(local(turn, written))
    }

    pub(super) async fn import(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let source = args.take("path");
        let file = self.host.bytes(turn, &source).await?;
        if !is_table(&file.name) {
            return Err(misfit(format!("{} is no data file", file.name)).hint("IMPORT reads csv, tsv, xlsx and json"));
        }
        let path = FilePath::parse(&file.name).or_else(|_| path_of(&source))?;
        Ok(parse_table(&path, &file.content)?.into_value())
    }

    pub(super) async fn export(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let path = path_of(&args.take("path"))?;
        if !is_table(path.name()) {
            return Err(misfit(format!("{path} is no data file")).hint("EXPORT writes csv, tsv, xlsx and json"));
        }
        let rows = self.host.sources.load(turn, args.take("rows")).await?;
        let bytes = serialise(&path, Value::List(rows.into_iter().map(Value::Map).collect()))?;
        let file = self.host.of(turn).write(turn.idempotency_key(), &path, bytes).await?;
        Ok(local(turn, file))
    }
}

/// The text of a file, or the rows of a workbook.
pub(super) fn content(path: &FilePath, content: Vec<u8>) -> Result<Value, Fault> {
    if ["xlsx", "xls", "ods"].contains(&path.ending().as_str()) {
        return Ok(parse_table(path, &content)?.into_value());
    }
    decode(path.name(), content).map(Value::Text)
}

/// Adds to the end of a file: rows to a data file, text to any other.
async fn append(files: &crate::files::BotFiles, key: &str, path: &FilePath, value: Value) -> Result<(), Fault> {
    if is_table(path.name()) && !matches!(value, Value::Text(_)) {
        let rows = tabular::rows(value);
        return files
            .change_table(key, path, move |table: &mut Table| {
                for row in rows {
                    table.push(row);
                }
                Ok(())
            })
            .await;
    }
    let more = serialise(path, value)?;
    files
        .change(key, path, move |bytes| {
            let mut bytes = bytes.unwrap_or_default();
            bytes.extend(more);
            Ok((bytes, ()))
        })
        .await
}

/// The text in bytes: UTF-8, or else Latin-1, which old programs write.
fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Fault> {
    if bytes.len() > MAX_TEXT {
        return Err(Fault::new(
            botstate::dialog::FaultKind::Limit,
            format!("{name} has {} bytes, and a text may have {MAX_TEXT}", bytes.len()),
        )
        .hint("read it AS TABLE, or split it"));
    }
    if bytes.contains(&0) || bytes.starts_with(b"%PDF") || bytes.starts_with(b"PK\x03\x04") {
        return Err(misfit(format!("{name} is no text")).hint("READ takes text files; AS TABLE takes xlsx files"));
    }
    let text =
        String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}
