//! What the bot's documents have to do with a question.

use std::sync::Arc;

use botlib::wire::{Citation, MessageType};
use botstate::{
    dialog::Fault,
    knowledge::{Found, Query, Reader},
};

use super::{Turn, number, stack::Frame};
use crate::{
    knowledge,
    links::{Allowed, Guard},
    model::{Agent, Body, Knowledge},
    phrases::Phrase,
    prompt,
    store::events,
};

/// Messages among which the questions before this one are looked for.
const RECENT: i64 = 12;

impl Turn {
    /// Searches the collections of the conversation for the question of the topmost activity, once.
    pub(super) async fn look_up(&mut self, window: Option<u32>) {
        let Some(agent) = self.agent().filter(|agent| agent.knowledge.is_none()) else {
            return;
        };
        let (question, since) = (agent.question.clone(), agent.since);
        let found = self.search(&question, since, window).await.unwrap_or_else(|fault| {
            tracing::warn!(bot.name = %self.inbound.bot.name, %fault, "the knowledge of a bot was not searched");
            None
        });
        let knowledge = found.map_or_else(Knowledge::default, |found| {
            Knowledge::of(&question, found.passages, found.version)
        });
        if let Some(Frame::Agent(agent)) = self.stack.last_mut() {
            agent.knowledge = Some(knowledge);
        }
    }

    /// What the documents say; nothing where there is nothing to search in.
    async fn search(&mut self, question: &str, since: i64, window: Option<u32>) -> Result<Option<Found>, Fault> {
        let bot = Arc::clone(&self.inbound.bot);
        let reader = Reader::of(&self.inbound.caller);
        let Some(port) = self.engine.ports.knowledge.get().map(Arc::clone) else {
            return Ok(None);
        };
        let all = port.collections(&bot, &reader).await?;
        let collections = self.conversation.session.searched(&bot, all);
        if collections.is_empty() || question.trim().is_empty() {
            return Ok(None);
        }
        self.searched.clone_from(&collections);
        let before = self.questions_before(since).await;
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        let room = window.map_or(usize::MAX, |window| usize::try_from(window / 4).unwrap_or(usize::MAX));
        let settings = &bot.settings;
        let limit = settings
            .parse("rag-max-results")
            .or_else(|| settings.parse("rag-top-k"));
        let query = Query {
            text: knowledge::standalone(question, &before),
            bot: Arc::clone(&bot),
            collections,
            reader,
            limit: limit.unwrap_or(knowledge::PASSAGES).clamp(1, 50),
            tokens: settings.parse("kb-tokens").unwrap_or(knowledge::TOKENS).min(room),
        };
        port.search(&query).await.map(Some)
    }

    /// What the person asked before, the newest first.
    pub(super) async fn questions_before(&mut self, since: i64) -> Vec<String> {
        let (id, after) = (self.conversation.id, self.conversation.session.forgotten.unwrap_or(0));
        let read = self
            .engine
            .db
            .read(move |conn| events::list_messages(conn, id, after, since, RECENT));
        let past = read.await.unwrap_or_default();
        let asked = past.into_iter().rev().filter_map(|event| match event.body {
            // A click that runs a tool asks nothing.
            Body::UserMessage {
                content, message_type, ..
            } if message_type != number(MessageType::ToolExec) => Some(content),
            _ => None,
        });
        asked.collect()
    }

    pub(super) fn agent(&self) -> Option<&Agent> {
        match self.stack.last() {
            Some(Frame::Agent(agent)) => Some(agent),
            _ => None,
        }
    }

    pub(super) fn has_passages(&self) -> bool {
        self.found().is_some_and(|found| !found.passages.is_empty())
    }

    fn found(&self) -> Option<&Knowledge> {
        self.agent()?.knowledge.as_ref()
    }

    /// The sources of an answer.
    pub(super) fn cited(&self, answer: &str) -> Vec<Citation> {
        self.found().map(|found| found.cited(answer)).unwrap_or_default()
    }

    /// Answers from the documents alone, or says why there is no answer.
    pub(super) fn answer_without_model(&mut self) {
        let is_searched = self.found().is_some_and(|found| found.is_searched);
        if self.say_passages() {
            return;
        }
        let phrase = if is_searched { Phrase::Unknown } else { Phrase::NoModel };
        self.say(phrase.text(&self.env.locale).to_owned());
    }

    /// Says the passages that answer the question; false when there are none.
    pub(super) fn say_passages(&mut self) -> bool {
        let Some(agent) = self.agent() else { return false };
        let answer = agent
            .knowledge
            .as_ref()
            .and_then(|found| found.extract(&agent.question, &self.env.locale));
        let Some((content, citations)) = answer else {
            return false;
        };
        self.fresh.push(Body::BotMessage {
            content: Guard::whole(self.allowed(), &content),
            stopped: false,
            stream: None,
            files: Vec::new(),
            citations,
        });
        true
    }

    /// Addresses that a model's words may link to: hosts that the bot's settings name, and the very addresses that the
    /// author, the person or the sources gave.
    pub(super) fn allowed(&self) -> Allowed {
        let bot = &self.inbound.bot;
        let mut allowed = Allowed::of(&bot.settings);
        if let Some(own) = &self.engine.public_url {
            allowed.add_host_of(own);
        }
        for text in prompt::trusted(bot, &self.conversation.session, &self.conversation.assignee()) {
            allowed.add_from(&text);
        }
        let agents = self.stack.iter().filter_map(|frame| match frame {
            Frame::Agent(agent) => Some(agent),
            Frame::Dialog(_) => None,
        });
        for agent in agents {
            allowed.add_from(&agent.question);
            let passages = agent.knowledge.iter().flat_map(|found| &found.passages);
            for url in passages.filter_map(|passage| passage.source.url.as_deref()) {
                allowed.add(url);
            }
        }
        allowed
    }
}
