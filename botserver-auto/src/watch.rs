//! Sees within a second that a package changed.
//!
//! The system tells of changes where it can; a look every two seconds finds those of network folders, of which it
//! does not tell, and those of systems that ran out of watches.

use std::{path::Path, sync::Arc, time::Duration};

use botstate::Lifecycle;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use crate::{
    mounts::{Mounts, blocking},
    package::{self, PROMPT_FOLDER},
};

/// Editors and copies write in several steps; this long after the last one they are over.
const QUIET: Duration = Duration::from_millis(150);

/// A steady stream of changes is looked at all the same after this long.
const LONGEST_QUIET: Duration = Duration::from_millis(600);

/// Between two looks without being told.
const POLL: Duration = Duration::from_secs(2);

/// Looks at the folder whenever it changes, until the server drains.
pub(crate) fn start(mounts: Arc<Mounts>, lifecycle: &Lifecycle) {
    let draining = lifecycle.draining();
    lifecycle.spawn(async move {
        // Nothing is half done when the look is cut off: bots are swapped whole, programs kept in one transaction.
        draining.run_until_cancelled(watch(mounts)).await;
    });
}

async fn watch(mounts: Arc<Mounts>) {
    let changed = Arc::new(Notify::new());
    let mut watcher = watcher(&mounts.folder, &changed).await;
    let mut poll = interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What changed between the first look and now.
    mounts.refresh(false).await;
    loop {
        tokio::select! {
            () = changed.notified() => {
                settle(&changed).await;
                mounts.refresh(true).await;
            }
            _ = poll.tick() => {
                if watcher.is_none() {
                    watcher = self::watcher(&mounts.folder, &changed).await;
                }
                mounts.refresh(false).await;
            }
        }
        // A folder that was removed and made again is another one, which the watcher does not follow.
        if !mounts.folder.is_dir() {
            watcher = None;
        }
    }
}

/// Waits until the changes stop.
async fn settle(changed: &Notify) {
    let end = Instant::now() + LONGEST_QUIET;
    while Instant::now() < end {
        if timeout(QUIET, changed.notified()).await.is_err() {
            return;
        }
    }
    // Whoever still writes is seen again by the next notice.
    sleep(Duration::ZERO).await;
}

/// A watcher of the folder; none when there is no folder yet or the system refuses.
async fn watcher(folder: &Path, changed: &Arc<Notify>) -> Option<RecommendedWatcher> {
    let (folder, changed) = (folder.to_owned(), Arc::clone(changed));
    blocking(move || {
        if !folder.is_dir() {
            return None;
        }
        let heard = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| matters(&event)) {
                changed.notify_one();
            }
        };
        let made = notify::recommended_watcher(heard).and_then(|mut watcher| {
            watcher.watch(&folder, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        made.inspect_err(|error| tracing::debug!("no watcher for {}: {error}; looking every 2 s", folder.display()))
            .ok()
    })
    .await
}

/// Whether an event can mean that a package changed; files of the drive and of knowledge come and go without it.
fn matters(event: &Event) -> bool {
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    event.need_rescan() || event.paths.iter().any(|path| concerns_package(path))
}

fn concerns_package(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return true;
    };
    let name = name.to_ascii_lowercase();
    match name.rsplit_once('.') {
        // A folder, perhaps with scripts in it.
        None => true,
        Some((_, ending)) => {
            let is_part = ["bas", "gbai", "gbdialog", "gbot", PROMPT_FOLDER].contains(&ending);
            let is_prompt = || ending == "md" && path.parent().is_some_and(package::holds_prompts);
            is_part || name == "config.csv" || name.starts_with("prompt.") || is_prompt()
        }
    }
}
