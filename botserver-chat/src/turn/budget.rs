//! What is said when a budget leaves nothing to ask a model with.

use botlib::{Problem, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    model::ModelError,
};

use super::{Next, Turn};
use crate::{error::Error, model::Body, phrases::Phrase};

/// The kind of the problem that clients of other protocols get.
const EXHAUSTED: &str = "chat/budget-spent";

impl Turn {
    /// Answers in the place of the model: with the dialog that the bot has for it, else its text, else a sentence.
    pub(super) async fn answer_without_budget(&mut self, error: &ModelError) -> Result<Next, Error> {
        if let (Some(follow), ModelError::Exhausted { renews_at, .. }) = (&self.inbound.client.follow, error) {
            let seconds = (*renews_at - self.engine.clock.now()).num_seconds();
            let problem = Problem::new(429, EXHAUSTED, "A budget is spent").detail(error.to_string());
            follow.fail(problem.retry_after(u64::try_from(seconds).unwrap_or_default().max(1)));
        }
        tracing::info!(bot.name = %self.inbound.bot.name, %error, "no model was asked");
        self.fresh.push(Body::Fault {
            fault: Fault::new(FaultKind::Limit, error.to_string()),
        });
        let settings = &self.inbound.bot.settings;
        let dialog = settings.get("budget-fallback-dialog");
        let dialog = dialog.map(|name| name.trim_end_matches(".bas").to_owned());
        if let Some(dialog) = dialog.filter(|name| self.inbound.bot.has_script(name)) {
            self.stack.pop();
            self.push_script(&dialog, Map::new()).await?;
            return Ok(Next::Step);
        }
        let text = settings.get("budget-fallback-text");
        let text = text.unwrap_or_else(|| Phrase::BudgetSpent.text(&self.env.locale));
        self.say(text.to_owned());
        Ok(self.agent_is_done("failed"))
    }
}
