//! PostgreSQL: an own cluster in a temporary folder, or one that a variable names.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use uuid::Uuid;

use super::{command_as, find_program, find_server, folder_for, is_root, named};
use crate::guard::{Guarded, Port, children_of, send, wait_until};
use crate::skip;

/// What a cluster of ours listens to, keeps and trusts.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "fsync=on",
    "synchronous_commit=on",
    "max_connections=200",
    "shared_buffers=64MB",
    "log_min_messages=warning",
];

/// A PostgreSQL server.
#[derive(Debug)]
pub struct Postgres {
    /// The address without a database.
    server: String,
    psql: PathBuf,
    own: Option<Cluster>,
}

/// A cluster that this process started.
#[derive(Debug)]
struct Cluster {
    process: Option<Guarded>,
    postgres: PathBuf,
    user: Option<&'static str>,
    port: Port,
    folder: TempDir,
}

/// A database of its own for one test; dropped with it when the server outlives the tests.
#[derive(Debug)]
pub struct Database {
    /// Its address.
    pub url: String,
    name: String,
    shared: Option<(PathBuf, String)>,
}

impl Postgres {
    /// The server that all tests of this process share; none, with a line that says so, where there is none.
    ///
    /// # Panics
    /// When a server that is installed does not start, and in CI when none is installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            match named("TEST_DATABASE_URL", "DATABASE_URL", &["postgres://", "postgresql://"]) {
                Some(url) => Some(Self::at(&url).expect("psql is installed")),
                None => Self::start_if_installed(),
            }
        });
        if shared.is_none() {
            skip::skipped("no PostgreSQL: install it, or set TEST_DATABASE_URL");
        }
        shared.as_ref()
    }

    /// An own server, to be stopped and broken; none, with a line that says so, where it is not installed.
    ///
    /// # Panics
    /// When it is installed and does not start, and in CI when it is not installed.
    pub fn own() -> Option<Self> {
        let own = Self::start_if_installed();
        if own.is_none() {
            skip::skipped("no PostgreSQL programs: install them");
        }
        own
    }

    fn start_if_installed() -> Option<Self> {
        let postgres = find_server(&["postgres"], &folders())?;
        Some(Self::start(postgres).expect("the installed PostgreSQL starts"))
    }

    /// The server behind `url`, whose database is only used to make others.
    fn at(url: &str) -> anyhow::Result<Self> {
        let psql = find_program(&["psql"], &folders()).context("psql is not installed")?;
        Ok(Self {
            server: url.to_owned(),
            psql,
            own: None,
        })
    }

    fn start(postgres: PathBuf) -> anyhow::Result<Self> {
        let user = is_root().then_some("postgres");
        let folder = folder_for(user)?;
        let data = folder.path().join("data");
        let initdb = postgres.with_file_name("initdb");
        let mut init = command_as(user, &initdb);
        init.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        let made = init
            .arg("--pgdata")
            .arg(&data)
            .current_dir(folder.path())
            .output()
            .context("run initdb")?;
        ensure!(
            made.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );

        let psql = postgres.with_file_name("psql");
        let cluster = Cluster {
            process: None,
            postgres,
            user,
            port: Port::claim()?,
            folder,
        };
        let server = format!("postgres://postgres@127.0.0.1:{}/postgres", cluster.port.number());
        let mut started = Self {
            server,
            psql,
            own: Some(cluster),
        };
        started.restart()?;
        Ok(started)
    }

    /// A new, empty database.
    ///
    /// # Panics
    /// When the server does not make one.
    pub fn database(&self) -> Database {
        let name = format!("test_{}", Uuid::now_v7().simple());
        self.run(&format!("CREATE DATABASE {name}"))
            .expect("the server makes a database");
        let mut url = url::Url::parse(&self.server).expect("the server's address is a URL");
        url.set_path(&name);
        let shared = self.own.is_none().then(|| (self.psql.clone(), self.server.clone()));
        Database {
            url: url.into(),
            name,
            shared,
        }
    }

    /// Runs one statement as the server's owner.
    ///
    /// # Errors
    /// With what the server said.
    pub fn run(&self, statement: &str) -> anyhow::Result<String> {
        run(&self.psql, &self.server, statement)
    }

    /// Stops the server as its owner would: connections are cut, everything is written.
    ///
    /// # Errors
    /// When it does not stop, or is not ours.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.ours()?.end("INT")
    }

    /// Ends the server and all its processes at once, as a crash would.
    ///
    /// # Errors
    /// When it does not end, or is not ours.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let cluster = self.ours()?;
        let children = cluster
            .process
            .as_ref()
            .map(|process| children_of(process.pid()))
            .unwrap_or_default();
        cluster.end("KILL")?;
        if !children.is_empty() {
            send("KILL", &children)?;
        }
        Ok(())
    }

    /// Stops time for the server: its connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it does not run, or is not ours.
    pub fn pause(&mut self) -> anyhow::Result<()> {
        let pid = self.ours()?.pid()?;
        // The parent first, so that no new child appears.
        send("STOP", &[pid])?;
        send("STOP", &children_of(pid))
    }

    /// Lets time go on after [`Postgres::pause`].
    ///
    /// # Errors
    /// When it does not run, or is not ours.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        let pid = self.ours()?.pid()?;
        send("CONT", &children_of(pid))?;
        send("CONT", &[pid])
    }

    /// Starts the server again on the same data and port, and waits until it answers.
    ///
    /// # Errors
    /// When it does not answer, with the end of its log.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        let cluster = self.ours()?;
        if cluster.process.is_some() {
            cluster.end("INT")?;
        }
        let folder = cluster.folder.path().to_owned();
        let mut command = command_as(cluster.user, &cluster.postgres);
        command
            .arg("-D")
            .arg(folder.join("data"))
            .arg("-k")
            .arg(&folder)
            .arg("-p")
            .arg(cluster.port.number().to_string());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        let log = folder.join("log");
        cluster.process = Some(Guarded::start(command.current_dir(&folder), &log, &folder)?);
        wait_until("PostgreSQL", Duration::from_mins(2), &log, || {
            self.run("SELECT 1").map(drop)
        })
    }

    fn ours(&mut self) -> anyhow::Result<&mut Cluster> {
        self.own.as_mut().context("this server belongs to somebody else")
    }
}

impl Cluster {
    fn pid(&self) -> anyhow::Result<u32> {
        Ok(self.process.as_ref().context("the server is stopped")?.pid())
    }

    fn end(&mut self, signal: &str) -> anyhow::Result<()> {
        let mut process = self.process.take().context("the server is stopped")?;
        process.end(signal, Duration::from_mins(1)).map(drop)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((psql, server)) = &self.shared {
            let _ = run(
                psql,
                server,
                &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
            );
        }
    }
}

/// Where Debian and others put PostgreSQL's programs, the newest first.
fn folders() -> Vec<PathBuf> {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|folders| {
            folders
                .filter_map(|folder| Some(folder.ok()?.path().join("bin")))
                .collect()
        })
        .unwrap_or_default();
    versions.sort();
    versions.reverse();
    versions
}

fn run(psql: &PathBuf, server: &str, statement: &str) -> anyhow::Result<String> {
    let mut command = Command::new(psql);
    command.args([
        "--no-psqlrc",
        "--quiet",
        "--tuples-only",
        "--no-align",
        "--set=ON_ERROR_STOP=1",
    ]);
    command
        .env("PGCONNECT_TIMEOUT", "10")
        .arg("--dbname")
        .arg(server)
        .args(["--command", statement]);
    let output = command.output().context("run psql")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
