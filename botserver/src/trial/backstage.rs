//! What a test prepares and looks at without anybody talking: the bot's own keywords do it, in the visitor's name.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use botlib::{Caller, ConversationId, RequestId, Value, VisitorId, value::Map};
use botstate::{
    AppState,
    conversation::{Emit, SessionState},
    db,
    dialog::{Bot, Fault, FaultKind},
    keyword::{Args, Turn},
};
use tokio_util::sync::CancellationToken;

use super::client::Visitor;

/// A turn in which nothing is said.
pub(crate) struct Backstage {
    state: AppState,
    caller: Caller,
    bot: Arc<Bot>,
    conversation: ConversationId,
    session: SessionState,
    changes: Vec<db::Change>,
    /// What keywords note that they were performed once by: each has its own.
    key: String,
}

impl Backstage {
    pub(crate) fn of(state: &AppState, bot: Arc<Bot>, visitor: &Visitor) -> anyhow::Result<Self> {
        let conversation: ConversationId = visitor.session.parse()?;
        let user: VisitorId = visitor.user.parse()?;
        Ok(Self {
            caller: Caller::visitor(state.org, user, bot.id, conversation, RequestId::new()),
            state: state.clone(),
            bot,
            conversation,
            session: SessionState::default(),
            changes: Vec::new(),
            key: String::new(),
        })
    }

    /// Whether this server has a keyword.
    pub(crate) fn knows(&self, phrase: &str) -> bool {
        let found = self.state.ports.keywords.find(phrase);
        found.is_some_and(|keyword| keyword.handler.is_some())
    }

    /// Performs a keyword with arguments by name, and commits what it does.
    pub(crate) async fn perform(
        &mut self,
        phrase: &str,
        args: impl IntoIterator<Item = (&str, Value)>,
    ) -> anyhow::Result<Value> {
        let keywords = Arc::clone(&self.state.ports.keywords);
        let handler = keywords.find(phrase).and_then(|keyword| keyword.handler.clone());
        let handler = handler.with_context(|| format!("this server has no {phrase}"))?;
        self.key = format!("test:{}", RequestId::new());
        let args: Map = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let value = handler.call(self, Args(args)).await?;
        self.flush().await?;
        Ok(value)
    }
}

#[async_trait]
impl Turn for Backstage {
    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn bot(&self) -> &Arc<Bot> {
        &self.bot
    }

    fn conversation(&self) -> ConversationId {
        self.conversation
    }

    fn idempotency_key(&self) -> &str {
        &self.key
    }

    fn session(&mut self) -> &mut SessionState {
        &mut self.session
    }

    fn emit(&mut self, _event: Emit) {}

    fn write(&mut self, change: db::Change) {
        self.changes.push(change);
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        let changes = std::mem::take(&mut self.changes);
        let written = self.state.db.write(move |conn| {
            for change in changes {
                change(conn)?;
            }
            Ok::<(), db::Error>(())
        });
        written
            .await
            .map_err(|error| Fault::new(FaultKind::Data, format!("could not prepare the test: {error}")))
    }

    fn cancelled(&self) -> CancellationToken {
        CancellationToken::new()
    }
}
