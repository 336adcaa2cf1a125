//! What people entered in forms of web pages, kept in a table of the bot.

use botlib::{Clock as _, SystemClock, Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Turn},
};

use super::{
    Data, arguments,
    change::{Act, Fields},
    find,
    source::Source,
};
use crate::{filter::Filter, tables::Wanted};

/// The table.
const TABLE: &str = "form_submissions";

impl Data {
    pub(super) async fn submit(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let (form, fields) = (args.text("form")?, args.take("fields"));
        if !matches!(fields, Value::Map(_)) {
            let message = format!("the fields of a form are an object, not {}", fields.type_name());
            return Err(Fault::new(FaultKind::Argument, message));
        }
        let entries = [
            ("id", Value::text(turn.idempotency_key())),
            ("form", Value::text(form.trim())),
            ("fields", fields),
            ("at", Value::DateTime(SystemClock.now().fixed_offset())),
        ];
        let row: Map = entries
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let act = Act::Save(Fields::Rows(vec![row]), None);
        self.to_table(turn, Source::Table(TABLE.to_owned()), act).await
    }

    pub(super) async fn submissions(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let form = Value::text(args.text("form")?.trim());
        let wanted = Wanted {
            newest: true,
            limit: arguments::limit(&mut args)?,
            ..Wanted::of(Filter::equals("form", &form))
        };
        let rows = self.rows(turn, Source::Table(TABLE.to_owned()), wanted).await?;
        Ok(find::list(rows))
    }
}
