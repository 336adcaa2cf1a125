//! What operators see of jobs, schedules and approvals, and what they start.

use axum::extract::State;
use botserver_core::{Auth, Json, Path, Problem, Query};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    service::{Approval, TasksService},
    store::{jobs, schedules},
};

/// States that a list of jobs may be about.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum JobState {
    /// It waits to be due, or for another try.
    Waiting,
    /// A node works on it.
    Running,
    /// It is done.
    Done,
    /// It was given up.
    Dead,
}

impl JobState {
    fn name(self) -> &'static str {
        match self {
            Self::Waiting => jobs::WAITING,
            Self::Running => jobs::RUNNING,
            Self::Done => jobs::DONE,
            Self::Dead => jobs::DEAD,
        }
    }
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct PageQuery {
    /// The `next` of the page before.
    after: Option<Uuid>,
    /// Items wanted, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// Which page of jobs.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct JobQuery {
    /// Only jobs in this state.
    #[param(inline)]
    state: Option<JobState>,
    /// The `next` of the page before.
    after: Option<Uuid>,
    /// Items wanted, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

fn limit(limit: Option<usize>) -> Result<usize, Problem> {
    match limit.unwrap_or(50) {
        limit @ 1..=200 => Ok(limit),
        _ => Err(Problem::invalid().field("limit", "must be 1 to 200")),
    }
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobView {
    /// The id.
    id: Uuid,
    /// The bot that it works for.
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_id: Option<Uuid>,
    /// What kind of work.
    kind: String,
    /// `waiting`, `running`, `done` or `dead`.
    state: String,
    /// What names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// When it is due.
    due_at: DateTime<Utc>,
    /// Tries so far.
    attempts: i32,
    /// Why the last try failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// When it was done or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<DateTime<Utc>>,
}

impl From<jobs::Row> for JobView {
    fn from(row: jobs::Row) -> Self {
        Self {
            id: row.id.0,
            bot_id: row.bot_id.map(|id| id.0),
            kind: row.kind,
            state: row.state,
            key: row.unique_key,
            due_at: row.due_at.0,
            attempts: row.attempts,
            last_error: row.last_error,
            created_at: row.created_at.0,
            finished_at: row.finished_at.map(|time| time.0),
        }
    }
}

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobPage {
    /// The jobs, the newest first.
    items: Vec<JobView>,
    /// The next page's `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists jobs.
#[utoipa::path(get, path = "/api/tasks/jobs", params(JobQuery), responses((status = 200, body = JobPage)))]
pub(super) async fn list_jobs(
    State(tasks): State<TasksService>,
    Auth(caller): Auth,
    Query(query): Query<JobQuery>,
) -> Result<Json<JobPage>, Problem> {
    let state = query.state.map(|state| state.name().to_owned());
    let page = tasks
        .list_jobs(&caller, state, query.after, limit(query.limit)?)
        .await?;
    Ok(Json(JobPage {
        items: page.items.into_iter().map(JobView::from).collect(),
        next: page.next.map(|cursor| cursor.0),
    }))
}

/// Lets a job run now that waits or was given up.
#[utoipa::path(post, path = "/api/tasks/jobs/{id}/run", params(("id" = Uuid, Path)), responses((status = 202)))]
pub(super) async fn run_job(
    State(tasks): State<TasksService>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    tasks.run_job(&caller, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScheduleView {
    /// The id.
    id: Uuid,
    /// The bot.
    bot_id: Uuid,
    /// The script that runs.
    script: String,
    /// When: a cron expression, a phrase or a moment.
    rule: String,
    /// The zone of its clock.
    zone: String,
    /// `declared` by the package, `made` by a script, or `guest` for a bot that ADD BOT has let in.
    origin: String,
    /// The conversation in which it speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<Uuid>,
    /// When it runs next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<DateTime<Utc>>,
    /// When it ran last.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<DateTime<Utc>>,
}

impl From<schedules::Row> for ScheduleView {
    fn from(row: schedules::Row) -> Self {
        Self {
            id: row.id.0,
            bot_id: row.bot_id.0,
            script: row.script,
            rule: row.rule,
            zone: row.zone,
            origin: row.origin,
            conversation_id: row.conversation_id.map(|id| id.0),
            next_at: row.next_at.map(|time| time.0),
            last_at: row.last_at.map(|time| time.0),
        }
    }
}

/// A page of schedules.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SchedulePage {
    /// The schedules, the oldest first.
    items: Vec<ScheduleView>,
    /// The next page's `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists schedules.
#[utoipa::path(get, path = "/api/tasks/schedules", params(PageQuery),
    responses((status = 200, body = SchedulePage)))]
pub(super) async fn list_schedules(
    State(tasks): State<TasksService>,
    Auth(caller): Auth,
    Query(query): Query<PageQuery>,
) -> Result<Json<SchedulePage>, Problem> {
    let page = tasks.list_schedules(&caller, query.after, limit(query.limit)?).await?;
    Ok(Json(SchedulePage {
        items: page.items.into_iter().map(ScheduleView::from).collect(),
        next: page.next.map(|cursor| cursor.0),
    }))
}

/// Runs what is scheduled now, besides its times.
#[utoipa::path(post, path = "/api/tasks/schedules/{id}/run", params(("id" = Uuid, Path)),
    responses((status = 202)))]
pub(super) async fn run_schedule(
    State(tasks): State<TasksService>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    tasks.run_schedule(&caller, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Takes a schedule away; one that a package declares comes back with its next version.
#[utoipa::path(delete, path = "/api/tasks/schedules/{id}", params(("id" = Uuid, Path)), responses((status = 204)))]
pub(super) async fn delete_schedule(
    State(tasks): State<TasksService>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    tasks.delete_schedule(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An approval that a workflow waits for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApprovalView {
    /// Who should approve.
    from: String,
    /// The address at which they do.
    link: String,
    /// The workflow's conversation.
    conversation_id: String,
    /// Until when.
    expires_at: DateTime<Utc>,
}

impl From<Approval> for ApprovalView {
    fn from(approval: Approval) -> Self {
        Self {
            from: approval.from,
            link: approval.link,
            conversation_id: approval.conversation,
            expires_at: approval.expires_at,
        }
    }
}

/// Approvals that workflows wait for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApprovalList {
    /// The oldest 200.
    items: Vec<ApprovalView>,
}

/// Lists approvals that workflows wait for.
#[utoipa::path(get, path = "/api/tasks/approvals", responses((status = 200, body = ApprovalList)))]
pub(super) async fn list_approvals(
    State(tasks): State<TasksService>,
    Auth(caller): Auth,
) -> Result<Json<ApprovalList>, Problem> {
    let items = tasks.list_approvals(&caller).await?;
    Ok(Json(ApprovalList {
        items: items.into_iter().map(ApprovalView::from).collect(),
    }))
}
