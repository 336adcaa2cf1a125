//! COPY, MOVE, LIST, DIR.

use botlib::{Value, value::Map};
use botstate::{
    dialog::Fault,
    keyword::{Args, Turn},
};

use super::{Files, local, path_of};
use crate::{
    basic::operators::like,
    files::{Entry, FilePath, md5_of, missing},
    filter::Filter,
    keywords::rows::clock,
};

/// Files whose MD5 a listing computes, and bytes that each of them may have.
const DIGESTS: (usize, u64) = (200, 1 << 20);

impl Files {
    pub(super) async fn copy(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let from = args.take("from");
        let file = self.host.bytes(turn, &from).await?;
        let to = self.target(turn, &args.take("to"), &file.name).await?;
        let written = self
            .host
            .of(turn)
            .write(turn.idempotency_key(), &to, file.content)
            .await?;
        Ok(local(turn, written))
    }

    pub(super) async fn rename(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let from = path_of(&args.take("from"))?;
        let to = self.target(turn, &args.take("to"), from.name()).await?;
        let files = self.host.of(turn);
        files.rename(turn.idempotency_key(), &from, &to).await?;
        let moved = files.find(&to).await?.ok_or_else(|| missing(&to))?;
        Ok(local(turn, moved))
    }

    /// Where a file goes: into a folder under its own name, or to a name of its own.
    pub(super) async fn target(&self, turn: &mut dyn Turn, to: &Value, name: &str) -> Result<FilePath, Fault> {
        let Value::Text(text) = to else { return path_of(to) };
        let folder = FilePath::folder(text)?;
        let Some(path) = folder else {
            return FilePath::parse(name);
        };
        let ends_as_one = text.trim().ends_with(['/', '\\']);
        if ends_as_one || !self.host.of(turn).list(Some(&path), false).await?.is_empty() {
            return FilePath::join(Some(&path), name);
        }
        Ok(path)
    }

    pub(super) async fn list(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let folder = FilePath::folder(&args.text("folder")?)?;
        let entries = self.host.of(turn).list(folder.as_ref(), args.has("recursive")).await?;
        let pattern = args.has("pattern").then(|| args.text("pattern")).transpose()?;
        let filter = Filter::parse(&args.take("filter"))?;
        let (run, now) = clock(turn);
        let kept = entries.into_iter().filter(|entry| {
            pattern
                .as_deref()
                .is_none_or(|pattern| matches(entry.path.name(), pattern))
                && (filter.is_all() || filter.matches(&row(entry), &now))
        });
        let kept: Vec<Entry> = kept.collect();
        drop(run);
        self.refs(turn, kept).await
    }

    pub(super) async fn dir(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let folder = FilePath::folder(&args.text("folder")?)?;
        let entries = self.host.of(turn).list(folder.as_ref(), false).await?;
        let files = entries.into_iter().filter(|entry| !entry.is_folder).collect();
        self.refs(turn, files).await
    }

    async fn refs(&self, turn: &mut dyn Turn, entries: Vec<Entry>) -> Result<Value, Fault> {
        let files = self.host.of(turn);
        let (most, largest) = DIGESTS;
        let with_digests = entries.len() <= most;
        let mut values = Vec::new();
        for entry in entries {
            let mut digest = None;
            if with_digests && !entry.is_folder && entry.size <= largest {
                digest = files.read(&entry.path, largest).await?.map(|bytes| md5_of(&bytes));
            }
            let mut file = files.file_ref(&entry, digest);
            if entry.is_folder {
                "inode/directory".clone_into(&mut file.mime);
                file.size_bytes = 0;
            }
            values.push(local(turn, file));
        }
        Ok(Value::List(values))
    }
}

/// Whether a name fits a pattern such as `*.pdf` as a whole.
pub(super) fn matches(name: &str, pattern: &str) -> bool {
    if pattern.contains(['*', '?', '%']) {
        return like(&name.replace('_', "\u{1}"), &pattern.replace('_', "\u{1}"));
    }
    name.eq_ignore_ascii_case(pattern) || name.to_lowercase().contains(&pattern.to_lowercase())
}

/// What WHERE may ask about an entry.
fn row(entry: &Entry) -> Map {
    let mime = crate::files::mime(entry.path.name());
    let modified = entry.modified.map(|at| crate::files::in_zone(at.fixed_offset()));
    let modified = modified.map_or(Value::Null, Value::DateTime);
    [
        ("name", Value::text(entry.path.name())),
        ("path", Value::text(entry.path.as_str())),
        ("size", Value::Int(i64::try_from(entry.size).unwrap_or(i64::MAX))),
        (
            "type",
            Value::text(if entry.is_folder {
                "folder".to_owned()
            } else {
                entry.path.ending()
            }),
        ),
        ("extension", Value::Text(entry.path.ending())),
        ("mime_type", Value::Text(mime)),
        ("created", modified.clone()),
        ("modified", modified),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
