//! A better order for the best of a search, from a model that reads question and passage together.

use std::{collections::HashMap, sync::Arc, time::Instant};

use botstate::{db, knowledge::Query, rerank::Reranker};
use uuid::Uuid;

use super::Open;
use crate::{
    chunk::whole,
    error::Error,
    fuse::Candidate,
    service::KnowledgeService,
    store::chunks::{self, Stored},
};

impl KnowledgeService {
    /// The candidates in the order of the bot's reranker. Where it has none, or it fails, they stay as they are.
    pub(super) async fn reranked(
        &self,
        open: &[Open],
        fused: Vec<Candidate>,
        query: &Query,
        text: &str,
    ) -> Result<Vec<Candidate>, Error> {
        let found = self
            .rerankers
            .as_ref()
            .and_then(|rerankers| rerankers.for_bot(&query.bot));
        let Some(reranker) = found.filter(|_| fused.len() > 1) else {
            return Ok(fused);
        };
        let begun = Instant::now();
        let (best, texts) = self.texts(open, &fused, reranker.top()).await?;
        let (outcome, fused) = match ask(&reranker, text, &texts).await {
            Ok(scores) => ("ok", in_order(fused, &best, &scores)),
            Err(reason) => {
                tracing::warn!(bot.name = %query.bot.name, %reason, "passages stay in the order of the search");
                ("failed", fused)
            }
        };
        metrics::counter!("knowledge_rerank_total", "outcome" => outcome).increment(1);
        metrics::histogram!("knowledge_rerank_seconds").record(begun.elapsed().as_secs_f64());
        Ok(fused)
    }

    /// The passages that are looked at, with their texts as they are indexed.
    async fn texts(&self, open: &[Open], fused: &[Candidate], top: usize) -> Result<(Vec<Uuid>, Vec<String>), Error> {
        let best: Vec<&Candidate> = fused.iter().take(top).collect();
        let ids: Vec<Uuid> = best.iter().map(|one| one.chunk).collect();
        let rows = self
            .db
            .read(move |conn| chunks::by_ids(conn, &ids).map_err(db::Error::from))
            .await?;
        let rows: HashMap<Uuid, Stored> = rows.into_iter().map(|row| (row.id, row)).collect();
        let pairs = best.into_iter().filter_map(|one| {
            let row = rows.get(&one.chunk)?;
            let known = open.get(one.collection)?.shelf.documents.get(&one.document)?;
            Some((one.chunk, whole(&known.title, &row.headings, &row.body)))
        });
        Ok(pairs.unzip())
    }
}

async fn ask(reranker: &Arc<dyn Reranker>, question: &str, texts: &[String]) -> Result<Vec<f32>, String> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let scores = reranker
        .rerank(question, texts)
        .await
        .map_err(|error| error.to_string())?;
    if scores.len() == texts.len() {
        Ok(scores)
    } else {
        Err(format!(
            "{} gave {} scores for {} texts",
            reranker.id(),
            scores.len(),
            texts.len()
        ))
    }
}

/// The candidates with scores first, the best of them in front; the others follow in their order, below.
fn in_order(fused: Vec<Candidate>, best: &[Uuid], scores: &[f32]) -> Vec<Candidate> {
    let by_chunk: HashMap<Uuid, f32> = best.iter().copied().zip(scores.iter().copied()).collect();
    let (mut first, mut rest): (Vec<Candidate>, Vec<Candidate>) =
        fused.into_iter().partition(|one| by_chunk.contains_key(&one.chunk));
    for one in &mut first {
        one.score = by_chunk.get(&one.chunk).copied().unwrap_or_default();
    }
    // A stable sort: of equal scores the search decides.
    first.sort_by(|a, b| b.score.total_cmp(&a.score));
    let least = first.last().map_or(1.0, |last| last.score);
    for one in &mut rest {
        one.score *= least;
    }
    first.append(&mut rest);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(number: u128, score: f32) -> Candidate {
        Candidate {
            chunk: Uuid::from_u128(number),
            document: Uuid::nil(),
            collection: 0,
            words: 1.0,
            coverage: 1.0,
            cosine: None,
            score,
        }
    }

    #[test]
    fn what_was_not_looked_at_follows_in_its_order() {
        let fused = vec![
            candidate(1, 0.9),
            candidate(2, 0.8),
            candidate(3, 0.7),
            candidate(4, 0.6),
        ];
        let best = [Uuid::from_u128(1), Uuid::from_u128(2)];

        let ordered = in_order(fused, &best, &[0.2, 0.5]);

        let numbers: Vec<u128> = ordered.iter().map(|one| one.chunk.as_u128()).collect();
        assert_eq!(numbers, [2, 1, 3, 4]);
        assert!(ordered.is_sorted_by(|a, b| a.score >= b.score), "{ordered:?}");
    }
}
