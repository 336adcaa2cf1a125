//! Prompts of the package in dialogs: as who the bot is, as a question of its own, and how answers turned out.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::{Clock, SystemClock, TurnId, Value, value::Map};
use botstate::{
    AppState,
    conversation::ChosenPrompt,
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
    model::{Asker, ChatMessage, ChatModel, ChatRequest, Delta, Models},
    prompt::{Rendered, assignee},
};
use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;

use super::{Answer, act, keep};
use crate::{
    prompt,
    store::prompts::{self, NewUse},
};

/// The longest that a script waits for the answer to a prompt.
const LONGEST: Duration = Duration::from_secs(45);

/// The largest answer that a script gets.
const LARGEST: usize = 256 << 10;

/// Characters of a word that says how an answer turned out.
const WORD: usize = 32;

pub(super) fn keywords(runner: Option<&PromptRunner>) -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "USE PROMPT",
            shapes: &["name[ WITH {values}]"],
            class: Class::Write,
            summary: "Tells the model who it is in this conversation with a prompt of the package, `NAME.md` in its \
                      folder `.gbprompts`.",
            example: "USE PROMPT \"welcome\" WITH tone = \"warm\"",
            handler: Some(act(use_prompt)),
        },
        Keyword {
            phrase: "CLEAR PROMPT",
            shapes: &[""],
            class: Class::Write,
            summary: "Makes the bot itself again: what USE PROMPT or a system prompt of the dialog said is forgotten.",
            example: "CLEAR PROMPT",
            handler: Some(keep(|session, _| {
                session.prompt = None;
                session.system_prompt = None;
                Ok(())
            })),
        },
        Keyword {
            phrase: "RUN PROMPT",
            shapes: &["name[ WITH {values}]"],
            class: Class::External,
            summary: "What the model answers to a prompt of the package, and to nothing else: no history, no tools.",
            example: "title = RUN PROMPT \"welcome\" WITH tone = \"plain\"\nTALK title",
            handler: Some(Arc::new(Run(runner.cloned()))),
        },
        Keyword {
            phrase: "RATE ANSWER",
            shapes: &["outcome"],
            class: Class::Write,
            summary: "Counts how the last answer turned out for the prompt that it was given with: \"up\", \"down\" or \
                      a word of your own.",
            example: "RATE ANSWER \"solved\"",
            handler: Some(act(rate)),
        },
    ]
}

/// The prompt that arguments name, filled in.
fn rendered(turn: &dyn Turn, args: &mut Args) -> Result<(Rendered, Map), Fault> {
    let name = args.text("name")?;
    let values = match args.take("values") {
        Value::Map(values) => values,
        _ => Map::new(),
    };
    let bot = Arc::clone(turn.bot());
    let who = assignee(turn.caller(), Some(turn.conversation()));
    let rendered = bot.get_prompt(&name)?.render(&values, &bot, &who)?;
    Ok((rendered, values))
}

fn use_prompt(turn: &mut dyn Turn, mut args: Args) -> Answer<'_> {
    Box::pin(async move {
        let (last, values) = rendered(turn, &mut args)?;
        let session = turn.session();
        session.prompt = Some(ChosenPrompt {
            name: last.used.name.clone(),
            values,
            last,
        });
        session.system_prompt = None;
        Ok(Value::Null)
    })
}

fn rate(turn: &mut dyn Turn, mut args: Args) -> Answer<'_> {
    Box::pin(async move {
        let word = args.text("outcome")?.trim().to_lowercase();
        let fits = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
        if word.is_empty() || word.chars().count() > WORD || !word.chars().all(fits) {
            return Err(
                Fault::new(FaultKind::Argument, format!("{word:?} is not the name of an outcome"))
                    .hint(format!("use one word of at most {WORD} letters, such as solved")),
            );
        }
        let (org, conversation) = (turn.bot().org, turn.conversation());
        turn.write(Box::new(move |conn| {
            // A dialog may rate before any prompt was used: then there is nothing to count.
            prompts::rate(conn, org, conversation, None, Some(&word)).map(drop)
        }));
        Ok(Value::Null)
    })
}

/// What RUN PROMPT needs of a server.
#[derive(Clone)]
pub(super) struct PromptRunner {
    models: Option<Arc<dyn Models>>,
    clock: Arc<dyn Clock>,
}

impl PromptRunner {
    pub(super) fn of(state: &AppState) -> Self {
        Self {
            models: state.ports.models.clone(),
            clock: Arc::clone(&state.clock),
        }
    }
}

struct Run(Option<PromptRunner>);

#[async_trait]
impl Handler for Run {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let (rendered, _) = rendered(turn, &mut args)?;
        let bot = Arc::clone(turn.bot());
        let choice = turn.session().model.clone().or(rendered.hints.model.clone());
        let models = self.0.as_ref().and_then(|runner| runner.models.as_ref());
        let Some(model) = models.and_then(|models| models.for_choice(&bot, choice.as_deref())) else {
            return Err(
                Fault::new(FaultKind::NotFound, "no model is configured for RUN PROMPT to ask")
                    .hint("set OPENAI_API_KEY and a model for the server, or llm-url and llm-model in config.csv"),
            );
        };
        let mut asker = Asker::new(&bot, turn.caller(), Some(turn.conversation()));
        let messages = vec![ChatMessage::user(rendered.text)];
        asker.prompt = prompt::version(&bot, Some(&rendered.used), &messages);
        let request = ChatRequest {
            messages,
            temperature: rendered.hints.temperature,
            max_tokens: rendered.hints.max_tokens,
            asker: Some(asker),
            ..ChatRequest::default()
        };
        let asking = ask(model.as_ref(), turn.cancelled(), request);
        let answer = tokio::time::timeout(LONGEST, asking).await.unwrap_or_else(|_| {
            let limit = LONGEST.as_secs();
            let message = format!("the model did not answer RUN PROMPT within {limit} s");
            Err(Fault::new(FaultKind::Limit, message))
        });
        let outcome = match &answer {
            Ok(_) => "answered",
            Err(fault) if fault.kind == FaultKind::Stopped => "stopped",
            Err(_) => "failed",
        };
        let clock = self.0.as_ref().map(|runner| runner.clock.now());
        let new = NewUse {
            org: bot.org,
            bot: bot.id,
            conversation: turn.conversation(),
            turn: turn.turn().unwrap_or_else(TurnId::new),
            used: rendered.used,
            outcome,
            now: clock.unwrap_or_else(|| SystemClock.now()),
        };
        turn.write(Box::new(move |conn| prompts::create(conn, &new)));
        answer.map(Value::Text)
    }
}

async fn ask(model: &dyn ChatModel, cancel: CancellationToken, request: ChatRequest) -> Result<String, Fault> {
    use botstate::model::ModelError;
    let failed = |error: ModelError| {
        let kind = match &error {
            ModelError::Cancelled => FaultKind::Stopped,
            ModelError::NotAsked { .. } => FaultKind::Argument,
            _ => FaultKind::Network,
        };
        Fault::new(kind, error.to_string())
    };
    let mut deltas = model.stream(request, cancel).await.map_err(failed)?;
    let mut text = String::new();
    while let Some(delta) = deltas.next().await {
        match delta.map_err(failed)? {
            Delta::Text(piece) => text.push_str(&piece),
            Delta::End { .. } => break,
            Delta::Reasoning(_) | Delta::Call(_) => {}
        }
        if text.len() > LARGEST {
            let limit = LARGEST >> 10;
            let message = format!("the answer to RUN PROMPT is longer than {limit} KiB");
            return Err(Fault::new(FaultKind::Limit, message));
        }
    }
    Ok(text)
}
