//! The contract of indices of vectors: what every one of them gives, compared with comparing everything.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use botlib::{BotId, OrgId};
use botserver_tests::servers;
use botserver_vectordb::{Exact, Originals, Qdrant};
use botstate::vector::{Near, Nearest, Point, Space, VectorError, VectorIndex};
use parking_lot::Mutex;
use uuid::Uuid;

/// Numbers that look like chance and are the same in every run (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        #[expect(clippy::cast_precision_loss, reason = "chance needs no more bits")]
        let part = (self.0 >> 40) as f32 / (1_u64 << 24) as f32;
        part * 2.0 - 1.0
    }

    /// A vector of length 1 near `around`.
    fn vector(&mut self, around: &[f32], spread: f32) -> Vec<f32> {
        let mut vector: Vec<f32> = around.iter().map(|number| number + spread * self.roll()).collect();
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        for number in &mut vector {
            *number /= length;
        }
        vector
    }
}

/// Vectors as they were added.
#[derive(Default)]
struct Kept(Mutex<HashMap<Uuid, Vec<f32>>>);

#[async_trait]
impl Originals for Kept {
    async fn vectors(&self, _: &Space, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<f32>>, VectorError> {
        let kept = self.0.lock();
        Ok(ids.iter().filter_map(|id| Some((*id, kept.get(id)?.clone()))).collect())
    }
}

const WIDTH: usize = 48;

/// Points of two tenants, each with a third that everybody reads and two groups.
fn points(tenants: &[Space], count: usize) -> Vec<(Space, Point)> {
    let run = Uuid::new_v4().as_u128() << 64;
    let mut dice = Dice(0x2026_1120);
    let centres: Vec<Vec<f32>> = (0..20).map(|_| dice.vector(&[0.0; WIDTH], 1.0)).collect();
    (0..count)
        .map(|number| {
            let vector = dice.vector(&centres[number % centres.len()], 0.25);
            let point = Point {
                id: Uuid::from_u128(run + number as u128 + 1),
                document: Uuid::from_u128(run + 1_000_000 + number as u128 / 5),
                access: ["all", "hr", "board"][number % 3].to_owned(),
                vector,
            };
            (tenants[number % 2].clone(), point)
        })
        .collect()
}

fn space() -> Space {
    Space {
        org: OrgId::new(),
        bot: BotId::new(),
        collection: Uuid::now_v7(),
        embedder: "test".to_owned(),
    }
}

/// The nearest points by comparing everything.
fn truth(all: &[(Space, Point)], query: &Nearest) -> Vec<Near> {
    let mut found: Vec<Near> = all
        .iter()
        .filter(|(space, point)| *space == query.space && query.access.contains(&point.access))
        .map(|(_, point)| Near {
            id: point.id,
            document: point.document,
            score: point.vector.iter().zip(&query.vector).map(|(a, b)| a * b).sum(),
        })
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    found.truncate(query.limit);
    found
}

/// Fills an index and holds it to the contract; gives the share of the ten nearest that it found.
async fn contract(index: &dyn VectorIndex, kept: &Kept, count: usize) -> f64 {
    // A server that is shared keeps what other runs left.
    let tenants = [space(), space()];
    let mut all = points(&tenants, count);
    for tenant in &tenants {
        let own: Vec<Point> = all
            .iter()
            .filter(|(space, _)| space == tenant)
            .map(|(_, point)| point.clone())
            .collect();
        kept.0
            .lock()
            .extend(own.iter().map(|point| (point.id, point.vector.clone())));
        index.upsert(tenant, own).await.unwrap();
    }
    let mut dice = Dice(7);
    let (mut right, mut wanted) = (0, 0);
    for round in 0..60 {
        let around = all[round * 7 % all.len()].1.vector.clone();
        let query = Nearest {
            space: tenants[round % 2].clone(),
            vector: dice.vector(&around, 0.3),
            access: match round % 3 {
                0 => vec!["all".to_owned()],
                1 => vec!["all".to_owned(), "hr".to_owned()],
                _ => vec!["board".to_owned()],
            },
            limit: 10,
        };
        let (found, exact) = (index.search(&query).await.unwrap(), truth(&all, &query));
        let ids: HashSet<Uuid> = found.iter().map(|near| near.id).collect();
        wanted += exact.len();
        right += exact.iter().filter(|near| ids.contains(&near.id)).count();
        assert!(found.len() <= 10 && found.is_sorted_by(|a, b| a.score >= b.score));
        for near in &found {
            let (space, point) = all.iter().find(|(_, point)| point.id == near.id).unwrap();
            assert!(
                *space == query.space && query.access.contains(&point.access),
                "filters are never left"
            );
            let score: f32 = point.vector.iter().zip(&query.vector).map(|(a, b)| a * b).sum();
            assert!((near.score - score).abs() < 1e-4 && near.document == point.document);
        }
    }

    // What is taken away or has other readers is gone at once.
    let gone = all[0].1.document;
    index.remove(&tenants[0], &[gone], &[all[2].1.id]).await.unwrap();
    let kept_one = all[2].1.id;
    all.retain(|(space, point)| *space != tenants[0] || point.document != gone || point.id == kept_one);
    let mut changed = all
        .iter()
        .find(|(space, point)| *space == tenants[0] && point.access == "hr")
        .unwrap()
        .1
        .clone();
    "board".clone_into(&mut changed.access);
    index.upsert(&tenants[0], vec![changed.clone()]).await.unwrap();
    for (_, point) in all.iter_mut().filter(|(_, point)| point.id == changed.id) {
        "board".clone_into(&mut point.access);
    }
    let look = |access: &str| Nearest {
        space: tenants[0].clone(),
        vector: changed.vector.clone(),
        access: vec![access.to_owned()],
        limit: 5,
    };
    assert!(
        index
            .search(&look("hr"))
            .await
            .unwrap()
            .iter()
            .all(|near| near.id != changed.id)
    );
    assert_eq!(index.search(&look("board")).await.unwrap()[0].id, changed.id);
    let everything = Nearest {
        access: ["all", "hr", "board"].map(str::to_owned).to_vec(),
        limit: count,
        ..look("all")
    };
    let left: HashSet<Uuid> = index
        .search(&everything)
        .await
        .unwrap()
        .iter()
        .map(|near| near.id)
        .collect();
    let own: HashSet<Uuid> = all
        .iter()
        .filter(|(space, _)| *space == tenants[0])
        .map(|(_, point)| point.id)
        .collect();
    assert_eq!(left, own);

    index.clear(&tenants[0]).await.unwrap();
    assert_eq!(index.search(&everything).await.unwrap(), []);
    let other = Nearest {
        space: tenants[1].clone(),
        ..everything
    };
    assert!(
        !index.search(&other).await.unwrap().is_empty(),
        "the other tenant's points stay"
    );
    #[expect(clippy::cast_precision_loss, reason = "some hundred")]
    let recall = right as f64 / wanted as f64;
    recall
}

#[tokio::test]
async fn the_embedded_index_finds_the_nearest_under_every_filter() {
    let kept = Arc::new(Kept::default());
    let index = Exact::new(Arc::clone(&kept) as _);

    let recall = contract(&index, &kept, 3_000).await;

    println!("recall@10 in the embedded index, under filters: {recall:.4}");
    assert!((recall - 1.0).abs() < 1e-9, "{recall}");
}

#[tokio::test]
async fn with_eight_bits_a_number_nothing_is_lost_that_matters() {
    let kept = Arc::new(Kept::default());
    let index = Exact::new(Arc::clone(&kept) as _).small_from(50);

    let recall = contract(&index, &kept, 3_000).await;

    println!("recall@10 in eight bits, under filters: {recall:.4}");
    assert!(recall >= 0.98, "{recall}");
}

#[tokio::test]
async fn qdrant_gives_what_the_embedded_index_gives() {
    let Some(server) = servers::Qdrant::shared() else {
        return;
    };
    let index = Qdrant::new(&server.url, None).unwrap();

    let recall = contract(&index, &Kept::default(), 600).await;

    println!("recall@10 in Qdrant, under filters: {recall:.4}");
    assert!(recall >= 0.98, "{recall}");
}

#[tokio::test]
async fn a_qdrant_that_is_away_is_told() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let index = Qdrant::new(&format!("http://{nobody}"), None).unwrap();
    let query = Nearest {
        space: space(),
        vector: vec![1.0],
        access: Vec::new(),
        limit: 1,
    };

    let error = index.search(&query).await.unwrap_err();

    assert_eq!(error.index, "qdrant");
    assert!(index.health_check().check().await.is_err());
}
