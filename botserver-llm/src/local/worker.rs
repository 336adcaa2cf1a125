//! The thread of a model: it takes what waits, together what is about equally long.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Instant,
};

use botstate::model::ModelError;
use rayon::ThreadPool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{
    folder::Folder,
    network::{Network, Tokens},
};

/// Texts that may wait for a model; whoever brings more waits before the queue.
const WAITING: usize = 1024;

/// Texts that a processor computes at once. More gain nothing there and keep questions waiting.
const FEW: usize = 8;

/// Texts that a graphics processor computes at once.
const MANY: usize = 64;

/// What a model is given.
#[derive(Debug)]
pub(super) enum Input {
    /// A text.
    One(String),
    /// A question and a text.
    Pair(String, String),
}

struct Item {
    input: Input,
    /// Whether somebody waits for an answer, and not a document for its turn.
    is_urgent: bool,
    reply: oneshot::Sender<Result<Vec<f32>, String>>,
    /// Gives the place in the queue back when the item is done.
    _place: OwnedSemaphorePermit,
}

/// The handle of the thread; it ends when the last handle is gone.
#[derive(Debug)]
pub(super) struct Worker {
    sender: mpsc::Sender<Item>,
    places: Arc<Semaphore>,
    has_failed: Arc<AtomicBool>,
}

impl Worker {
    /// Starts the thread, which loads the model before the first answer.
    pub(super) fn start(folder: Arc<Folder>, pool: Arc<ThreadPool>) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let has_failed = Arc::new(AtomicBool::new(false));
        let failed = Arc::clone(&has_failed);
        thread::Builder::new()
            .name("model".to_owned())
            .spawn(move || serve(&folder, &pool, &receiver, &failed))?;
        Ok(Self {
            sender,
            places: Arc::new(Semaphore::new(WAITING)),
            has_failed,
        })
    }

    /// Whether the model could not be loaded.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// What the model makes of each input. What nobody waits for any more is not computed.
    pub(super) async fn run(&self, inputs: Vec<Input>, is_urgent: bool) -> Result<Vec<Vec<f32>>, ModelError> {
        let gone = || ModelError::NotAsked {
            reason: "the model of this process broke off".to_owned(),
        };
        let mut answers = Vec::with_capacity(inputs.len());
        for input in inputs {
            let place = Arc::clone(&self.places).acquire_owned().await;
            let (reply, answer) = oneshot::channel();
            let item = Item {
                input,
                is_urgent,
                reply,
                _place: place.map_err(|_closed| gone())?,
            };
            self.sender.send(item).map_err(|_ended| gone())?;
            answers.push(answer);
        }
        let mut all = Vec::with_capacity(answers.len());
        for answer in answers {
            let result = answer.await.map_err(|_ended| gone())?;
            all.push(result.map_err(|reason| ModelError::NotAsked { reason })?);
        }
        Ok(all)
    }
}

/// The life of the thread.
fn serve(folder: &Folder, pool: &ThreadPool, receiver: &mpsc::Receiver<Item>, failed: &AtomicBool) {
    let Ok(first) = receiver.recv() else { return };
    let begun = Instant::now();
    let network = match pool.install(|| Network::load(folder)) {
        Ok(network) => network,
        Err(reason) => {
            tracing::error!(model = %folder.id, %reason, "a model cannot be used");
            // Whoever comes from now on gets another worker, which tries again.
            failed.store(true, Ordering::Relaxed);
            for item in std::iter::once(first).chain(receiver.try_iter()) {
                let _ = item.reply.send(Err(reason.clone()));
            }
            return;
        }
    };
    let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(duration_ms = took, "loaded the model {}", folder.id);
    let mut queue = Queue::default();
    queue.add(&network, first);
    loop {
        if queue.is_empty() {
            let Ok(item) = receiver.recv() else { return };
            queue.add(&network, item);
        }
        for item in receiver.try_iter() {
            queue.add(&network, item);
        }
        let batch = queue.take(if network.wants_many() { MANY } else { FEW });
        let tokens: Vec<&Tokens> = batch.iter().map(|(_, tokens)| tokens).collect();
        if tokens.is_empty() {
            continue;
        }
        let begun = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| pool.install(|| network.run(&tokens))));
        metrics::histogram!("model_batch_seconds", "model" => folder.name.clone())
            .record(begun.elapsed().as_secs_f64());
        metrics::counter!("model_texts_total", "model" => folder.name.clone()).increment(tokens.len() as u64);
        let reason = match result {
            Ok(Ok(outputs)) => {
                for ((item, _), output) in batch.into_iter().zip(outputs) {
                    // Whoever asked may be gone.
                    let _ = item.reply.send(Ok(output));
                }
                continue;
            }
            Ok(Err(error)) => format!("the model {} failed: {error}", folder.name),
            Err(_panic) => format!("the model {} broke off", folder.name),
        };
        for (item, _) in batch {
            let _ = item.reply.send(Err(reason.clone()));
        }
    }
}

/// What waits, questions apart from documents.
#[derive(Default)]
struct Queue {
    urgent: VecDeque<(Item, Tokens)>,
    patient: VecDeque<(Item, Tokens)>,
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.patient.is_empty()
    }

    fn add(&mut self, network: &Network, item: Item) {
        match network.tokens(&item.input) {
            Ok(tokens) if item.is_urgent => self.urgent.push_back((item, tokens)),
            Ok(tokens) => self.patient.push_back((item, tokens)),
            Err(reason) => {
                let _ = item.reply.send(Err(reason));
            }
        }
    }

    /// The oldest that waits, with those that are nearest to its length: the shorter ones are filled up to the longest.
    fn take(&mut self, most: usize) -> Vec<(Item, Tokens)> {
        for queue in [&mut self.urgent, &mut self.patient] {
            queue.retain(|(item, _)| !item.reply.is_closed());
            let Some(first) = queue.pop_front() else { continue };
            let length = first.1.len();
            let mut places: Vec<(usize, usize)> = queue
                .iter()
                .enumerate()
                .map(|(place, (_, tokens))| (tokens.len().abs_diff(length), place))
                .collect();
            places.sort_unstable();
            places.truncate(most.saturating_sub(1));
            let mut chosen: Vec<usize> = places.into_iter().map(|(_, place)| place).collect();
            // From the back, so that the places in front stay what they are.
            chosen.sort_unstable_by(|a, b| b.cmp(a));
            let mut batch = vec![first];
            batch.extend(chosen.into_iter().filter_map(|place| queue.remove(place)));
            return batch;
        }
        Vec::new()
    }
}
