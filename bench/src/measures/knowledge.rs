//! Search in what a bot knows, beside the scan of its vectors alone: P18, and the memory that passages take.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use botlib::{BotId, NodeId, OrgId, SystemChance, SystemClock};
use botserver_vectordb::{Exact, KnowledgeService};
use botstate::{
    AppState, Config, Db, Lifecycle, Ports,
    config::for_tests,
    db::default_org,
    dialog::{Bot, Bots, Settings},
    document::{Block, BlockKind, Document, ExtractError, Extractor, Limits, Source},
    embed::{Embedder, Embedders, Side},
    event::EventBus,
    knowledge::{Knowledge, Query, Reader},
    model::ModelError,
    shared::Local,
    vector::{Nearest, Space, VectorIndex},
};
use uuid::Uuid;

use super::{Rows, round};
use crate::{
    goals::Goal,
    number::{length, median},
    plan::Plan,
    report::{self, Row, Unit},
    usage::Usage,
};

/// Passages that are searched.
const PASSAGES: usize = 100_000;
/// Passages of a document.
const EACH: usize = 100;
/// Numbers of a vector.
const WIDTH: usize = 384;
/// Words of a passage.
const WORDS: usize = 160;
/// Words that there are.
const VOCABULARY: u64 = 30_000;
/// Questions of a round.
const QUESTIONS: usize = 60;

/// Measures the group.
pub(super) fn measure(plan: &Plan) -> anyhow::Result<Rows> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure_all(plan))
}

async fn measure_all(plan: &Plan) -> anyhow::Result<Rows> {
    let mut retrieval = Row::new(
        "P18",
        format!("search by words and vectors, tenant filter, k 10, {PASSAGES} passages of {WIDTH} numbers"),
        Unit::Millis,
    )
    .beside("the scan of the vectors alone")
    .goals(Goal::Within, [5.0, 2.0, 1.3]);
    let mut memory = Row::new(
        "P18",
        format!("memory of {PASSAGES} passages in both indices"),
        Unit::Megabytes,
    );
    let mut speed = Row::new("P18", "passages indexed, vectors given", Unit::PerSecond);

    let folder = tempfile::tempdir()?;
    let (world, index) = World::open(folder.path()).await?;
    let begun = Instant::now();
    world.index().await?;
    speed.add(length(PASSAGES) / begun.elapsed().as_secs_f64());
    let before = Usage::of(std::process::id())?;
    world.search("first").await?;
    let after = Usage::of(std::process::id())?;
    memory.add((after.rss - before.rss).max(0.0));
    let space = world.space().await?;
    for place in 0..plan.rounds {
        round("knowledge", place, plan);
        let questions: Vec<String> = (0..QUESTIONS)
            .map(|number| question(place * QUESTIONS + number))
            .collect();
        for question in &questions {
            // The second time the vector of the question is remembered.
            world.search(question).await?;
        }
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for question in &questions {
            let nearest = Nearest {
                space: space.clone(),
                vector: vector(question),
                access: vec!["\"all\"".to_owned()],
                limit: 10,
            };
            let begun = Instant::now();
            let found = index.search(&nearest).await?;
            bare.push(millis(begun.elapsed()));
            anyhow::ensure!(found.len() == 10, "the scan found {} of 10", found.len());
            let begun = Instant::now();
            let count = world.search(question).await?;
            ours.push(millis(begun.elapsed()));
            anyhow::ensure!(count == 10, "the search found {count} of 10");
        }
        retrieval.add_beside(median(&ours), median(&bare));
    }
    Ok(vec![retrieval, memory, speed])
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// A sequence of numbers that looks like chance (splitmix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A word: small numbers are common, as in any language.
fn word(state: &mut u64) -> String {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "chance"
    )]
    let rank = {
        let part = (next(state) >> 11) as f64 / (1_u64 << 53) as f64;
        ((VOCABULARY as f64).powf(part)) as u64
    };
    format!("w{rank}x")
}

fn question(number: usize) -> String {
    let mut state = number as u64 + 99;
    (0..6).map(|_| word(&mut state)).collect::<Vec<_>>().join(" ")
}

/// A vector of length 1 that belongs to a text.
fn vector(text: &str) -> Vec<f32> {
    let mut state = text.bytes().fold(7_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    #[expect(clippy::cast_precision_loss, reason = "chance needs no more bits")]
    let mut vector: Vec<f32> = (0..WIDTH)
        .map(|_| (next(&mut state) >> 40) as f32 / (1_u64 << 23) as f32 - 1.0)
        .collect();
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    for number in &mut vector {
        *number /= length;
    }
    vector
}

/// A bot with many documents.
struct World {
    knowledge: KnowledgeService,
    bot: Arc<Bot>,
    db: Db,
}

impl World {
    async fn open(folder: &std::path::Path) -> anyhow::Result<(Self, Exact)> {
        let config: Config = for_tests(folder);
        let documents = config.bots_dir.join("bench.gbai/bench.gbkb/documents");
        std::fs::create_dir_all(&documents)?;
        for number in 0..PASSAGES / EACH {
            std::fs::write(documents.join(format!("{number:05}.txt")), number.to_string())?;
        }
        let (db, _) = Db::open(&config.database).await?;
        let clock = Arc::new(SystemClock);
        let org = default_org(&db, botlib::Clock::now(&*clock)).await?;
        let local = Arc::new(Local::new(Arc::clone(&clock) as _));
        let bot = Arc::new(bot(org));
        let state = AppState {
            config: Arc::new(config),
            db: db.clone(),
            lifecycle: Lifecycle::new(),
            clock,
            chance: Arc::new(SystemChance),
            node: NodeId::new(),
            org,
            events: EventBus::new(Arc::clone(&local) as _),
            cache: Arc::clone(&local) as _,
            pubsub: Arc::clone(&local) as _,
            leases: Arc::clone(&local) as _,
            limits: local,
            ports: Ports {
                bots: Some(Arc::new(OneBot(Arc::clone(&bot)))),
                extractor: Some(Arc::new(Made)),
                ..Ports::default()
            },
        };
        let index = Exact::over(db.clone());
        let knowledge = KnowledgeService::with_index(&state, Arc::new(Random), Arc::new(index.clone()));
        knowledge.start();
        Ok((Self { knowledge, bot, db }, index))
    }

    /// Waits until everything is indexed.
    async fn index(&self) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_mins(30);
        loop {
            let ready = self.count().await?;
            report::note(&format!(
                "knowledge: {ready} of {} documents are indexed",
                PASSAGES / EACH
            ));
            if ready == PASSAGES / EACH {
                return Ok(());
            }
            anyhow::ensure!(Instant::now() < end, "indexing takes more than half an hour");
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    async fn count(&self) -> anyhow::Result<usize> {
        use botstate::{db, on_each};
        use diesel::prelude::*;
        let count: i64 = self
            .db
            .read(|conn| {
                on_each!(conn, |conn| db::kb_documents::table
                    .filter(db::kb_documents::state.eq("ready"))
                    .count()
                    .get_result(conn))
                .map_err(db::Error::from)
            })
            .await?;
        Ok(usize::try_from(count)?)
    }

    async fn space(&self) -> anyhow::Result<Space> {
        use botstate::{db, on_each};
        use diesel::prelude::*;
        let id: db::DbUuid = self
            .db
            .read(|conn| {
                on_each!(conn, |conn| db::kb_collections::table
                    .select(db::kb_collections::id)
                    .first(conn))
                .map_err(db::Error::from)
            })
            .await?;
        Ok(Space {
            org: self.bot.org,
            bot: self.bot.id,
            collection: id.0,
            embedder: Random.for_bot(&self.bot).id().to_owned(),
        })
    }

    async fn search(&self, text: &str) -> anyhow::Result<usize> {
        let query = Query {
            text: text.to_owned(),
            bot: Arc::clone(&self.bot),
            collections: vec!["documents".to_owned()],
            reader: Reader {
                org: self.bot.org,
                person: None,
                groups: BTreeSet::new(),
                roles: BTreeSet::new(),
            },
            limit: 10,
            tokens: 8_000,
        };
        let found = Knowledge::search(&self.knowledge, &query).await;
        Ok(found
            .map_err(|fault| anyhow!("{fault}"))
            .context("search")?
            .passages
            .len())
    }
}

fn bot(org: OrgId) -> Bot {
    Bot {
        id: BotId::from_uuid(Uuid::from_u128(7)),
        org,
        name: "bench".to_owned(),
        version: String::new(),
        settings: Settings::default(),
        prompt: None,
        tools: Vec::new(),
        scripts: Vec::new(),
        triggers: Vec::new(),
        start_wants_message: false,
        chooses_collections: false,
        prompts: Vec::new(),
    }
}

struct OneBot(Arc<Bot>);

impl Bots for OneBot {
    fn find(&self, _: &str) -> Option<Arc<Bot>> {
        Some(Arc::clone(&self.0))
    }

    fn get(&self, _: BotId) -> Option<Arc<Bot>> {
        Some(Arc::clone(&self.0))
    }

    fn list(&self) -> Vec<Arc<Bot>> {
        vec![Arc::clone(&self.0)]
    }

    fn diagnostics(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Makes documents up from the number that their files hold.
struct Made;

#[async_trait]
impl Extractor for Made {
    fn reads(&self, _: &str) -> bool {
        true
    }

    async fn extract(&self, source: Source, _: Limits) -> Result<Document, ExtractError> {
        let Source::File(path) = source else {
            return Err(ExtractError::Io("no file".to_owned()));
        };
        let text = std::fs::read_to_string(path).map_err(|error| ExtractError::Io(error.to_string()))?;
        let mut state = text.parse::<u64>().unwrap_or_default() << 20;
        let blocks = (0..EACH).flat_map(|number| {
            let words: Vec<String> = (0..WORDS).map(|_| word(&mut state)).collect();
            let kinds = [
                BlockKind::Heading {
                    level: 1,
                    text: format!("Part {number}"),
                },
                BlockKind::Text(words.join(" ")),
            ];
            kinds.map(|kind| Block { page: None, kind })
        });
        Ok(Document {
            media_type: "text/plain".to_owned(),
            blocks: blocks.collect(),
            ..Document::default()
        })
    }
}

/// Vectors at once, so that only our own work is measured.
struct Random;

impl Embedders for Random {
    fn for_bot(&self, _: &Bot) -> Arc<dyn Embedder> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Embedder for Random {
    fn id(&self) -> &'static str {
        "random"
    }

    fn dimensions(&self) -> usize {
        WIDTH
    }

    fn max_tokens(&self) -> usize {
        8_192
    }

    async fn embed(&self, texts: &[String], _: Side) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(texts.iter().map(|text| vector(text)).collect())
    }
}
