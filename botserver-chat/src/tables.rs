//! Answers from the bot's tables: the model writes a query, which the language reads and runs with the reader's roles.
//!
//! What the model writes is nothing but a wish: it is read by the language's own grammar, which knows nothing that
//! changes rows, over tables and columns that the reader may read. The rows never go to the model.

use std::{fmt::Write as _, sync::Arc};

use botlib::{Caller, RequestId, Subject, wire::Citation};
use botstate::{
    dialog::{Bot, Fault, FaultKind},
    model::{Asker, ChatMessage, ChatModel, ChatRequest, Delta, ModelError, Usage},
    rows::{Selected, TableOutline, TableQueries},
};
use chrono::NaiveDate;
use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::phrases::Phrase;

/// Rows that an answer shows.
const SHOWN: usize = 50;

/// Characters of a value that it shows.
const CELL: usize = 200;

/// Queries that a model may try.
const TRIES: usize = 2;

/// Tokens of a query.
const TOKENS: u32 = 800;

/// Bytes of what the model says, beyond which it is no query.
const LARGEST: usize = 16 << 10;

/// Tables that a model is told of.
const TABLES: usize = 60;

/// What the model is told.
const RULES: &str = "You answer a question about data by writing one query, and nothing else. Form: SELECT columns FROM \
    table [JOIN table ON a.x = b.y] [WHERE condition] [GROUP BY columns] [HAVING condition] [ORDER BY columns [DESC]] \
    [LIMIT n]. Functions: SUM, AVG, COUNT, MIN, MAX, LOWER, UPPER, TRIM, LENGTH, DATE, DATEDIFF, NOW, TODAY, YEAR, \
    MONTH, DAY, HOUR, ABS, ROUND, COALESCE, CONCAT. Texts stand in single quotes, dates as '2026-01-31'. There are no \
    subqueries, no UNION, and nothing that changes rows. Give columns names that a person understands. Reply with the \
    query alone, or with NONE when these tables cannot answer the question.";

/// A question over tables.
pub(crate) struct Question<'a> {
    pub(crate) model: &'a dyn ChatModel,
    pub(crate) tables: Option<&'a dyn TableQueries>,
    pub(crate) bot: Arc<Bot>,
    /// Whose roles decide.
    pub(crate) reader: Caller,
    pub(crate) asker: Asker,
    pub(crate) text: &'a str,
    /// What the person asked before, the newest first.
    pub(crate) before: &'a [String],
    pub(crate) today: NaiveDate,
    pub(crate) locale: &'a str,
    pub(crate) cancel: CancellationToken,
}

/// What the tables say.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    pub(crate) text: String,
    pub(crate) has_rows: bool,
    /// The query, as the source of the answer.
    pub(crate) citations: Vec<Citation>,
    pub(crate) usage: Option<Usage>,
    /// Why there is no answer, for operators.
    pub(crate) fault: Option<Fault>,
}

/// Who reads what a query gives. A bot that works for itself may read everything, and whoever hears its answer may not:
/// it asks as somebody who has proved nothing.
pub(crate) fn reader(caller: &Caller) -> Caller {
    match caller.subject {
        Subject::Bot(_) => {
            let mut nobody = Caller::nobody(caller.org, RequestId::new());
            nobody.permissions.insert(botlib::Permission::ChatTalk);
            nobody
        }
        _ => caller.clone(),
    }
}

/// Answers a question from the tables that its reader may read.
///
/// # Errors
/// When the model does not answer.
pub(crate) async fn answer(question: Question<'_>) -> Result<Answered, ModelError> {
    let say = |phrase: Phrase| phrase.text(question.locale).to_owned();
    let failed = |phrase: Phrase, fault: Fault| Answered {
        text: say(phrase),
        fault: Some(fault),
        ..Answered::default()
    };
    let Some(port) = question.tables else {
        let fault = Fault::new(FaultKind::NotFound, "this server was built without tables");
        return Ok(failed(Phrase::NoTables, fault));
    };
    let outlines = match port.outlines(&question.bot, &question.reader).await {
        Ok(outlines) => outlines,
        Err(fault) => return Ok(failed(Phrase::NoQuery, fault)),
    };
    if outlines.is_empty() {
        return Ok(Answered {
            text: say(Phrase::NoTables),
            ..Answered::default()
        });
    }
    let mut messages = vec![
        ChatMessage::System {
            content: instructions(&outlines, question.today),
        },
        ChatMessage::user(asked(question.text, question.before)),
    ];
    let mut answered = Answered::default();
    for _ in 0..TRIES {
        let (reply, usage) = ask(&question, messages.clone()).await?;
        answered.usage = usage.or(answered.usage);
        let Some(query) = query_of(&reply) else {
            answered.text = say(Phrase::NoQuery);
            answered.fault = None;
            return Ok(answered);
        };
        match port.select(&question.bot, &question.reader, &query).await {
            Ok(selected) => {
                answered.fault = None;
                answered.has_rows = !selected.rows.is_empty();
                answered.text = shown(&selected, &query, question.locale);
                answered.citations = vec![source(&selected, &query)];
                return Ok(answered);
            }
            Err(fault) => {
                messages.push(ChatMessage::Assistant {
                    content: reply,
                    calls: Vec::new(),
                });
                messages.push(ChatMessage::user(format!(
                    "That query cannot be run: {}. Write another one, or reply NONE.",
                    fault.message
                )));
                answered.fault = Some(fault);
            }
        }
    }
    answered.text = say(Phrase::NoQuery);
    Ok(answered)
}

async fn ask(question: &Question<'_>, messages: Vec<ChatMessage>) -> Result<(String, Option<Usage>), ModelError> {
    let request = ChatRequest {
        messages,
        max_tokens: Some(TOKENS),
        asker: Some(question.asker.clone()),
        ..ChatRequest::default()
    };
    let mut deltas = question.model.stream(request, question.cancel.clone()).await?;
    let (mut text, mut used) = (String::new(), None);
    while let Some(delta) = deltas.next().await {
        match delta? {
            Delta::Text(piece) => text.push_str(&piece),
            Delta::End { usage, .. } => {
                used = usage;
                break;
            }
            Delta::Reasoning(_) | Delta::Call(_) => {}
        }
        if text.len() > LARGEST {
            break;
        }
    }
    Ok((text, used))
}

fn instructions(outlines: &[TableOutline], today: NaiveDate) -> String {
    let mut text = format!("{RULES}\n\nToday is {today}. Tables:\n");
    for table in outlines.iter().take(TABLES) {
        let columns = table.columns.iter().map(|(name, kind)| format!("{name} {kind}"));
        // Writing into a text cannot fail.
        let _ = writeln!(text, "- {}({})", table.name, columns.collect::<Vec<_>>().join(", "));
    }
    text
}

/// The question, with those before it where it may point back to them.
fn asked(text: &str, before: &[String]) -> String {
    if before.is_empty() {
        return text.to_owned();
    }
    let earlier = before.iter().take(3).rev().map(|line| format!("- {line}"));
    format!(
        "Asked before, which may tell what is meant:\n{}\n\nAsked now: {text}",
        earlier.collect::<Vec<_>>().join("\n")
    )
}

/// The query in a reply, with or without a fence around it; nothing when the model wrote none.
fn query_of(reply: &str) -> Option<String> {
    let reply = reply.trim();
    let inner = match reply.split_once("```") {
        Some((_, rest)) => {
            let inside = rest.split_once("```").map_or(rest, |(inside, _)| inside);
            let word = inside.trim_start();
            word.strip_prefix("sql").or(word.strip_prefix("SQL")).unwrap_or(word)
        }
        None => reply,
    };
    let query = inner.trim().trim_end_matches(';').trim();
    let is_none = query.trim_matches(['.', '"', '`']).eq_ignore_ascii_case("NONE");
    (!query.is_empty() && !is_none).then(|| query.to_owned())
}

/// The rows as a table, and the query under it.
fn shown(selected: &Selected, query: &str, locale: &str) -> String {
    let mut text = String::new();
    if selected.rows.is_empty() {
        text.push_str(Phrase::NoRows.text(locale));
    }
    let mut columns: Vec<&str> = Vec::new();
    for (name, _) in selected.rows.iter().take(SHOWN).flat_map(botlib::value::Map::iter) {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    if !columns.is_empty() {
        let heads: Vec<String> = columns.iter().map(|name| cell(name)).collect();
        let lines: Vec<&str> = columns.iter().map(|_| "---").collect();
        let _ = writeln!(text, "| {} |\n| {} |", heads.join(" | "), lines.join(" | "));
        for row in selected.rows.iter().take(SHOWN) {
            let cells = columns
                .iter()
                .map(|name| row.get(name).map_or_else(String::new, |value| cell(&value.to_string())));
            let _ = writeln!(text, "| {} |", cells.collect::<Vec<_>>().join(" | "));
        }
        if selected.is_cut || selected.rows.len() > SHOWN {
            let _ = writeln!(text, "\n{}", Phrase::MoreRows.text(locale));
        }
    }
    let query = query.replace("```", "");
    let _ = write!(text, "\n\n{}\n\n```sql\n{query}\n```", Phrase::Query.text(locale));
    text
}

/// A value as part of a line of a table.
fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(CELL).collect();
    let cut = if short.len() < line.len() { "…" } else { "" };
    format!("{}{cut}", short.replace('\\', "\\\\").replace('|', "\\|"))
}

fn source(selected: &Selected, query: &str) -> Citation {
    Citation {
        number: 1,
        collection: "tables".to_owned(),
        document: selected.tables.join(", "),
        title: selected.tables.join(", "),
        version: String::new(),
        page: None,
        headings: Vec::new(),
        passage: query.to_owned(),
        url: None,
    }
}

#[cfg(test)]
mod tests {
    use botlib::Value;

    use super::*;

    #[test]
    fn a_query_is_found_in_whatever_a_model_wraps_it_in() {
        for (reply, expected) in [
            ("SELECT a FROM b;", Some("SELECT a FROM b")),
            (
                "Here it is:\n```sql\nSELECT a\nFROM b\n```\nBye",
                Some("SELECT a\nFROM b"),
            ),
            ("```\nSELECT 1 FROM b\n", Some("SELECT 1 FROM b")),
            ("NONE", None),
            (" none. ", None),
            ("```\nNONE\n```", None),
            ("", None),
        ] {
            assert_eq!(query_of(reply).as_deref(), expected, "{reply:?}");
        }
    }

    #[test]
    fn values_stay_in_their_cells() {
        let row = [
            ("na|me".to_owned(), Value::text("a|b\n| c |\\")),
            ("long".to_owned(), Value::text("x".repeat(300))),
        ];
        let selected = Selected {
            tables: vec!["t".to_owned()],
            rows: vec![row.into_iter().collect()],
            is_cut: true,
        };

        let text = shown(&selected, "SELECT ``` FROM t", "en");

        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "| na\\|me | long |");
        assert_eq!(lines[2], format!("| a\\|b \\| c \\|\\\\ | {}… |", "x".repeat(200)));
        assert!(text.ends_with("Query:\n\n```sql\nSELECT  FROM t\n```"), "{text}");
        assert!(text.contains("There are more rows"));
    }
}
