//! `/api/usage`: what was used.

use axum::extract::State;
use botlib::PersonId;
use botserver_core::{Auth, Json, Problem, Query};
use botstate::money::Money;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    UsageService,
    service::Question,
    store::calls::{By, Total},
};

/// By what totals are told apart.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UsageGroup)]
enum Group {
    /// Day of UTC.
    #[default]
    Day,
    /// Bot.
    Bot,
    /// Provider and model.
    Model,
    /// Person or visitor.
    Person,
    /// What came of it.
    Outcome,
}

impl From<Group> for By {
    fn from(group: Group) -> Self {
        match group {
            Group::Day => Self::Day,
            Group::Bot => Self::Bot,
            Group::Model => Self::Model,
            Group::Person => Self::Person,
            Group::Outcome => Self::Outcome,
        }
    }
}

/// Which calls are summed, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TotalsQuery {
    /// The first day (UTC); 30 days up to `to` when absent.
    #[param(value_type = Option<String>, format = "date")]
    from: Option<NaiveDate>,
    /// The last day (UTC); today when absent.
    #[param(value_type = Option<String>, format = "date")]
    to: Option<NaiveDate>,
    /// By what totals are told apart; by day when absent.
    #[param(inline)]
    by: Option<Group>,
    /// Only calls of this bot, by name or id.
    bot: Option<String>,
    /// Only calls for this person.
    #[param(value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
}

/// Which of one's own calls are summed, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OwnQuery {
    /// The first day (UTC); 30 days up to `to` when absent.
    #[param(value_type = Option<String>, format = "date")]
    from: Option<NaiveDate>,
    /// The last day (UTC); today when absent.
    #[param(value_type = Option<String>, format = "date")]
    to: Option<NaiveDate>,
    /// By what totals are told apart; by day when absent.
    #[param(inline)]
    by: Option<Group>,
}

/// Calls that have something in common.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageTotal)]
pub(super) struct TotalView {
    /// What they have in common, such as `2026-11-20` or `openai/gpt-4o`.
    key: String,
    /// How many.
    calls: i64,
    /// Tokens of the prompts.
    input_tokens: i64,
    /// Those of them that the provider had in its cache.
    cached_tokens: i64,
    /// Tokens of the answers.
    output_tokens: i64,
    /// Those of them that were reasoning.
    reasoning_tokens: i64,
    /// What they cost in US dollars, to the last digit; calls without a known price are left out.
    #[schema(example = "0.00007935")]
    usd: String,
    /// Calls whose price is not known.
    unpriced_calls: i64,
    /// Calls whose tokens are estimated, since the provider gave no count.
    estimated_calls: i64,
    /// Answers that had been given before, so that nothing was asked.
    cached_answers: i64,
    /// Calls that a budget stopped.
    refused_calls: i64,
    /// Calls that failed.
    failed_calls: i64,
}

impl From<Total> for TotalView {
    fn from(total: Total) -> Self {
        Self {
            key: total.key,
            calls: total.calls,
            input_tokens: total.input_tokens,
            cached_tokens: total.cached_tokens,
            output_tokens: total.output_tokens,
            reasoning_tokens: total.reasoning_tokens,
            usd: Money::from_units(total.cost).to_string(),
            unpriced_calls: total.unpriced,
            estimated_calls: total.estimated,
            cached_answers: total.cached,
            refused_calls: total.refused,
            failed_calls: total.failed,
        }
    }
}

/// Totals, in the order of what they are told apart by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageTotals)]
pub(super) struct TotalsView {
    /// The totals; at most 1,000.
    items: Vec<TotalView>,
}

impl From<Vec<Total>> for TotalsView {
    fn from(totals: Vec<Total>) -> Self {
        Self {
            items: totals.into_iter().map(TotalView::from).collect(),
        }
    }
}

/// Sums what the organisation's bots asked of models.
#[utoipa::path(get, path = "/api/usage", params(TotalsQuery), responses((status = 200, body = TotalsView)))]
pub(super) async fn usage_totals(
    State(usage): State<UsageService>,
    Auth(caller): Auth,
    Query(query): Query<TotalsQuery>,
) -> Result<Json<TotalsView>, Problem> {
    let question = Question {
        from: query.from,
        to: query.to,
        bot: query.bot,
        person: query.person,
    };
    let by = query.by.unwrap_or_default().into();
    Ok(Json(usage.totals(&caller, question, by).await?.into()))
}

/// Sums what models were asked for the caller.
#[utoipa::path(get, path = "/api/usage/own", params(OwnQuery), responses((status = 200, body = TotalsView)))]
pub(super) async fn own_usage(
    State(usage): State<UsageService>,
    Auth(caller): Auth,
    Query(query): Query<OwnQuery>,
) -> Result<Json<TotalsView>, Problem> {
    let question = Question {
        from: query.from,
        to: query.to,
        ..Question::default()
    };
    let by = query.by.unwrap_or_default().into();
    Ok(Json(usage.own_totals(&caller, question, by).await?.into()))
}
