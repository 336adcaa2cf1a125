//! The `botserver` binary as a process of its own.

mod binary;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

pub use self::binary::{binary, example};

use crate::guard::{Guarded, Port, send, tail};
use crate::model::Model;
use crate::servers::variable;

/// The longest time from start to ready, with a new database.
const START_LIMIT: Duration = Duration::from_mins(2);
/// The longest time until a process has ended that was killed.
const END_LIMIT: Duration = Duration::from_mins(1);

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    env: Vec<(String, String)>,
    bots: Option<PathBuf>,
    is_bare: bool,
}

impl Setup {
    /// Nothing but an empty data folder and the packages that ship.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a variable of the server's environment, which is empty otherwise.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Takes the packages from `folder`.
    #[must_use]
    pub fn bots(mut self, folder: impl Into<PathBuf>) -> Self {
        self.bots = Some(folder.into());
        self
    }

    /// Names no folder: the server makes what it needs in the empty one where it is started.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.is_bare = true;
        self
    }

    /// Answers with `model`.
    #[must_use]
    pub fn model(self, model: &Model) -> Self {
        let with_url = self.env("OPENAI_BASE_URL", model.url());
        with_url
            .env("OPENAI_API_KEY", "test-key")
            .env("OPENAI_MODEL", crate::model::NAME)
    }

    /// Starts the server and waits until it is ready.
    ///
    /// # Errors
    /// When it ends or is not ready within two minutes, with the end of its log.
    pub async fn start(self) -> anyhow::Result<Server> {
        let mut server = self.spawn()?;
        server.wait_ready(START_LIMIT).await?;
        Ok(server)
    }

    /// Starts the server and does not wait: for starts that are meant to fail or to take long.
    ///
    /// # Errors
    /// When the process does not start at all.
    pub fn spawn(self) -> anyhow::Result<Server> {
        let folder = tempfile::Builder::new().prefix("botserver-test-").tempdir()?;
        let folders = if self.is_bare {
            None
        } else {
            std::fs::create_dir(folder.path().join("data"))?;
            let shipped = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../bots");
            Some((folder.path().join("data"), self.bots.unwrap_or_else(shipped)))
        };
        let mut server = Server {
            process: None,
            port: Port::claim()?,
            env: self.env,
            folders,
            folder,
        };
        server.launch()?;
        Ok(server)
    }
}

/// A running server with its data, which is removed with it.
#[derive(Debug)]
pub struct Server {
    process: Option<Guarded>,
    port: Port,
    env: Vec<(String, String)>,
    /// The folders for data and bots that the server is told of.
    folders: Option<(PathBuf, PathBuf)>,
    folder: TempDir,
}

impl Server {
    /// The server's address, such as `http://127.0.0.1:12345`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }

    /// Host and port, such as `127.0.0.1:12345`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port.number())
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder where the server is started.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All that the server has written to its outputs since its first start.
    pub fn log(&self) -> String {
        std::fs::read(self.log_file())
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// Whether the process runs.
    pub fn is_running(&self) -> bool {
        self.process.as_ref().is_some_and(Guarded::is_running)
    }

    /// Waits until `/health/ready` answers 200; the time it took.
    ///
    /// # Errors
    /// When the process ends or the time is over, with the end of the log.
    pub async fn wait_ready(&mut self, within: Duration) -> anyhow::Result<Duration> {
        let started = Instant::now();
        let client = http_client()?;
        let url = format!("{}/health/ready", self.url());
        loop {
            let answer = client.get(&url).timeout(Duration::from_secs(10)).send().await;
            let answer = match answer {
                Ok(answer) if answer.status().is_success() => return Ok(started.elapsed()),
                Ok(answer) => format!("{} {}", answer.status(), answer.text().await.unwrap_or_default()),
                Err(error) => format!("{:#}", anyhow::Error::from(error)),
            };
            let so_far = || format!("{answer}\n{}", tail(&self.log_file()));
            ensure!(self.is_running(), "the server ended before it was ready: {}", so_far());
            ensure!(
                started.elapsed() < within,
                "the server was not ready within {within:?}: {}",
                so_far()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the process at once, as a crash would (`kill -9`).
    ///
    /// # Errors
    /// When it has ended before.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.running()?.end("KILL", END_LIMIT).map(drop)
    }

    /// Asks the process to end (SIGTERM) and waits for it; its exit status.
    ///
    /// # Errors
    /// When it has ended before, or does not end in time.
    pub fn terminate(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        self.running()?.end("TERM", within)
    }

    /// Waits for a process that ends by itself; its exit status.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn wait(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        let deadline = Instant::now() + within;
        while self.is_running() {
            ensure!(
                Instant::now() < deadline,
                "the server still runs after {within:?}\n{}",
                tail(&self.log_file())
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        self.running()?.end("TERM", END_LIMIT)
    }

    /// Sends `signal`, such as `STOP` or `HUP`.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn signal(&mut self, signal: &str) -> anyhow::Result<()> {
        let pid = self.pid()?;
        send(signal, &[pid])
    }

    /// Starts again on the same data, port and environment and waits until it is ready; the time it took.
    ///
    /// # Errors
    /// As [`Setup::start`].
    pub async fn restart(&mut self) -> anyhow::Result<Duration> {
        if self.is_running() {
            self.terminate(END_LIMIT)?;
        }
        self.launch()?;
        self.wait_ready(START_LIMIT).await
    }

    /// Sets a variable for the next [`Server::restart`].
    pub fn set_env(&mut self, name: &str, value: impl Into<String>) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.into()));
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn rss_bytes(&self) -> anyhow::Result<u64> {
        Ok(self.status_field("VmRSS:")? * 1024)
    }

    /// Number of threads.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn threads(&self) -> anyhow::Result<u64> {
        self.status_field("Threads:")
    }

    /// The process id.
    ///
    /// # Errors
    /// When the server was never started or has ended.
    pub fn pid(&self) -> anyhow::Result<u32> {
        Ok(self.process.as_ref().context("the server has ended")?.pid())
    }

    fn status_field(&self, name: &str) -> anyhow::Result<u64> {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.pid()?)).context("the server has ended")?;
        let value = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
        Ok(value
            .with_context(|| format!("/proc says nothing of {name}"))?
            .parse()?)
    }

    fn running(&mut self) -> anyhow::Result<Guarded> {
        self.process.take().context("the server has ended")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn launch(&mut self) -> anyhow::Result<()> {
        let folder = self.folder.path();
        let mut command = Command::new("env");
        // `env -i` empties the environment, so that nothing of the test run configures the server.
        command
            .arg("-i")
            .arg(format!("PATH={}", variable("PATH").unwrap_or_default()));
        command.arg(format!("HOME={}", folder.display()));
        command
            .arg("BOTSERVER_HOST=127.0.0.1")
            .arg(format!("BOTSERVER_PORT={}", self.port.number()));
        if let Some((data, bots)) = &self.folders {
            command.arg(format!("BOTSERVER_DATA_DIR={}", data.display()));
            command.arg(format!("BOTSERVER_BOTS_DIR={}", bots.display()));
        }
        // A disk that others use as well keeps commits waiting for longer than people would.
        command.arg("BOTSERVER_DATABASE_TIMEOUT=30");
        command.args(self.env.iter().map(|(name, value)| format!("{name}={value}")));
        command.arg(binary()?).current_dir(folder);
        self.process = Some(Guarded::start(&command, &self.log_file(), folder)?);
        Ok(())
    }
}

/// Runs the binary in `folder` with `arguments` and an environment of `env` alone, and waits for its end.
///
/// # Errors
/// When it does not start, or still runs after two minutes.
pub async fn run(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> anyhow::Result<Output> {
    let mut command = tokio::process::Command::new(binary()?);
    command.args(arguments).current_dir(folder).env_clear();
    command
        .env("PATH", variable("PATH").unwrap_or_default())
        .env("HOME", folder);
    command
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    tokio::time::timeout(START_LIMIT, command.output())
        .await
        .with_context(|| format!("botserver {} still ran after {START_LIMIT:?}", arguments.join(" ")))?
        .context("run botserver")
}

/// An HTTP client for tests: it follows no redirects, so that they can be seen.
///
/// # Errors
/// When it cannot be made.
pub fn http_client() -> anyhow::Result<reqwest::Client> {
    // The server's own choice of provider; a second installation is refused and does no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder()
        .no_proxy()
        // Nothing here is encrypted, and reading the system's certificates takes longer than most tests.
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .build()?)
}
