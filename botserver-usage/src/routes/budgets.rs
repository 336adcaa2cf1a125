//! `/api/usage/budgets`: what may be used.

use axum::{extract::State, response::IntoResponse};
use botlib::PersonId;
use botserver_core::{Auth, Json, Path, Problem};
use botstate::money::Money;
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Error, UsageService,
    model::{Amount, Budget, Period},
    service::NewBudget,
};

/// For how long a budget is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BudgetPeriod)]
enum PeriodView {
    /// A day of UTC.
    Day,
    /// A month of UTC.
    Month,
}

impl From<PeriodView> for Period {
    fn from(view: PeriodView) -> Self {
        match view {
            PeriodView::Day => Self::Day,
            PeriodView::Month => Self::Month,
        }
    }
}

impl From<Period> for PeriodView {
    fn from(period: Period) -> Self {
        match period {
            Period::Day => Self::Day,
            Period::Month => Self::Month,
        }
    }
}

/// A budget to set: of the organisation, of a bot, of a person, or of a person with a bot. `usd`, `tokens` or both are
/// given.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CreateBudget {
    /// The bot, by name or id; every bot when absent.
    #[serde(default)]
    #[schema(required = false)]
    bot: Option<String>,
    /// The person; everybody together when absent.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
    /// For how long it is.
    period: PeriodView,
    /// US dollars.
    #[serde(default)]
    #[schema(
        required = false,
        pattern = r"^([0-8]?[0-9]{1,6})(\.[0-9]{1,12})?$",
        example = "12.50"
    )]
    usd: Option<String>,
    /// Tokens, those of prompts and answers together.
    #[serde(default)]
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000_000_i64)]
    tokens: Option<i64>,
}

/// A budget.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BudgetView {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    /// The bot's name; absent when it is for every bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    bot: Option<String>,
    /// The person; absent when it is for everybody together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
    /// For how long it is.
    period: PeriodView,
    /// US dollars; absent when money is not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    usd: Option<String>,
    /// Tokens; absent when they are not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<i64>,
    /// What is spent of it, in US dollars.
    spent_usd: String,
    /// What is spent of it, in tokens.
    spent_tokens: i64,
    /// When it was set.
    #[schema(value_type = String, format = "date-time")]
    created_at: DateTime<Utc>,
}

/// The organisation's budgets.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BudgetsView {
    /// The budgets, the oldest first.
    items: Vec<BudgetView>,
}

fn view(usage: &UsageService, budget: &Budget, used: Amount) -> BudgetView {
    BudgetView {
        id: budget.id,
        bot: budget.bot.map(|bot| usage.bot_name(&bot.to_string())),
        person: budget.person,
        period: budget.period.into(),
        usd: budget.money.map(|money| money.to_string()),
        tokens: budget.tokens,
        spent_usd: used.money.to_string(),
        spent_tokens: used.tokens,
        created_at: budget.created_at,
    }
}

/// Lists the budgets that were set here. Those of settings and of `config.csv` are not among them.
#[utoipa::path(get, path = "/api/usage/budgets", responses((status = 200, body = BudgetsView)))]
pub(super) async fn list_budgets(
    State(usage): State<UsageService>,
    Auth(caller): Auth,
) -> Result<Json<BudgetsView>, Problem> {
    let budgets = usage.list_budgets(&caller).await?;
    let items = budgets.into_iter().map(|(budget, used)| view(&usage, &budget, used));
    Ok(Json(BudgetsView { items: items.collect() }))
}

/// Sets a budget. It counts with those that are there: a call must fit into all of them.
#[utoipa::path(post, path = "/api/usage/budgets", request_body = CreateBudget,
    responses((status = 201, body = BudgetView)))]
pub(super) async fn create_budget(
    State(usage): State<UsageService>,
    Auth(caller): Auth,
    Json(wanted): Json<CreateBudget>,
) -> Result<impl IntoResponse, Problem> {
    let amount = wanted.usd.map(|usd| usd.parse::<Money>()).transpose();
    let money = amount.map_err(|_unreadable| Error::Invalid {
        field: "usd",
        reason: "must be an amount such as 12.50",
    })?;
    if wanted
        .tokens
        .is_some_and(|tokens| !(0..=1_000_000_000_000).contains(&tokens))
    {
        return Err(Error::Invalid {
            field: "tokens",
            reason: "must be 0 to 1000000000000",
        }
        .into());
    }
    let new = NewBudget {
        bot: wanted.bot,
        person: wanted.person,
        period: wanted.period.into(),
        money,
        tokens: wanted.tokens,
    };
    let budget = usage.create_budget(&caller, new).await?;
    let place = format!("/api/usage/budgets/{}", budget.id);
    let view = view(&usage, &budget, Amount::default());
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(view)))
}

/// Removes a budget.
#[utoipa::path(delete, path = "/api/usage/budgets/{id}", params(("id" = String, Path, format = "uuid")),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn delete_budget(
    State(usage): State<UsageService>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    usage.delete_budget(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
