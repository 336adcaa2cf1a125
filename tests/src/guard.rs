//! Child processes that die with this one, however it ends.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use uuid::Uuid;

/// Runs the command that follows its first two arguments with its output in the file `$1`. A line on its
/// standard input means that the owner ended the command; the end of input that the owner died, and then
/// the command is killed and the folder `$2` removed.
const KEEPER: &str = r#"
trap '' INT
log=$1 folder=$2
shift 2
"$@" >>"$log" 2>&1 </dev/null &
pid=$!
echo "$pid"
if read -r _; then
  wait "$pid"
  exit $?
fi
kill -KILL "$pid"
wait "$pid"
rm -rf "$folder"
"#;

/// A running command under the eyes of a shell.
#[derive(Debug)]
pub(crate) struct Guarded {
    keeper: Child,
    pid: u32,
    ended: bool,
}

impl Guarded {
    /// Starts `command` (its program, arguments, environment and folder) with its output appended to `log`.
    /// When this process dies, the command is killed and `folder` removed.
    pub(crate) fn start(command: &Command, log: &Path, folder: &Path) -> anyhow::Result<Self> {
        File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("write {}", log.display()))?;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", KEEPER, "keeper"])
            .arg(log)
            .arg(folder)
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        // What the shell itself says is only that its child was killed.
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = shell.spawn().context("start sh")?;
        let mut line = String::new();
        let output = keeper.stdout.take().context("read what sh says")?;
        BufReader::new(output)
            .read_line(&mut line)
            .context("read the process id")?;
        let pid = line
            .trim()
            .parse()
            .with_context(|| format!("read the process id in {line:?}"))?;
        Ok(Self {
            keeper,
            pid,
            ended: false,
        })
    }

    /// The command's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the command still runs.
    pub(crate) fn is_running(&self) -> bool {
        !self.ended && state_of(self.pid).is_some_and(|state| state != 'Z')
    }

    /// Sends `signal` and waits until the command has ended; its status has 128 + n where signal n ended it.
    pub(crate) fn end(&mut self, signal: &str, within: Duration) -> anyhow::Result<ExitStatus> {
        if !self.ended {
            send(signal, &[self.pid])?;
            self.ended = true;
            if let Some(mut orders) = self.keeper.stdin.take() {
                let _ = orders.write_all(b"ended\n");
            }
        }
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.keeper.try_wait().context("wait for sh")? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!("process {} did not end within {within:?} of SIG{signal}", self.pid);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.end("KILL", Duration::from_mins(1));
        }
    }
}

/// Sends `signal` (its name without `SIG`) to each of `pids`; one that has ended in between is no mistake.
pub(crate) fn send(signal: &str, pids: &[u32]) -> anyhow::Result<()> {
    // One by one: `kill` fails for all when a single one is gone, and then the others' states say nothing.
    for pid in pids {
        let status = Command::new("sh")
            .args(["-c", r#"kill "-$1" "$2""#, "kill", signal, &pid.to_string()])
            .stderr(Stdio::null())
            .status()
            .context("run kill")?;
        let gone = state_of(*pid).is_none_or(|state| state == 'Z');
        if !status.success() && !gone {
            bail!("sending SIG{signal} to {pid} failed: {status}");
        }
    }
    Ok(())
}

/// The state letter of a process, such as `S` for sleeping; none when it is gone.
pub(crate) fn state_of(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// The processes whose parent is `pid`.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let is_child = |child: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        parent == Some(pid)
    };
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(is_child)
        .collect()
}

/// A port of the loopback address that stays this process's own until it is dropped, also while nothing listens on it.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    _claim: File,
}

impl Port {
    /// Where the ports are that no system hands out by itself: not to a listener, nor to a connection that goes out.
    const FIRST: u16 = 10_240;
    const COUNT: u16 = 20_000;

    /// Claims a port on which nothing listens, before all test processes of this machine.
    pub(crate) fn claim() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join("botserver-test-ports");
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        for _ in 0..1000 {
            let chance = Uuid::new_v4().as_u128() % u128::from(Self::COUNT);
            let number = Self::FIRST + u16::try_from(chance).unwrap_or_default();
            // Another user's claim cannot be opened, and another process's not locked.
            let Ok(claim) = File::create(folder.join(number.to_string())) else {
                continue;
            };
            let is_free = || std::net::TcpListener::bind(("127.0.0.1", number)).is_ok();
            if claim.try_lock().is_ok() && is_free() {
                return Ok(Self { number, _claim: claim });
            }
        }
        bail!("found no free port of the loopback address")
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}

/// Asks `ready` again and again until it says yes, or fails with its last answer and the end of `log`.
pub(crate) fn wait_until(
    what: &str,
    within: Duration,
    log: &Path,
    mut ready: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + within;
    loop {
        match ready() {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > deadline => {
                bail!("{what} was not ready within {within:?}: {error:#}\n{}", tail(log));
            }
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(40)..).unwrap_or_default();
    last.join("\n")
}
