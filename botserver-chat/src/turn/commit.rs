//! Commits what a turn did, then tells everyone.

use botlib::TurnId;
use botstate::{db::Connection, dialog::FaultKind, recording::Taped};
use chrono::SubsecRound as _;

use super::Turn;
use crate::{
    engine::News,
    error::Error,
    frame::Address,
    model::{Body, Event},
    phrases::Phrase,
    room::{Delivery, Rendered},
    store::{
        conversations::{self, Advance},
        events::{self, Entry},
    },
};

impl Turn {
    /// Commits events, state and changes in one transaction and hands the events out. `open` is the turn while it
    /// goes on, nothing at its end; `activities` is the stack as text.
    pub(super) async fn commit(&mut self, open: Option<TurnId>, activities: String) -> Result<(), Error> {
        // As exact as the database keeps it, so that what is told now and what is read later are the same.
        let now = self.engine.clock.now().trunc_subsecs(6);
        let from_seq = self.conversation.last_seq;
        self.keep_tape();
        // The key goes with the first entry of the turn that is more than a recording.
        let is_tape = |body: &Body| matches!(body, Body::Taped { .. });
        let is_first = self.events.iter().all(|event| is_tape(&event.body));
        let mut key = self.inbound.key.clone().filter(|_| is_first);
        let mut seq = from_seq;
        let fresh: Vec<Event> = std::mem::take(&mut self.fresh)
            .into_iter()
            .map(|body| {
                seq += 1;
                Event {
                    seq,
                    turn: self.id,
                    key: if is_tape(&body) { None } else { key.take() },
                    at: now,
                    body,
                }
            })
            .collect();
        if self.inbound.client.is_passing() {
            return self.pass(fresh).await;
        }
        let step = Advance {
            id: self.conversation.id,
            from_seq,
            to_seq: seq,
            session: serde_json::to_string(&self.conversation.session)?,
            activities,
            open_turn: open,
            now,
        };
        let entries = fresh.iter().map(Entry::of).collect::<Result<Vec<_>, _>>()?;
        let changes = std::mem::take(&mut self.changes);
        let new = (!self.conversation.is_stored).then(|| {
            let mut row = self.conversation.clone();
            row.activities.clear();
            row
        });
        let org = self.conversation.org;
        let work = move |conn: &mut Connection| -> Result<(), Error> {
            match &new {
                Some(row) => conversations::create(conn, org, row, &step)?,
                None if !conversations::advance(conn, org, &step)? => return Err(Error::Elsewhere),
                None => {}
            }
            events::append(conn, step.id, &entries)?;
            for change in changes {
                change(conn)?;
            }
            Ok(())
        };
        self.engine.db.write(work).await?;
        self.conversation.is_stored = true;
        self.conversation.last_seq = seq;
        self.conversation.open_turn = open;
        if let Some(follow) = &self.inbound.client.follow {
            follow.events(&fresh);
        }
        self.publish(&fresh, from_seq);
        if !fresh.is_empty() {
            self.engine.tell_neighbours(self.conversation.id, News::Advanced).await;
        }
        self.events.extend(fresh);
        Ok(())
    }

    /// What the turn did where nothing of the conversation is kept: the keywords' own changes.
    async fn pass(&mut self, fresh: Vec<Event>) -> Result<(), Error> {
        let changes = std::mem::take(&mut self.changes);
        if !changes.is_empty() {
            let work = move |conn: &mut Connection| -> Result<(), Error> {
                for change in changes {
                    change(conn)?;
                }
                Ok(())
            };
            self.engine.db.write(work).await?;
        }
        if let Some(last) = fresh.last() {
            self.conversation.last_seq = last.seq;
        }
        if let Some(follow) = &self.inbound.client.follow {
            follow.events(&fresh);
        }
        self.events.extend(fresh);
        Ok(())
    }

    /// The stack as text. A dialog that has grown beyond what may be kept ends here.
    pub(super) fn activities(&mut self) -> Result<String, Error> {
        if self.stack.is_empty() {
            self.stored = Some(Vec::new());
            return Ok("[]".to_owned());
        }
        match self
            .stack
            .iter()
            .map(super::Frame::store)
            .collect::<Result<Vec<_>, _>>()
        {
            Ok(activities) => {
                let text = serde_json::to_string(&activities)?;
                self.stored = Some(activities);
                Ok(text)
            }
            Err(fault) => {
                debug_assert_eq!(fault.kind, FaultKind::Limit);
                self.stack.clear();
                self.tape.add(|| Taped::Dropped { all: true });
                self.stored = Some(Vec::new());
                self.report(fault, Phrase::DialogFailed);
                Ok("[]".to_owned())
            }
        }
    }

    /// Hands events out that follow `after` in the log. What a commit brought whose answer was lost is missing
    /// there, which listeners notice by this number.
    fn publish(&self, fresh: &[Event], mut after: i64) {
        if !self.room.has_listeners() {
            return;
        }
        let address = Address::of(&self.conversation);
        for (event, frame) in address.render(fresh) {
            if let Some(frame) = frame {
                self.room.publish(Rendered { after, ..frame });
            } else {
                self.room.deliver(&Delivery::Hidden { after, seq: event.seq });
            }
            after = event.seq;
        }
    }
}
