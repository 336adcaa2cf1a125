//! Tables that scripts declare with `TABLE … END TABLE`, as plain data: what the bot's own database is made from.

use serde::{Deserialize, Serialize};

/// All tables, indexes and views that the scripts of a package declare.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// Tables, those that others refer to not necessarily first.
    pub tables: Vec<TableDef>,
    /// `CREATE INDEX` statements.
    pub indexes: Vec<IndexDef>,
    /// `CREATE VIEW` statements.
    pub views: Vec<ViewDef>,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableDef {
    /// The name as it is written, without quotes.
    pub name: String,
    /// The connection after ON, such as `maria`; none for the bot's own database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Roles that may read rows; none means everyone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_roles: Vec<String>,
    /// Roles that may write rows; none means everyone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write_roles: Vec<String>,
    /// The columns in their order.
    pub fields: Vec<FieldDef>,
    /// Constraints over several columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// Where it is declared, as `file:line`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
}

/// A column.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of its own in the definition, and any of them may stand together"
)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FieldDef {
    /// The name as it is written, without quotes and `*`.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// `(n)` or the first number of `(n, p)`: letters of a text, digits of a number; none for `string(max)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// The second number of `(n, p)`: digits after the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<u32>,
    /// Whether it is a list of such values, `TEXT[]`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub list: bool,
    /// `key` or `PRIMARY KEY`; several make one key together.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub key: bool,
    /// `*` behind the name: part of what MERGE finds rows by.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_key: bool,
    /// `SERIAL`, `AUTO_INCREMENT`, `IDENTITY`: the database counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
    /// `NOT NULL`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_null: bool,
    /// `UNIQUE`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// The SQL expression after DEFAULT; a text in double quotes was turned into one in single quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The SQL condition inside `CHECK (…)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The SQL expression inside `GENERATED ALWAYS AS (…) STORED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<String>,
    /// `REFERENCES table(column)`, or a type that is the name of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<Reference>,
    /// Roles that may read the column; none means everyone who may read the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_roles: Vec<String>,
    /// Roles that may write the column; none means everyone who may write the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write_roles: Vec<String>,
}

/// Types of columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// `string`, `varchar`, `char`: text of at most `length` letters, 255 when nothing is said.
    #[default]
    String,
    /// `text`, `string(max)`, `clob`: text of any length.
    Text,
    /// `integer`, `int`, `number`, `smallint`, `serial`.
    Integer,
    /// `bigint`, `number(n)`, `bigserial`.
    BigInteger,
    /// `decimal(p, s)`, `numeric`, `money`, `number(n, p)`, `double(n, p)`.
    Decimal,
    /// `double`, `float`, `real`.
    Double,
    /// `boolean`, `bool`, `bit`.
    Boolean,
    /// `date`.
    Date,
    /// `time`.
    Time,
    /// `datetime`, `timestamp`, `timestamptz`.
    DateTime,
    /// `guid`, `uuid`.
    Uuid,
    /// `json`, `jsonb`, `object`, `array`.
    Json,
    /// `binary`, `blob`, `bytea`.
    Binary,
    /// Any other word as it is written: the name of a table, whose key the column then holds, or nothing known.
    Other(String),
}

/// What a column points at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The table.
    pub table: String,
    /// The column; the key of the table when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What happens to this row when the other one is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_delete: Option<Action>,
    /// What happens to this row when the key of the other one changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_update: Option<Action>,
}

/// What happens to rows that point at one that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// They go as well.
    Cascade,
    /// They point at nothing.
    SetNull,
    /// They point at their default.
    SetDefault,
    /// The other one cannot go.
    Restrict,
    /// The database refuses at the end of the statement.
    NoAction,
}

/// A constraint over several columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// `PRIMARY KEY (a, b)`.
    Key(Vec<String>),
    /// `UNIQUE (a, b)`.
    Unique(Vec<String>),
    /// `CHECK (condition)`.
    Check(String),
    /// `FOREIGN KEY (a) REFERENCES table(b)`.
    References {
        /// The columns of this table.
        columns: Vec<String>,
        /// The other table with its first column and its actions.
        target: Reference,
        /// All columns of the other table; none for its key.
        foreign: Vec<String>,
    },
}

/// `CREATE [UNIQUE] INDEX name ON table (columns)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDef {
    /// The name; made from table and columns when nothing is said.
    pub name: String,
    /// The table.
    pub table: String,
    /// Columns or SQL expressions, with ASC or DESC as written.
    pub columns: Vec<String>,
    /// `UNIQUE`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// The method after USING.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The SQL condition after WHERE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Where it is declared, as `file:line`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
}

/// `CREATE VIEW name AS SELECT …`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewDef {
    /// The name.
    pub name: String,
    /// The SQL query after AS.
    pub query: String,
    /// Where it is declared, as `file:line`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
}

impl TableDef {
    /// The field called `name`, in any letter case.
    pub fn field(&self, name: &str) -> Option<&FieldDef> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

impl Schema {
    /// The table called `name`, in any letter case.
    pub fn table(&self, name: &str) -> Option<&TableDef> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// Adds what another script declares. Of two tables with the same name the first one counts.
    pub fn add(&mut self, other: Self) {
        for table in other.tables {
            if self.table(&table.name).is_none() {
                self.tables.push(table);
            }
        }
        self.indexes.extend(other.indexes);
        self.views.extend(other.views);
    }

    /// Turns types that are names of tables into references to their keys, with the type of the key.
    pub fn resolve(&mut self) {
        let known: Vec<(String, Option<FieldDef>)> = self
            .tables
            .iter()
            .map(|table| (table.name.clone(), table.fields.iter().find(|field| field.key).cloned()))
            .collect();
        for field in self.tables.iter_mut().flat_map(|table| &mut table.fields) {
            let FieldType::Other(word) = &field.kind else { continue };
            let Some((table, key)) = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) else {
                continue;
            };
            let (column, kind, length) = match key {
                Some(key) if !matches!(key.kind, FieldType::Other(_)) => {
                    (Some(key.name.clone()), key.kind.clone(), key.length)
                }
                _ => (None, FieldType::Integer, None),
            };
            field.references.get_or_insert_with(|| Reference {
                table: table.clone(),
                column,
                on_delete: None,
                on_update: None,
            });
            field.kind = kind;
            field.length = length;
        }
    }
}
