//! HTTP in, HTTP out.

mod admin;
mod approvals;
mod requests;

use botlib::{Access, Permission, Value, value::Map};
use botserver_core::{Routes, routes};

use crate::service::TasksService;

impl TasksService {
    /// Routes of jobs and schedules under `/api/tasks`, of approvals, and of each bot's webhooks and forms.
    pub fn routes(&self) -> Routes {
        let manage = Access::Needs(Permission::TasksManage);
        Routes::new("tasks")
            .route(manage, routes!(admin::list_jobs))
            .route(manage, routes!(admin::run_job))
            .route(manage, routes!(admin::list_schedules))
            .route(manage, routes!(admin::delete_schedule))
            .route(manage, routes!(admin::run_schedule))
            .route(manage, routes!(admin::list_approvals))
            .route(
                Access::Public,
                routes!(approvals::show_approval, approvals::decide_approval),
            )
            .route(Access::Public, routes!(requests::webhook))
            .route(Access::Public, routes!(requests::form))
            .with_state(self.clone())
    }
}

/// The names that a script finds set when a request started it.
pub(crate) fn webhook_names(body: Value, params: Map, headers: Map, method: &str, path: &str) -> Map {
    [
        ("body".to_owned(), body),
        ("params".to_owned(), Value::Map(params)),
        ("headers".to_owned(), Value::Map(headers)),
        ("method".to_owned(), Value::text(method)),
        ("path".to_owned(), Value::text(path)),
    ]
    .into_iter()
    .collect()
}
