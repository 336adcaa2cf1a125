//! Valkey or Redis: an own instance in a temporary folder, or one that a variable names.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use super::{find_server, folder_for, named};
use crate::guard::{Guarded, Port, send, wait_until};
use crate::skip;

/// A Valkey or Redis server.
#[derive(Debug)]
pub struct Redis {
    /// Its address.
    pub url: String,
    own: Option<Instance>,
}

#[derive(Debug)]
struct Instance {
    process: Option<Guarded>,
    program: PathBuf,
    port: Port,
    folder: TempDir,
}

impl Redis {
    /// The server that all tests of this process share; none, with a line that says so, where there is none.
    /// Tests keep apart by the names of their keys.
    ///
    /// # Panics
    /// When a server that is installed does not start, and in CI when none is installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Redis>> = OnceLock::new();
        let shared =
            SHARED.get_or_init(
                || match named("TEST_REDIS_URL", "REDIS_URL", &["redis://", "valkey://", "unix://"]) {
                    Some(url) => Some(Self { url, own: None }),
                    None => Self::start_if_installed(),
                },
            );
        if shared.is_none() {
            skip::skipped("no valkey-server or redis-server: install one, or set TEST_REDIS_URL");
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
            skip::skipped("no valkey-server or redis-server: install one");
        }
        own
    }

    fn start_if_installed() -> Option<Self> {
        let folders = ["/usr/bin", "/usr/local/bin", "/usr/sbin"].map(PathBuf::from);
        let program = find_server(&["valkey-server", "redis-server"], &folders)?;
        Some(Self::start(program).expect("the installed server starts"))
    }

    fn start(program: PathBuf) -> anyhow::Result<Self> {
        let instance = Instance {
            process: None,
            program,
            port: Port::claim()?,
            folder: folder_for(None)?,
        };
        let url = format!("redis://127.0.0.1:{}/", instance.port.number());
        let mut started = Self {
            url,
            own: Some(instance),
        };
        started.restart()?;
        Ok(started)
    }

    /// Ends the server at once, with all that it kept.
    ///
    /// # Errors
    /// When it does not end, or is not ours.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let mut process = self.ours()?.process.take().context("the server is stopped")?;
        process.end("KILL", Duration::from_mins(1)).map(drop)
    }

    /// Stops time for the server: its connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it does not run, or is not ours.
    pub fn pause(&mut self) -> anyhow::Result<()> {
        send("STOP", &[self.ours()?.pid()?])
    }

    /// Lets time go on after [`Redis::pause`].
    ///
    /// # Errors
    /// When it does not run, or is not ours.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        send("CONT", &[self.ours()?.pid()?])
    }

    /// Starts the server again on the same port, empty, and waits until it answers.
    ///
    /// # Errors
    /// When it does not answer, with the end of its log.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        if self.ours()?.process.is_some() {
            self.kill()?;
        }
        let instance = self.ours()?;
        let port = instance.port.number();
        let folder = instance.folder.path();
        let mut command = Command::new(&instance.program);
        command
            .arg("--port")
            .arg(port.to_string())
            .args(["--bind", "127.0.0.1", "--appendonly", "no"]);
        command.args(["--save", ""]).arg("--dir").arg(folder);
        let log = folder.join("log");
        instance.process = Some(Guarded::start(&command, &log, folder)?);
        wait_until("the cache server", Duration::from_mins(1), &log, || ping(port))
    }

    fn ours(&mut self) -> anyhow::Result<&mut Instance> {
        self.own.as_mut().context("this server belongs to somebody else")
    }
}

impl Instance {
    fn pid(&self) -> anyhow::Result<u32> {
        Ok(self.process.as_ref().context("the server is stopped")?.pid())
    }
}

fn ping(port: u16) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    ensure!(
        &answer == b"+PONG\r\n",
        "it answered {:?}",
        String::from_utf8_lossy(&answer)
    );
    Ok(())
}
