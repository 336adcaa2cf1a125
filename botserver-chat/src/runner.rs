//! Orders of the bot itself, through the same pipeline as messages of people.

use async_trait::async_trait;
use botlib::{BotId, Caller, ConversationId, Value};
use botstate::{
    dialog::{Fault, FaultKind},
    run::{DEEPEST, Order, Ran, Runner, Task},
};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use crate::{
    engine::chain,
    error::Error,
    model::{Body, Client, Content, Inbound, Outcome},
    room::Done,
    service::ChatService,
};

#[async_trait]
impl Runner for ChatService {
    async fn run(&self, order: Order) -> Result<Ran, Fault> {
        if order.depth > DEEPEST {
            let message = format!("more than {DEEPEST} runs were started one by the other");
            return Err(Fault::new(FaultKind::Limit, message).hint("let no event or bot call itself again"));
        }
        let bot = self.bot(Some(&order.bot.to_string())).map_err(fault)?;
        let conversation = order.conversation.unwrap_or_else(|| own(order.bot, &order.key));
        let inbound = Inbound {
            caller: Caller::bot(bot.org, bot.id),
            bot,
            conversation,
            key: Some(order.key),
            content: content(order.task),
            locale: None,
            channel: order.channel.name(),
            depth: order.depth,
            client: Client::default(),
        };
        let room = self.engine.rooms.enter(conversation);
        let (done, outcome) = oneshot::channel();
        let done: Done = Box::new(|result| {
            // Whoever ordered it may have gone; the turn stands all the same.
            let _ = done.send(result);
        });
        self.engine.submit(&room, inbound, done).map_err(fault)?;
        let mut outcome = outcome;
        let result = match order.limit {
            None => outcome.await,
            Some(limit) => {
                if let Ok(result) = tokio::time::timeout(limit, &mut outcome).await {
                    result
                } else {
                    room.stop();
                    outcome.await
                }
            }
        };
        let outcome = result.unwrap_or(Err(Error::Stopping)).map_err(fault)?;
        Ok(ran(outcome))
    }
}

fn content(task: Task) -> Content {
    match task {
        Task::Script { name, args, names } => Content::Script { name, args, names },
        Task::Message { text, tools } => Content::Task { text, tools },
        Task::Say { text } => Content::Say(text),
        Task::Session { key, change } => Content::Session { key, change },
        Task::Wake { token, value, fault } => Content::Wake { token, value, fault },
    }
}

/// What the log says of a turn.
fn ran(outcome: Outcome) -> Ran {
    let mut ran = Ran {
        is_repeat: outcome.is_repeat,
        ..Ran::default()
    };
    for event in outcome.events {
        match event.body {
            Body::BotMessage { content, .. } => ran.said.push(content),
            Body::Fault { fault } => ran.fault = Some(fault),
            Body::TurnCompleted(end) => {
                ran.value = Value::from_json(&end.data);
                ran.waiting = end.waiting;
            }
            _ => {}
        }
    }
    ran
}

/// The conversation of an order that names none: the same for every try.
fn own(bot: BotId, key: &str) -> ConversationId {
    let digest = Sha256::new().chain_update(bot.as_uuid()).chain_update(key).finalize();
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, hashed)| *byte = hashed);
    ConversationId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for map_err")]
fn fault(error: Error) -> Fault {
    let kind = match &error {
        Error::UnknownBot(_) | Error::UnknownConversation | Error::NotBuiltIn(_) => FaultKind::NotFound,
        Error::Invalid(_) => FaultKind::Argument,
        Error::Database(_) | Error::Damaged(_) => FaultKind::Data,
        Error::Broken => FaultKind::Internal,
        _ => FaultKind::Network,
    };
    Fault::new(kind, chain(&error))
}
