//! Answers that come word by word: whether all words come in order, and when.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use futures::StreamExt;
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::{campaign::latency, door::Door, line::Line};
use crate::{
    model::word,
    number::float,
    protocol::{Streamed, Streams, Target},
};

/// The beginnings of the streams are spread over this time.
const SPREAD: Duration = Duration::from_secs(1);

/// How much longer than planned a stream may take.
const GRACE: Duration = Duration::from_secs(30);

/// What came of all streams.
struct Tally {
    first: Histogram<u64>,
    gap: Histogram<u64>,
    words: u64,
    errors: u64,
    first_error: Option<String>,
}

/// One stream, as far as it came.
pub(super) struct Reader {
    tally: Arc<Mutex<Tally>>,
    asked: Instant,
    last: Option<Instant>,
    text: String,
    next: u64,
}

impl Reader {
    /// Takes in a part of the answer: the words must be those that come next.
    pub(super) fn add(&mut self, part: &str) -> anyhow::Result<()> {
        if part.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        self.text.push_str(part);
        let mut words = 0;
        while !self.text.is_empty() {
            let expected = word(self.next);
            if let Some(rest) = self.text.strip_prefix(&expected) {
                self.text = rest.to_owned();
                self.next += 1;
                words += 1;
            } else {
                ensure!(
                    expected.starts_with(&self.text),
                    "expected {expected:?}, got {:?}",
                    self.text
                );
                break;
            }
        }
        if words > 0 {
            let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            let mut tally = self.tally.lock();
            match self.last.replace(now) {
                None => tally.first.saturating_record(micros(now - self.asked)),
                Some(last) => tally.gap.saturating_record(micros(now - last)),
            }
            tally.words += words;
        }
        Ok(())
    }

    /// Looks whether all words came.
    pub(super) fn end(&self, words: u64) -> anyhow::Result<()> {
        ensure!(
            self.next == words && self.text.is_empty(),
            "{} of {words} words came",
            self.next
        );
        Ok(())
    }
}

/// Runs the streams to their end.
pub(super) async fn run(streams: Streams) -> anyhow::Result<Streamed> {
    let tally = Arc::new(Mutex::new(Tally {
        first: histogram(),
        gap: histogram(),
        words: 0,
        errors: 0,
        first_error: None,
    }));
    let mut lines = Vec::new();
    if let Target::Bot { .. } = &streams.target {
        let mut door = Door::new(&streams.address, &streams.target);
        for number in 0..streams.count {
            lines.push(Some(door.open(number).await?));
        }
    } else {
        lines.extend((0..streams.count).map(|_| None));
    }
    // An error says that a provider is installed, which is all that matters.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder()
        .no_proxy()
        .tcp_nodelay(true)
        .build()
        .context("make a client")?;
    let begin = Instant::now() + Duration::from_millis(50);
    let mut running = JoinSet::new();
    for (number, line) in lines.into_iter().enumerate() {
        let (streams, tally, http) = (streams.clone(), Arc::clone(&tally), http.clone());
        let part = u32::try_from(number).unwrap_or(u32::MAX);
        let at = begin + SPREAD * part / u32::try_from(streams.count).unwrap_or(u32::MAX).max(1);
        running.spawn(async move {
            sleep_until(at).await;
            let reader = Reader {
                tally: Arc::clone(&tally),
                asked: Instant::now(),
                last: None,
                text: String::new(),
                next: 0,
            };
            let planned = streams.pace * u32::try_from(streams.words).unwrap_or(u32::MAX);
            let reading = async {
                match line {
                    Some(line) => talk(line, &streams, reader).await,
                    None => post(&http, &streams, reader).await,
                }
            };
            let ended = timeout(planned + GRACE, reading).await;
            let ended = ended.unwrap_or_else(|_| Err(anyhow::anyhow!("it did not end within {:?}", planned + GRACE)));
            if let Err(error) = ended {
                let mut tally = tally.lock();
                tally.errors += 1;
                tally.first_error.get_or_insert_with(|| format!("{error:#}"));
            }
        });
    }
    while running.join_next().await.is_some() {}
    let tally = tally.lock();
    Ok(Streamed {
        first: latency(&tally.first),
        gap: latency(&tally.gap),
        words: tally.words,
        missing: streams.words * u64::try_from(streams.count)? - tally.words,
        errors: tally.errors,
        first_error: tally.first_error.clone(),
    })
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 120_000_000, 3).expect("the bounds are in order and far apart")
}

fn question(streams: &Streams) -> String {
    format!("{} {}", streams.words, streams.pace.as_micros())
}

/// Asks the bot over its socket.
async fn talk(mut line: Line, streams: &Streams, mut reader: Reader) -> anyhow::Result<()> {
    reader.asked = Instant::now();
    line.stream(&question(streams), &mut reader).await?;
    reader.end(streams.words)
}

/// Asks over HTTP, as a client of the provider does.
async fn post(http: &reqwest::Client, streams: &Streams, mut reader: Reader) -> anyhow::Result<()> {
    let Target::Model { name, key } = &streams.target else {
        bail!("only a model is asked over HTTP")
    };
    let body = serde_json::json!({
        "model": name, "stream": true, "messages": [{ "role": "user", "content": question(streams) }],
    });
    reader.asked = Instant::now();
    let mut request = http
        .post(format!("http://{}/v1/chat/completions", streams.address))
        .header("content-type", "application/json")
        .body(body.to_string());
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    let answer = request.send().await?;
    let status = answer.status();
    ensure!(status.is_success(), "{status}: {}", answer.text().await?);
    let mut pieces = answer.bytes_stream();
    let mut text = Vec::new();
    while let Some(piece) = pieces.next().await {
        text.extend_from_slice(&piece?);
        while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = text.drain(..end + 2).collect();
            let event = std::str::from_utf8(&event)?.trim();
            let Some(data) = event.strip_prefix("data: ").filter(|data| *data != "[DONE]") else {
                continue;
            };
            let chunk: serde_json::Value = serde_json::from_str(data)?;
            let content = chunk.pointer("/choices/0/delta/content");
            reader.add(content.and_then(serde_json::Value::as_str).unwrap_or_default())?;
        }
    }
    reader.end(streams.words)
}

impl Streamed {
    /// What makes the run worthless, if anything.
    pub(crate) fn flaw(&self) -> Option<String> {
        let first = self.first_error.as_deref().unwrap_or("words are missing");
        (self.errors > 0 || self.missing > 0)
            .then(|| format!("{} errors, {} missing: {first}", self.errors, self.missing))
    }

    /// Words that did not come.
    pub(crate) fn lost(&self) -> f64 {
        float(self.missing)
    }
}
