//! Processes that end with their owner.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use crate::usage::{Usage, cpu};

/// The longest that a process may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// A running process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts `command` with its output in the file `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let errors = output.try_clone()?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let program = command.get_program().display().to_string();
        let child = command.spawn().with_context(|| format!("start {program}"))?;
        Ok(Self { child })
    }

    /// Starts another part of this program, with pipes to it. It ends when the pipes are dropped.
    pub(crate) fn part(name: &str) -> anyhow::Result<(Self, ChildStdin, BufReader<ChildStdout>)> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(name).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("start {name}"))?;
        let input = child.stdin.take().context("write to a part")?;
        let output = child.stdout.take().context("read from a part")?;
        Ok((Self { child }, input, BufReader::new(output)))
    }

    /// Memory and threads now.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.child.id())
    }

    /// Processor time so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        cpu(self.child.id())
    }

    /// Whether it runs.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).context("stop a process")?;
        let begin = Instant::now();
        while self.is_running() {
            ensure!(
                begin.elapsed() < STOP_WITHIN,
                "a process did not stop within {STOP_WITHIN:?}"
            );
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A part of this program that serves on an address of its own.
pub(crate) struct Part {
    process: Process,
    /// Host and port.
    pub(crate) address: String,
    /// Dropping it ends the process.
    _input: ChildStdin,
}

impl Part {
    /// Starts the part of that name and waits until it answers.
    pub(crate) fn start(name: &str) -> anyhow::Result<Self> {
        let (mut process, input, mut output) = Process::part(name)?;
        let mut address = String::new();
        output.read_line(&mut address)?;
        let address = address.trim().to_owned();
        wait_ready(&mut process, &address, "/health", None)?;
        Ok(Self {
            process,
            address,
            _input: input,
        })
    }

    /// Starts the bare echo; also how long that took.
    pub(crate) fn echo() -> anyhow::Result<(Self, Duration)> {
        let begin = Instant::now();
        let echo = Self::start("echo")?;
        Ok((echo, begin.elapsed()))
    }

    /// The process.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }
}

/// Waits until `path` is answered with 200.
pub(crate) fn wait_ready(process: &mut Process, address: &str, path: &str, log: Option<&Path>) -> anyhow::Result<()> {
    let begin = Instant::now();
    loop {
        if get_ok(address, path).unwrap_or(false) {
            return Ok(());
        }
        let ended = !process.is_running();
        if ended || begin.elapsed() > Duration::from_mins(1) {
            let log = log
                .and_then(|log| std::fs::read_to_string(log).ok())
                .unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(20).collect();
            let tail: Vec<_> = lines.into_iter().rev().collect();
            let what = if ended { "ended before it was" } else { "is not" };
            bail!("{address} {what} ready\n{}", tail.join("\n"));
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().rev().take(20).collect();
    let tail: Vec<_> = lines.into_iter().rev().collect();
    tail.join("\n")
}

fn get_ok(address: &str, path: &str) -> anyhow::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(status.ends_with(b" 200"))
}
