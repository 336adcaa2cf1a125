//! Columns that look the same in both databases: ids as text, times as microseconds, JSON as text.
//!
//! Text ids keep dumps, logs and ad hoc queries readable in either database's own tools.

use botlib::Value;
use chrono::{DateTime, Utc};
use diesel::{
    backend::Backend,
    deserialize::FromSqlRow,
    deserialize::{self, FromSql},
    expression::AsExpression,
    pg::Pg,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, Text},
    sqlite::Sqlite,
};
use std::io::Write;
use uuid::Uuid;

/// An id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct DbUuid(pub Uuid);

/// A moment, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct DbTime(pub DateTime<Utc>);

/// A JSON document.
#[derive(Debug, Clone, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct DbJson(pub serde_json::Value);

macro_rules! ids {
    ($($name:ident),*) => {$(
        impl From<botlib::$name> for DbUuid {
            fn from(id: botlib::$name) -> Self {
                Self(*id.as_uuid())
            }
        }

        impl From<DbUuid> for botlib::$name {
            fn from(id: DbUuid) -> Self {
                Self::from_uuid(id.0)
            }
        }
    )*};
}

ids!(
    BotId,
    ConversationId,
    GrantId,
    GroupId,
    InvitationId,
    OrgId,
    PersonId,
    SessionId,
    TurnId,
    VisitorId
);

impl From<DateTime<Utc>> for DbTime {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment)
    }
}

impl From<DbTime> for DateTime<Utc> {
    fn from(moment: DbTime) -> Self {
        moment.0
    }
}

impl DbJson {
    /// The stored form of a dialog's value, in which every type survives.
    ///
    /// # Errors
    /// Never for values of dialogs; the signature follows the serialiser's.
    pub fn of_value(value: &Value) -> serde_json::Result<Self> {
        serde_json::to_value(value).map(Self)
    }
}

macro_rules! as_text {
    ($type:ty, |$me:ident| $write:expr, |$text:ident| $read:expr) => {
        impl ToSql<Text, Sqlite> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                let $me = self;
                out.set_value($write);
                Ok(IsNull::No)
            }
        }

        impl ToSql<Text, Pg> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                let $me = self;
                out.write_all($write.as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl<DB: Backend> FromSql<Text, DB> for $type
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let $text = String::from_sql(bytes)?;
                $read
            }
        }
    };
}

as_text!(DbUuid, |me| me.0.hyphenated().to_string(), |text| Ok(Self(
    Uuid::try_parse(&text)?
)));
as_text!(DbJson, |me| me.0.to_string(), |text| Ok(Self(serde_json::from_str(
    &text
)?)));

impl ToSql<BigInt, Sqlite> for DbTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.timestamp_micros());
        Ok(IsNull::No)
    }
}

impl ToSql<BigInt, Pg> for DbTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&self.0.timestamp_micros().to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl<DB: Backend> FromSql<BigInt, DB> for DbTime
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let micros = i64::from_sql(bytes)?;
        DateTime::from_timestamp_micros(micros)
            .map(Self)
            .ok_or_else(|| "a time out of range".into())
    }
}
