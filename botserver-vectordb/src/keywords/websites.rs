//! `USE WEBSITE` and `CLEAR WEBSITES`: websites that a conversation searches.

use std::future::ready;

use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Keyword, Turn},
    run::Late,
};

use super::Entry;
use crate::{
    search::plain,
    service::KnowledgeService,
    sites::{Interval, address},
};

pub(super) fn keywords(slot: &Late<KnowledgeService>) -> Vec<Keyword> {
    vec![
        Entry {
            phrase: "USE WEBSITE",
            shapes: &["url[ REFRESH interval]", "url, interval"],
            class: Class::Write,
            summary: "Reads a website, keeps it fresh, and lets later messages of the conversation be answered from it. \
                      The interval is a number with h, d, w, m or y, or n for once; the shortest that anybody asks for counts.",
            example: "USE WEBSITE \"https://example.com/help\" REFRESH \"1w\"\nTALK \"Ask me about our help pages.\"",
            work: |service, turn, args| Box::pin(ready(use_website(service, turn, args))),
        }
        .keyword(slot),
        Entry {
            phrase: "CLEAR WEBSITES",
            shapes: &[""],
            class: Class::Write,
            summary: "Takes all websites out of what the conversation searches; they are still kept fresh.",
            example: "USE WEBSITE \"https://example.com/help\"\nCLEAR WEBSITES",
            work: |service, turn, _| Box::pin(clear_websites(service, turn)),
        }
        .keyword(slot),
    ]
}

fn use_website(service: &KnowledgeService, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let text = args.text("url")?;
    let (url, collection) = address(&text).map_err(|error| Fault::new(FaultKind::Argument, error.to_string()))?;
    let bot = std::sync::Arc::clone(turn.bot());
    let every = if args.has("interval") {
        let text = args.text("interval")?;
        Interval::parse(&text).ok_or_else(|| {
            Fault::new(
                FaultKind::Argument,
                format!("{text:?} is not how old a website may become"),
            )
            .hint("write a number with h, d, w, m or y, such as 1d, or n to read it once")
        })?
    } else {
        let usual = bot.settings.get("website-expires").and_then(Interval::parse);
        usual.unwrap_or(Interval::USUAL)
    };
    turn.write(service.site_change(&bot, &url, &collection, every));
    let chosen = turn.session().collections.get_or_insert_default();
    if !chosen.iter().any(|known| plain(known) == plain(&collection)) {
        chosen.push(collection);
    }
    Ok(Value::Null)
}

async fn clear_websites(service: &KnowledgeService, turn: &mut dyn Turn) -> Result<Value, Fault> {
    // A site that this turn added is written before its collections are asked for.
    turn.flush().await?;
    let bot = std::sync::Arc::clone(turn.bot());
    let sites: Vec<String> = service
        .site_collections(&bot)
        .await?
        .iter()
        .map(|name| plain(name))
        .collect();
    let chosen = turn.session().collections.get_or_insert_default();
    chosen.retain(|known| !sites.contains(&plain(known)));
    Ok(Value::Null)
}
