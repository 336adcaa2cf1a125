//! Why a socket ends, and the code that says so (RFC 6455 section 7.4, and the IANA registry).

use std::{error::Error, time::Duration};

use axum::extract::ws::{CloseFrame, Message};
use futures::{Sink, SinkExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

/// The longest that a peer may take for the last frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// A close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The peer broke the protocol.
    Protocol,
    /// The peer sent a kind of data that is not taken here.
    Unsupported,
    /// The peer sent text that is not UTF-8.
    InvalidText,
    /// The peer did what it may not do.
    Policy,
    /// The peer sent a message that is too big.
    TooBig,
    /// The server restarts; the peer should come back.
    Restart,
    /// The server cannot go on now; the peer should come back.
    TryAgain,
}

impl Code {
    /// The number on the wire.
    pub const fn number(self) -> u16 {
        match self {
            Self::Protocol => 1002,
            Self::Unsupported => 1003,
            Self::InvalidText => 1007,
            Self::Policy => 1008,
            Self::TooBig => 1009,
            Self::Restart => 1012,
            Self::TryAgain => 1013,
        }
    }
}

/// Why a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The peer left or is out of reach.
    Gone,
    /// The server ends it, with a reason of at most 123 bytes.
    Because(Code, &'static str),
}

impl Why {
    /// The server ends it because of `reason`.
    pub const fn because(code: Code, reason: &'static str) -> Self {
        Self::Because(code, reason)
    }

    /// What an error of the socket means.
    pub fn of(error: axum::Error) -> Self {
        let error: Box<dyn Error + Send + Sync> = error.into_inner();
        match error.downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Capacity(_)) => Self::Because(Code::TooBig, "the message is too big"),
            Some(tungstenite::Error::Utf8(_)) => Self::Because(Code::InvalidText, "text must be UTF-8"),
            Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Self::Gone,
            Some(tungstenite::Error::Protocol(_)) => Self::Because(Code::Protocol, "the protocol was broken"),
            _ => Self::Gone,
        }
    }
}

/// What a socket gave: a message that is no farewell.
///
/// # Errors
/// When the socket ends, with the reason for [`close`].
pub fn read(received: Option<Result<Message, axum::Error>>) -> Result<Message, Why> {
    match received {
        Some(Ok(Message::Close(_))) | None => Err(Why::Gone),
        Some(Ok(message)) => Ok(message),
        Some(Err(error)) => Err(Why::of(error)),
    }
}

/// Says why the socket ends, or answers the farewell of a peer that left, and lets go of it.
pub async fn close<S>(sink: &mut S, why: Why)
where
    S: Sink<Message> + Unpin,
{
    let closing = async {
        if let Why::Because(code, reason) = why {
            let frame = CloseFrame {
                code: code.number(),
                reason: reason.into(),
            };
            sink.send(Message::Close(Some(frame))).await?;
        }
        sink.close().await
    };
    // A peer that does not take it has gone.
    let _ = timeout(CLOSE_WITHIN, closing).await;
}
