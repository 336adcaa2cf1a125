//! Statements with bound texts, for both databases.
//!
//! Every value is bound as text and cast where it is used; every name comes from the catalogue and is quoted.

use botstate::{db::Connection, on_each};
use diesel::{
    QueryResult, RunQueryDsl,
    connection::SimpleConnection as _,
    sql_types::{BigInt, Nullable, Text},
};

use super::model::{Column, Kind, Table};

/// A bound value.
pub(super) type Bind = Option<String>;

/// Where the tables of a bot lie and how its database speaks.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The quoted schema with a point behind it; nothing for a file.
    pub(super) prefix: String,
    /// Whether it is PostgreSQL.
    pub(super) postgres: bool,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Nullable<Text>)]
    data: Option<String>,
}

/// Runs a query that gives `number` and `data`.
pub(super) fn rows(conn: &mut Connection, sql: &str, binds: &[Bind]) -> QueryResult<Vec<(i64, Option<String>)>> {
    let rows: Vec<Row> = on_each!(conn, |conn| {
        let mut query = diesel::sql_query(sql).into_boxed();
        for bind in binds {
            query = query.bind::<Nullable<Text>, _>(bind.clone());
        }
        query.load(conn)
    })?;
    Ok(rows.into_iter().map(|row| (row.number, row.data)).collect())
}

/// Runs a statement and gives the number of rows that it touched.
pub(super) fn execute(conn: &mut Connection, sql: &str, binds: &[Bind]) -> QueryResult<usize> {
    on_each!(conn, |conn| {
        let mut query = diesel::sql_query(sql).into_boxed();
        for bind in binds {
            query = query.bind::<Nullable<Text>, _>(bind.clone());
        }
        query.execute(conn)
    })
}

/// Runs statements that give nothing back.
pub(super) fn batch(conn: &mut Connection, sql: &str) -> QueryResult<()> {
    on_each!(conn, |conn| conn.batch_execute(sql))
}

/// Runs `work` so that its failure leaves the transaction as it was.
pub(super) fn attempt<T>(conn: &mut Connection, work: impl Fn(&mut Connection) -> QueryResult<T>) -> QueryResult<T> {
    batch(conn, "SAVEPOINT attempt")?;
    let result = work(conn);
    let end = if result.is_ok() {
        "RELEASE SAVEPOINT attempt"
    } else {
        "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt"
    };
    batch(conn, end)?;
    result
}

/// A name in quotes. Names of tables and columns are kept in small letters, so that letter case never matters.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.to_lowercase().replace('"', "\"\""))
}

impl Place {
    /// The quoted name of a table.
    pub(super) fn table(&self, name: &str) -> String {
        format!("{}{}", self.prefix, quoted(name))
    }

    /// The type of a column.
    pub(super) fn column_type(&self, kind: Kind) -> &'static str {
        match (kind, self.postgres) {
            (Kind::Int | Kind::Bool, false) => "INTEGER",
            (Kind::Int, true) => "BIGINT",
            (Kind::Decimal, true) => "NUMERIC",
            (Kind::Bool, true) => "BOOLEAN",
            (Kind::Date, true) => "DATE",
            (Kind::DateTime, true) => "TIMESTAMPTZ",
            (Kind::Json, true) => "JSON",
            _ => "TEXT",
        }
    }

    /// The placeholder of the bind with that number, as a value of `kind`.
    pub(super) fn bound(&self, number: usize, kind: Kind) -> String {
        match (self.postgres, self.column_type(kind)) {
            (_, "TEXT") => format!("${number}"),
            (true, cast) => format!("${number}::{}", cast.to_lowercase()),
            (false, cast) => format!("CAST(${number} AS {cast})"),
        }
    }

    /// The columns of a table as one JSON text, each as text.
    pub(super) fn columns(&self, table: &Table) -> String {
        let columns = table.columns.iter().map(|column| self.as_text(column));
        let columns = columns.collect::<Vec<_>>().join(", ");
        if self.postgres {
            format!("array_to_json(ARRAY[{columns}]::text[])::text")
        } else {
            format!("json_array({columns})")
        }
    }

    fn as_text(&self, column: &Column) -> String {
        let name = quoted(&column.name);
        match (self.postgres, column.kind) {
            (true, Kind::DateTime) => {
                format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
            }
            (true, _) => format!("{name}::text"),
            (false, _) => format!("CAST({name} AS TEXT)"),
        }
    }
}
