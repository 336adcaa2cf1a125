//! Carries orders out, and tells whoever waits what became of them.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{BotId, ConversationId, Value};
use botstate::{
    dialog::Fault,
    job::{Job, JobError, JobHandler, OrderJob, Reply},
    run::{Channel, Late, Order, Ran, Runner, Task},
};

use super::{RUN_LIMIT, failed};

/// Does jobs of the kind `order`.
pub(crate) struct Orders {
    pub(crate) runner: Late<dyn Runner>,
}

#[async_trait]
impl JobHandler for Orders {
    async fn run(&self, job: Job) -> Result<(), JobError> {
        let OrderJob { mut order, reply } =
            serde_json::from_value(job.payload).map_err(|error| JobError::Never(error.to_string()))?;
        let runner = self.runner.need("conversations").map_err(|fault| failed(&fault))?;
        order.limit.get_or_insert(RUN_LIMIT);
        let is_wake = matches!(order.task, Task::Wake { .. });
        let key = order.key.clone();
        let outcome = runner.run(order).await;
        if let Some(reply) = reply {
            return answer(runner, &key, reply, outcome).await;
        }
        let ran = outcome.map_err(|fault| failed(&fault))?;
        match ran.fault {
            // A dialog that was woken goes on by itself; its faults are its own.
            Some(_) if is_wake => Ok(()),
            // What the script did is committed under the order's key: another try would find it done.
            Some(fault) => Err(JobError::Never(fault.to_string())),
            None => Ok(()),
        }
    }
}

/// What a run gave: its value, else what it said last.
pub(crate) fn outcome_of(ran: Ran) -> (Value, Option<Fault>) {
    match ran.fault {
        Some(fault) => (Value::Null, Some(fault)),
        None if ran.value.is_null() => (ran.said.last().map_or(Value::Null, Value::text), None),
        None => (ran.value, None),
    }
}

/// Tells whoever wants to know what became of the order with `key`.
async fn answer(
    runner: &Arc<dyn Runner>,
    key: &str,
    reply: Reply,
    outcome: Result<Ran, Fault>,
) -> Result<(), JobError> {
    if let (Ok(ran), Some(_)) = (&outcome, &reply.token)
        && ran.waiting
        && ran.fault.is_none()
        && ran.value.is_null()
        && ran.said.is_empty()
    {
        // It waits for something itself: that is no answer, and the time of whoever asked goes on.
        return Ok(());
    }
    let (said, (value, fault)) = match outcome {
        Ok(ran) => (ran.said.clone(), outcome_of(ran)),
        Err(fault) => match failed(&fault) {
            JobError::Never(_) => (Vec::new(), (Value::Null, Some(fault))),
            again @ JobError::Again(_) => return Err(again),
        },
    };
    let order = if let Some(token) = reply.token {
        wake(reply.bot, reply.conversation, token, value, fault)
    } else {
        if let Some(fault) = fault {
            tracing::warn!(conversation.id = %reply.conversation, %fault, "another bot did not answer");
            return Ok(());
        }
        let text = if said.is_empty() {
            value.to_string()
        } else {
            said.join("\n\n")
        };
        say(reply.bot, reply.conversation, key, text)
    };
    runner.run(order).await.map_err(|fault| failed(&fault))?;
    Ok(())
}

/// The order by which a bot says something.
fn say(bot: BotId, conversation: ConversationId, key: &str, text: String) -> Order {
    Order {
        bot,
        conversation: Some(conversation),
        key: format!("said:{key}"),
        task: Task::Say { text },
        channel: Channel::Bot,
        limit: None,
        depth: 0,
    }
}

/// The order that wakes a waiting dialog.
pub(crate) fn wake(
    bot: BotId,
    conversation: ConversationId,
    token: String,
    value: Value,
    fault: Option<Fault>,
) -> Order {
    Order {
        bot,
        conversation: Some(conversation),
        key: format!("wake:{token}"),
        task: Task::Wake { token, value, fault },
        channel: Channel::Event,
        limit: None,
        depth: 0,
    }
}
