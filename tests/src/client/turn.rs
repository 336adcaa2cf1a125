//! Frames put together to what a person sees.

use anyhow::{Context as _, ensure};
use botlib::wire::{MessageType, ServerFrame};

/// One turn: all its frames, and the messages that they make up.
#[derive(Debug, Default)]
pub struct Turn {
    /// Every frame in the order of its arrival, pieces of messages too.
    pub frames: Vec<ServerFrame>,
    /// What the bot said, whole messages in the order of their beginning.
    pub said: Vec<Said>,
}

/// One message of the bot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The token of a streamed message.
    pub stream_token: Option<String>,
    /// Its text so far.
    pub text: String,
    /// Whether it is whole.
    pub is_complete: bool,
    /// How many pieces it came in, the last frame not counted.
    pub pieces: usize,
}

impl Turn {
    /// Adds a frame.
    ///
    /// # Errors
    /// When it is a piece that leaves a hole in its message or does not repeat what came before.
    pub fn add(&mut self, frame: ServerFrame) -> anyhow::Result<()> {
        let is_said = frame.kind.is_none() && frame.message_type == MessageType::BotResponse.number();
        if is_said && frame.thinking != Some(true) && frame.event.is_none() {
            match &frame.stream_token {
                Some(token) => self
                    .message(token)
                    .add(&frame)
                    .with_context(|| format!("add {frame:?}"))?,
                None => self.said.push(Said {
                    text: frame.content.clone(),
                    is_complete: true,
                    ..Said::default()
                }),
            }
        }
        self.frames.push(frame);
        Ok(())
    }

    /// Whether the last frame was the end of a turn.
    pub fn is_completed(&self) -> bool {
        self.frames
            .last()
            .is_some_and(|frame| frame.kind.as_deref() == Some("turn_completed"))
    }

    /// The frame that ended the turn.
    pub fn completion(&self) -> Option<&ServerFrame> {
        self.frames.last().filter(|_| self.is_completed())
    }

    /// The texts of the bot's messages.
    pub fn texts(&self) -> Vec<&str> {
        self.said
            .iter()
            .map(|said| said.text.as_str())
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// The texts of the bot's messages, a line break between two.
    pub fn text(&self) -> String {
        self.texts().join("\n")
    }

    fn message(&mut self, token: &str) -> &mut Said {
        let known = self
            .said
            .iter()
            .position(|said| said.stream_token.as_deref() == Some(token));
        let index = known.unwrap_or_else(|| {
            self.said.push(Said {
                stream_token: Some(token.to_owned()),
                ..Said::default()
            });
            self.said.len() - 1
        });
        self.said
            .get_mut(index)
            .expect("the position was found or made just now")
    }
}

impl Said {
    /// Puts a piece where its offset says. A resumed socket may repeat what was there before.
    fn add(&mut self, frame: &ServerFrame) -> anyhow::Result<()> {
        if frame.is_complete {
            // The last frame is empty, or holds the whole text for those who missed pieces.
            ensure!(
                frame.content.is_empty() || frame.content.starts_with(&self.text),
                "the whole message does not begin with its pieces"
            );
            if !frame.content.is_empty() {
                self.text.clone_from(&frame.content);
            }
            self.is_complete = true;
            return Ok(());
        }
        ensure!(!self.is_complete, "a piece follows the end of its message");
        let offset = frame.offset.map_or(Ok(self.text.len()), usize::try_from)?;
        let known = self
            .text
            .get(offset..)
            .with_context(|| format!("bytes before {offset} are missing"))?;
        if !known.starts_with(&frame.content) {
            let new = frame.content.strip_prefix(known);
            self.text
                .push_str(new.with_context(|| format!("{:?} does not repeat {known:?}", frame.content))?);
        }
        self.pieces += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(offset: u64, text: &str) -> ServerFrame {
        ServerFrame {
            message_type: 2,
            stream_token: Some("m".to_owned()),
            content: text.to_owned(),
            offset: Some(offset),
            ..ServerFrame::default()
        }
    }

    #[test]
    fn pieces_are_put_together_and_repeated_ones_are_known() {
        let mut turn = Turn::default();

        for frame in [
            piece(0, "Olá"),
            piece(4, ", wor"),
            piece(0, "Ol"),
            piece(4, ", world"),
            piece(2, "á, world!"),
        ] {
            turn.add(frame).unwrap();
        }
        turn.add(ServerFrame {
            is_complete: true,
            ..piece(12, "")
        })
        .unwrap();

        assert_eq!(turn.texts(), ["Olá, world!"]);
        assert!(turn.said[0].is_complete);
    }

    #[test]
    fn a_hole_or_a_change_is_an_error() {
        for (offset, text) in [(3, "x"), (0, "B"), (0, "BA")] {
            let mut turn = Turn::default();
            turn.add(piece(0, "A")).unwrap();

            assert!(turn.add(piece(offset, text)).is_err(), "{offset} {text:?}");
        }
    }
}
