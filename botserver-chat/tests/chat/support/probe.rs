//! Keywords that remember how they were called, and do as they are told.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::Fault,
    keyword::{Args, Class, Handler, Keyword, Turn},
};
use parking_lot::Mutex;

/// What the keyword `PROBE text` (which reaches outside) has seen.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    calls: Mutex<Vec<Called>>,
    hangs: Mutex<bool>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) text: String,
    pub(crate) key: String,
    pub(crate) subject: String,
}

impl Probe {
    pub(crate) fn calls(&self) -> Vec<Called> {
        self.calls.lock().clone()
    }

    /// Whether calls hang from now on.
    pub(crate) fn hang(&self, hangs: bool) {
        *self.hangs.lock() = hangs;
    }

    pub(crate) async fn wait_called(&self, count: usize) -> Vec<Called> {
        for _ in 0..12_000 {
            if self.calls.lock().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let calls = self.calls();
        assert!(calls.len() >= count, "{calls:?}");
        calls
    }
}

pub(crate) fn keywords(probe: &Arc<Probe>) -> Vec<Keyword> {
    let keyword = |phrase, shapes, class, handler: Arc<dyn Handler>| Keyword {
        phrase,
        shapes,
        class,
        summary: "For tests.",
        example: "",
        handler: Some(handler),
    };
    vec![
        keyword(
            "PROBE",
            &["text"],
            Class::External,
            Arc::new(Outside(Arc::clone(probe))),
        ),
        keyword("BREAK", &[""], Class::Pure, Arc::new(Break)),
        keyword("BEGIN", &[""], Class::Write, Arc::new(Transaction(Some(Vec::new())))),
        keyword("COMMIT", &[""], Class::Write, Arc::new(Transaction(None))),
    ]
}

struct Outside(Arc<Probe>);

#[async_trait]
impl Handler for Outside {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let text = args.text("text")?;
        self.0.calls.lock().push(Called {
            text: text.clone(),
            key: turn.idempotency_key().to_owned(),
            subject: format!("{:?}", turn.caller().subject),
        });
        let hangs = *self.0.hangs.lock();
        if hangs {
            std::future::pending::<()>().await;
        }
        Ok(Value::text(format!("[{text}]")))
    }
}

/// Opens or ends a transaction over rows, as the keywords of tables do.
struct Transaction(Option<Vec<serde_json::Value>>);

#[async_trait]
impl Handler for Transaction {
    async fn call(&self, turn: &mut dyn Turn, _: Args) -> Result<Value, Fault> {
        turn.session().transaction.clone_from(&self.0);
        Ok(Value::Null)
    }
}

struct Break;

#[async_trait]
impl Handler for Break {
    async fn call(&self, _: &mut dyn Turn, _: Args) -> Result<Value, Fault> {
        panic!("a bug of a keyword")
    }
}
