//! Keywords of conversations: what they keep, suggestions, switchers, tools, contexts, pauses.

mod answers;
mod context;
mod prompts;
mod session;
mod suggestions;
mod switchers;
mod tools;
mod wait;

use std::{future::Future, pin::Pin, sync::Arc};

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    AppState,
    conversation::SessionState,
    dialog::Fault,
    keyword::{Args, Handler, Keyword, Turn},
};

pub(crate) use session::set as keep_value;

/// Every keyword of this crate, for dialogs without a server: none of them reaches other conversations.
pub fn keywords() -> Vec<Keyword> {
    all(None, None, None)
}

/// Every keyword of this crate on a server.
pub fn keywords_of(state: &AppState) -> Vec<Keyword> {
    let (others, answerer) = (session::Others::of(state), answers::Answerer::of(state));
    all(Some(&others), Some(&answerer), Some(&prompts::PromptRunner::of(state)))
}

fn all(
    others: Option<&session::Others>,
    answerer: Option<&answers::Answerer>,
    runner: Option<&prompts::PromptRunner>,
) -> Vec<Keyword> {
    [
        suggestions::keywords(),
        switchers::keywords(),
        tools::keywords(),
        context::keywords(),
        prompts::keywords(runner),
        answers::keywords(answerer),
        session::keywords(others),
        wait::keywords(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A keyword that only changes what the conversation keeps.
struct Keep(fn(&mut SessionState, Args) -> Result<(), Fault>);

#[async_trait]
impl Handler for Keep {
    async fn call(&self, turn: &mut dyn Turn, args: Args) -> Result<Value, Fault> {
        (self.0)(turn.session(), args)?;
        Ok(Value::Null)
    }
}

fn keep(change: fn(&mut SessionState, Args) -> Result<(), Fault>) -> Arc<dyn Handler> {
    Arc::new(Keep(change))
}

/// What an asynchronous keyword gives.
type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send + 'a>>;

/// A keyword that does more than that.
struct Act(for<'a> fn(&'a mut dyn Turn, Args) -> Answer<'a>);

#[async_trait]
impl Handler for Act {
    async fn call(&self, turn: &mut dyn Turn, args: Args) -> Result<Value, Fault> {
        (self.0)(turn, args).await
    }
}

fn act(work: for<'a> fn(&'a mut dyn Turn, Args) -> Answer<'a>) -> Arc<dyn Handler> {
    Arc::new(Act(work))
}
