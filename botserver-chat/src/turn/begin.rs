//! What an input means: the answer to a waiting dialog, a tool, the first visit, or a question for the model.

use botlib::{
    Value,
    value::Map,
    wire::{InputKind, InputSpec, MessageType},
};
use botstate::dialog::{Answer, Input};

use super::{
    Turn, environment, number,
    stack::{Frame, Running},
    with_names,
};
use crate::{
    error::Error,
    keywords,
    model::{Body, Content, Waiting},
    store::events,
};

/// What the log shows in place of a secret.
const HIDDEN: &str = "••••••••";
/// Messages among which the last question is looked for.
const RECENT: i64 = 20;

impl Turn {
    /// Puts what the input asks for on the stack; false when it asks for nothing.
    pub(super) async fn begin(&mut self) -> Result<bool, Error> {
        match self.inbound.content.clone() {
            Content::Start => self.begin_visit().await,
            Content::Message {
                answer,
                kind,
                switchers,
            } => {
                if let Some(ids) = switchers {
                    self.conversation.session.active_switchers = ids;
                }
                self.begin_message(answer, kind).await.map(|()| true)
            }
            Content::Tool { name, args } => self.begin_tool(&name, &args).await.map(|()| true),
            Content::Context(name) => {
                let session = &mut self.conversation.session;
                session.active_context = session.contexts.contains_key(&name).then_some(name);
                Ok(true)
            }
            Content::Switchers(ids) => self.begin_again(ids).await,
            Content::Script { name, args, names } => self.begin_script(&name, args, names).await.map(|()| true),
            Content::Say(text) => {
                self.say(text);
                Ok(true)
            }
            Content::Session { key, change } => self.begin_change(&key, change),
            Content::Wake { token, value } => Ok(self.begin_wake(&token, value)),
            Content::Recover => self.begin_recovery().await,
        }
    }

    /// Starts a script for the bot itself.
    async fn begin_script(&mut self, name: &str, args: Map, names: Map) -> Result<(), Error> {
        // The entry that the order's key goes with, whatever the script says or does not say.
        self.fresh.push(Body::Started {
            script: name.to_owned(),
        });
        self.conversation.session.started = true;
        self.own = Some(self.stack.len());
        self.env = with_names(&self.env, &names);
        self.push_script(name, args).await?;
        let is_started = self.own < Some(self.stack.len());
        if let (Some(Frame::Dialog(top)), true) = (self.stack.last_mut(), is_started) {
            top.names = names;
        }
        Ok(())
    }

    /// Keeps a value that another conversation's script sets here.
    fn begin_change(&mut self, key: &str, change: Option<Value>) -> Result<bool, Error> {
        let session = &mut self.conversation.session;
        if let Some(value) = change {
            keywords::keep_value(session, key, value).map_err(|fault| Error::Invalid(fault.to_string()))?;
        }
        self.result = session.values.get(key).cloned();
        Ok(true)
    }

    /// Gives the dialog that waits for `token` its value; false when none does any more. One that lies under another
    /// goes on when it is the topmost again.
    fn begin_wake(&mut self, token: &str, value: Value) -> bool {
        for frame in self.stack.iter_mut().rev() {
            if let Frame::Dialog(running) = frame
                && matches!(&running.waiting, Waiting::Until { token: awaited, .. } if awaited == token)
            {
                running.waiting = Waiting::Woken { value };
                return true;
            }
        }
        false
    }

    /// Goes on with the open turn; scripts find the message again with which it began.
    async fn begin_recovery(&mut self) -> Result<bool, Error> {
        let (id, Some(open)) = (self.conversation.id, self.conversation.open_turn) else {
            return Ok(false);
        };
        let begun = self
            .engine
            .db
            .read(move |conn| events::list_of_turn(conn, id, open))
            .await?;
        if let Some(Body::UserMessage {
            content, message_type, ..
        }) = begun.into_iter().next().map(|event| event.body)
            && message_type != number(MessageType::ToolExec)
        {
            let message = Value::from(content);
            self.env = environment(&self.engine, &self.inbound, &self.conversation, message);
        }
        Ok(true)
    }

    async fn begin_visit(&mut self) -> Result<bool, Error> {
        if self.conversation.session.started || self.inbound.bot.start_wants_message {
            return Ok(false);
        }
        self.push_start().await
    }

    /// Starts start.bas, once; false when there is nothing to start.
    async fn push_start(&mut self) -> Result<bool, Error> {
        let had_started = std::mem::replace(&mut self.conversation.session.started, true);
        if had_started || !self.inbound.bot.has_script("start") {
            return Ok(false);
        }
        self.push_script("start", Map::new()).await?;
        Ok(true)
    }

    async fn begin_message(&mut self, answer: Answer, kind: MessageType) -> Result<(), Error> {
        let awaited = self.stack.last().and_then(Frame::awaited).cloned();
        let answer = if kind == MessageType::Suggestion {
            self.clicked(answer, awaited.as_ref())
        } else {
            answer
        };
        if awaited.is_none() && answer.text.trim().is_empty() && answer.files.is_empty() {
            return Err(Error::Invalid("a message needs a text or a file".to_owned()));
        }
        let is_secret = awaited.as_ref().is_some_and(|spec| spec.kind == InputKind::Password);
        self.fresh.push(Body::UserMessage {
            content: if is_secret {
                HIDDEN.to_owned()
            } else {
                answer.text.clone()
            },
            message_type: number(kind),
            files: answer.files.clone(),
        });
        if awaited.is_some() {
            match self.stack.last_mut() {
                Some(Frame::Dialog(top)) if matches!(top.waiting, Waiting::Until { .. }) => {
                    let value = Value::text(answer.text);
                    top.waiting = Waiting::Woken { value };
                }
                _ => self.input = Input::Heard(answer),
            }
            return Ok(());
        }
        if kind == MessageType::External {
            return Ok(());
        }
        let is_first = !self.conversation.session.started && self.inbound.bot.has_script("start");
        // A start.bas that reads the message answers it; else the model does, after start.bas has greeted.
        if !(is_first && self.inbound.bot.start_wants_message) {
            self.ask_model(answer.text);
        }
        self.push_start().await?;
        Ok(())
    }

    /// What a click on a suggestion says: its key while a dialog waits, its text otherwise.
    fn clicked(&mut self, answer: Answer, awaited: Option<&InputSpec>) -> Answer {
        let session = &mut self.conversation.session;
        let chip = session.suggestions.iter().find(|chip| {
            chip.text == answer.text || chip.context.as_ref().is_some_and(|context| *context == answer.text)
        });
        let Some(key) = chip.and_then(|chip| chip.context.clone()) else {
            return answer;
        };
        if awaited.is_some() {
            return Answer {
                text: key,
                files: answer.files,
            };
        }
        if session.contexts.contains_key(&key) {
            session.active_context = Some(key);
        }
        answer
    }

    async fn begin_tool(&mut self, name: &str, args: &serde_json::Value) -> Result<(), Error> {
        let bot = std::sync::Arc::clone(&self.inbound.bot);
        let tool = name.trim_end_matches(".bas");
        if !bot.has_script(tool) || tool.eq_ignore_ascii_case("start") {
            return Err(Error::UnknownTool(name.chars().take(64).collect()));
        }
        // Parameters that a click does not give are null (unlike those that a model leaves out).
        let args = args
            .as_object()
            .map(|map| {
                map.iter()
                    .map(|(name, value)| (name.clone(), Value::from_json(value)))
                    .collect()
            })
            .unwrap_or_default();
        self.fresh.push(Body::UserMessage {
            content: tool.to_owned(),
            message_type: number(MessageType::ToolExec),
            files: Vec::new(),
        });
        self.conversation.session.started = true;
        self.push_script(tool, args).await
    }

    async fn begin_again(&mut self, ids: Vec<String>) -> Result<bool, Error> {
        // The first entry of the turn: it tells other tabs, and a repeated frame is known by it.
        self.fresh.push(Body::Side {
            event: "switchers".to_owned(),
            data: serde_json::json!({ "active": ids }),
        });
        self.conversation.session.active_switchers = ids;
        let id = self.conversation.id;
        let last = self
            .engine
            .db
            .read(move |conn| events::find_last_question(conn, id, RECENT))
            .await?;
        if let (Some((since, question)), true) = (last.filter(|(_, text)| text != HIDDEN), self.stack.is_empty()) {
            self.ask_model(question);
            if let Some(Frame::Agent(agent)) = self.stack.last_mut() {
                agent.since = since;
            }
        }
        Ok(true)
    }

    /// Puts a script on the stack.
    pub(super) async fn push_script(&mut self, script: &str, args: Map) -> Result<(), Error> {
        let Some(dialogs) = self.engine.ports.dialogs.clone() else {
            return Err(Error::NotBuiltIn("dialogs"));
        };
        match dialogs.start(&self.inbound.bot, script, args, &self.env).await {
            Ok(dialog) => {
                self.input = Input::Continue;
                self.stack.push(Frame::Dialog(Running::new(dialog)));
            }
            Err(fault) => self.return_fault(fault),
        }
        Ok(())
    }
}
