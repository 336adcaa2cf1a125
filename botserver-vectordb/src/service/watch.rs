//! Follows the documents of packages: the system tells of changes where it can, and a look every two seconds finds the
//! rest.

use std::{path::Path, sync::Arc, time::Duration};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};

use super::KnowledgeService;

/// Between two looks without being told. A long look makes longer pauses.
const POLL: Duration = Duration::from_secs(2);

/// Copies write in several steps; this long after the last one they are over.
const QUIET: Duration = Duration::from_millis(200);

impl KnowledgeService {
    /// Looks at the packages until the server drains.
    pub(super) fn watch(&self) {
        let (service, draining) = (self.clone(), self.lifecycle.draining());
        self.lifecycle.spawn(async move {
            draining.run_until_cancelled(service.follow()).await;
        });
    }

    async fn follow(self) {
        let changed = Arc::new(Notify::new());
        let mut watcher = watcher(&self.bots_dir, &changed);
        loop {
            let begun = Instant::now();
            self.look_at_all().await;
            let pause = POLL.max(begun.elapsed() * 20);
            if timeout(pause, changed.notified()).await.is_ok() {
                settle(&changed).await;
            }
            if !self.bots_dir.is_dir() {
                // A folder that is made again is another one, which the watcher does not follow.
                watcher = None;
            } else if watcher.is_none() {
                watcher = self::watcher(&self.bots_dir, &changed);
            }
        }
    }
}

/// Waits until the changes stop, or a second.
async fn settle(changed: &Notify) {
    let end = Instant::now() + Duration::from_secs(1);
    while Instant::now() < end {
        if timeout(QUIET, changed.notified()).await.is_err() {
            return;
        }
    }
    sleep(Duration::ZERO).await;
}

fn watcher(folder: &Path, changed: &Arc<Notify>) -> Option<RecommendedWatcher> {
    if !folder.is_dir() {
        return None;
    }
    let changed = Arc::clone(changed);
    let heard = move |event: notify::Result<notify::Event>| {
        let matters = event.as_ref().is_ok_and(|event| {
            !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(|path| is_knowledge(path))
        });
        if matters {
            changed.notify_one();
        }
    };
    let made = notify::recommended_watcher(heard).and_then(|mut watcher| {
        watcher.watch(folder, RecursiveMode::Recursive)?;
        Ok(watcher)
    });
    made.inspect_err(|error| tracing::debug!("no watcher for {}: {error}; looking every 2 s", folder.display()))
        .ok()
}

fn is_knowledge(path: &Path) -> bool {
    path.iter()
        .any(|name| name.to_string_lossy().to_lowercase().ends_with(".gbkb"))
}
