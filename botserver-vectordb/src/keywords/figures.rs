//! `KB STATISTICS` and its like: figures about what the person may read.

use std::sync::Arc;

use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Keyword, Turn},
    knowledge::Reader,
    run::Late,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    Entry, name,
    search::{number, whole},
};
use crate::{
    search::plain,
    service::{CollectionNumbers, KnowledgeService, Numbers},
};

const MEGABYTE: f64 = 1_048_576.0;

pub(super) fn keywords(slot: &Late<KnowledgeService>) -> Vec<Keyword> {
    let of = |phrase, shapes, summary, example, work| {
        Entry {
            phrase,
            shapes,
            class: Class::Read,
            summary,
            example,
            work,
        }
        .keyword(slot)
    };
    vec![
        of(
            "KB STATISTICS",
            &[""],
            "Gives figures about all collections as JSON text.",
            "TALK KB STATISTICS",
            |service, turn, _| Box::pin(statistics(service, turn)),
        ),
        of(
            "KB COLLECTION STATS",
            &["name"],
            "Gives figures about one collection as JSON text; empty for one that is not there.",
            "TALK KB COLLECTION STATS \"products\"",
            |service, turn, args| Box::pin(collection(service, turn, args)),
        ),
        of(
            "KB DOCUMENTS COUNT",
            &["name", ""],
            "Gives the number of documents, of one collection or of all.",
            "TALK KB DOCUMENTS COUNT",
            |service, turn, args| Box::pin(count(service, turn, args)),
        ),
        of(
            "KB DOCUMENTS ADDED SINCE",
            &["days"],
            "Gives the number of documents that were added in the last days, or since a date.",
            "TALK KB DOCUMENTS ADDED SINCE 7",
            |service, turn, args| Box::pin(added(service, turn, args)),
        ),
        of(
            "KB LIST COLLECTIONS",
            &[""],
            "Gives the names of the collections.",
            "FOR EACH name IN KB LIST COLLECTIONS\n  TALK name\nNEXT",
            |service, turn, _| Box::pin(list(service, turn)),
        ),
        of(
            "KB STORAGE SIZE",
            &["name", ""],
            "Gives the megabytes that one collection, or all of them, take on disk.",
            "TALK KB STORAGE SIZE",
            |service, turn, args| Box::pin(size(service, turn, args)),
        ),
    ]
}

async fn numbers(service: &KnowledgeService, turn: &mut dyn Turn) -> Result<Numbers, Fault> {
    let reader = Reader::of(turn.caller());
    let bot = Arc::clone(turn.bot());
    Ok(service.numbers(&bot, &reader).await?)
}

fn megabytes(bytes: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "shown with three decimals")]
    let size = bytes as f64 / MEGABYTE;
    (size * 1_000.0).round() / 1_000.0
}

async fn statistics(service: &KnowledgeService, turn: &mut dyn Turn) -> Result<Value, Fault> {
    let all = numbers(service, turn).await?;
    let text = json!({
        "total_collections": all.collections.len(),
        "total_documents": all.collections.iter().map(|one| one.documents).sum::<usize>(),
        "total_vectors": all.sum(|one| one.vectors),
        "total_disk_size_mb": megabytes(all.sum(|one| one.disk)),
        "total_ram_size_mb": megabytes(all.sum(|one| one.memory)),
        "documents_added_last_week": all.added_last_week,
        "documents_added_last_month": all.added_last_month,
        "collections": all.collections.iter().map(stats).collect::<Vec<_>>(),
    });
    Ok(Value::text(text.to_string()))
}

fn stats(one: &CollectionNumbers) -> serde_json::Value {
    json!({
        "name": one.name,
        "documents_count": one.documents,
        "vectors_count": one.vectors,
        "points_count": one.chunks,
        "segments_count": 1,
        "disk_data_size": one.disk,
        "ram_data_size": one.memory,
        "indexed_vectors_count": one.vectors,
        "status": if one.waiting > 0 { "yellow" } else { "green" },
    })
}

/// The collection that `name` names, if one is named; an error for one that the person does not know.
fn chosen(numbers: &Numbers, args: &mut Args) -> Result<Option<Vec<CollectionNumbers>>, Fault> {
    if !args.has("name") {
        return Ok(Some(numbers.collections.clone()));
    }
    let wanted = plain(&name(args, "name")?);
    let own = numbers.collections.iter().filter(|one| plain(&one.name) == wanted);
    let own: Vec<CollectionNumbers> = own.cloned().collect();
    Ok((!own.is_empty()).then_some(own))
}

async fn collection(service: &KnowledgeService, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let all = numbers(service, turn).await?;
    let own = chosen(&all, &mut args)?.unwrap_or_default();
    let text = own.first().map(|one| stats(one).to_string()).unwrap_or_default();
    Ok(Value::text(text))
}

async fn count(service: &KnowledgeService, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let all = numbers(service, turn).await?;
    let own = chosen(&all, &mut args)?.unwrap_or_default();
    Ok(whole(own.iter().map(|one| one.documents).sum()))
}

async fn size(service: &KnowledgeService, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let all = numbers(service, turn).await?;
    let own = chosen(&all, &mut args)?.unwrap_or_default();
    Ok(number(megabytes(own.iter().map(|one| one.disk).sum())))
}

async fn list(service: &KnowledgeService, turn: &mut dyn Turn) -> Result<Value, Fault> {
    let all = numbers(service, turn).await?;
    let names = all.collections.into_iter().map(|one| Value::text(one.name));
    Ok(Value::List(names.collect()))
}

async fn added(service: &KnowledgeService, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let since = match args.take("days") {
        Value::DateTime(time) => time.with_timezone(&Utc),
        Value::Date(day) => {
            let midnight = day.and_hms_opt(0, 0, 0).unwrap_or_default();
            DateTime::<Utc>::from_naive_utc_and_offset(midnight, Utc)
        }
        days => {
            args.0.insert("days", days);
            let days = args.number("days")?;
            if !(0.0..=36_500.0).contains(&days) {
                return Err(Fault::new(FaultKind::Argument, "the number of days must be 0 to 36500"));
            }
            #[expect(clippy::cast_possible_truncation, reason = "within the range that was checked")]
            let seconds = (days * 86_400.0) as i64;
            service.clock.now() - TimeDelta::seconds(seconds)
        }
    };
    let reader = Reader::of(turn.caller());
    let bot = Arc::clone(turn.bot());
    Ok(whole(service.added_since(&bot, &reader, since).await?))
}
