//! Qdrant: a server that a variable names, or Qdrant's own engine behind `tests/qdrant/bridge.py`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use anyhow::Context as _;

use super::{find_server, named};
use crate::skip;

/// A Qdrant server.
#[derive(Debug)]
pub struct Qdrant {
    /// The address of its REST interface.
    pub url: String,
    /// It ends when its standard input does, so at the latest with this process.
    _process: Option<Child>,
}

impl Qdrant {
    /// The server that all tests of this process share; none, with a line that says so, where there is none. Tests keep
    /// apart by their organisations.
    ///
    /// # Panics
    /// When what is installed does not start, and in CI when nothing is installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Qdrant>> = OnceLock::new();
        let shared = SHARED.get_or_init(
            || match named("TEST_QDRANT_URL", "QDRANT_URL", &["http://", "https://"]) {
                Some(url) => Some(Self { url, _process: None }),
                None => find_server(&["qdrant-python"], &[])
                    .map(|python| Self::start(&python).expect("the installed engine starts")),
            },
        );
        if shared.is_none() {
            skip::skipped("no Qdrant: run `.ci/run install` and put its folder on the path, or set TEST_QDRANT_URL");
        }
        shared.as_ref()
    }

    fn start(python: &Path) -> anyhow::Result<Self> {
        let bridge: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("qdrant/bridge.py");
        let mut process = Command::new(python)
            .arg(bridge)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the bridge to Qdrant")?;
        let output = process.stdout.take().context("the bridge has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        anyhow::ensure!(line.starts_with("http"), "the bridge to Qdrant said {line:?}");
        Ok(Self {
            url: line.trim().to_owned(),
            _process: Some(process),
        })
    }
}
