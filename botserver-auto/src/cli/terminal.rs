//! The turn that keywords see when a dialog runs in the terminal.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{
    Caller, Chance as _, Clock as _, ConversationId, SystemChance, SystemClock, Value, value::Map, wire::Suggestion,
};
use botstate::{
    conversation::{Emit, SessionState},
    db,
    dialog::{Bot, Env, Fault, FaultKind, HostCall, Input, Settings},
    keyword::{Registry, Turn},
};
use tokio_util::sync::CancellationToken;

use super::tape::{Performed, Tape};

/// A conversation that ends with the process.
pub(crate) struct Terminal {
    caller: Caller,
    bot: Arc<Bot>,
    registry: Arc<Registry>,
    conversation: ConversationId,
    session: SessionState,
    message: Value,
    /// What keywords said since it was taken.
    said: String,
    call: String,
    /// Whether a keyword wanted to change a database, which is not there.
    wanted_database: bool,
    tape: Tape,
}

impl Terminal {
    pub(crate) fn new(bot: Arc<Bot>, registry: Arc<Registry>) -> Self {
        Self {
            caller: Caller::system(bot.org),
            bot,
            registry,
            conversation: ConversationId::new(),
            session: SessionState::default(),
            message: Value::Null,
            said: String::new(),
            call: String::new(),
            wanted_database: false,
            tape: Tape::off(),
        }
    }

    /// The same conversation under an id that is known, on a tape.
    pub(super) fn on_tape(self, conversation: ConversationId, tape: Tape) -> Self {
        Self {
            conversation,
            tape,
            ..self
        }
    }

    /// Notes what the person wrote, which scripts find as `user.message`.
    pub(crate) fn hear(&mut self, message: String) {
        self.message = Value::Text(message);
    }

    /// What there is to click.
    pub(crate) fn chips(&self) -> &[Suggestion] {
        &self.session.suggestions
    }

    /// What keywords said since the last time.
    pub(crate) fn said(&mut self) -> String {
        std::mem::take(&mut self.said)
    }

    /// What scripts see of their surroundings.
    pub(crate) fn env(&self) -> Env {
        let settings = &self.bot.settings;
        let id = Value::text(self.conversation.to_string());
        let mut names = Map::new();
        names.insert(
            "user",
            Value::Map(Map::from_iter([("message".to_owned(), self.message.clone())])),
        );
        let mut session = self.session.values.clone();
        session.insert("id", id);
        session.insert("channel", "terminal".into());
        names.insert("session", Value::Map(session));
        names.insert("channel", "terminal".into());
        for (name, value) in settings.iter() {
            if let Some(name) = name.strip_prefix("param-") {
                names.insert(name, Settings::typed(value));
            }
        }
        let (now, seed) = self.tape.moment(SystemClock.now(), SystemChance.seed("terminal"));
        Env {
            now,
            zone: settings.get("timezone").unwrap_or("UTC").to_owned(),
            locale: settings.get("locale").unwrap_or("en").to_owned(),
            seed,
            names: Arc::new(names),
        }
    }

    /// Performs a keyword as the server does, as far as this is possible without its database.
    pub(crate) async fn perform(&mut self, call: HostCall) -> Input {
        if let Some(performed) = self.tape.replayed_call(&call) {
            self.said.push_str(&performed.said);
            self.session = performed.session;
            return performed.input;
        }
        let input = self.really_perform(call.clone()).await;
        let performed = Performed {
            input,
            said: self.said.clone(),
            session: self.session.clone(),
        };
        self.tape.call(&call, &performed);
        performed.input
    }

    async fn really_perform(&mut self, call: HostCall) -> Input {
        let registry = Arc::clone(&self.registry);
        let Some(handler) = registry.find(call.keyword).and_then(|keyword| keyword.handler.clone()) else {
            return Input::Failed(Fault::new(
                FaultKind::NotFound,
                format!("there is no {} service here", call.keyword),
            ));
        };
        self.call = format!("{}:{}", self.conversation, call.number);
        let result = handler.call(self, call.args).await;
        if std::mem::take(&mut self.wanted_database) {
            let message = format!(
                "{} needs the server's database, which a run in the terminal does not have",
                call.keyword
            );
            return Input::Failed(Fault::new(FaultKind::Data, message));
        }
        match result {
            Ok(value) => Input::Returned(value),
            Err(fault) => Input::Failed(fault),
        }
    }
}

#[async_trait]
impl Turn for Terminal {
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
        &self.call
    }

    fn session(&mut self) -> &mut SessionState {
        &mut self.session
    }

    fn emit(&mut self, event: Emit) {
        match event {
            Emit::Say(text) => self.said.extend([text.as_str(), "\n"]),
            Emit::Files { text, files } => {
                self.said
                    .extend(files.iter().flat_map(|file| ["(file ", file.name.as_str(), ")\n"]));
                if !text.is_empty() {
                    self.said.extend([text.as_str(), "\n"]);
                }
            }
            Emit::Side { event, data } => self.said.extend(["(", event.as_str(), " ", &data.to_string(), ")\n"]),
        }
    }

    fn write(&mut self, _change: db::Change) {
        self.wanted_database = true;
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn cancelled(&self) -> CancellationToken {
        CancellationToken::new()
    }
}
