//! One turn: an input and all that it brings about.
//!
//! The turn works on a stack of activities. The topmost runs until it ends, or waits for a person; then the
//! turn is over. What the turn did is committed before anybody is told of it: at its end, and before every
//! step that is slow or reaches outside.

mod agent;
mod answers;
mod assent;
mod begin;
mod budget;
mod commit;
mod consent;
mod dialog;
mod follow;
mod knowledge;
mod record;
mod request;
mod stack;
mod tables;
mod tape;

use std::sync::Arc;

use botlib::{
    Caller, ConversationId, Secret, TurnId, Value,
    value::{FileRef, Map},
    wire::MessageType,
};
use botstate::{
    conversation::{Emit, SessionState},
    db,
    dialog::{Bot, Env, Fault, FaultKind, Input, Settings},
    keyword,
    model::Usage,
    prompt::PromptUse,
    recording::Taped,
    run::Suspend,
};
use tokio_util::sync::CancellationToken;

use crate::{
    engine::Engine,
    error::Error,
    model::{Activity, Agent, Body, Completed, Content, Conversation, Event, Inbound, Outcome},
    room::Room,
};
pub(crate) use follow::Follow;
use stack::Frame;
use tape::Tape;

/// A running turn.
pub(crate) struct Turn {
    engine: Engine,
    room: Arc<Room>,
    inbound: Inbound,
    id: TurnId,
    conversation: Conversation,
    stack: Vec<Frame>,
    /// With what the topmost dialog goes on.
    input: Input,
    /// Events since the last commit.
    fresh: Vec<Body>,
    /// Changes of other tables since the last commit.
    changes: Vec<db::Change>,
    /// Everything committed so far.
    events: Vec<Event>,
    /// The stack as the last commit stored it.
    stored: Option<Vec<Activity>>,
    /// The number of the running keyword's call.
    call: String,
    env: Env,
    /// The session's values and language as `env` has them.
    seen: (Map, Option<String>),
    steps: u32,
    usage: Option<Usage>,
    context_tokens: Option<u32>,
    /// The prompt file that the model was asked with last.
    prompt: Option<PromptUse>,
    cancel: CancellationToken,
    /// The script that performs it.
    script: String,
    /// A wait that the running keyword asked for.
    suspend: Option<Suspend>,
    /// The level that the turn's own script has in the stack, and what it gave back once it was over.
    own: Option<usize>,
    result: Option<Value>,
    /// A commit that failed inside a keyword, which ends the turn.
    broken: Option<Error>,
    /// What is recorded.
    tape: Tape,
    /// The collections that were searched for the question, and whether the prompt tells of the person.
    searched: Vec<String>,
    is_personal: bool,
}

/// What follows a step.
enum Next {
    /// Another step.
    Step,
    /// Nothing: the turn waits for a person.
    Wait,
    /// Nothing: the last activity gave this back.
    Over(Value),
}

impl Turn {
    pub(crate) fn new(engine: Engine, room: Arc<Room>, inbound: Inbound, mut conversation: Conversation) -> Self {
        let cancel = room.begin(inbound.client.stop.clone());
        if let Some(locale) = &inbound.locale
            && conversation.session.locale.is_none()
        {
            conversation.session.locale = Some(locale.clone());
        }
        let env = environment(&engine, &inbound, &conversation, message(&inbound, &conversation));
        let seen = (conversation.session.values.clone(), conversation.session.locale.clone());
        let stack = std::mem::take(&mut conversation.activities)
            .into_iter()
            .map(Frame::from)
            .collect();
        let id = match (&inbound.content, conversation.open_turn) {
            (Content::Recover, Some(open)) => open,
            _ => TurnId::new(),
        };
        let tape = Tape::of(&inbound);
        Self {
            engine,
            room,
            inbound,
            id,
            conversation,
            stack,
            input: Input::Continue,
            fresh: Vec::new(),
            changes: Vec::new(),
            events: Vec::new(),
            stored: None,
            call: String::new(),
            env,
            seen,
            steps: 0,
            usage: None,
            context_tokens: None,
            prompt: None,
            cancel,
            script: String::new(),
            suspend: None,
            own: None,
            result: None,
            broken: None,
            tape,
            searched: Vec::new(),
            is_personal: false,
        }
    }

    /// Runs the turn to its end.
    pub(crate) async fn run(mut self) -> Result<(Outcome, Conversation), Error> {
        self.tape_beginning();
        if !self.begin().await? {
            return Ok(self.finish());
        }
        let data = loop {
            match self.step().await? {
                Next::Step => {}
                Next::Wait => {
                    // A first message that start.bas answers with a question of its own has had its answer.
                    self.stack.retain(|frame| !frame.is_unasked());
                    break self.result.take().unwrap_or_default();
                }
                Next::Over(value) => break value,
            }
        };
        self.complete(&data).await?;
        Ok(self.finish())
    }

    async fn step(&mut self) -> Result<Next, Error> {
        self.steps += 1;
        let next = match self.stack.last() {
            None => Next::Over(Value::Null),
            Some(Frame::Agent(_)) => self.step_agent().await?,
            Some(Frame::Dialog(_)) => self.step_dialog().await?,
        };
        match self.broken.take() {
            Some(error) => Err(error),
            None => Ok(next),
        }
    }

    /// Lets scripts see what a keyword has changed of the session.
    fn look_again(&mut self) {
        let session = &self.conversation.session;
        if self.seen.0 == session.values && self.seen.1 == session.locale {
            return;
        }
        self.seen = (session.values.clone(), session.locale.clone());
        let message = match self.env.names.get("user") {
            Some(Value::Map(user)) => user.get("message").cloned().unwrap_or_default(),
            _ => Value::Null,
        };
        let fresh = environment(&self.engine, &self.inbound, &self.conversation, message);
        self.env.names = fresh.names;
        self.env.locale = fresh.locale;
    }

    /// Lets the model answer `question`.
    fn ask_model(&mut self, question: String) {
        let since = match &self.inbound.client.history {
            // Where nothing is kept, what was said before is counted in messages.
            Some(history) => i64::try_from(history.len()).unwrap_or(i64::MAX),
            None => self
                .events
                .first()
                .map_or(self.conversation.last_seq + 1, |event| event.seq),
        };
        self.stack.push(Frame::Agent(Agent {
            question,
            since,
            ..Agent::default()
        }));
    }

    async fn complete(&mut self, data: &Value) -> Result<(), Error> {
        // First of all, since a dialog that cannot be kept has something to say about it.
        let activities = self.activities()?;
        let session = &self.conversation.session;
        let end = Completed {
            suggestions: session.suggestions.clone(),
            switchers: session.switchers.clone(),
            input: self.stack.last().and_then(Frame::awaited).cloned(),
            data: data.to_json(),
            waiting: !self.stack.is_empty(),
            context_name: session.active_context.clone(),
            usage: self.usage,
            context_tokens: self.context_tokens,
            prompt: self.prompt.clone(),
        };
        self.fresh.push(Body::TurnCompleted(Box::new(end)));
        self.commit(None, activities).await
    }

    fn finish(mut self) -> (Outcome, Conversation) {
        let kept = || self.stack.iter().filter_map(Frame::kept).collect();
        let activities = self.stored.take().unwrap_or_else(kept);
        self.conversation.activities = activities;
        (
            Outcome {
                turn: self.id,
                events: self.events,
                is_repeat: false,
            },
            self.conversation,
        )
    }

    fn say(&mut self, content: String) {
        self.send(content, Vec::new());
    }

    fn send(&mut self, content: String, files: Vec<FileRef>) {
        self.tape.add(|| Taped::message(&content, &files));
        self.fresh.push(Body::BotMessage {
            content,
            stopped: false,
            stream: None,
            files,
            citations: Vec::new(),
        });
    }

    /// Notes a fault for operators and tells the visitor plainly.
    fn report(&mut self, fault: Fault, sentence: crate::phrases::Phrase) {
        tracing::warn!(
            bot.name = %self.inbound.bot.name,
            conversation.id = %self.conversation.id,
            fault = %fault,
            "a dialog or a model failed"
        );
        metrics::counter!("chat_faults_total", "bot" => self.inbound.bot.name.clone()).increment(1);
        let is_stopped = fault.kind == FaultKind::Stopped;
        self.fresh.push(Body::Fault { fault });
        if !is_stopped {
            self.say(sentence.text(&self.env.locale).to_owned());
        }
    }
}

/// What scripts find as the person's message.
fn message(inbound: &Inbound, conversation: &Conversation) -> Value {
    match &inbound.content {
        Content::Message { answer, .. } if conversation.awaits_secret() => {
            Value::Secret(Secret::new(answer.text.as_str()))
        }
        Content::Message { answer, .. } => Value::text(answer.text.as_str()),
        Content::Task { text, .. } => Value::text(text.as_str()),
        _ => Value::Null,
    }
}

/// What scripts see of their surroundings.
fn environment(engine: &Engine, inbound: &Inbound, conversation: &Conversation, message: Value) -> Env {
    let settings = &inbound.bot.settings;
    let locale = settings
        .get("locale")
        .or(conversation.session.locale.as_deref())
        .unwrap_or("en")
        .to_owned();
    let mut names = Map::new();
    let user: Map = [
        ("id".to_owned(), Value::text(conversation.owner.id.as_str())),
        ("message".to_owned(), message),
    ]
    .into_iter()
    .collect();
    let mut session = conversation.session.values.clone();
    session.insert("id", Value::text(conversation.id.to_string()));
    session.insert("channel", Value::text(inbound.channel));
    session.insert("user_id", Value::text(conversation.owner.id.as_str()));
    names.insert("user", Value::Map(user));
    names.insert("session", Value::Map(session));
    names.insert("channel", Value::text(inbound.channel));
    for (name, value) in settings.iter() {
        if let Some(name) = name.strip_prefix("param-") {
            names.insert(name, Settings::typed(value));
        }
    }
    Env {
        now: engine.clock.now(),
        zone: settings.get("timezone").unwrap_or("UTC").to_owned(),
        locale,
        seed: engine.chance.seed(&format!("turn {}", conversation.last_seq)),
        names: Arc::new(names),
    }
}

/// The surroundings with names of a script's own.
fn with_names(env: &Env, own: &Map) -> Env {
    let mut names = (*env.names).clone();
    for (name, value) in own.iter() {
        names.insert(name, value.clone());
    }
    Env {
        names: Arc::new(names),
        ..env.clone()
    }
}

#[async_trait::async_trait]
impl keyword::Turn for Turn {
    fn caller(&self) -> &Caller {
        &self.inbound.caller
    }

    fn bot(&self) -> &Arc<Bot> {
        &self.inbound.bot
    }

    fn conversation(&self) -> ConversationId {
        self.conversation.id
    }

    fn turn(&self) -> Option<TurnId> {
        Some(self.id)
    }

    fn idempotency_key(&self) -> &str {
        &self.call
    }

    fn session(&mut self) -> &mut SessionState {
        &mut self.conversation.session
    }

    fn emit(&mut self, event: Emit) {
        match event {
            Emit::Say(text) => self.say(text),
            Emit::Files { text, files } => self.send(text, files),
            Emit::Side { event, data } => {
                self.tape.add(|| Taped::Side {
                    event: event.clone(),
                    data: data.clone(),
                });
                self.fresh.push(Body::Side { event, data });
            }
        }
    }

    fn write(&mut self, change: db::Change) {
        self.changes.push(change);
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        let outcome = match self.activities() {
            Ok(activities) => self.commit(Some(self.id), activities).await,
            Err(error) => Err(error),
        };
        outcome.map_err(|error| {
            let fault = Fault::new(FaultKind::Data, format!("could not store the conversation: {error}"));
            self.broken = Some(error);
            fault
        })
    }

    fn cancelled(&self) -> CancellationToken {
        self.cancel.clone()
    }

    fn suspend(&mut self, wait: Suspend) -> Result<(), Fault> {
        if self.inbound.client.is_passing() {
            return Err(Fault::new(
                FaultKind::NotFound,
                "a dialog cannot wait for events in a conversation that is not kept",
            )
            .hint("let the client name its conversation"));
        }
        self.suspend = Some(wait);
        Ok(())
    }

    fn script(&self) -> String {
        self.script.clone()
    }

    fn depth(&self) -> u8 {
        self.inbound.depth
    }
}

/// The type under which a client's message is kept.
fn number(kind: MessageType) -> u8 {
    kind.number()
}
