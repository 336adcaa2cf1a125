//! The conversation for providers whose turns must alternate between the person and the model.

use botstate::model::{ChatMessage, Image, ToolCall};

/// What stands for the person's words where a conversation begins with the model's.
const BEGINNING: &str = "…";

/// A conversation in alternating turns that begins with the person's.
#[derive(Debug, Default)]
pub(crate) struct Turns<'a> {
    /// The instructions, in order.
    pub(crate) system: Vec<&'a str>,
    /// The turns; neither they nor their parts are ever empty.
    pub(crate) turns: Vec<Turn<'a>>,
}

/// What one side said until the other one did.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    /// Whether the model said it.
    pub(crate) is_model: bool,
    /// What was said.
    pub(crate) parts: Vec<Part<'a>>,
}

/// A part of a turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Part<'a> {
    /// Words; never empty.
    Text(&'a str),
    /// A picture.
    Image(&'a Image),
    /// The model calls a tool.
    Call(&'a ToolCall),
    /// What the tool gave back.
    Result {
        /// The call.
        call: &'a ToolCall,
        /// The result.
        content: &'a str,
    },
}

impl<'a> Turns<'a> {
    /// The turns of `messages`.
    pub(crate) fn of(messages: &'a [ChatMessage]) -> Self {
        let mut turns = Self::default();
        let mut calls: Vec<&ToolCall> = Vec::new();
        for message in messages {
            match message {
                ChatMessage::System { content } => {
                    if !content.trim().is_empty() {
                        turns.system.push(content);
                    }
                }
                ChatMessage::User { content, images } => {
                    turns.push(false, images.iter().map(Part::Image));
                    turns.push(false, text(content));
                }
                ChatMessage::Assistant { content, calls: made } => {
                    turns.push(true, text(content));
                    turns.push(true, made.iter().map(Part::Call));
                    calls.extend(made);
                }
                ChatMessage::Tool { call_id, content } => {
                    match calls.iter().rev().find(|call| call.id == *call_id) {
                        Some(call) => turns.push(false, [Part::Result { call, content }]),
                        // Its call was cut off with older turns; what it says may still matter.
                        None => turns.push(false, text(content)),
                    }
                }
            }
        }
        if turns.turns.first().is_none_or(|turn| turn.is_model) {
            let parts = vec![Part::Text(BEGINNING)];
            turns.turns.insert(0, Turn { is_model: false, parts });
        }
        turns
    }

    fn push(&mut self, is_model: bool, parts: impl IntoIterator<Item = Part<'a>>) {
        for part in parts {
            match self.turns.last_mut() {
                Some(turn) if turn.is_model == is_model => turn.parts.push(part),
                _ => self.turns.push(Turn {
                    is_model,
                    parts: vec![part],
                }),
            }
        }
    }
}

fn text(content: &str) -> Option<Part<'_>> {
    (!content.trim().is_empty()).then_some(Part::Text(content))
}
