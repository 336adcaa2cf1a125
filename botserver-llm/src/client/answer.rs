//! An answer that is under way.

use std::{sync::Arc, time::Duration};

use botstate::model::{Answerer, Delta, Deltas, ModelError};
use futures::{StreamExt, stream};
use reqwest::{Response, header::CONTENT_TYPE};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    Progress, Protocol,
    assembly::{Assembly, Trouble},
    events::{Broken, Event, Events, Framing},
    names::Names,
    refusal::Failure,
};
use crate::{breaker::Ticket, meter::Meter, spend::Spend};

/// How long the cost of an answer is waited for once the model said that it ended.
const COST: Duration = Duration::from_secs(2);

/// How long the end of a body is waited for, so that its connection can be used again.
const END_OF_BODY: Duration = Duration::from_millis(20);

/// The largest answer of a provider that does not stream.
const LARGEST: usize = 8 << 20;

/// A response that is being read.
pub(super) struct Live {
    protocol: Arc<dyn Protocol>,
    events: Option<Events>,
    assembly: Assembly,
    shown: Arc<str>,
}

impl Live {
    /// Begins to read a response whose status is a success.
    pub(super) async fn open(
        protocol: Arc<dyn Protocol>,
        response: Response,
        shown: Arc<str>,
        names: Names,
    ) -> Result<Self, Failure> {
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let mut live = Self {
            protocol,
            events: None,
            assembly: Assembly::new(names),
            shown,
        };
        match kind.as_str() {
            "" | "text/event-stream" | "application/octet-stream" | "text/plain" => {
                live.events = Some(Events::new(Framing::Lines, response.bytes_stream()));
            }
            "application/vnd.amazon.eventstream" => {
                live.events = Some(Events::new(Framing::Frames, response.bytes_stream()));
            }
            "application/json" => live.read_whole(response).await?,
            other => {
                let reason = format!("an event stream was expected and {other} came: check llm-url");
                return Err(Failure::garbled(&live.shown, &reason));
            }
        }
        Ok(live)
    }

    /// Whether anything of the answer is there.
    pub(super) fn has_started(&self) -> bool {
        self.assembly.has_begun()
    }

    /// Reads one event more.
    pub(super) async fn read(&mut self) -> Result<(), Failure> {
        let Some(events) = &mut self.events else {
            self.assembly.close();
            return Ok(());
        };
        match events.next().await {
            Some(Ok(event)) => {
                if feed(&*self.protocol, event, &mut self.assembly, &self.shown)? == Progress::Whole {
                    let _end = timeout(END_OF_BODY, events.next()).await;
                    self.assembly.close();
                }
                Ok(())
            }
            // The answer is complete; a missing last line spoils nothing.
            _ if self.assembly.has_finished() => {
                self.assembly.close();
                Ok(())
            }
            None => Err(Failure::network(&self.shown, "the answer broke off")),
            Some(Err(Broken::Network(reason))) => {
                Err(Failure::network(&self.shown, format!("the answer broke off: {reason}")))
            }
            Some(Err(Broken::Garbled(reason))) => Err(Failure::garbled(&self.shown, reason)),
        }
    }

    async fn read_whole(&mut self, response: Response) -> Result<(), Failure> {
        let mut body = Vec::new();
        let mut pieces = response.bytes_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| Failure::network(&self.shown, crate::http::reason(&error)))?;
            body.extend_from_slice(&piece);
            if body.len() > LARGEST {
                return Err(Failure::garbled(&self.shown, "it is too long"));
            }
        }
        let text = str::from_utf8(&body).map_err(|_bytes| Failure::garbled(&self.shown, "it is not UTF-8"))?;
        let event = Event { name: "", data: text };
        feed(&*self.protocol, event, &mut self.assembly, &self.shown)?;
        self.assembly.close();
        Ok(())
    }
}

fn feed(
    protocol: &dyn Protocol,
    event: Event<'_>,
    assembly: &mut Assembly,
    shown: &Arc<str>,
) -> Result<Progress, Failure> {
    protocol.feed(event, assembly).map_err(|trouble| match trouble {
        Trouble::Garbled(reason) => Failure::garbled(shown, &reason),
        Trouble::Refused(status, reason) => Failure::refused(shown, status, &reason, None),
    })
}

/// The rest of an answer whose first piece has come.
pub(super) struct Answer {
    pub(super) live: Live,
    pub(super) ticket: Option<Ticket>,
    pub(super) meter: Meter,
    pub(super) cancel: CancellationToken,
    pub(super) idle: Duration,
    pub(super) by: Answerer,
    pub(super) spend: Spend,
}

impl Answer {
    /// The answer as the port gives it. After its end or an error nothing of it is left, the connection included.
    pub(super) fn into_deltas(self) -> Deltas {
        let pieces = stream::unfold(Some(Box::new(self)), async |answer| {
            let mut answer = answer?;
            let piece = answer.next().await;
            let goes_on = !matches!(piece, Err(_) | Ok(Delta::End { .. }));
            Some((piece, goes_on.then_some(answer)))
        });
        pieces.boxed()
    }

    async fn next(&mut self) -> Result<Delta, ModelError> {
        let piece = tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(ModelError::Cancelled),
            piece = read_piece(&mut self.live, self.idle) => piece,
        };
        let mut piece = piece;
        match &mut piece {
            Ok(Delta::End { usage, by, .. }) => {
                *by = Some(self.by.clone());
                self.meter.end(*usage);
                let usage = *usage;
                self.spend.settle(usage).await;
                if let Some(ticket) = self.ticket.take() {
                    ticket.succeed();
                }
            }
            Ok(_) => {}
            Err(error) => {
                self.meter.fail(error);
                if let Some(ticket) = self.ticket.take() {
                    ticket.fail(error);
                }
            }
        }
        piece
    }
}

async fn read_piece(live: &mut Live, idle: Duration) -> Result<Delta, ModelError> {
    loop {
        if let Some(piece) = live.assembly.pop() {
            return Ok(piece);
        }
        let finished = live.assembly.has_finished();
        let wait = if finished { COST.min(idle) } else { idle };
        match timeout(wait, live.read()).await {
            Ok(read) => read.map_err(|failure| failure.error)?,
            Err(_) if finished => live.assembly.close(),
            Err(_) => {
                let seconds = super::whole_seconds(idle);
                return Err(ModelError::Timeout {
                    url: live.shown.to_string(),
                    seconds,
                });
            }
        }
    }
}
