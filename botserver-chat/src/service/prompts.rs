//! The prompts of a bot: what they say, what they said, and how their answers fare.

use std::{collections::BTreeMap, sync::Arc};

use botlib::{Caller, ConversationId, Page, TurnId};
use botstate::{db::DbJson, dialog::Bot, prompt::Prompt};

use super::ChatService;
use crate::{
    error::Error,
    store::prompts::{self, Count, Version},
};

/// What became of answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) shown: i64,
    pub(crate) answered: i64,
    pub(crate) stopped: i64,
    pub(crate) failed: i64,
    pub(crate) handed_over: i64,
    /// What people and scripts said of them.
    pub(crate) verdicts: BTreeMap<String, i64>,
}

impl Tally {
    fn add(&mut self, count: &Count) {
        self.shown += count.count;
        match count.outcome.as_str() {
            "answered" => self.answered += count.count,
            "stopped" => self.stopped += count.count,
            "failed" => self.failed += count.count,
            "handed_over" => self.handed_over += count.count,
            _ => {}
        }
        if let Some(verdict) = &count.verdict {
            *self.verdicts.entry(verdict.clone()).or_default() += count.count;
        }
    }
}

/// A variant with its share and what became of its answers.
#[derive(Debug, Clone)]
pub(crate) struct VariantTally {
    pub(crate) name: String,
    pub(crate) weight: u32,
    pub(crate) tally: Tally,
}

/// A version with what became of its answers.
#[derive(Debug, Clone)]
pub(crate) struct VersionTally {
    pub(crate) version: Version,
    pub(crate) is_current: bool,
    pub(crate) variants: Vec<VariantTally>,
}

impl ChatService {
    /// The bot of that name or id, if the caller may know of its prompts.
    fn bot_of(&self, caller: &Caller, bot: &str) -> Result<Arc<Bot>, Error> {
        let found = self.bot(Some(bot))?;
        if found.org != caller.org || !caller.may_talk_to(found.id) {
            return Err(Error::UnknownBot(bot.chars().take(64).collect()));
        }
        Ok(found)
    }

    async fn counts(&self, bot: &Bot, name: Option<String>) -> Result<Vec<Count>, Error> {
        let (org, id) = (bot.org, bot.id);
        let read = self
            .engine
            .db
            .read(move |conn| prompts::counts(conn, org, id, name.as_deref()).map_err(Error::from));
        read.await
    }

    /// The prompts that run, each with its variants.
    pub(crate) async fn prompts(
        &self,
        caller: &Caller,
        bot: &str,
    ) -> Result<Vec<(Arc<Prompt>, Vec<VariantTally>)>, Error> {
        let bot = self.bot_of(caller, bot)?;
        let counts = self.counts(&bot, None).await?;
        let each = bot.prompts.iter().map(|prompt| {
            let weights = prompt
                .variants
                .iter()
                .map(|variant| (variant.name.clone(), variant.weight));
            let own = counts.iter().filter(|count| count.name == prompt.name);
            (Arc::clone(prompt), tallies(weights, own, &prompt.version))
        });
        Ok(each.collect())
    }

    /// What a prompt said through time, the newest first.
    pub(crate) async fn prompt_versions(
        &self,
        caller: &Caller,
        bot: &str,
        name: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<VersionTally>, Error> {
        let bot = self.bot_of(caller, bot)?;
        let name = key(name)?;
        let counts = self.counts(&bot, Some(name.clone())).await?;
        let (owner, wanted) = ((bot.org, bot.id), i64::try_from(limit + 1).unwrap_or(i64::MAX));
        let (before, sought) = (before.unwrap_or(i64::MAX), name.clone());
        let read = self
            .engine
            .db
            .read(move |conn| prompts::list(conn, owner, &sought, before, wanted).map_err(Error::from));
        let rows = read.await?;
        if rows.is_empty() && before == i64::MAX && bot.find_prompt(&name).is_none() {
            return Err(Error::UnknownPrompt);
        }
        let page = Page::of(rows, limit, |row| row.seq.to_string());
        Ok(page.map(|version| version_tally(&bot, &name, version, &counts)))
    }

    /// One version of a prompt.
    pub(crate) async fn prompt_version(
        &self,
        caller: &Caller,
        bot: &str,
        name: &str,
        version: String,
    ) -> Result<VersionTally, Error> {
        let bot = self.bot_of(caller, bot)?;
        let name = key(name)?;
        let counts = self.counts(&bot, Some(name.clone())).await?;
        if !version.chars().all(|letter| letter.is_ascii_hexdigit()) {
            return Err(Error::UnknownPrompt);
        }
        let (owner, sought) = ((bot.org, bot.id), name.clone());
        let read = self
            .engine
            .db
            .read(move |conn| prompts::find(conn, owner, &sought, &version).map_err(Error::from));
        let version = read.await?.ok_or(Error::UnknownPrompt)?;
        Ok(version_tally(&bot, &name, version, &counts))
    }

    /// Keeps what the caller thinks of an answer in a conversation of his own: the turn's, else the last one.
    pub(crate) async fn rate(
        &self,
        caller: &Caller,
        id: ConversationId,
        turn: Option<TurnId>,
        verdict: Option<&'static str>,
    ) -> Result<(), Error> {
        let conversation = self.get(caller, id).await?;
        let org = conversation.org;
        let write = self
            .engine
            .db
            .write(move |conn| prompts::rate(conn, org, id, turn, verdict).map_err(Error::from));
        if write.await? {
            Ok(())
        } else {
            Err(Error::NothingToRate)
        }
    }
}

/// The name of a prompt as it is kept; no other text can be one.
fn key(name: &str) -> Result<String, Error> {
    let fits = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
    if name.chars().all(fits) {
        Ok(name.to_lowercase())
    } else {
        Err(Error::UnknownPrompt)
    }
}

/// Variants with the counts of a version.
fn tallies<'a>(
    weights: impl Iterator<Item = (String, u32)>,
    counts: impl Iterator<Item = &'a Count>,
    version: &str,
) -> Vec<VariantTally> {
    let mut variants: Vec<VariantTally> = weights
        .map(|(name, weight)| VariantTally {
            name,
            weight,
            tally: Tally::default(),
        })
        .collect();
    for count in counts.filter(|count| count.version == version) {
        if let Some(variant) = variants.iter_mut().find(|variant| variant.name == count.variant) {
            variant.tally.add(count);
        }
    }
    variants
}

fn version_tally(bot: &Bot, name: &str, version: Version, counts: &[Count]) -> VersionTally {
    let DbJson(weights) = &version.variants;
    let weights = weights.as_object().into_iter().flatten().map(|(name, weight)| {
        let weight = weight.as_u64().and_then(|weight| u32::try_from(weight).ok());
        (name.clone(), weight.unwrap_or_default())
    });
    VersionTally {
        is_current: bot
            .find_prompt(name)
            .is_some_and(|prompt| prompt.version == version.version),
        variants: tallies(weights, counts.iter(), &version.version),
        version,
    }
}
