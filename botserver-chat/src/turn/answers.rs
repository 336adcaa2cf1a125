//! Asking the model, unless the answer was given before to somebody who may have the same.

use botlib::Subject;
use botstate::{
    dialog::Bot,
    embed::Side,
    model::{ChatModel, ChatRequest, Finish, ModelError, Usage},
    usage::{Call, Kind, Outcome},
};

use super::{Turn, agent::Round};
use crate::{
    answers::{Kept, Place, Rules},
    links::Guard,
};

impl Turn {
    /// Asks the model and hands its words out, or those that it said before.
    pub(super) async fn ask_or_repeat(
        &mut self,
        model: &dyn ChatModel,
        request: ChatRequest,
    ) -> Result<Round, ModelError> {
        let Some(place) = self.place(model, &request).await else {
            return self.ask(model, request).await;
        };
        if let Some(kept) = self.engine.answers.find(&place).await {
            return Ok(self.repeat(model, request, kept).await);
        }
        let round = self.ask(model, request).await?;
        let is_whole = !round.is_stopped && round.finish == Some(Finish::Stop) && round.calls.is_empty();
        if is_whole && !round.text.trim().is_empty() {
            let kept = Kept {
                citations: self.cited(&round.text),
                text: round.text.clone(),
            };
            self.engine.answers.keep(&place, kept).await;
        }
        Ok(round)
    }

    /// Where the answer lies; nothing where it is not kept. What tells of a person is not, nor what tools had a part in.
    async fn place(&mut self, model: &dyn ChatModel, request: &ChatRequest) -> Option<Place> {
        let rules = Rules::of(&self.inbound.bot.settings)?;
        if self.is_personal || !matches!(self.inbound.caller.subject, Subject::Person(_) | Subject::Visitor(_)) {
            return None;
        }
        let agent = self.agent()?;
        let knowledge = agent.knowledge.as_ref();
        let is_first_round = agent.messages.is_empty() && agent.rounds == 0;
        // After a crash nobody knows any more what was searched.
        let is_known = knowledge.is_none_or(|found| !found.is_searched) || !self.searched.is_empty();
        if !is_first_round || !is_known {
            return None;
        }
        let (question, since) = (agent.question.clone(), agent.since);
        let has_passages = knowledge.is_some_and(|found| !found.passages.is_empty());
        let (bot, session) = (&self.inbound.bot, &self.conversation.session);
        let circumstances = serde_json::json!([
            bot.version,
            model.name(),
            session.documents_only,
            matches!(self.inbound.caller.subject, Subject::Person(_)),
        ]);
        let mut place = Place::of(rules, request, &circumstances, has_passages, &self.searched)?;
        // Words that mean the same are the same question only where nothing was said before that they point to.
        if rules.near.is_some() && self.questions_before(since).await.is_empty() {
            let bot = std::sync::Arc::clone(&self.inbound.bot);
            place.vector = self.vector(&bot, question).await;
        }
        Some(place)
    }

    async fn vector(&mut self, bot: &Bot, question: String) -> Option<(String, Vec<f32>)> {
        let embedders = self.engine.ports.embedders.as_ref()?;
        let embedder = embedders.for_caller(bot, &self.inbound.caller);
        match embedder.embed(&[question], Side::Query).await {
            Ok(vectors) => Some((embedder.id().to_owned(), vectors.into_iter().next()?)),
            Err(error) => {
                tracing::debug!(%error, "a question is compared by its words only");
                None
            }
        }
    }

    /// Says what was said before, and notes that nobody was asked for it.
    async fn repeat(&mut self, model: &dyn ChatModel, request: ChatRequest, kept: Kept) -> Round {
        let usage = Usage {
            cached: true,
            ..Usage::default()
        };
        let mut round = Round {
            finish: Some(Finish::Stop),
            citations: Some(kept.citations),
            ..Round::default()
        };
        // What one person may be shown a link to is not what another may.
        let text = Guard::whole(self.allowed(), &kept.text);
        self.give(&mut round, text).await;
        if let Some(follow) = &self.inbound.client.follow {
            follow.round(Finish::Stop, Some(usage));
        }
        self.usage = Some(usage);
        if let (Some(ledger), Some(asker)) = (&self.engine.ports.ledger, request.asker) {
            ledger.record(Call {
                asker,
                bot: self.inbound.bot.name.as_str().into(),
                kind: Kind::Chat,
                provider: None,
                model: model.name().into(),
                usage,
                is_estimated: false,
                price: None,
                outcome: Outcome::Cached,
            });
        }
        round
    }
}
