//! What goes on record: an act is noted in the transaction of what it tells of, so that there is neither one without the
//! other. The compliance domain seals acts into the audit log.

use std::fmt;

use botlib::{Caller, OrgId, PersonId, RequestId, Subject};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    db::{Connection, DbTime, DbUuid, audit_acts},
    on_each,
};

/// How an act ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It happened.
    Done,
    /// The actor may not do it.
    Refused,
    /// It was tried in vain.
    Failed,
}

impl Outcome {
    /// The name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Something that somebody did or tried.
///
/// Who acted and on what is written as `kind:id`, never as a name or an address: what tells about a person goes into the
/// detail, which can be blotted out later without breaking the log. A secret goes nowhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    org: OrgId,
    actor: String,
    action: &'static str,
    object: String,
    outcome: Outcome,
    request: Option<RequestId>,
    detail: Map<String, Value>,
}

impl Act {
    /// `caller` does `action`, a name such as `people.create`.
    pub fn of(caller: &Caller, action: &'static str) -> Self {
        let actor = match caller.subject {
            Subject::Nobody => "nobody".to_owned(),
            Subject::Visitor(id) => format!("visitor:{id}"),
            Subject::Person(id) => format!("person:{id}"),
            Subject::Bot(id) => format!("bot:{id}"),
            Subject::System => "system".to_owned(),
        };
        Self {
            request: Some(caller.request),
            ..Self::new(caller.org, actor, action)
        }
    }

    /// Whoever may use the server's command line does `action`.
    pub fn of_operator(org: OrgId, action: &'static str) -> Self {
        Self::new(org, "command-line".to_owned(), action)
    }

    fn new(org: OrgId, actor: String, action: &'static str) -> Self {
        Self {
            org,
            actor,
            action,
            object: String::new(),
            outcome: Outcome::Done,
            request: None,
            detail: Map::new(),
        }
    }

    /// Who did it, where the caller has only just been proved to be `person`.
    #[must_use]
    pub fn by(mut self, person: PersonId) -> Self {
        self.actor = format!("person:{person}");
        self
    }

    /// The organisation on whose record it goes, where it is another than the caller's.
    #[must_use]
    pub fn in_org(mut self, org: OrgId) -> Self {
        self.org = org;
        self
    }

    /// What it is done to, such as `person` and an id.
    #[must_use]
    pub fn on(mut self, kind: &str, id: impl fmt::Display) -> Self {
        self.object = format!("{kind}:{id}");
        self
    }

    /// How it ended, when not well.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// More about it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }

    /// Puts it on record with the transaction of `conn`, as of `at`.
    ///
    /// # Errors
    /// When the database refuses; then the transaction must not commit.
    pub fn record(&self, conn: &mut Connection, at: DateTime<Utc>) -> QueryResult<()> {
        let request = self.request.map(|request| request.to_string()).unwrap_or_default();
        let detail = Value::Object(self.detail.clone()).to_string();
        on_each!(conn, |conn| diesel::insert_into(audit_acts::table)
            .values((
                audit_acts::id.eq(DbUuid(Uuid::now_v7())),
                audit_acts::org_id.eq(DbUuid::from(self.org)),
                audit_acts::at.eq(DbTime(at)),
                audit_acts::actor.eq(&self.actor),
                audit_acts::action.eq(self.action),
                audit_acts::object.eq(&self.object),
                audit_acts::outcome.eq(self.outcome.name()),
                audit_acts::request.eq(&request),
                audit_acts::detail.eq(&detail),
            ))
            .execute(conn))?;
        Ok(())
    }
}
