//! Start, drain, stop: every background task is known and waited for.

use std::{future::Future, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// Hands out tasks and ends them in two steps: first *drain*, when no new work is taken and running work
/// finishes, then *stop*, when what still runs is told to give up.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    draining: CancellationToken,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

/// Work that shutdown waits for, although something else started its task.
#[derive(Debug, Clone)]
pub struct Hold(#[expect(dead_code, reason = "it works by being there")] TaskTrackerToken);

impl Lifecycle {
    /// A lifecycle in which nothing runs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task that shutdown waits for. It should end soon after [`Lifecycle::draining`] fires, and at
    /// once after [`Lifecycle::stopping`] does.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(self.tasks.track_future(task))
    }

    /// Makes shutdown wait until the hold is dropped.
    pub fn hold(&self) -> Hold {
        Hold(self.tasks.token())
    }

    /// Fires when no new work should be taken.
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Fires when running work should give up.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Whether shutdown has begun.
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Ends everything: drains for at most `grace`, then stops, and waits a second more.
    /// True when every task ended by itself.
    pub async fn shutdown(&self, grace: Duration) -> bool {
        self.draining.cancel();
        self.tasks.close();
        let drained = tokio::time::timeout(grace, self.tasks.wait()).await.is_ok();
        self.stopping.cancel();
        drained
            || tokio::time::timeout(Duration::from_secs(1), self.tasks.wait())
                .await
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn shutdown_waits_for_work_that_drains() {
        let lifecycle = Lifecycle::new();
        let draining = lifecycle.draining();
        let work = lifecycle.spawn(async move {
            draining.cancelled().await;
            "finished"
        });

        assert!(lifecycle.shutdown(Duration::from_secs(5)).await);
        assert_eq!(work.await.unwrap(), "finished");
    }

    #[tokio::test]
    async fn shutdown_tells_stubborn_work_to_give_up() {
        let lifecycle = Lifecycle::new();
        let stopping = lifecycle.stopping();
        let work = lifecycle.spawn(async move { stopping.cancelled().await });

        assert!(lifecycle.shutdown(Duration::from_millis(10)).await);
        work.await.unwrap();
    }
}
