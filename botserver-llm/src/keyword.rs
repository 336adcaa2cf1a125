//! The keyword LLM: a script asks the bot's model.

mod choose;
mod texts;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
    model::{Asker, ChatMessage, ChatModel, ChatRequest, Delta, Finish, Goal, ModelError, Models},
};
use futures::StreamExt;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

pub use choose::model_keywords;
pub use texts::text_keywords;

/// The longest that a script waits for an answer.
const LONGEST: Duration = Duration::from_secs(45);

/// The largest answer that a script gets.
const LARGEST: usize = 256 << 10;

/// What OPTIMIZE FOR takes.
const GOALS: [(&str, Goal); 3] = [("speed", Goal::Speed), ("cost", Goal::Cost), ("quality", Goal::Quality)];

/// What a script wishes of an answer.
struct Wishes {
    goal: Option<Goal>,
    limit: Duration,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            goal: None,
            limit: LONGEST,
        }
    }
}

/// The keyword `LLM prompt`, which asks the bot's model among `models` and gives its answer as text.
///
/// The prompt is all that the model reads: no system prompt, no history, no tools. A prompt that speaks of
/// JSON gives an object or a list when the answer is one. `WITH MAX_LATENCY ms` shortens the wait, which is 45 s
/// at most. `WITH OPTIMIZE FOR` (`speed`, `cost` or `quality`) chooses among the bot's models; `WITH MAX_COST` is
/// checked but chooses nothing.
pub fn llm_keyword(models: Arc<dyn Models>) -> Keyword {
    Keyword {
        phrase: "LLM",
        shapes: &["prompt [WITH OPTIMIZE FOR goal] [WITH MAX_COST amount] [WITH MAX_LATENCY ms]"],
        class: Class::External,
        summary: "What the bot's model answers to a prompt: text, or an object when the prompt asks for JSON.",
        example: "answer = LLM \"Say hello in one word\"\nTALK answer\n",
        handler: Some(Arc::new(Llm { models })),
    }
}

/// All keywords of this domain, over `models`.
pub fn keywords(models: &Arc<dyn Models>) -> Vec<Keyword> {
    let mut all = vec![llm_keyword(Arc::clone(models))];
    all.extend(text_keywords(models));
    all.extend(model_keywords(models));
    all
}

struct Llm {
    models: Arc<dyn Models>,
}

#[async_trait]
impl Handler for Llm {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let prompt = args.text("prompt")?;
        if prompt.trim().is_empty() {
            return Err(Fault::new(FaultKind::Argument, "the prompt of LLM is empty"));
        }
        let wishes = wishes(&mut args)?;
        let asks_json = prompt.to_ascii_lowercase().contains("json");
        let messages = vec![ChatMessage::user(prompt)];
        let answer = answer(&self.models, turn, "LLM", messages, wishes).await?;
        Ok(if asks_json { json_value(&answer) } else { None }.unwrap_or(Value::Text(answer)))
    }
}

/// What the bot's model answers to `messages` within `limit`, for the keyword `phrase`.
async fn answer(
    models: &Arc<dyn Models>,
    turn: &mut dyn Turn,
    phrase: &str,
    messages: Vec<ChatMessage>,
    Wishes { goal, limit }: Wishes,
) -> Result<String, Fault> {
    let choice = turn.session().model.clone();
    let Some(model) = models.for_choice(turn.bot(), choice.as_deref()) else {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!("no model is configured for {phrase} to ask"),
        )
        .hint("set OPENAI_API_KEY and a model for the server, or llm-url and llm-model in config.csv"));
    };
    let request = ChatRequest {
        messages,
        goal,
        asker: Some(Asker::new(turn.bot(), turn.caller(), Some(turn.conversation()))),
        ..ChatRequest::default()
    };
    let began = Instant::now();
    let answer = timeout(limit, ask(model.as_ref(), phrase, request, turn.cancelled()))
        .await
        .unwrap_or_else(|_| {
            let limit = limit.as_secs_f64();
            Err(Fault::new(
                FaultKind::Limit,
                format!("the model did not answer {phrase} within {limit} s"),
            ))
        })?;
    tracing::debug!(
        llm.model = model.name(),
        duration_ms = began.elapsed().as_millis(),
        "answered a script"
    );
    Ok(answer)
}

/// Reads the option clauses.
fn wishes(args: &mut Args) -> Result<Wishes, Fault> {
    let mut wishes = Wishes::default();
    if args.has("goal") {
        let goal = args.text("goal")?;
        let known = GOALS.iter().find(|(name, _)| name.eq_ignore_ascii_case(goal.trim()));
        let Some((_, known)) = known else {
            return Err(
                Fault::new(FaultKind::Argument, format!("LLM cannot optimize for {goal:?}"))
                    .hint(format!("it knows {}", GOALS.map(|(name, _)| name).join(", "))),
            );
        };
        wishes.goal = Some(*known);
    }
    if args.has("amount") && args.number("amount")? < 0.0 {
        return Err(Fault::new(FaultKind::Argument, "MAX_COST of LLM is negative"));
    }
    if args.has("ms") {
        wishes.limit = match Duration::try_from_secs_f64(args.number("ms")? / 1000.0) {
            Ok(limit) if !limit.is_zero() => limit.min(LONGEST),
            _ => {
                return Err(Fault::new(
                    FaultKind::Argument,
                    "MAX_LATENCY of LLM must be a number of milliseconds above 0",
                ));
            }
        };
    }
    Ok(wishes)
}

async fn ask(
    model: &dyn ChatModel,
    phrase: &str,
    request: ChatRequest,
    cancel: CancellationToken,
) -> Result<String, Fault> {
    let mut deltas = model.stream(request, cancel).await.map_err(|error| fault(&error))?;
    let mut answer = String::new();
    while let Some(delta) = deltas.next().await {
        match delta.map_err(|error| fault(&error))? {
            Delta::Text(text) => answer.push_str(&text),
            Delta::End {
                finish: Finish::Filtered,
                ..
            } if answer.is_empty() => {
                return Err(Fault::new(
                    FaultKind::Network,
                    format!("the model's provider held the answer to {phrase} back"),
                ));
            }
            Delta::End { .. } => break,
            Delta::Reasoning(_) | Delta::Call(_) => {}
        }
        if answer.len() > LARGEST {
            let limit = LARGEST >> 10;
            return Err(Fault::new(
                FaultKind::Limit,
                format!("the answer to {phrase} is longer than {limit} KiB"),
            ));
        }
    }
    Ok(answer)
}

fn fault(error: &ModelError) -> Fault {
    let message = error.to_string();
    match error {
        ModelError::Cancelled => Fault::new(FaultKind::Stopped, message),
        ModelError::NotAsked { .. } => Fault::new(FaultKind::Argument, message),
        ModelError::Exhausted { .. } => Fault::new(FaultKind::Limit, message).hint("TRY handles it"),
        ModelError::Unreachable { .. } => {
            Fault::new(FaultKind::Network, message).hint("check llm-url and that it runs")
        }
        _ => Fault::new(FaultKind::Network, message),
    }
}

/// The object or list that an answer consists of, with or without a code fence around it.
fn json_value(answer: &str) -> Option<Value> {
    let answer = answer.trim();
    [Some(answer), fenced(answer)].into_iter().flatten().find_map(|text| {
        let json: serde_json::Value = serde_json::from_str(text).ok()?;
        (json.is_object() || json.is_array()).then(|| Value::from_json(&json))
    })
}

/// What stands in the first code fence.
fn fenced(text: &str) -> Option<&str> {
    let (_, behind) = text.split_once("```")?;
    let (inside, _) = behind.split_once("```")?;
    // The rest of the opening line names the language.
    Some(inside.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim())
}
