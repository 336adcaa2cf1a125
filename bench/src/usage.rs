//! What a process uses, as `/proc` tells it.

use std::{fs, time::Duration};

use anyhow::Context;

use crate::number::float;

/// Memory and threads of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Resident memory, in bytes.
    pub(crate) rss: f64,
    /// Threads.
    pub(crate) threads: f64,
}

impl Usage {
    /// Of the process `pid`, now.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the process has ended")?;
        let field = |name: &str| -> anyhow::Result<f64> {
            let value = status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
            let value: u64 = value
                .with_context(|| format!("/proc says nothing of {name}"))?
                .parse()?;
            Ok(float(value))
        };
        Ok(Self {
            rss: field("VmRSS:")? * 1024.0,
            threads: field("Threads:")?,
        })
    }
}

/// The processor time that the process `pid` has used, in user and system mode.
pub(crate) fn cpu(pid: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the process has ended")?;
    // The name in parentheses may hold blanks; behind it user and system time are the 12th and 13th field.
    let (_, fields) = stat.rsplit_once(") ").context("read /proc/<pid>/stat")?;
    let ticks = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<Result<u64, _>>()
        .context("read /proc/<pid>/stat")?;
    Ok(Duration::from_secs_f64(
        float(ticks) / float(rustix::param::clock_ticks_per_second()),
    ))
}

/// Allows this process and its children as many open files as the system lets them have.
pub(crate) fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // When it is refused, connections fail with a message that says so.
    let _ = setrlimit(Resource::Nofile, raised);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_threads_and_time() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.rss > 100_000.0 && usage.threads >= 1.0, "{usage:?}");

        let before = cpu(std::process::id()).unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while cpu(std::process::id()).unwrap() <= before {
            assert!(std::time::Instant::now() < deadline, "computing takes processor time");
        }
    }
}
