//! The port's implementation: who reads a document, and how long it may take.

use std::{
    ffi::OsString,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use botstate::document::{Document, ExtractError, Extractor, Limits, Source};
use bytes::Bytes;
use tokio::{
    io::AsyncReadExt as _,
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use crate::{
    budget::{Budget, damaged, mebibytes, too_large, too_slow},
    child::{self, NotStarted, READER_ARGUMENT},
    formats::{self, Format},
};

/// Documents that are read at a time; others wait for their turn.
const AT_ONCE: usize = 2;

/// Plain texts up to this size are read on a thread: no process is worth so little work.
const SMALL: usize = 256 << 10;

/// The program that reads documents in a process of its own.
#[derive(Debug, Clone)]
pub enum ReaderProgram {
    /// This program, started again with [`READER_ARGUMENT`]; its `main` hands over to [`crate::serve_reader`].
    Itself,
    /// Another program, with its arguments.
    Other(PathBuf, Vec<OsString>),
    /// None: documents are read on threads, where their memory has no limit and their time only a soft one.
    None,
}

/// Reads documents within limits; cheap to clone.
#[derive(Debug, Clone)]
pub struct DocumentReader {
    program: Option<Arc<(PathBuf, Vec<OsString>)>>,
    turns: Arc<Semaphore>,
}

/// What reads documents, in processes of `program`.
pub fn extractor(program: ReaderProgram) -> DocumentReader {
    let program = match program {
        ReaderProgram::Other(program, arguments) => Some((program, arguments)),
        ReaderProgram::None => None,
        ReaderProgram::Itself => match std::env::current_exe() {
            Ok(program) => Some((program, vec![READER_ARGUMENT.into()])),
            Err(error) => {
                tracing::warn!("documents are read without a process of their own: this program is not known: {error}");
                None
            }
        },
    };
    DocumentReader {
        program: program.map(Arc::new),
        turns: Arc::new(Semaphore::new(AT_ONCE)),
    }
}

#[async_trait]
impl Extractor for DocumentReader {
    fn reads(&self, name: &str) -> bool {
        Format::of_name(name).is_some()
    }

    async fn extract(&self, source: Source, limits: Limits) -> Result<Document, ExtractError> {
        // Never closed.
        let _turn = self.turns.acquire().await;
        let until = Instant::now() + limits.time;
        let (name, bytes) = match timeout_at(until, load(source, &limits)).await {
            Ok(loaded) => loaded?,
            Err(_elapsed) => return Err(too_slow(limits.time)),
        };
        let small = bytes.len() <= SMALL && Format::of_name(&name).is_some_and(Format::is_plain);
        if !small && let Some(program) = &self.program {
            match child::read(&program.0, &program.1, &name, &bytes, limits, until).await {
                Ok(read) => return read,
                Err(NotStarted(error)) => tracing::warn!(
                    "could not start a process to read {name}, so it is read on a thread without a limit of memory: {error}"
                ),
            }
        }
        on_thread(name, bytes, limits, until).await
    }
}

async fn on_thread(name: String, bytes: Bytes, limits: Limits, until: Instant) -> Result<Document, ExtractError> {
    let work = tokio::task::spawn_blocking(move || {
        // A damaged document must fail as one, even where its reader does not expect the damage.
        let read = catch_unwind(AssertUnwindSafe(|| formats::read(&name, &bytes, Budget::new(limits))));
        read.unwrap_or_else(|_| Err(damaged("document", "its reader gave up on it")))
    });
    match timeout_at(until, work).await {
        Ok(Ok(read)) => read,
        Ok(Err(_stopped)) => Err(ExtractError::Io("the server is stopping".to_owned())),
        Err(_elapsed) => Err(too_slow(limits.time)),
    }
}

async fn load(source: Source, limits: &Limits) -> Result<(String, Bytes), ExtractError> {
    let (name, bytes) = match source {
        Source::Bytes { name, bytes } => (name, bytes),
        Source::File(path) => (name_of(&path), load_file(&path, limits.bytes).await?),
    };
    check_size(bytes.len() as u64, limits)?;
    Ok((name, bytes))
}

async fn load_file(path: &Path, most: u64) -> Result<Bytes, ExtractError> {
    let failed = |error: std::io::Error| ExtractError::Io(format!("{}: {error}", path.display()));
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let about = file.metadata().await.map_err(failed)?;
    if !about.is_file() {
        return Err(ExtractError::Io(format!("{} is not a file", path.display())));
    }
    let mut content = Vec::with_capacity(usize::try_from(about.len().min(most)).unwrap_or(0));
    // It may grow while it is read.
    file.take(most + 1).read_to_end(&mut content).await.map_err(failed)?;
    Ok(content.into())
}

fn check_size(size: u64, limits: &Limits) -> Result<(), ExtractError> {
    if size > limits.bytes {
        return Err(too_large(
            format!("more than {}", mebibytes(limits.bytes)),
            mebibytes(limits.bytes),
        ));
    }
    Ok(())
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_default()
}
