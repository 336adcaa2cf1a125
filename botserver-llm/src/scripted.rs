//! A model for tests that says what it was told to say.
//!
//! [`ScriptedModel`] answers with the replies of a queue and remembers every request. It keeps to the port:
//! an error before the first piece comes from `stream` itself, an answer ends with [`Delta::End`] or an error and
//! with nothing after it, a cancelled answer gives [`ModelError::Cancelled`], and a dropped one stops.
//!
//! ```
//! use std::time::Duration;
//!
//! use botserver_llm::scripted::{Reply, ScriptedModel};
//! use botstate::model::{ChatModel, ChatRequest, Delta};
//! use futures::StreamExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let model = ScriptedModel::new([
//!     Reply::call("place_order", r#"{"sku":"A1"}"#),
//!     Reply::text(["It is ", "on its way."]).pause(Duration::from_millis(1)),
//! ]);
//!
//! let mut answer = model.stream(ChatRequest::default(), Default::default()).await?;
//! assert!(matches!(answer.next().await, Some(Ok(Delta::Call(call))) if call.name == "place_order"));
//!
//! assert_eq!(model.asked().len(), 1);
//! # Ok(())
//! # }
//! ```

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use botstate::{
    dialog::{Bot, Fault, FaultKind},
    model::{ChatModel, ChatRequest, Delta, Deltas, Finish, ModelError, Models, ToolCall, Usage},
};
use futures::{StreamExt, future, stream};
use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// One answer of a [`ScriptedModel`].
#[derive(Debug, Clone, Default)]
pub struct Reply {
    steps: VecDeque<Step>,
    finish: Option<Finish>,
    usage: Option<Usage>,
}

#[derive(Debug, Clone)]
enum Step {
    Give(Delta),
    Pause(Duration),
    Fail(ModelError),
    Hang,
}

impl Reply {
    /// An answer of these pieces of text.
    pub fn text<T: Into<String>>(pieces: impl IntoIterator<Item = T>) -> Self {
        Self::default().then_text(pieces)
    }

    /// An answer that calls one tool with arguments as JSON text.
    pub fn call(name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self::default().then_call(name, arguments)
    }

    /// A refusal before the first piece.
    pub fn error(error: ModelError) -> Self {
        Self::default().then_error(error)
    }

    /// Nothing until the request is cancelled or dropped.
    pub fn hang() -> Self {
        Self::default().then_hang()
    }

    /// Goes on with these pieces of text.
    #[must_use]
    pub fn then_text<T: Into<String>>(mut self, pieces: impl IntoIterator<Item = T>) -> Self {
        self.steps
            .extend(pieces.into_iter().map(|piece| Step::Give(Delta::Text(piece.into()))));
        self
    }

    /// Goes on with reasoning.
    #[must_use]
    pub fn then_reasoning(mut self, text: impl Into<String>) -> Self {
        self.steps.push_back(Step::Give(Delta::Reasoning(text.into())));
        self
    }

    /// Goes on with a call of a tool with arguments as JSON text; its id counts the calls of this reply from 1,
    /// `call_1`.
    #[must_use]
    pub fn then_call(mut self, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        let id = format!("call_{}", self.calls() + 1);
        let call = ToolCall {
            id,
            name: name.into(),
            arguments: arguments.into(),
            signature: None,
        };
        self.steps.push_back(Step::Give(Delta::Call(call)));
        self
    }

    /// Goes on with a pause.
    #[must_use]
    pub fn then_pause(mut self, pause: Duration) -> Self {
        self.steps.push_back(Step::Pause(pause));
        self
    }

    /// Breaks off with an error, after which nothing comes.
    #[must_use]
    pub fn then_error(mut self, error: ModelError) -> Self {
        self.steps.push_back(Step::Fail(error));
        self
    }

    /// Goes silent until the request is cancelled or dropped.
    #[must_use]
    pub fn then_hang(mut self) -> Self {
        self.steps.push_back(Step::Hang);
        self
    }

    /// Pauses before each piece that is there so far.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        let steps = std::mem::take(&mut self.steps);
        for step in steps {
            if matches!(step, Step::Give(_)) {
                self.steps.push_back(Step::Pause(pause));
            }
            self.steps.push_back(step);
        }
        self
    }

    /// Ends for that reason instead of [`Finish::Stop`], or [`Finish::ToolCalls`] after calls.
    #[must_use]
    pub fn finish(mut self, finish: Finish) -> Self {
        self.finish = Some(finish);
        self
    }

    /// Says what the answer cost.
    #[must_use]
    pub fn usage(mut self, input_tokens: u32, output_tokens: u32) -> Self {
        self.usage = Some(Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        });
        self
    }

    fn calls(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| matches!(step, Step::Give(Delta::Call(_))))
            .count()
    }
}

type Otherwise = dyn Fn(&ChatRequest) -> Reply + Send + Sync;

/// A model that answers with the replies of a queue, and the [`Models`] that gives it to every bot.
///
/// Clones share queue and memory. A request that finds the queue empty is refused with
/// [`ModelError::NotAsked`], so that a test which asks too often fails with a plain reason.
#[derive(Clone)]
pub struct ScriptedModel {
    inner: Arc<Inner>,
    /// Models that USE MODEL finds.
    others: Vec<(String, ScriptedModel)>,
}

struct Inner {
    name: String,
    replies: Mutex<VecDeque<Reply>>,
    otherwise: Option<Box<Otherwise>>,
    asked: watch::Sender<Vec<ChatRequest>>,
    under_way: AtomicUsize,
    given_up: AtomicUsize,
}

impl ScriptedModel {
    /// A model called `scripted` with these replies, first one first.
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::build(replies.into_iter().collect(), None)
    }

    /// A model that makes each reply from its request.
    pub fn answering(reply: impl Fn(&ChatRequest) -> Reply + Send + Sync + 'static) -> Self {
        Self::build(VecDeque::new(), Some(Box::new(reply)))
    }

    fn build(replies: VecDeque<Reply>, otherwise: Option<Box<Otherwise>>) -> Self {
        Self {
            others: Vec::new(),
            inner: Arc::new(Inner {
                name: "scripted".to_owned(),
                replies: Mutex::new(replies),
                otherwise,
                asked: watch::Sender::new(Vec::new()),
                under_way: AtomicUsize::new(0),
                given_up: AtomicUsize::new(0),
            }),
        }
    }

    /// Lets bots choose another model by `name`.
    #[must_use]
    pub fn or(mut self, name: &str, other: &Self) -> Self {
        self.others.push((name.to_owned(), other.clone()));
        self
    }

    /// Adds a reply at the end of the queue.
    pub fn push(&self, reply: Reply) {
        self.inner.replies.lock().push_back(reply);
    }

    /// Every request so far, first one first.
    pub fn asked(&self) -> Vec<ChatRequest> {
        self.inner.asked.borrow().clone()
    }

    /// Waits until there were `count` requests, at most ten seconds; gives what there is then.
    pub async fn wait_asked(&self, count: usize) -> Vec<ChatRequest> {
        let mut asked = self.inner.asked.subscribe();
        let _reached = timeout(Duration::from_mins(1), asked.wait_for(|asked| asked.len() >= count)).await;
        self.asked()
    }

    /// Replies that nobody has asked for yet.
    pub fn left(&self) -> usize {
        self.inner.replies.lock().len()
    }

    /// Answers that have begun and not ended.
    pub fn under_way(&self) -> usize {
        self.inner.under_way.load(Ordering::SeqCst)
    }

    /// Answers that were cancelled or dropped before their end.
    pub fn given_up(&self) -> usize {
        self.inner.given_up.load(Ordering::SeqCst)
    }

    fn next_reply(&self, request: &ChatRequest) -> Reply {
        let queued = self.inner.replies.lock().pop_front();
        queued.unwrap_or_else(|| match &self.inner.otherwise {
            Some(otherwise) => otherwise(request),
            None => Reply::error(ModelError::NotAsked {
                reason: "its script has no reply left".to_owned(),
            }),
        })
    }
}

impl fmt::Debug for ScriptedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedModel")
            .field("left", &self.left())
            .finish_non_exhaustive()
    }
}

impl Models for ScriptedModel {
    fn for_bot(&self, _: &Bot) -> Option<Arc<dyn ChatModel>> {
        Some(Arc::new(self.clone()))
    }

    fn names(&self, _: &Bot) -> Vec<String> {
        self.others.iter().map(|(name, _)| name.clone()).collect()
    }

    fn chosen(&self, bot: &Bot, name: &str) -> Result<Arc<dyn ChatModel>, Fault> {
        let found = self.others.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let model = found.map(|(_, model)| Arc::new(model.clone()) as Arc<dyn ChatModel>);
        let fault = || {
            Fault::new(
                FaultKind::NotFound,
                format!("the bot {} has no model {name:?}", bot.name),
            )
        };
        model.ok_or_else(fault)
    }
}

#[async_trait]
impl ChatModel for ScriptedModel {
    fn name(&self) -> &str {
        &self.inner.name
    }

    fn context_tokens(&self) -> Option<u32> {
        None
    }

    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<Deltas, ModelError> {
        let reply = self.next_reply(&request);
        self.inner.asked.send_modify(|asked| asked.push(request));
        let mut play = Play::new(Arc::clone(&self.inner), reply, cancel);
        let first = play.next().await?;
        let goes_on = !matches!(first, Delta::End { .. });
        let rest = stream::unfold(goes_on.then_some(play), async |play| {
            let mut play = play?;
            let piece = play.next().await;
            let goes_on = !matches!(piece, Err(_) | Ok(Delta::End { .. }));
            Some((piece, goes_on.then_some(play)))
        });
        Ok(stream::once(future::ready(Ok(first))).chain(rest).boxed())
    }
}

/// A reply that is being given.
struct Play {
    inner: Arc<Inner>,
    reply: Reply,
    cancel: CancellationToken,
    ended: bool,
    called: bool,
}

impl Play {
    fn new(inner: Arc<Inner>, reply: Reply, cancel: CancellationToken) -> Self {
        inner.under_way.fetch_add(1, Ordering::SeqCst);
        let called = reply.calls() > 0;
        Self {
            inner,
            reply,
            cancel,
            ended: false,
            called,
        }
    }

    async fn next(&mut self) -> Result<Delta, ModelError> {
        loop {
            if self.cancel.is_cancelled() {
                return Err(ModelError::Cancelled);
            }
            let cancelled = self.cancel.cancelled();
            match self.reply.steps.pop_front() {
                Some(Step::Give(delta)) => return Ok(delta),
                Some(Step::Pause(pause)) => {
                    tokio::select! { () = cancelled => {}, () = sleep(pause) => {} }
                }
                Some(Step::Hang) => cancelled.await,
                Some(Step::Fail(error)) => {
                    self.ended = true;
                    return Err(error);
                }
                None => {
                    self.ended = true;
                    let finish = if self.called { Finish::ToolCalls } else { Finish::Stop };
                    let finish = self.reply.finish.unwrap_or(finish);
                    return Ok(Delta::End {
                        finish,
                        usage: self.reply.usage,
                        by: None,
                    });
                }
            }
        }
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        self.inner.under_way.fetch_sub(1, Ordering::SeqCst);
        if !self.ended {
            self.inner.given_up.fetch_add(1, Ordering::SeqCst);
        }
    }
}
