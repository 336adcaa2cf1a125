//! Answers that were given before, for those who may have them.
//!
//! Answers lie on shelves in the shared cache. A shelf holds what was asked in exactly the same circumstances: the same
//! bot and version of it, model, prompt, tools, history, reader and state of the documents. So nothing that is changed,
//! deleted or meant for other eyes is ever found, because it lies on another shelf. On a shelf an answer is found by
//! the same words, or by words that mean the same.

mod watch;

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use botlib::{BotId, Clock, wire::Citation};
use botstate::{
    Lifecycle,
    dialog::Settings,
    knowledge::Knowledge,
    model::{AnswerFormat, ChatMessage, ChatRequest, ToolChoice},
    run::Late,
    shared::Cache,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::watch::Watch;

/// How long answers are good unless `llm-cache-ttl` says otherwise, in seconds.
const TTL: u64 = 3600;

/// How near two questions must be unless `llm-cache-threshold` says otherwise.
const NEAR: f32 = 0.95;

/// Answers on a shelf unless `llm-cache-size` says otherwise.
const SIZE: usize = 100;

/// Bytes of a shelf at most.
const BYTES: usize = 256 << 10;

/// What the settings of a bot say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rules {
    ttl: Duration,
    size: usize,
    /// How near another question may be; nothing when only the same words count.
    pub(crate) near: Option<f32>,
}

impl Rules {
    /// The rules of a bot; nothing unless it says `llm-cache,true`.
    pub(crate) fn of(settings: &Settings) -> Option<Self> {
        if settings.flag("llm-cache") != Some(true) {
            return None;
        }
        let near = settings.parse("llm-cache-threshold").unwrap_or(NEAR);
        Some(Self {
            ttl: Duration::from_secs(settings.parse("llm-cache-ttl").unwrap_or(TTL).clamp(1, 30 * 86_400)),
            size: settings.parse("llm-cache-size").unwrap_or(SIZE).clamp(1, 1_000),
            near: (settings.flag("llm-cache-semantic") == Some(true) && near > 0.0).then_some(near),
        })
    }
}

/// Where the answer to a question lies.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) rules: Rules,
    pub(crate) bot: BotId,
    /// The key of the shelf.
    key: String,
    /// The state of the documents, and the collections that were searched.
    knowledge: Option<(String, Vec<String>)>,
    question: String,
    /// Tells the passages apart that the question had.
    passages: String,
    /// The question as a vector, with the embedder that made it, where nearness counts.
    pub(crate) vector: Option<(String, Vec<f32>)>,
}

impl Place {
    /// Where the answer to `request` lies, of which the last message is the question and the one before it holds the
    /// passages, if there are any. Nothing where the answer is nobody else's business: without an asker, with pictures,
    /// after calls of tools, where a client wants a call or a form.
    pub(crate) fn of(
        rules: Rules,
        request: &ChatRequest,
        circumstances: &serde_json::Value,
        has_passages: bool,
        searched: &[String],
    ) -> Option<Self> {
        let asker = request.asker.as_ref()?;
        let (last, before) = request.messages.split_last()?;
        let ChatMessage::User { content, images } = last else {
            return None;
        };
        let has_wishes = request.choice != ToolChoice::Auto || request.format != AnswerFormat::Text;
        if !images.is_empty() || has_wishes {
            return None;
        }
        let (passages, before) = match before.split_last() {
            Some((passages, before)) if has_passages => (Some(passages), before),
            _ => (None, before),
        };
        let asked_for = serde_json::json!([
            asker.prompt,
            asker.knowledge,
            asker.reader,
            searched,
            before,
            request.tools,
            request.temperature.map(f32::to_bits),
            request.max_tokens,
            circumstances,
        ]);
        Some(Self {
            rules,
            bot: asker.bot,
            key: format!("answers:{}:{}:{}", asker.org, asker.bot, digest(&asked_for)),
            knowledge: (!asker.knowledge.is_empty()).then(|| (asker.knowledge.clone(), searched.to_vec())),
            question: plain(content),
            passages: digest(&serde_json::json!(passages)),
            vector: None,
        })
    }
}

fn digest(value: &serde_json::Value) -> String {
    format!("{:x}", Sha256::digest(value.to_string()))
}

/// The question without what does not change its meaning.
fn plain(question: &str) -> String {
    question.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) text: String,
    pub(crate) citations: Vec<Citation>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    question: String,
    passages: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vector: Option<Packed>,
    answer: Kept,
    until: DateTime<Utc>,
}

/// A vector in base64, with its embedder.
#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    by: String,
    numbers: String,
}

impl Packed {
    fn of((by, vector): &(String, Vec<f32>)) -> Self {
        let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
        Self {
            by: by.clone(),
            numbers: STANDARD.encode(bytes),
        }
    }

    /// How near it is to a vector of length 1; nothing where they cannot be compared.
    fn nearness(&self, (by, vector): &(String, Vec<f32>)) -> Option<f32> {
        let bytes = STANDARD.decode(&self.numbers).ok().filter(|_| self.by == *by)?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || numbers.len() != vector.len() {
            return None;
        }
        let products = numbers
            .iter()
            .zip(vector)
            .map(|(own, other)| f32::from_le_bytes(*own) * other);
        Some(products.sum())
    }
}

/// Answers that were given before. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Answers {
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
    watch: Watch,
}

impl Answers {
    pub(crate) fn new(
        cache: Arc<dyn Cache>,
        clock: Arc<dyn Clock>,
        lifecycle: Lifecycle,
        knowledge: Late<dyn Knowledge>,
    ) -> Self {
        Self {
            watch: Watch::new(Arc::clone(&cache), Arc::clone(&clock), lifecycle, knowledge),
            cache,
            clock,
        }
    }

    /// The answer at a place; a cache that is away has none.
    pub(crate) async fn find(&self, place: &Place) -> Option<Kept> {
        let mut best: Option<(f32, Kept)> = None;
        for entry in self.shelf(place).await {
            if entry.question == place.question && entry.passages == place.passages {
                return Some(entry.answer);
            }
            let Some((near, vector)) = place.rules.near.zip(place.vector.as_ref()) else {
                continue;
            };
            let nearness = entry.vector.as_ref().and_then(|packed| packed.nearness(vector));
            let is_best = |nearness: &f32| *nearness >= near && best.as_ref().is_none_or(|(best, _)| nearness > best);
            if let Some(nearness) = nearness.filter(is_best)
                && figures(&entry.question) == figures(&place.question)
            {
                best = Some((nearness, entry.answer));
            }
        }
        best.map(|(_, answer)| answer)
    }

    /// Keeps an answer at a place.
    pub(crate) async fn keep(&self, place: &Place, answer: Kept) {
        if !self.watch.begin(place) {
            return;
        }
        let mut entries = self.shelf(place).await;
        entries.retain(|entry| entry.question != place.question);
        let ttl = TimeDelta::from_std(place.rules.ttl).unwrap_or(TimeDelta::MAX);
        entries.push(Entry {
            question: place.question.clone(),
            passages: place.passages.clone(),
            vector: place.vector.as_ref().map(Packed::of),
            answer,
            until: self.clock.now() + ttl,
        });
        let excess = entries.len().saturating_sub(place.rules.size);
        entries.drain(..excess);
        let mut bytes = serde_json::to_vec(&entries).unwrap_or_default();
        while bytes.len() > BYTES && !entries.is_empty() {
            entries.remove(0);
            bytes = serde_json::to_vec(&entries).unwrap_or_default();
        }
        if let Err(error) = self.cache.set(&place.key, bytes.into(), place.rules.ttl).await {
            tracing::debug!(%error, "an answer is not kept for others");
        }
    }

    /// What lies on the shelf and is good still.
    async fn shelf(&self, place: &Place) -> Vec<Entry> {
        let found = self.cache.get(&place.key).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "answers that were given before are out of reach");
            None
        });
        let mut entries: Vec<Entry> = found
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let now = self.clock.now();
        entries.retain(|entry| entry.until > now);
        entries
    }
}

/// The numbers in a question: two questions that differ in one do not mean the same, however near their vectors are.
fn figures(question: &str) -> Vec<&str> {
    let mut figures: Vec<&str> = question
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.contains(|letter: char| letter.is_ascii_digit()))
        .collect();
    figures.sort_unstable();
    figures
}
