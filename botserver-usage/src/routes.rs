//! HTTP in, HTTP out.

mod budgets;
mod totals;

use botlib::{Access, Permission};
use botserver_core::{Routes, routes};

use crate::UsageService;

impl UsageService {
    /// Routes of usage, under `/api/usage`.
    pub fn routes(&self) -> Routes {
        let read = Access::Needs(Permission::UsageRead);
        let manage = Access::Needs(Permission::UsageManage);
        Routes::new("usage")
            .route(read, routes!(totals::usage_totals))
            .route(Access::Needs(Permission::ChatTalk), routes!(totals::own_usage))
            .route(read, routes!(budgets::list_budgets))
            .route(manage, routes!(budgets::create_budget))
            .route(manage, routes!(budgets::delete_budget))
            .with_state(self.clone())
    }
}
