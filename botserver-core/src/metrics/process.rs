//! What the process itself uses, as the kernel counts it (Linux, proc(5)).

use std::{fmt::Write, fs};

/// Clock ticks a second in `/proc`: fixed at 100 for user space on every architecture we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// The usual `process_*` series; what cannot be read is left out.
pub(super) fn measure() -> String {
    let mut text = String::new();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kib) = field(&status, "VmRSS:") {
        series(
            &mut text,
            "process_resident_memory_bytes",
            "gauge",
            "Memory in use",
            kib * 1024.0,
        );
    }
    if let Some(threads) = field(&status, "Threads:") {
        series(&mut text, "process_threads", "gauge", "Threads", threads);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        let open = u32::try_from(open.count()).unwrap_or(u32::MAX);
        series(
            &mut text,
            "process_open_fds",
            "gauge",
            "Open files and sockets",
            f64::from(open),
        );
    }
    if let Some(seconds) = cpu_seconds(&fs::read_to_string("/proc/self/stat").unwrap_or_default()) {
        series(
            &mut text,
            "process_cpu_seconds_total",
            "counter",
            "Processor time",
            seconds,
        );
    }
    text
}

fn series(text: &mut String, name: &str, kind: &str, help: &str, value: f64) {
    // Writing to a String cannot fail.
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n\n");
}

fn field(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15, user and system time. The second field is the program's name, which may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_a_strange_program_name() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0";

        assert_eq!(cpu_seconds(stat), Some(2.0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_measured() {
        let text = measure();

        for name in ["resident_memory_bytes", "threads", "open_fds", "cpu_seconds_total"] {
            assert!(
                text.contains(&format!("\nprocess_{name} ")),
                "{name} is missing in {text}"
            );
        }
    }
}
