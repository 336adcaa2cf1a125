//! The port that front doors of other protocols use.

use async_trait::async_trait;
use botlib::{Caller, ConversationId, Problem, Subject, wire::MessageType};
use botstate::{
    dialog::{Answer, Bot},
    door::{self, Conversations, Place, Talk},
    model::AnswerFormat,
};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::ChatService;
use crate::{
    engine::Engine,
    error::Error,
    model::{Client, Content, Inbound, Owner},
    room::Done,
    turn::Follow,
};

/// The longest message that comes by such a door, in bytes.
const LONGEST: usize = 1024 * 1024;

#[async_trait]
impl Conversations for ChatService {
    fn named(&self, caller: &Caller, bot: &Bot, name: &str) -> ConversationId {
        let owner = Owner::of(caller);
        let digest = Sha256::new()
            .chain_update("named\0")
            .chain_update(bot.id.as_uuid())
            .chain_update(owner.kind)
            .chain_update("\0")
            .chain_update(&owner.id)
            .chain_update("\0")
            .chain_update(name)
            .finalize();
        let mut bytes = [0_u8; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, hashed)| *byte = hashed);
        ConversationId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    async fn send(&self, inbound: door::Inbound) -> Result<Talk, Problem> {
        self.take(inbound)
            .await
            .map_err(|error| botserver_core::Problem::from(error).for_client())
    }
}

impl ChatService {
    async fn take(&self, given: door::Inbound) -> Result<Talk, Error> {
        let door::Inbound {
            caller,
            bot,
            place,
            key,
            content,
            channel,
            locale,
            wish,
        } = given;
        Self::check_public(&caller, &bot)?;
        if caller.org != bot.org || !caller.may_talk_to(bot.id) {
            return Err(Error::UnknownBot(bot.name.clone()));
        }
        let images = match &content {
            door::Content::Message { images, .. } => images.clone(),
            _ => Vec::new(),
        };
        let content = self.content(&bot, content)?;
        let (conversation, history) = match place {
            Place::Kept(id) => {
                // A conversation of a key that is there belongs to its owner; one that is not there begins now.
                if matches!(caller.subject, Subject::Nobody) {
                    return Err(Error::UnknownConversation);
                }
                self.admit(&caller, id).await?;
                (id, None)
            }
            Place::Passing { history } => (ConversationId::new(), Some(history)),
        };
        self.allow(&caller, conversation, history.is_some()).await?;
        let (sender, pieces) = mpsc::unbounded_channel();
        let is_formed = wish.format != AnswerFormat::Text;
        let (follow, stop) = (Follow::new(sender, is_formed), CancellationToken::new());
        let inbound = Inbound {
            caller,
            bot,
            conversation,
            key: key.filter(|_| history.is_none()),
            content,
            locale,
            channel,
            depth: 0,
            client: Client {
                tools: wish.tools,
                choice: wish.choice,
                format: wish.format,
                instructions: wish.instructions,
                temperature: wish.temperature,
                max_tokens: wish.max_tokens,
                images,
                history,
                follow: Some(follow.clone()),
                stop: Some(stop.clone()),
            },
        };
        let room = self.engine.rooms.enter(conversation);
        let done: Done = Box::new(move |result| match result {
            Ok(outcome) => {
                if outcome.is_repeat {
                    follow.events(&outcome.events);
                }
                follow.end(&outcome);
            }
            Err(error) => follow.fail(botserver_core::Problem::from(error).for_client()),
        });
        self.engine.submit(&room, inbound, done)?;
        Ok(Talk::new(conversation, pieces, stop))
    }

    fn content(&self, bot: &Bot, content: door::Content) -> Result<Content, Error> {
        Ok(match content {
            door::Content::Message { text, files, .. } => {
                if text.len() > LONGEST || text.contains('\0') {
                    return Err(Error::Invalid(format!(
                        "a message may have {LONGEST} bytes at most, and no character NUL"
                    )));
                }
                Content::Message {
                    answer: Answer { text, files },
                    kind: MessageType::User,
                    switchers: None,
                }
            }
            door::Content::Results(results) => Content::Results(results),
            door::Content::Tool { name, args } => {
                let tool = bot.tool(&name).ok_or_else(|| Error::UnknownTool(name.clone()))?;
                let dialogs = self.engine.ports.dialogs.as_ref();
                let dialogs = dialogs.ok_or(Error::NotBuiltIn("dialogs"))?;
                let args = dialogs
                    .check_arguments(bot, &tool.name, &args)
                    .map_err(|fault| Error::Invalid(fault.message))?;
                Content::Tool {
                    name: tool.name.clone(),
                    args: botlib::Value::Map(args).to_json(),
                }
            }
        })
    }

    /// Messages of a conversation are counted for it, those that pass for whoever sends them.
    async fn allow(&self, caller: &Caller, id: ConversationId, is_passing: bool) -> Result<(), Error> {
        if !is_passing {
            return self.engine.allow(id).await;
        }
        let owner = Owner::of(caller);
        self.engine
            .allow_key(&format!("chat:{}:{}", owner.kind, owner.id))
            .await
    }
}

/// How long a talk that passes can be taken up again, and under which name it is remembered.
pub(crate) mod passing {
    use std::time::Duration;

    use botstate::{conversation::SessionState, model::ChatMessage};
    use serde::{Deserialize, Serialize};
    use sha2::{Digest, Sha256};

    use super::{Engine, Inbound, Owner};
    use crate::model::{Activity, Content, Conversation};

    const KEPT: Duration = Duration::from_hours(1);
    /// What is larger is not remembered.
    const LARGEST: usize = 1024 * 1024;

    /// What is remembered of a talk that passes.
    #[derive(Serialize, Deserialize)]
    struct Memory {
        session: SessionState,
        activities: Vec<Activity>,
    }

    impl Engine {
        /// The conversation as it stood when the client had this history, or a new one.
        pub(crate) async fn recall(&self, inbound: &Inbound) -> Conversation {
            let owner = Owner::of(&inbound.caller);
            let mut conversation = Conversation::new(inbound.conversation, inbound.caller.org, inbound.bot.id, owner);
            let history = inbound.client.history.as_deref().unwrap_or_default();
            let last = history
                .iter()
                .rposition(|message| matches!(message, ChatMessage::Assistant { .. }));
            let Some(last) = last else {
                return conversation;
            };
            let key = name(inbound, history.get(..=last).unwrap_or_default());
            let found = self.cache.get(&key).await;
            let memory = match found {
                Ok(found) => found.and_then(|bytes| serde_json::from_slice::<Memory>(&bytes).ok()),
                Err(error) => {
                    tracing::warn!(%error, "a talk that passes was not remembered");
                    None
                }
            };
            match memory {
                Some(memory) => {
                    conversation.session = memory.session;
                    conversation.activities = memory.activities;
                }
                // The client had its greeting long ago.
                None => {
                    if let Some(follow) = &inbound.client.follow {
                        follow.hold();
                    }
                }
            }
            conversation
        }

        /// Remembers how the conversation stands now, if there is anything to remember.
        pub(crate) async fn remember(&self, inbound: &Inbound, conversation: &Conversation) {
            let Some(follow) = &inbound.client.follow else { return };
            follow.settle();
            let is_plain = conversation.activities.is_empty()
                && conversation.session
                    == SessionState {
                        locale: conversation.session.locale.clone(),
                        ..SessionState::default()
                    };
            if is_plain {
                return;
            }
            let memory = Memory {
                session: conversation.session.clone(),
                activities: conversation.activities.clone(),
            };
            let Ok(bytes) = serde_json::to_vec(&memory) else { return };
            if bytes.len() > LARGEST {
                return;
            }
            let (text, calls) = follow.answer();
            let mut history = inbound.client.history.clone().unwrap_or_default();
            match &inbound.content {
                Content::Message { answer, .. } => history.push(ChatMessage::user(answer.text.clone())),
                Content::Results(results) => history.extend(results.iter().map(|result| ChatMessage::Tool {
                    call_id: result.call_id.clone(),
                    content: result.content.clone(),
                })),
                _ => return,
            }
            history.push(ChatMessage::Assistant { content: text, calls });
            if let Err(error) = self.cache.set(&name(inbound, &history), bytes.into(), KEPT).await {
                tracing::warn!(%error, "a talk that passes is not remembered");
            }
        }
    }

    /// Names a talk by whose it is and by all that was said. Nobody else has the same name for the same words.
    fn name(inbound: &Inbound, history: &[ChatMessage]) -> String {
        let owner = Owner::of(&inbound.caller);
        let mut digest = Sha256::new();
        let mut add = |part: &str| {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        };
        add(owner.kind);
        add(&owner.id);
        for message in history {
            match message {
                ChatMessage::System { .. } => {}
                ChatMessage::User { content, .. } => {
                    add("user");
                    add(content.trim());
                }
                ChatMessage::Assistant { content, calls } => {
                    add("assistant");
                    add(content.trim());
                    for call in calls {
                        add(&call.id);
                    }
                }
                ChatMessage::Tool { call_id, content } => {
                    add("tool");
                    add(call_id);
                    add(content.trim());
                }
            }
        }
        format!("passing:{}:{:x}", inbound.bot.id, digest.finalize())
    }
}
