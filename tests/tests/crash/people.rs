//! People who write one message after the other, and remember which were acknowledged.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use botlib::wire::ServerFrame;
use botserver_tests::client::{Chat, Visitor};
use botserver_tests::process::http_client;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use tokio::task::JoinSet;

/// What a person does about a message that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Takes it for a mistake: nothing but the server is killed, so nothing may be refused.
    None,
    /// Sends it again, under the same id, until it is taken.
    Outages,
}

/// Somebody.
struct Person {
    visitor: Visitor,
    number: usize,
    /// Messages begun.
    begun: usize,
    /// The message that was sent last, until its turn is over.
    open: Option<usize>,
    acknowledged: BTreeSet<usize>,
    /// The last entry of the log that was seen.
    seq: i64,
    patience: Patience,
}

/// Everybody.
pub(crate) struct Crowd {
    people: Vec<Person>,
}

/// Everybody at work.
pub(crate) struct Load<'a> {
    crowd: &'a mut Crowd,
    tasks: JoinSet<(Person, anyhow::Result<()>)>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    answered: AtomicUsize,
}

impl Crowd {
    /// `count` new visitors of `bot`.
    pub(crate) async fn gather(server: &str, bot: &str, count: usize) -> Self {
        let arrivals = (0..count).map(|number| async move {
            Ok::<_, anyhow::Error>(Person {
                visitor: Visitor::arrive(server, bot).await?,
                number,
                begun: 0,
                open: None,
                acknowledged: BTreeSet::new(),
                seq: 0,
                patience: Patience::None,
            })
        });
        // Some at a time: whoever connects and then says nothing for long is sent away.
        let people = stream::iter(arrivals).buffered(16).try_collect().await.unwrap();
        Self { people }
    }

    /// Lets everybody write until they are cut off, or told that it is over.
    pub(crate) fn chat(&mut self, patience: Patience) -> Load<'_> {
        let (mut tasks, shared) = (JoinSet::new(), Arc::new(Shared::default()));
        for mut person in self.people.drain(..) {
            let shared = Arc::clone(&shared);
            person.patience = patience;
            tasks.spawn(async move {
                let ended = person.chat(&shared).await;
                (person, ended)
            });
        }
        Load {
            crowd: self,
            tasks,
            shared,
        }
    }

    /// How many messages were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> usize {
        self.people.iter().map(|person| person.acknowledged.len()).sum()
    }

    /// Brings every open message to its answer.
    pub(crate) async fn finish(&mut self) {
        let finishing = self.people.iter_mut().map(Person::finish);
        futures::future::try_join_all(finishing).await.unwrap();
    }

    /// Compares the log of each with what they know.
    pub(crate) async fn check_logs(&self) {
        let wrong: Vec<_> = futures::future::join_all(self.people.iter().map(Person::check_log)).await;
        let wrong: Vec<_> = wrong
            .into_iter()
            .filter_map(Result::err)
            .map(|error| format!("{error:#}"))
            .collect();
        assert!(
            wrong.is_empty(),
            "{} of {} logs are wrong: {wrong:#?}",
            wrong.len(),
            self.people.len()
        );
        assert!(self.acknowledged() > self.people.len(), "hardly anything was written");
    }
}

impl Load<'_> {
    /// Waits until everybody was cut off.
    pub(crate) async fn until_cut(mut self) {
        self.gather().await;
    }

    /// Waits until as many answers came from now on as there are people; how long that took.
    pub(crate) async fn until_answered(&mut self, within: Duration) -> Duration {
        let started = Instant::now();
        let wanted = self.shared.answered.load(Ordering::SeqCst) + self.tasks.len();
        while self.shared.answered.load(Ordering::SeqCst) < wanted {
            assert!(started.elapsed() < within, "people are not answered");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        started.elapsed()
    }

    /// Lets everybody end after the answer that they wait for.
    pub(crate) async fn end(mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.gather().await;
    }

    async fn gather(&mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            let (person, ended) = ended.unwrap();
            if let Err(error) = ended {
                let text = format!("{error:#}");
                assert!(!text.contains("refused a message"), "{text}");
            }
            self.crowd.people.push(person);
        }
    }
}

impl Person {
    fn id(&self, message: usize) -> String {
        format!("{}-{message}", self.number)
    }

    fn text(&self, message: usize) -> String {
        format!("message {message} of {}", self.number)
    }

    async fn chat(&mut self, shared: &Shared) -> anyhow::Result<()> {
        while !shared.is_over.load(Ordering::SeqCst) {
            match self.chat_on_one_socket(shared).await {
                Err(_) if self.patience == Patience::Outages => tokio::time::sleep(Duration::from_millis(100)).await,
                ended => return ended,
            }
        }
        Ok(())
    }

    async fn chat_on_one_socket(&mut self, shared: &Shared) -> anyhow::Result<()> {
        let mut chat = self.visitor.resume(self.seq).await?;
        while !shared.is_over.load(Ordering::SeqCst) {
            self.say_next(&mut chat).await?;
            shared.answered.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Sends the open message again, or a new one, and waits for the end of its turn.
    async fn say_next(&mut self, chat: &mut Chat) -> anyhow::Result<()> {
        let message = self.open.unwrap_or(self.begun);
        self.begun = message + 1;
        self.open = Some(message);
        chat.send_as(&self.id(message), &self.text(message)).await?;
        let mut turn = None;
        loop {
            let frame = chat.next_frame().await?;
            let kind = frame.kind.as_deref();
            if kind == Some("error") {
                if self.patience == Patience::None {
                    bail!("the server refused a message: {frame:?}");
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
                chat.send_as(&self.id(message), &self.text(message)).await?;
                continue;
            }
            // The first frame tells where the log is, not that it was seen.
            if kind != Some("connected") {
                self.seq = frame.seq.unwrap_or(0).max(self.seq);
            }
            if kind == Some("user_message") && id_of(&frame) == Some(&self.id(message)) {
                self.acknowledged.insert(message);
                turn.clone_from(&frame.turn_id);
            }
            if kind == Some("turn_completed") && turn.is_some() && turn == frame.turn_id {
                self.open = None;
                return Ok(());
            }
        }
    }

    async fn finish(&mut self) -> anyhow::Result<()> {
        self.patience = Patience::None;
        let mut chat = self.visitor.resume(self.seq).await?;
        if self.open.is_some() {
            self.say_next(&mut chat).await?;
        }
        self.say_next(&mut chat).await
    }

    async fn check_log(&self) -> anyhow::Result<()> {
        let log = read_log(&self.visitor).await?;
        let mut seqs = log.iter().map(|entry| entry["seq"].as_i64().unwrap_or_default());
        ensure!(
            seqs.clone().zip(seqs.by_ref().skip(1)).all(|(one, next)| one < next),
            "numbers fall back: {log:?}"
        );

        let of_kind = |kind: &'static str| log.iter().filter(move |entry| entry["kind"] == kind);
        let asked: Vec<_> = of_kind("user_message")
            .map(|entry| entry["message_id"].as_str().unwrap_or("?"))
            .collect();
        let wanted: Vec<_> = (0..self.begun).map(|message| self.id(message)).collect();
        ensure!(
            asked == wanted,
            "missing, doubled or out of order: {asked:?} instead of {} messages",
            self.begun
        );
        for message in &self.acknowledged {
            ensure!(
                asked.contains(&self.id(*message).as_str()),
                "message {message} was acknowledged and is lost"
            );
        }

        let said = log
            .iter()
            .filter(|entry| entry["kind"].as_str().is_some_and(|kind| kind.ends_with("_message")));
        let said: Vec<_> = said
            .map(|entry| entry["payload"]["content"].as_str().unwrap_or("?").to_owned())
            .collect();
        let both = |message| [self.text(message), format!("echo {}", self.text(message))];
        let wanted: Vec<_> = (0..self.begun).flat_map(both).collect();
        ensure!(said == wanted, "not each message is answered once: {said:?}");

        let mut ends = HashMap::new();
        of_kind("turn_completed").for_each(|entry| *ends.entry(entry["turn_id"].to_string()).or_insert(0) += 1);
        ensure!(ends.values().all(|count| *count == 1), "a turn ended twice: {ends:?}");
        Ok(())
    }
}

fn id_of(frame: &ServerFrame) -> Option<&str> {
    frame.data.as_ref()?.get("message_id")?.as_str()
}

/// The whole log, page after page.
async fn read_log(visitor: &Visitor) -> anyhow::Result<Vec<Value>> {
    let client = http_client()?;
    let url = format!("{}/api/chat/{}/events", visitor.server, visitor.session_id);
    let (mut log, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let request = client
            .get(&url)
            .query(&[("limit", "200"), ("after", &after)])
            .bearer_auth(&visitor.token);
        let answer = request.send().await?.error_for_status()?;
        let mut page: Value = serde_json::from_str(&answer.text().await?)?;
        let items = page["items"].as_array_mut().context("a page has items")?;
        log.append(items);
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return Ok(log),
        }
    }
}
