//! Keywords: which collections a conversation searches, what is found, and figures about them.

mod figures;
mod search;
mod session;
mod websites;

use std::{future::Future, pin::Pin, sync::Arc};

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
    run::Late,
};

use crate::service::KnowledgeService;

/// Every keyword of this crate.
pub(crate) fn keywords(slot: &Late<KnowledgeService>) -> Vec<Keyword> {
    [
        session::keywords(slot),
        search::keywords(slot),
        figures::keywords(slot),
        websites::keywords(slot),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What a keyword gives.
type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send + 'a>>;

/// A keyword as a function of the service.
struct Act {
    slot: Late<KnowledgeService>,
    work: for<'a> fn(&'a KnowledgeService, &'a mut dyn Turn, Args) -> Answer<'a>,
}

#[async_trait]
impl Handler for Act {
    async fn call(&self, turn: &mut dyn Turn, args: Args) -> Result<Value, Fault> {
        let Some(service) = self.slot.get() else {
            return Err(Fault::new(FaultKind::NotFound, "knowledge needs a running server"));
        };
        (self.work)(service, turn, args).await
    }
}

/// How a keyword is written down.
struct Entry {
    phrase: &'static str,
    shapes: &'static [&'static str],
    class: Class,
    summary: &'static str,
    example: &'static str,
    work: for<'a> fn(&'a KnowledgeService, &'a mut dyn Turn, Args) -> Answer<'a>,
}

impl Entry {
    fn keyword(self, slot: &Late<KnowledgeService>) -> Keyword {
        Keyword {
            phrase: self.phrase,
            shapes: self.shapes,
            class: self.class,
            summary: self.summary,
            example: self.example,
            handler: Some(Arc::new(Act {
                slot: slot.clone(),
                work: self.work,
            })),
        }
    }
}

/// A collection's name, which must not be empty.
fn name(args: &mut Args, key: &str) -> Result<String, Fault> {
    let text = args.text(key)?;
    crate::model::collection_name(&text).map_err(|bad| Fault::new(FaultKind::Argument, bad.to_string()))
}
