//! The prompts of a bot, their history and how their variants fare; and what people think of answers.

use std::collections::BTreeMap;

use axum::extract::State;
use botlib::{ConversationId, TurnId};
use botserver_core::{Auth, Json, Path, Problem, Query};
use botstate::prompt::{Kind, Prompt, Variable};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::conversations::PageQuery;
use crate::service::{
    ChatService,
    prompts::{Tally, VariantTally, VersionTally},
};

/// What became of answers that were given with a prompt.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CountsView {
    /// How often the model was asked with it.
    shown: i64,
    /// Of these, answers that came to their end.
    answered: i64,
    /// Answers that the person stopped.
    stopped: i64,
    /// Times that the model gave no whole answer.
    failed: i64,
    /// Times that somebody else answered from then on.
    handed_over: i64,
    /// Answers that people found good.
    up: i64,
    /// Answers that people found bad.
    down: i64,
    /// What scripts said of answers with RATE ANSWER, by word.
    outcomes: BTreeMap<String, i64>,
}

impl From<Tally> for CountsView {
    fn from(tally: Tally) -> Self {
        let mut outcomes = tally.verdicts;
        Self {
            shown: tally.shown,
            answered: tally.answered,
            stopped: tally.stopped,
            failed: tally.failed,
            handed_over: tally.handed_over,
            up: outcomes.remove("up").unwrap_or_default(),
            down: outcomes.remove("down").unwrap_or_default(),
            outcomes,
        }
    }
}

/// One of the texts of a prompt.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VariantView {
    /// The name; `default` for the only one.
    name: String,
    /// Its share among all.
    weight: u32,
    /// How its answers fare.
    counts: CountsView,
}

impl From<VariantTally> for VariantView {
    fn from(variant: VariantTally) -> Self {
        Self {
            name: variant.name,
            weight: variant.weight,
            counts: variant.tally.into(),
        }
    }
}

/// A value that a prompt is given.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VariableView {
    /// The name.
    name: String,
    /// `text`, `number`, `boolean`, `date` or `choice`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What it is for.
    description: String,
    /// Whether it must be given.
    required: bool,
    /// What it is when nobody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    /// What it may be; for a choice only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
}

impl From<&Variable> for VariableView {
    fn from(variable: &Variable) -> Self {
        Self {
            name: variable.name.clone(),
            kind: variable.kind.name(),
            description: variable.description.clone(),
            required: variable.is_required,
            default: variable.default.clone(),
            choices: match &variable.kind {
                Kind::Choice(choices) => choices.clone(),
                _ => Vec::new(),
            },
        }
    }
}

/// A prompt in the version that runs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PromptView {
    /// The name by which dialogs use it.
    name: String,
    /// What it is for.
    description: String,
    /// The hash of its file.
    version: String,
    /// Who wrote it, as the file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    /// Whether clients of other protocols may see it.
    public: bool,
    /// The file.
    file: String,
    /// What it is given.
    variables: Vec<VariableView>,
    /// Its texts.
    variants: Vec<VariantView>,
}

impl PromptView {
    fn new(prompt: &Prompt, variants: Vec<VariantTally>) -> Self {
        Self {
            name: prompt.name.clone(),
            description: prompt.description.clone(),
            version: prompt.version.clone(),
            author: prompt.author.clone(),
            public: prompt.is_public,
            file: prompt.place.clone(),
            variables: prompt.variables.iter().map(VariableView::from).collect(),
            variants: variants.into_iter().map(VariantView::from).collect(),
        }
    }
}

/// Every prompt of a bot.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PromptList {
    /// The prompts, by name.
    items: Vec<PromptView>,
}

/// What a prompt said from some moment on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PromptVersionView {
    /// The hash of the file.
    version: String,
    /// Who wrote it, as the file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    /// The version of the package that brought it.
    package: String,
    /// Since when.
    created_at: DateTime<Utc>,
    /// Whether it is the one that runs.
    current: bool,
    /// Its texts; counts are those of all times that the version ran.
    variants: Vec<VariantView>,
    /// The whole file; in the answer to a request for one version only.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

impl PromptVersionView {
    fn new(tally: VersionTally, is_whole: bool) -> Self {
        let version = tally.version;
        Self {
            version: version.version,
            author: version.author,
            package: version.package,
            created_at: version.created_at.0,
            current: tally.is_current,
            variants: tally.variants.into_iter().map(VariantView::from).collect(),
            source: is_whole.then_some(version.source),
        }
    }
}

/// A page of a prompt's history.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PromptVersionPage {
    /// The versions, the newest first.
    items: Vec<PromptVersionView>,
    /// The next page's `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists the prompts of a bot with how their variants fare.
#[utoipa::path(get, path = "/api/prompts/{bot}", params(("bot" = String, Path)),
    responses((status = 200, body = PromptList)))]
pub(super) async fn list_prompts(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path(bot): Path<String>,
) -> Result<Json<PromptList>, Problem> {
    let prompts = chat.prompts(&caller, &bot).await?;
    let items = prompts
        .into_iter()
        .map(|(prompt, variants)| PromptView::new(&prompt, variants));
    Ok(Json(PromptList { items: items.collect() }))
}

/// Lists what a prompt said through time.
#[utoipa::path(get, path = "/api/prompts/{bot}/{name}/versions", responses((status = 200, body = PromptVersionPage)),
    params(("bot" = String, Path), ("name" = String, Path), PageQuery, ("after" = Option<String>, Query,
        description = "The `next` of the page before", pattern = r"^[0-9]{1,18}$")))]
pub(super) async fn list_prompt_versions(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path((bot, name)): Path<(String, String)>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PromptVersionPage>, Problem> {
    let before = query.cursor(|text| text.parse().ok().filter(|seq: &i64| *seq >= 0))?;
    let page = chat
        .prompt_versions(&caller, &bot, &name, before, query.limit()?)
        .await?;
    Ok(Json(PromptVersionPage {
        items: page
            .items
            .into_iter()
            .map(|version| PromptVersionView::new(version, false))
            .collect(),
        next: page.next.map(|cursor| cursor.0),
    }))
}

/// Shows one version of a prompt with its text.
#[utoipa::path(get, path = "/api/prompts/{bot}/{name}/versions/{version}",
    params(("bot" = String, Path), ("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = PromptVersionView)))]
pub(super) async fn get_prompt_version(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path((bot, name, version)): Path<(String, String, String)>,
) -> Result<Json<PromptVersionView>, Problem> {
    let version = chat.prompt_version(&caller, &bot, &name, version).await?;
    Ok(Json(PromptVersionView::new(version, true)))
}

/// What a person thinks of an answer.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Rating {
    /// It is good.
    Up,
    /// It is bad.
    Down,
    /// Nothing any more.
    None,
}

/// What a person thinks of an answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Feedback {
    /// What it is worth.
    rating: Rating,
    /// The turn of the answer; the last one that was given with a prompt when absent.
    turn_id: Option<Uuid>,
}

/// Says whether an answer was good.
#[utoipa::path(post, path = "/api/chat/{id}/feedback", params(("id" = Uuid, Path)), request_body = Feedback,
    responses((status = 204)))]
pub(super) async fn rate_answer(
    State(chat): State<ChatService>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Json(feedback): Json<Feedback>,
) -> Result<StatusCode, Problem> {
    let verdict = match feedback.rating {
        Rating::Up => Some("up"),
        Rating::Down => Some("down"),
        Rating::None => None,
    };
    let turn = feedback.turn_id.map(TurnId::from_uuid);
    chat.rate(&caller, ConversationId::from_uuid(id), turn, verdict).await?;
    Ok(StatusCode::NO_CONTENT)
}
