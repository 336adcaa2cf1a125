//! The passages of an answer: without repetitions, with their surroundings, within what they may cost.

use std::collections::{HashMap, HashSet};

use botlib::{wire::Citation, words::count_tokens};
use botstate::{
    db,
    knowledge::{Passage, Query},
};
use uuid::Uuid;

use super::{Open, alike::Chosen};
use crate::{
    chunk::cut_text,
    error::Error,
    fuse::Candidate,
    service::KnowledgeService,
    store::chunks::{self, Stored},
};

/// Tokens of the passage that a citation shows.
const SHOWN: usize = 80;

impl KnowledgeService {
    /// The passages of the best candidates.
    pub(super) async fn passages(
        &self,
        open: &[Open],
        fused: Vec<Candidate>,
        query: &Query,
    ) -> Result<Vec<Passage>, Error> {
        // Twice as many as wanted, because some will repeat others.
        let best: Vec<Candidate> = fused.into_iter().take(query.limit.saturating_mul(2).min(200)).collect();
        if best.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = best.iter().map(|one| one.chunk).collect();
        let rows = self
            .db
            .read(move |conn| chunks::by_ids(conn, &ids).map_err(db::Error::from))
            .await?;
        let mut rows: HashMap<Uuid, Stored> = rows.into_iter().map(|row| (row.id, row)).collect();
        let mut chosen: Vec<(Candidate, Stored)> = Vec::new();
        let mut seen = Chosen::new(&query.text);
        let mut left = query.tokens;
        for one in best {
            let Some(row) = rows.remove(&one.chunk).filter(|row| row.position >= 0) else {
                continue;
            };
            if row.tokens > left || !seen.take(&row.body) {
                continue;
            }
            left -= row.tokens;
            chosen.push((one, row));
            if chosen.len() == query.limit {
                break;
            }
        }
        let around = self.around(&chosen, left).await?;
        Ok(chosen
            .iter()
            .zip(around)
            .enumerate()
            .filter_map(|(place, ((one, row), text))| {
                let text = text.unwrap_or_else(|| row.body.clone());
                Some(Passage {
                    source: citation(open, one, row, place)?,
                    tokens: count_tokens(&text),
                    text,
                    score: one.score.clamp(0.0, 1.0),
                    coverage: one.coverage.clamp(0.0, 1.0),
                })
            })
            .collect())
    }

    /// Texts that take in the passages before and after, for the best ones while there is room.
    async fn around(&self, chosen: &[(Candidate, Stored)], left: usize) -> Result<Vec<Option<String>>, Error> {
        let own: HashSet<(Uuid, i32)> = chosen.iter().map(|(_, row)| (row.document, row.position)).collect();
        let places: Vec<(Uuid, i32)> = chosen
            .iter()
            .take(3)
            .flat_map(|(_, row)| [(row.document, row.position - 1), (row.document, row.position + 1)])
            .filter(|place| place.1 >= 0 && !own.contains(place))
            .collect();
        if places.is_empty() || left < 50 {
            return Ok(vec![None; chosen.len()]);
        }
        let found = self
            .db
            .read(move |conn| chunks::at(conn, &places).map_err(db::Error::from))
            .await?;
        let mut found: HashMap<(Uuid, i32), Stored> = found
            .into_iter()
            .map(|row| ((row.document, row.position), row))
            .collect();
        let mut left = left;
        let mut take = |place: (Uuid, i32), row: &Stored| {
            let fits = found
                .get(&place)
                .is_some_and(|near| near.headings == row.headings && near.tokens <= left);
            let near = found.remove(&place).filter(|_| fits)?;
            left -= near.tokens;
            Some(near)
        };
        Ok(chosen
            .iter()
            .map(|(_, row)| {
                let before = take((row.document, row.position - 1), row);
                let after = take((row.document, row.position + 1), row);
                (before.is_some() || after.is_some()).then(|| join(before.as_ref(), row, after.as_ref()))
            })
            .collect())
    }
}

/// The text of a passage with those around it, what repeats left out.
fn join(before: Option<&Stored>, row: &Stored, after: Option<&Stored>) -> String {
    let new = |row: &Stored| row.body.get(row.repeated..).unwrap_or(&row.body).to_owned();
    let mut text = String::new();
    let mut add = |row: &Stored, continues: bool| {
        if continues && row.repeated > 0 {
            if !text.ends_with(char::is_whitespace) {
                text.push(' ');
            }
            text.push_str(new(row).trim_start());
        } else {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(&row.body);
        }
    };
    if let Some(before) = before {
        add(before, false);
    }
    add(row, before.is_some());
    if let Some(after) = after {
        add(after, true);
    }
    text
}

fn citation(open: &[Open], one: &Candidate, row: &Stored, place: usize) -> Option<Citation> {
    let of = open.get(one.collection)?;
    let known = of.shelf.documents.get(&one.document)?;
    let is_page = known.path.starts_with("http://") || known.path.starts_with("https://");
    Some(Citation {
        number: u32::try_from(place + 1).ok()?,
        collection: of.collection.name.clone(),
        document: known.path.clone(),
        title: known.title.clone(),
        version: known.version.clone(),
        page: row.page,
        headings: row.headings.clone(),
        passage: cut_text(row.body.get(row.repeated..).unwrap_or(&row.body), SHOWN),
        url: is_page.then(|| known.path.clone()),
    })
}
