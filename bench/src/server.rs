//! The server under measure.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::{
    bots,
    cli::Cli,
    process::{Process, tail, wait_ready},
};

/// Where the server's binary lies and where its data may lie.
#[derive(Debug)]
pub(crate) struct Place {
    binary: PathBuf,
    folder: PathBuf,
}

impl Place {
    pub(crate) fn of(cli: &Cli) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("find this program")?;
        let beside = own.parent().context("find the folder of this program")?;
        let binary = cli.server.clone().unwrap_or_else(|| beside.join("botserver"));
        ensure!(
            binary.is_file(),
            "{} is missing: run `cargo build --release -p botserver -p botserver-bench`, or name the server with --server",
            binary.display()
        );
        let folder = cli.folder.clone().unwrap_or_else(|| beside.to_owned());
        Ok(Self {
            binary: std::path::absolute(binary)?,
            folder: std::path::absolute(folder)?,
        })
    }

    /// The server's program.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// A folder on the disk where the databases lie, removed with the value.
    pub(crate) fn scratch(&self) -> anyhow::Result<TempDir> {
        let made = tempfile::Builder::new().prefix("bench-").tempdir_in(&self.folder);
        made.with_context(|| format!("make a folder in {}", self.folder.display()))
    }

    /// Room for a server that has never run.
    pub(crate) fn site(&self) -> anyhow::Result<Site> {
        let folder = self.scratch()?;
        bots::write(&folder.path().join("bots"))?;
        Ok(Site {
            binary: self.binary.clone(),
            folder,
        })
    }
}

/// Bots and data of one server.
#[derive(Debug)]
pub(crate) struct Site {
    binary: PathBuf,
    folder: TempDir,
}

impl Site {
    /// Starts the server and waits until it is ready; also how long that took.
    pub(crate) fn start(&self) -> anyhow::Result<(Server, Duration)> {
        self.start_with(&[])
    }

    /// The same with more in its environment.
    pub(crate) fn start_with(&self, more: &[(&str, &str)]) -> anyhow::Result<(Server, Duration)> {
        let folder = self.folder.path();
        let address = format!("127.0.0.1:{}", free_port()?);
        let log = self.log();
        let mut command = Command::new(&self.binary);
        command.env_clear().current_dir(folder).envs([
            ("HOME", folder.display().to_string()),
            ("BOTSERVER_HOST", "127.0.0.1".to_owned()),
            (
                "BOTSERVER_PORT",
                address.rsplit(':').next().unwrap_or_default().to_owned(),
            ),
            ("BOTSERVER_DATA_DIR", self.data().display().to_string()),
            ("BOTSERVER_BOTS_DIR", folder.join("bots").display().to_string()),
            ("BOTSERVER_DEFAULT_BOT", bots::TALKING.to_owned()),
            // One machine plays ten thousand visitors, each of whom writes as fast as it can.
            ("BOTSERVER_RATE_PER_MINUTE", "0".to_owned()),
            ("BOTSERVER_CHAT_PER_MINUTE", "1000000000".to_owned()),
            ("BOTSERVER_CHAT_BURST", "1000000".to_owned()),
        ]);
        command.envs(more.iter().copied());
        let begin = Instant::now();
        let mut process = Process::start(command, &log)?;
        wait_ready(&mut process, &address, "/health/ready", Some(&log))?;
        Ok((Server { process, address }, begin.elapsed()))
    }

    /// A new API key of the server's administrator.
    pub(crate) fn key(&self) -> anyhow::Result<String> {
        let mut command = Command::new(&self.binary);
        command.env_clear().current_dir(self.folder.path()).envs([
            ("BOTSERVER_DATA_DIR", self.data()),
            ("BOTSERVER_BOTS_DIR", self.folder.path().join("bots")),
        ]);
        let output = command
            .args(["key", "new", "admin@localhost", "--days", "1"])
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let key = said.lines().find(|line| line.starts_with("bk_"));
        let error = || format!("make a key: {}", String::from_utf8_lossy(&output.stderr));
        Ok(key.with_context(error)?.to_owned())
    }

    /// Adds the end of the server's log to an error.
    pub(crate) fn explain<T>(&self, result: anyhow::Result<T>) -> anyhow::Result<T> {
        result.map_err(|error| error.context(format!("the server's log ends with\n{}", tail(&self.log()))))
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The database's file.
    pub(crate) fn database(&self) -> anyhow::Result<PathBuf> {
        let files = std::fs::read_dir(self.data())
            .context("read the data folder")?
            .flatten();
        let mut databases = files.map(|file| file.path()).filter(|path| is_database(path));
        databases.next().context("find the database in the data folder")
    }
}

/// A running server.
pub(crate) struct Server {
    /// The process.
    pub(crate) process: Process,
    /// Host and port.
    pub(crate) address: String,
}

fn is_database(path: &Path) -> bool {
    let mut head = [0; 15];
    let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head));
    read.is_ok() && head == *b"SQLite format 3"
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("find a free port")?;
    Ok(listener.local_addr()?.port())
}
