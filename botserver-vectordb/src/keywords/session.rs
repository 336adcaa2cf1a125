//! `USE KB` and `CLEAR KB`: which collections a conversation searches.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::Fault,
    keyword::{Args, Class, Handler, Keyword, Turn},
    run::Late,
};

use super::name;
use crate::{search::plain, service::KnowledgeService};

pub(super) fn keywords(_: &Late<KnowledgeService>) -> Vec<Keyword> {
    let of = |phrase, shapes, summary, example, handler: Arc<dyn Handler>| Keyword {
        phrase,
        shapes,
        class: Class::Write,
        summary,
        example,
        handler: Some(handler),
    };
    vec![
        of(
            "USE KB",
            &["name"],
            "Lets later messages of the conversation be answered from a collection of documents.",
            "USE KB \"products\"\nTALK \"Ask me about our products.\"",
            Arc::new(Use),
        ),
        of(
            "ADD KB",
            &["name"],
            "The older name of USE KB.",
            "ADD KB \"products\"",
            Arc::new(Use),
        ),
        of(
            "CLEAR KB",
            &["!ALL", "name", ""],
            "Takes one collection, or all of them, out of what the conversation searches.",
            "USE KB \"products\"\nUSE KB \"prices\"\nCLEAR KB \"prices\"\nCLEAR KB ALL",
            Arc::new(Clear),
        ),
    ]
}

/// Neither needs a server: a conversation keeps what it searches by name.
struct Use;

#[async_trait]
impl Handler for Use {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let name = name(&mut args, "name")?;
        let chosen = turn.session().collections.get_or_insert_default();
        if !chosen.iter().any(|known| plain(known) == plain(&name)) {
            chosen.push(name);
        }
        Ok(Value::Null)
    }
}

struct Clear;

#[async_trait]
impl Handler for Clear {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let chosen = turn.session().collections.get_or_insert_default();
        if !args.has("name") {
            chosen.clear();
            return Ok(Value::Null);
        }
        let name = name(&mut args, "name")?;
        chosen.retain(|known| plain(known) != plain(&name));
        Ok(Value::Null)
    }
}
