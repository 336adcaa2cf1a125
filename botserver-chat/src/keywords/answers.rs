//! How questions are answered: from documents only, from a clean slate, and by a script that asks itself.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Clock, Value};
use botstate::{
    AppState,
    conversation::SessionState,
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
    knowledge::{Knowledge, Query, Reader},
    model::{Asker, ChatRequest, Delta, Models},
    prompt::assignee,
    rows::TableQueries,
    run::Late,
};
use futures::StreamExt as _;

use super::keep;
use crate::{
    context::{self, Budget, Sections, WINDOW},
    knowledge::{self, PASSAGES, TOKENS},
    links::{Allowed, Guard},
    model,
    phrases::Phrase,
    prompt, tables,
};

pub(super) fn keywords(answerer: Option<&Answerer>) -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "SET ANSWER MODE",
            shapes: &["mode"],
            class: Class::Write,
            summary: "Decides how questions are answered in this conversation: \"document\" from documents only, \"sql\" from \
                      the bot's tables, \"default\" from all that the model knows.",
            example: "SET ANSWER MODE \"document\"\nTALK \"Ask me about our documents.\"",
            handler: Some(keep(set_mode)),
        },
        Keyword {
            phrase: "REFRESH",
            shapes: &["what"],
            class: Class::Write,
            summary: "Begins the answering anew: what was said so far does not go into prompts any more. \"llm\" and \
                      \"data-analysis\" mean the same.",
            example: "REFRESH \"llm\"\nTALK \"Let us begin anew.\"",
            handler: Some(keep(refresh)),
        },
        Keyword {
            phrase: "ANSWER",
            shapes: &["question"],
            class: Class::External,
            summary: "The answer that a person would get to a question: of the model, with the documents of the \
                      conversation; without a model the passages that answer it.",
            example: "reply = ANSWER \"When are you open?\"\nTALK reply",
            handler: Some(Arc::new(Answer(answerer.cloned()))),
        },
    ]
}

fn set_mode(session: &mut SessionState, mut args: Args) -> Result<(), Fault> {
    let mode = args.text("mode")?.trim().to_lowercase();
    (session.documents_only, session.tables_only) = match mode.as_str() {
        "document" | "documents" => (true, false),
        "sql" => (false, true),
        "default" | "" => (false, false),
        _ => {
            return Err(
                Fault::new(FaultKind::Argument, format!("{mode:?} is not a way to answer"))
                    .hint("the ways are \"document\", \"sql\" and \"default\""),
            );
        }
    };
    Ok(())
}

fn refresh(session: &mut SessionState, mut args: Args) -> Result<(), Fault> {
    let what = args.text("what")?;
    if !["llm", "data-analysis"].contains(&what.trim().to_lowercase().as_str()) {
        return Err(Fault::new(FaultKind::Argument, format!("{what:?} cannot be refreshed"))
            .hint("what can be is \"llm\" and \"data-analysis\""));
    }
    session.forgotten = Some(i64::MAX);
    Ok(())
}

/// What ANSWER needs of a server.
#[derive(Clone)]
pub(super) struct Answerer {
    models: Option<Arc<dyn Models>>,
    knowledge: Late<dyn Knowledge>,
    tables: Option<Arc<dyn TableQueries>>,
    clock: Arc<dyn Clock>,
}

impl Answerer {
    pub(super) fn of(state: &AppState) -> Self {
        Self {
            models: state.ports.models.clone(),
            knowledge: state.ports.knowledge.clone(),
            tables: state.ports.tables.clone(),
            clock: Arc::clone(&state.clock),
        }
    }

    async fn search(&self, turn: &mut dyn Turn, question: &str) -> Result<model::Knowledge, Fault> {
        let Some(port) = self.knowledge.get() else {
            return Ok(model::Knowledge::default());
        };
        let (bot, reader) = (Arc::clone(turn.bot()), Reader::of(turn.caller()));
        let all = port.collections(&bot, &reader).await?;
        let collections = turn.session().searched(&bot, all);
        if collections.is_empty() || question.trim().is_empty() {
            return Ok(model::Knowledge::default());
        }
        let query = Query {
            text: question.to_owned(),
            bot,
            collections,
            reader,
            limit: PASSAGES,
            tokens: TOKENS,
        };
        let found = port.search(&query).await?;
        Ok(model::Knowledge::of(question, found.passages, found.version))
    }

    async fn answer(&self, turn: &mut dyn Turn, question: String) -> Result<String, Fault> {
        if turn.session().tables_only {
            return self.answer_from_tables(turn, &question).await;
        }
        let found = self.search(turn, &question).await?;
        let locale = turn.session().locale.clone().unwrap_or_else(|| "en".to_owned());
        let bot = Arc::clone(turn.bot());
        let known = |found: &model::Knowledge| {
            let phrase = if found.is_searched {
                Phrase::Unknown
            } else {
                Phrase::NoModel
            };
            found
                .extract(&question, &locale)
                .map_or_else(|| phrase.text(&locale).to_owned(), |(text, _)| text)
        };
        let who = assignee(turn.caller(), Some(turn.conversation()));
        let session = &*turn.session();
        let own = prompt::own(&bot, session, &who);
        let (used, hints) = (own.used.clone(), own.hints.clone());
        let mut system = prompt::instructions(&own, session);
        let choice = session.model.clone().or(hints.model);
        let models = self.models.as_ref();
        let Some(model) = models.and_then(|models| models.for_choice(&bot, choice.as_deref())) else {
            return Ok(known(&found));
        };
        if turn.session().documents_only && found.passages.is_empty() {
            return Ok(Phrase::Unknown.text(&locale).to_owned());
        }
        turn.session().has_foreign |= !found.passages.is_empty();
        let mut allowed = Allowed::of(&bot.settings);
        for url in found
            .passages
            .iter()
            .filter_map(|passage| passage.source.url.as_deref())
        {
            allowed.add(url);
        }
        if !found.passages.is_empty() {
            system = format!("{system}\n\n{}", knowledge::RULES);
        }
        let sections = Sections {
            system,
            knowledge: found.listed(),
            question,
            ..Sections::default()
        };
        let budget = Budget::of(model.context_tokens().unwrap_or(WINDOW), None, TOKENS * 3, 0);
        let fitted =
            context::fit(sections, &budget).map_err(|error| Fault::new(FaultKind::Limit, error.to_string()))?;
        let mut asker = Asker::new(&bot, turn.caller(), Some(turn.conversation()));
        asker.knowledge = found.version;
        asker.prompt = prompt::version(&bot, used.as_ref(), &fitted.messages);
        let request = ChatRequest {
            messages: fitted.messages,
            temperature: hints.temperature,
            max_tokens: hints.max_tokens,
            asker: Some(asker),
            ..ChatRequest::default()
        };
        let failed = |error: botstate::model::ModelError| Fault::new(FaultKind::Network, error.to_string());
        let mut deltas = model.stream(request, turn.cancelled()).await.map_err(failed)?;
        let mut text = String::new();
        while let Some(delta) = deltas.next().await {
            match delta.map_err(failed)? {
                Delta::Text(piece) => text.push_str(&piece),
                Delta::End { .. } => break,
                Delta::Reasoning(_) | Delta::Call(_) => {}
            }
        }
        Ok(Guard::whole(allowed, text.trim()))
    }
}

impl Answerer {
    async fn answer_from_tables(&self, turn: &mut dyn Turn, question: &str) -> Result<String, Fault> {
        let bot = Arc::clone(turn.bot());
        let locale = turn.session().locale.clone().unwrap_or_else(|| "en".to_owned());
        let choice = turn.session().model.clone();
        let models = self.models.as_ref();
        let Some(model) = models.and_then(|models| models.for_choice(&bot, choice.as_deref())) else {
            return Ok(Phrase::NoModel.text(&locale).to_owned());
        };
        let asking = tables::Question {
            model: model.as_ref(),
            tables: self.tables.as_deref(),
            asker: Asker::new(&bot, turn.caller(), Some(turn.conversation())),
            reader: tables::reader(turn.caller()),
            bot,
            text: question,
            before: &[],
            today: self.clock.now().date_naive(),
            locale: &locale,
            cancel: turn.cancelled(),
        };
        let failed = |error: botstate::model::ModelError| Fault::new(FaultKind::Network, error.to_string());
        let answered = tables::answer(asking).await.map_err(failed)?;
        turn.session().has_foreign |= answered.has_rows;
        Ok(Guard::whole(Allowed::of(&turn.bot().settings), &answered.text))
    }
}

struct Answer(Option<Answerer>);

#[async_trait]
impl Handler for Answer {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let question = args.text("question")?;
        let text = if let Some(answerer) = &self.0 {
            answerer.answer(turn, question).await?
        } else {
            let locale = turn.session().locale.clone().unwrap_or_else(|| "en".to_owned());
            Phrase::NoModel.text(&locale).to_owned()
        };
        Ok(Value::text(text))
    }
}
