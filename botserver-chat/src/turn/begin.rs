//! What an input means: the answer to a waiting dialog, a tool, the first visit, or a question for the model.

use botlib::{
    BotId, Value,
    value::Map,
    wire::{InputKind, InputSpec, MessageType},
};
use botstate::{
    dialog::{Answer, Fault, Input},
    door::ToolResult,
    job::{NewJob, Reply},
    model::ChatMessage,
    recording::HIDDEN,
    run::{Channel, Order, Task, side_conversation},
};

use super::{
    Turn,
    assent::assent,
    environment, number,
    stack::{Frame, Running},
    with_names,
};
use crate::{
    error::Error,
    keywords,
    model::{Agent, Body, Content, Waiting},
    store::{events, prompts},
};

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
            Content::Results(results) => self.begin_results(results),
            Content::Tool { name, args } => self.begin_tool(&name, &args).await.map(|()| true),
            Content::Context(name) => {
                let session = &mut self.conversation.session;
                session.active_context = session.contexts.contains_key(&name).then_some(name);
                Ok(true)
            }
            Content::Switchers(ids) => self.begin_again(ids).await,
            Content::Task { text, tools } => {
                if !tools.is_empty() {
                    self.conversation.session.tools = tools;
                }
                let answer = Answer {
                    text,
                    files: Vec::new(),
                };
                self.begin_message(answer, MessageType::User).await.map(|()| true)
            }
            Content::Script { name, args, names } => self.begin_script(&name, args, names).await.map(|()| true),
            Content::Say(text) => {
                self.say(text);
                Ok(true)
            }
            Content::Session { key, change } => self.begin_change(&key, change),
            Content::Wake { token, value, fault } => Ok(self.begin_wake(&token, value, fault)),
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
    fn begin_wake(&mut self, token: &str, value: Value, fault: Option<Fault>) -> bool {
        let found = self.stack.iter_mut().rev().find_map(|frame| match frame {
            Frame::Dialog(running) => match &running.waiting {
                Waiting::Until {
                    token: awaited,
                    note,
                    is_hear,
                    ..
                } if awaited == token => Some((note.clone(), *is_hear, running)),
                _ => None,
            },
            Frame::Agent(_) => None,
        });
        let Some((note, is_silence, running)) = found else {
            return false;
        };
        if let (Some(label), Some(workflow)) = (note, &mut self.conversation.session.workflow) {
            workflow.results.insert(label, value.clone());
        }
        running.waiting = Waiting::Woken {
            value,
            fault,
            is_silence,
        };
        true
    }

    /// The other bot that a message is for: the one that the conversation was handed to, else a guest whose words it
    /// holds.
    fn addressee(&self, text: &str) -> Option<(BotId, Vec<String>)> {
        let session = &self.conversation.session;
        if let Some(bot) = session.transferred {
            return Some((bot, Vec::new()));
        }
        let text = text.to_lowercase();
        let called = session
            .guests
            .iter()
            .filter(|guest| guest.words.iter().any(|word| text.contains(word)));
        let guest = called.max_by_key(|guest| guest.priority)?;
        Some((guest.bot, guest.tools.clone()))
    }

    /// Hands a message to another bot, which answers here when it has; false when there are no jobs to do so.
    fn hand_over(&mut self, text: &str, (bot, tools): (BotId, Vec<String>)) -> bool {
        let Some(jobs) = self.engine.ports.jobs.clone() else {
            return false;
        };
        let conversation = self.conversation.id;
        let order = Order {
            bot,
            task: Task::Message {
                text: text.to_owned(),
                tools,
            },
            conversation: Some(side_conversation(conversation, bot)),
            key: format!("handed:{}", self.id),
            channel: Channel::Bot,
            limit: None,
            depth: self.inbound.depth.saturating_add(1),
        };
        let reply = Reply {
            bot: self.inbound.bot.id,
            conversation,
            token: None,
        };
        let now = self.engine.clock.now();
        let org = self.conversation.org;
        let job = NewJob::order(org, order, Some(reply), now);
        self.changes.push(jobs.enqueue(job));
        if self.conversation.session.transferred == Some(bot) {
            self.changes
                .push(Box::new(move |conn| prompts::hand_over(conn, org, conversation)));
        }
        true
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

    /// Gives the model what the client's tools gave.
    fn begin_results(&mut self, results: Vec<ToolResult>) -> Result<bool, Error> {
        self.fresh.push(Body::Started { script: String::new() });
        let pending = match self.stack.last_mut() {
            Some(Frame::Agent(agent)) if !agent.pending.is_empty() => {
                agent.rounds = 0;
                agent.asks = None;
                std::mem::take(&mut agent.pending)
            }
            _ => return self.begin_anew(results).map(|()| true),
        };
        for call in pending {
            let given = results.iter().find(|result| result.call_id == call.id);
            let content = given.map_or("error: the client gave no result", |result| result.content.as_str());
            self.add_result(call.id, content.to_owned());
        }
        Ok(true)
    }

    /// Asks the model with results whose calls nobody remembers here but the client.
    fn begin_anew(&mut self, results: Vec<ToolResult>) -> Result<(), Error> {
        let none = || Error::Invalid("there is no call of a tool that waits for a result".to_owned());
        let history = self.inbound.client.history.as_mut().ok_or_else(none)?;
        let asked = history
            .iter()
            .rposition(|message| matches!(message, ChatMessage::User { .. }))
            .ok_or_else(none)?;
        let mut rest = history.split_off(asked).into_iter();
        let Some(ChatMessage::User {
            content: question,
            images,
        }) = rest.next()
        else {
            return Err(none());
        };
        self.inbound.client.images = images;
        let results = results.into_iter().map(|result| ChatMessage::Tool {
            call_id: result.call_id,
            content: result.content,
        });
        self.stack.push(Frame::Agent(Agent {
            messages: rest.chain(results).collect(),
            question,
            since: i64::try_from(asked).unwrap_or(i64::MAX),
            ..Agent::default()
        }));
        Ok(())
    }

    async fn begin_message(&mut self, answer: Answer, kind: MessageType) -> Result<(), Error> {
        // Somebody who says something else does not answer the calls that were handed to a client.
        let is_away =
            |frame: &Frame| matches!(frame, Frame::Agent(agent) if !agent.pending.is_empty() && agent.asks.is_none());
        while self.stack.last().is_some_and(is_away) {
            self.stack.pop();
        }
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
        if awaited.is_some() && self.end_wait(&answer) {
            return Ok(());
        }
        if kind == MessageType::External {
            return Ok(());
        }
        let is_first = !self.conversation.session.started && self.inbound.bot.has_script("start");
        // A start.bas that reads the message answers it; else the model does, after start.bas has greeted.
        if !(is_first && self.inbound.bot.start_wants_message) {
            let is_handed = self
                .addressee(&answer.text)
                .is_some_and(|whom| self.hand_over(&answer.text, whom));
            if !is_handed {
                self.ask_model(answer.text);
            }
        }
        self.push_start().await?;
        Ok(())
    }

    /// Ends the wait of the topmost dialog with a person's answer; false when it is no answer to that.
    fn end_wait(&mut self, answer: &Answer) -> bool {
        if matches!(self.stack.last(), Some(Frame::Agent(_))) {
            return self.consent(&answer.text);
        }
        let Some(Frame::Dialog(top)) = self.stack.last_mut() else {
            return false;
        };
        let Waiting::Until {
            is_hear: false,
            refusal,
            ..
        } = &mut top.waiting
        else {
            self.input = Input::Heard(answer.clone());
            return true;
        };
        let (value, fault) = match (refusal.take(), assent(&answer.text)) {
            (None, _) => (Value::text(answer.text.as_str()), None),
            (Some(_), Some(true)) => (Value::Bool(true), None),
            (Some(fault), Some(false)) => (Value::Null, Some(fault)),
            (fault, None) => {
                *refusal = fault;
                return false;
            }
        };
        top.waiting = Waiting::Woken {
            value,
            fault,
            is_silence: false,
        };
        true
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
        self.tape.start(script, &args, &self.env);
        match dialogs.start(&self.inbound.bot, script, args, &self.env).await {
            Ok(dialog) => {
                self.input = Input::Continue;
                self.stack.push(Frame::Dialog(Running::new(dialog)));
            }
            Err(fault) => {
                self.tape.refused(&fault);
                self.return_fault(fault);
            }
        }
        Ok(())
    }
}
