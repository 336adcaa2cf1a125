//! Several orders at once, whose outcomes somebody waits for together.

use async_trait::async_trait;
use botlib::{BotId, OrgId, Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    job::{Job, JobError, JobHandler, NewJob, Reply},
    run::{Late, Order, Runner},
};
use chrono::{DateTime, Utc};
use futures::future::join_all;
use serde::{Deserialize, Serialize};

use super::{
    RUN_LIMIT, failed,
    orders::{outcome_of, wake},
};

/// The kind of these jobs.
pub(crate) const PARALLEL: &str = "parallel";

/// The payload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Parallel {
    /// The orders with the names of their branches.
    pub(crate) orders: Vec<(String, Order)>,
    /// Who waits.
    pub(crate) reply: Reply,
}

impl Parallel {
    pub(crate) fn job(&self, org: OrgId, bot: BotId, now: DateTime<Utc>) -> NewJob {
        NewJob {
            org,
            bot: Some(bot),
            kind: PARALLEL,
            payload: serde_json::to_value(self).unwrap_or_default(),
            key: self.reply.token.as_ref().map(|token| format!("parallel:{token}")),
            due_at: now,
        }
    }
}

/// Does jobs of the kind `parallel`.
pub(crate) struct Branches {
    pub(crate) runner: Late<dyn Runner>,
}

#[async_trait]
impl JobHandler for Branches {
    async fn run(&self, job: Job) -> Result<(), JobError> {
        let Parallel { orders, reply } =
            serde_json::from_value(job.payload).map_err(|error| JobError::Never(error.to_string()))?;
        let runner = self.runner.need("conversations").map_err(|fault| failed(&fault))?;
        let runs = orders.into_iter().map(|(name, mut order)| async move {
            order.limit.get_or_insert(RUN_LIMIT);
            (name, runner.run(order).await)
        });
        let mut results = Map::new();
        let mut faults = Vec::new();
        for (name, outcome) in join_all(runs).await {
            let (value, fault) = match outcome {
                Ok(ran) => outcome_of(ran),
                Err(fault) => match failed(&fault) {
                    // Branches that are done are found so by the next try.
                    again @ JobError::Again(_) => return Err(again),
                    JobError::Never(_) => (Value::Null, Some(fault)),
                },
            };
            faults.extend(fault.map(|fault| format!("branch {name}: {fault}")));
            results.insert(name, value);
        }
        let fault = (!faults.is_empty()).then(|| Fault::new(FaultKind::Internal, faults.join("; ")));
        let token = reply.token.unwrap_or_default();
        let order = wake(reply.bot, reply.conversation, token, Value::Map(results), fault);
        runner.run(order).await.map_err(|fault| failed(&fault))?;
        Ok(())
    }
}
