//! A question that the bot's tables answer.

use std::sync::Arc;

use botstate::{
    dialog::{Fault, FaultKind},
    model::{Asker, ChatModel, ModelError},
};

use super::{Next, Turn};
use crate::{error::Error, links::Guard, model::Body, phrases::Phrase, tables};

impl Turn {
    /// Answers the question of the topmost activity from the tables that the person may read.
    pub(super) async fn answer_from_tables(&mut self, model: &dyn ChatModel) -> Result<Next, Error> {
        let Some((question, since)) = self.agent().map(|agent| (agent.question.clone(), agent.since)) else {
            return Ok(Next::Step);
        };
        let before = self.questions_before(since).await;
        let port = self.engine.ports.tables.clone();
        let (bot, caller) = (Arc::clone(&self.inbound.bot), self.inbound.caller.clone());
        let conversation = (!self.inbound.client.is_passing()).then_some(self.conversation.id);
        let locale = self.env.locale.clone();
        let asking = tables::Question {
            model,
            tables: port.as_deref(),
            asker: Asker::new(&bot, &caller, conversation),
            reader: tables::reader(&caller),
            bot,
            text: &question,
            before: &before,
            today: self.engine.clock.now().date_naive(),
            locale: &locale,
            cancel: self.cancel.clone(),
        };
        let answered = match tables::answer(asking).await {
            Ok(answered) => answered,
            Err(ModelError::Cancelled) => return Ok(self.agent_is_done("stopped")),
            Err(error @ ModelError::Exhausted { .. }) => return self.answer_without_budget(&error).await,
            Err(error) => {
                if let Some(follow) = &self.inbound.client.follow {
                    follow.fail(super::agent::unanswered(&error));
                }
                self.report(Fault::new(FaultKind::Network, error.to_string()), Phrase::ModelFailed);
                return Ok(self.agent_is_done("failed"));
            }
        };
        self.usage = answered.usage.or(self.usage);
        // Later prompts hold what the rows say, and others may have written that.
        self.conversation.session.has_foreign |= answered.has_rows;
        if let Some(fault) = answered.fault {
            self.fresh.push(Body::Fault { fault });
        }
        self.fresh.push(Body::BotMessage {
            content: Guard::whole(self.allowed(), &answered.text),
            stopped: false,
            stream: None,
            files: Vec::new(),
            citations: answered.citations,
        });
        Ok(self.agent_is_done("answered"))
    }
}
