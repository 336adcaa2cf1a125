//! What jobs do: orders, events, changes of tables, and the runs of schedules.

pub(crate) mod declared;
pub(crate) mod events;
pub(crate) mod orders;
pub(crate) mod parallel;
pub(crate) mod rows;
pub(crate) mod schedules;

use std::time::Duration;

use botstate::{
    dialog::{Fault, FaultKind},
    job::JobError,
};

/// The longest that a run may take that nobody waits for.
pub(crate) const RUN_LIMIT: Duration = Duration::from_mins(5);

/// Whether another try may help.
fn failed(fault: &Fault) -> JobError {
    match fault.kind {
        FaultKind::Argument | FaultKind::Limit | FaultKind::Permission => JobError::Never(fault.to_string()),
        _ => JobError::Again(fault.to_string()),
    }
}
