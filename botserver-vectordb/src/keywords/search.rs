//! `THINK KB`, `SEARCH KB` and `ADD TO KB`.

use std::{collections::BTreeSet, sync::Arc};

use botlib::{Value, value::Map, words::count_tokens};
use botstate::{
    db::{self, DbUuid, conversation_files},
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Keyword, Turn},
    knowledge::{Found, Passage, Query, Reader},
    on_each,
    run::Late,
};
use diesel::prelude::*;
use uuid::Uuid;

use super::{Entry, name};
use crate::{
    error::Error,
    model::Origin,
    service::{KnowledgeService, Upload},
};

/// Passages that scripts get.
const LIMIT: usize = 10;

/// Tokens of all passages that scripts get.
const TOKENS: usize = 4_000;

/// Sentences of a summary.
const SENTENCES: usize = 3;

pub(super) fn keywords(slot: &Late<KnowledgeService>) -> Vec<Keyword> {
    vec![
        Entry {
            phrase: "THINK KB",
            shapes: &["question"],
            class: Class::Read,
            summary: "Searches the conversation's collections and gives what was found: results, summary, confidence, \
                      total_results, sources, query and kb_count.",
            example: "found = THINK KB \"How long is the guarantee?\"\nTALK found.total_results",
            work: |service, turn, args| Box::pin(think(service, turn, args)),
        }
        .keyword(slot),
        Entry {
            phrase: "SEARCH KB",
            shapes: &["question"],
            class: Class::Read,
            summary: "Gives the passages that fit a question best, each with content, source, kb_name, relevance and tokens.",
            example: "FOR EACH passage IN SEARCH KB \"guarantee\"\n  TALK passage.content\nNEXT",
            work: |service, turn, args| Box::pin(search(service, turn, args)),
        }
        .keyword(slot),
        Entry {
            phrase: "ADD TO KB",
            shapes: &["name, document"],
            class: Class::Write,
            summary: "Adds a text, or a file that the person sent, to a collection, and gives the path that it has there.",
            example: "path = ADD TO KB \"notes\", \"The office is closed on Fridays.\"\nTALK path",
            work: |service, turn, args| Box::pin(add(service, turn, args)),
        }
        .keyword(slot),
    ]
}

async fn ask(
    service: &KnowledgeService,
    turn: &mut dyn Turn,
    args: &mut Args,
) -> Result<(Found, usize, String), Fault> {
    let text = args.text("question")?;
    let reader = Reader::of(turn.caller());
    let bot = Arc::clone(turn.bot());
    let all = service.readable_collections(&bot, &reader).await?;
    let readable: BTreeSet<String> = all.iter().map(|name| name.to_lowercase()).collect();
    let mut collections = turn.session().searched(&bot, all);
    // What the reader may not read is not counted either.
    collections.retain(|name| readable.contains(&name.to_lowercase()));
    let count = collections.len();
    let query = Query {
        text: text.clone(),
        bot,
        collections,
        reader,
        limit: LIMIT,
        tokens: TOKENS,
    };
    Ok((service.find(&query).await?, count, text))
}

async fn think(service: &KnowledgeService, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let (found, count, query) = ask(service, turn, &mut args).await?;
    let confidence = found
        .passages
        .first()
        .map_or(0.0, |best| best.coverage.max(0.0) * best.score);
    let mut sources: Vec<Value> = Vec::new();
    for passage in &found.passages {
        let source = Value::text(&passage.source.document);
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let total = found.passages.len();
    Ok(map([
        ("results", Value::List(found.passages.iter().map(result).collect())),
        ("summary", Value::text(summary(&query, &found.passages))),
        ("confidence", number(confidence)),
        ("total_results", whole(total)),
        ("sources", Value::List(sources)),
        ("query", Value::text(query)),
        ("kb_count", whole(count)),
    ]))
}

async fn search(service: &KnowledgeService, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let (found, _, _) = ask(service, turn, &mut args).await?;
    Ok(Value::List(found.passages.iter().map(result).collect()))
}

fn result(passage: &Passage) -> Value {
    let source = &passage.source;
    let page = source.page.map_or(Value::Null, |page| Value::Int(page.into()));
    map([
        ("content", Value::text(&passage.text)),
        ("source", Value::text(&source.document)),
        ("title", Value::text(&source.title)),
        ("kb_name", Value::text(&source.collection)),
        ("relevance", number(passage.score)),
        ("tokens", whole(passage.tokens)),
        ("page", page),
        (
            "headings",
            Value::List(source.headings.iter().map(Value::text).collect()),
        ),
    ])
}

/// The sentences of the best passages that have most of the question's words, in their order.
fn summary(query: &str, passages: &[Passage]) -> String {
    let wanted: BTreeSet<String> = botlib::words::words(query)
        .iter()
        .map(|word| botlib::words::light_stem(word).to_owned())
        .collect();
    let mut sentences: Vec<(usize, usize, String)> = Vec::new();
    for passage in passages.iter().take(3) {
        for sentence in passage.text.split_inclusive(['.', '!', '?', '\n']) {
            let words = botlib::words::words(sentence);
            let held = words
                .iter()
                .filter(|word| wanted.contains(botlib::words::light_stem(word)))
                .count();
            let text = sentence.trim().to_owned();
            if held > 0 && count_tokens(&text) >= 4 && !sentences.iter().any(|(_, _, known)| *known == text) {
                sentences.push((held, sentences.len(), text));
            }
        }
    }
    sentences.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    sentences.truncate(SENTENCES);
    sentences.sort_by_key(|(_, place, _)| *place);
    let texts: Vec<String> = sentences.into_iter().map(|(_, _, text)| text).collect();
    texts.join(" ")
}

async fn add(service: &KnowledgeService, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let collection = name(&mut args, "name")?;
    let key = turn.idempotency_key().to_owned();
    let named = |title: &str| {
        let digest = crate::package::hash_bytes(key.as_bytes());
        let title: String = title
            .chars()
            .map(|c| {
                if c.is_alphanumeric() || " .-_".contains(c) {
                    c
                } else {
                    ' '
                }
            })
            .take(60)
            .collect();
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{title} {}", digest.chars().take(8).collect::<String>())
    };
    let (path, bytes) = match args.take("document") {
        Value::File(file) => {
            let id = file.url.rsplit('/').find_map(|part| Uuid::try_parse(part).ok());
            let content = content(service, turn, id).await?;
            let content = content.ok_or_else(|| {
                Fault::new(
                    FaultKind::NotFound,
                    format!("the file {} was not sent in this conversation", file.name),
                )
                .hint("only files that people send, and texts, can be added")
            })?;
            let (stem, ending) = file.name.rsplit_once('.').unwrap_or((&file.name, "txt"));
            (format!("{}.{ending}", named(stem)), content)
        }
        Value::Map(document) => {
            let part = |keys: [&str; 2]| {
                let found = keys.iter().find_map(|key| document.get(key));
                found.map(ToString::to_string).unwrap_or_default()
            };
            let (title, text) = (part(["title", "name"]), part(["content", "text"]));
            let path = if title.contains('.') {
                title.clone()
            } else {
                format!("{}.md", named(&title))
            };
            (path, text.into_bytes())
        }
        Value::Null => {
            return Err(Fault::new(
                FaultKind::Argument,
                "there is nothing to add: the document is null",
            ));
        }
        Value::Secret(_) => {
            return Err(Fault::new(
                FaultKind::Argument,
                "a secret cannot be added to a collection",
            ));
        }
        other => {
            let text = other.to_string();
            let title: String = text.split_whitespace().take(6).collect::<Vec<_>>().join(" ");
            (format!("{}.md", named(&title)), text.into_bytes())
        }
    };
    if bytes.is_empty() {
        return Err(Fault::new(
            FaultKind::Argument,
            "there is nothing to add: the document is empty",
        ));
    }
    let upload = Upload {
        collection,
        path,
        origin: Origin::Api,
        bytes: bytes.into(),
    };
    // The same call finds its document again and adds nothing: its path comes from the call's key.
    let entry = service.upload(&Arc::clone(turn.bot()), upload).await?;
    Ok(Value::text(entry.path))
}

/// The bytes of a file that was sent in this conversation.
async fn content(service: &KnowledgeService, turn: &mut dyn Turn, id: Option<Uuid>) -> Result<Option<Vec<u8>>, Fault> {
    let Some(id) = id else { return Ok(None) };
    let (org, conversation) = (turn.bot().org, turn.conversation());
    let read = service.db.read(move |conn| {
        let own = conversation_files::table.filter(
            conversation_files::id
                .eq(DbUuid(id))
                .and(conversation_files::org_id.eq(DbUuid::from(org)))
                .and(conversation_files::conversation_id.eq(DbUuid::from(conversation))),
        );
        on_each!(conn, |conn| own
            .select(conversation_files::content)
            .first(conn)
            .optional())
        .map_err(db::Error::from)
    });
    Ok(read.await.map_err(Error::from)?)
}

pub(super) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let mut map = Map::new();
    for (name, value) in entries {
        map.insert(name, value);
    }
    Value::Map(map)
}

pub(super) fn whole(count: usize) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// A figure with three decimals.
pub(super) fn number(figure: impl Into<f64>) -> Value {
    let figure = figure.into();
    Value::from_json(&serde_json::json!((figure * 1_000.0).round() / 1_000.0))
}
