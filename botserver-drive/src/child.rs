//! Reading in a process of its own, which may fail, hang or want too much without harm to anybody.
//!
//! The process gets the limits and the file on standard input and answers on standard output, both JSON with the
//! file's bytes behind the request. It has no environment, opens no file, and limits itself before it reads a byte.

use std::{
    ffi::OsString,
    io::{BufRead as _, Read as _, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::{ExitCode, ExitStatus, Stdio},
};

use botstate::document::{Document, ExtractError, Limits};
use bytes::Bytes;
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    time::{Instant, timeout_at},
};

use crate::{
    budget::{Budget, damaged, too_hungry, too_slow},
    formats,
};

/// The only argument of a process that reads a document.
pub const READER_ARGUMENT: &str = "read-document";

/// The part of the memory that the program itself takes.
const OWN_MEMORY: u64 = 48 << 20;

/// The stack of the thread that reads.
const STACK: usize = 16 << 20;

/// The longest answer that is taken for each character of a document.
const ANSWER_PER_CHARACTER: u64 = 8;

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    name: String,
    limits: Limits,
}

/// No process could be started.
#[derive(Debug)]
pub(crate) struct NotStarted(pub(crate) std::io::Error);

/// Reads a document in a process of `program`, which is killed at `until`.
pub(crate) async fn read(
    program: &Path,
    arguments: &[OsString],
    name: &str,
    bytes: &Bytes,
    limits: Limits,
    until: Instant,
) -> Result<Result<Document, ExtractError>, NotStarted> {
    let mut child = Command::new(program)
        .args(arguments)
        // It has no use for the server's secrets. The allocator must not set memory aside before it is limited.
        .env_clear()
        .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
        .env("MIMALLOC_ARENA_RESERVE", "65536")
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(NotStarted)?;
    let request = Request {
        name: name.to_owned(),
        limits,
    };
    let answered = timeout_at(until, converse(&mut child, &request, bytes)).await;
    let Ok(answered) = answered else {
        stop(&mut child).await;
        return Ok(Err(too_slow(limits.time)));
    };
    Ok(match answered {
        Ok(Ended { status, out, said }) => conclude(status, &out, &said, &limits),
        Err(error) => {
            stop(&mut child).await;
            Err(ExtractError::Io(format!("the process that reads it failed: {error}")))
        }
    })
}

async fn stop(child: &mut Child) {
    // It may be gone already.
    let _ = child.kill().await;
}

struct Ended {
    status: ExitStatus,
    out: Vec<u8>,
    said: Vec<u8>,
}

async fn converse(child: &mut Child, request: &Request, bytes: &[u8]) -> std::io::Result<Ended> {
    let gone = || std::io::Error::other("it has no pipes");
    let mut input = child.stdin.take().ok_or_else(gone)?;
    let output = child.stdout.take().ok_or_else(gone)?;
    let errors = child.stderr.take().ok_or_else(gone)?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    let most = ANSWER_PER_CHARACTER.saturating_mul(request.limits.characters as u64) + (1 << 20);
    let (mut out, mut said) = (Vec::new(), Vec::new());
    let (mut output, mut errors) = (output.take(most), errors.take(64 << 10));
    let feed = async {
        // A process that stopped reading says why on its way out.
        let _ = input.write_all(&line).await;
        let _ = input.write_all(bytes).await;
        drop(input);
    };
    let ((), read, said_all) = tokio::join!(feed, output.read_to_end(&mut out), errors.read_to_end(&mut said));
    read?;
    said_all?;
    drop((output, errors));
    let status = child.wait().await?;
    Ok(Ended { status, out, said })
}

/// What the end of the process means.
fn conclude(status: ExitStatus, out: &[u8], said: &[u8], limits: &Limits) -> Result<Document, ExtractError> {
    if status.success() {
        let read = serde_json::from_slice::<Result<Document, ExtractError>>(out);
        return read.unwrap_or_else(|_| Err(damaged("document", "what was read of it came back broken")));
    }
    let said = String::from_utf8_lossy(said);
    if said.contains("has overflowed its stack") {
        return Err(crate::budget::too_large(
            "parts nested too deep",
            format!("{} levels", limits.nesting),
        ));
    }
    if said.contains("memory allocation of") || said.contains("out of memory") {
        return Err(too_hungry(limits.memory_bytes));
    }
    match signal(status) {
        // Out of processor time: the kernel's warning, or its end.
        Some(24 | 9) => Err(too_slow(limits.time)),
        Some(_) => Err(damaged("document", "its reader broke off")),
        None => Err(damaged("document", "its reader gave up on it")),
    }
}

fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// The whole life of a process that reads one document. The binary calls it first thing when it is started with
/// [`READER_ARGUMENT`], before anything of the server exists.
pub fn serve_reader() -> ExitCode {
    match answer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "could not read the request: {error}");
            ExitCode::FAILURE
        }
    }
}

fn answer() -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut head = Vec::new();
    (&mut input).take(64 << 10).read_until(b'\n', &mut head)?;
    let request: Request = serde_json::from_slice(&head)?;
    limit(&request.limits)?;
    let reader = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || -> std::io::Result<()> {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            let bytes = Bytes::from(bytes);
            let read = catch_unwind(AssertUnwindSafe(|| {
                formats::read(&request.name, &bytes, Budget::new(request.limits))
            }));
            let read = read.unwrap_or_else(|_| Err(damaged("document", "its reader gave up on it")));
            drop(bytes);
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            serde_json::to_writer(&mut out, &read)?;
            out.flush()
        });
    drop(input);
    reader?
        .join()
        .unwrap_or_else(|_| Err(std::io::Error::other("the reader ended early")))
}

/// From here on the kernel refuses what is too much.
fn limit(limits: &Limits) -> std::io::Result<()> {
    let both = |most: u64| Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    setrlimit(Resource::Core, both(0))?;
    setrlimit(Resource::Fsize, both(0))?;
    setrlimit(Resource::Nofile, both(16))?;
    let memory = limits.memory_bytes.saturating_sub(OWN_MEMORY);
    setrlimit(Resource::Data, both(memory))?;
    let seconds = limits.time.as_secs().saturating_add(1);
    let time = Rlimit {
        current: Some(seconds),
        maximum: Some(seconds + 1),
    };
    setrlimit(Resource::Cpu, time)?;
    Ok(())
}
