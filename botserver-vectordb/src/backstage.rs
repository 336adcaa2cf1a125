//! A thread for long computing that yields to everything else: cutting, hashing and embedding while people chat.

use std::{
    sync::{Arc, mpsc},
    thread,
};

use tokio::sync::oneshot;

/// Pieces of work that may wait; whoever brings more waits too.
const QUEUE: usize = 16;

/// How much the thread steps back, from 0 to 19.
#[cfg(target_os = "linux")]
const NICE: i32 = 15;

type Work = Box<dyn FnOnce() + Send>;

/// The handle of the thread; it ends when the last handle is gone.
#[derive(Debug, Clone)]
pub(crate) struct Backstage(Arc<mpsc::SyncSender<Work>>);

impl Backstage {
    /// Starts the thread.
    pub(crate) fn start() -> Self {
        let (sender, receiver) = mpsc::sync_channel::<Work>(QUEUE);
        let serve = move || {
            #[cfg(target_os = "linux")]
            if let Err(error) = rustix::process::setpriority_process(None, NICE) {
                tracing::debug!(%error, "the thread that indexes documents runs with the priority of all others");
            }
            while let Ok(work) = receiver.recv() {
                work();
            }
        };
        if let Err(error) = thread::Builder::new().name("knowledge".to_owned()).spawn(serve) {
            tracing::error!(%error, "documents are not indexed: the system gives no thread");
        }
        Self(Arc::new(sender))
    }

    /// Runs `work` there; nothing when there is no thread, or the work broke off.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        let span = tracing::Span::current();
        let mut work: Work = Box::new(move || {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| span.in_scope(work)));
            if let Ok(value) = result {
                // Whoever asked may be gone.
                let _ = sender.send(value);
            }
        });
        loop {
            match self.0.try_send(work) {
                Ok(()) => break,
                Err(mpsc::TrySendError::Full(back)) => work = back,
                Err(mpsc::TrySendError::Disconnected(_)) => return None,
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        receiver.await.ok()
    }
}
