//! How much memory the processes that this one starts take at most.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Looks at the processes that this one started until it is asked; the kernel keeps the peak of each.
pub(crate) struct Watch {
    done: Arc<AtomicBool>,
    peak: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub(crate) fn start() -> Self {
        let (done, peak) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (seen, end) = (Arc::clone(&peak), Arc::clone(&done));
        let thread = thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                for child in children() {
                    seen.fetch_max(peak_of(&child), Ordering::Relaxed);
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        Self {
            done,
            peak,
            thread: Some(thread),
        }
    }

    /// The peak so far, in bytes.
    pub(crate) fn peak(mut self) -> u64 {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the watcher");
        }
        self.peak.load(Ordering::Relaxed)
    }
}

fn children() -> Vec<String> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    tasks
        .filter_map(Result::ok)
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The most memory that a process ever held, without what it shares with the one that started it.
fn peak_of(process: &str) -> u64 {
    let is_reader =
        fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.starts_with("read-document"));
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().split(' ').next()?.parse::<u64>().ok());
    if is_reader { peak.unwrap_or(0) << 10 } else { 0 }
}
