//! What nodes tell each other, so that it does not matter to which of them somebody listens.

use std::{borrow::Cow, time::Duration};

use botlib::{ConversationId, NodeId, TurnId};
use botstate::shared::Heard;
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::Engine;

/// Between nodes, what happens in a conversation is told under this topic and the conversation's id.
const TOPIC: &str = "chat:";

impl Engine {
    /// Whether there may be other nodes to tell.
    pub(crate) fn has_neighbours(&self) -> bool {
        self.has_neighbours
    }

    /// Tells listeners of other nodes that the log has grown.
    pub(crate) async fn tell_neighbours(&self, conversation: ConversationId, news: News<'_>) {
        if !self.has_neighbours {
            return;
        }
        let told = Told { node: self.node, news };
        if let Ok(message) = serde_json::to_vec(&told)
            && let Err(error) = self
                .pubsub
                .publish(&format!("{TOPIC}{conversation}"), message.into())
                .await
        {
            tracing::warn!(%error, "other servers were not told of new messages");
        }
    }

    /// Hears what other nodes tell, until the server stops.
    pub(crate) async fn hear_neighbours(&self) {
        if !self.has_neighbours {
            return;
        }
        let stopping = self.lifecycle.draining();
        let mut heard = loop {
            match self.pubsub.subscribe(TOPIC).await {
                Ok(heard) => break heard,
                Err(error) => tracing::warn!(%error, "other servers cannot be heard yet"),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = stopping.cancelled() => return,
            }
        };
        loop {
            let next = tokio::select! {
                next = heard.next() => next,
                () = stopping.cancelled() => return,
            };
            match next {
                Some(Heard::Message(topic, message)) => self.on_told(&topic, &message),
                Some(Heard::Gap) => {
                    for room in self.rooms.all() {
                        room.advance();
                    }
                }
                None => return,
            }
        }
    }

    fn on_told(&self, topic: &str, message: &[u8]) {
        let Some(Ok(id)) = topic.strip_prefix(TOPIC).map(str::parse) else {
            return;
        };
        let Some(room) = self.rooms.find(id) else { return };
        let Ok(told) = serde_json::from_slice::<Told<'_>>(message) else {
            return;
        };
        if told.node == self.node {
            return;
        }
        match told.news {
            News::Advanced => room.advance(),
            News::Piece {
                token,
                turn,
                offset,
                text,
            } => room.piece(&token.into(), turn, offset, &text),
            News::Stop => {
                room.stop();
            }
        }
    }
}

/// What nodes tell each other about a conversation.
#[derive(Debug, Serialize, Deserialize)]
struct Told<'a> {
    node: NodeId,
    #[serde(flatten)]
    news: News<'a>,
}

/// News of a conversation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub(crate) enum News<'a> {
    /// Its log has grown.
    Advanced,
    /// Words of an answer that is being written.
    Piece {
        /// The answer.
        token: Cow<'a, str>,
        /// Its turn.
        turn: TurnId,
        /// Where they begin, in bytes.
        offset: usize,
        /// The words.
        text: Cow<'a, str>,
    },
    /// The person wants the running answer to end.
    Stop,
}
