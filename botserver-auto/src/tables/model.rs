//! What is known of a bot's tables: columns, keys, constraints, and who may read and write.

use botstate::dialog::{Fault, FaultKind};
use serde::{Deserialize, Serialize};

use crate::basic::{Action, Constraint, FieldDef, FieldType, TableDef};

/// Bytes that a name may have; PostgreSQL cuts names that are longer than 63.
const LONGEST_NAME: usize = 50;

/// Columns that a table may have.
pub(super) const MOST_COLUMNS: usize = 120;

/// A table as the catalogue of its bot keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Table {
    /// The name as it was first written.
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// Columns of the primary key.
    #[serde(default)]
    pub(crate) key: Vec<String>,
    /// What MERGE finds rows by when it does not say so itself.
    #[serde(default)]
    pub(crate) match_key: Vec<String>,
    #[serde(default)]
    pub(crate) uniques: Vec<Vec<String>>,
    /// SQL conditions that rows must fulfil.
    #[serde(default)]
    pub(crate) checks: Vec<String>,
    #[serde(default)]
    pub(crate) links: Vec<Link>,
    #[serde(default)]
    pub(crate) read_roles: Vec<String>,
    #[serde(default)]
    pub(crate) write_roles: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Letters that a text may have.
    #[serde(default)]
    pub(crate) length: Option<u32>,
    /// Digits after the point of a number.
    #[serde(default)]
    pub(crate) scale: Option<u32>,
    #[serde(default)]
    pub(crate) not_null: bool,
    /// Whether a row without a value gets a number or an id of its own.
    #[serde(default)]
    pub(crate) counted: bool,
    #[serde(default)]
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) generated: Option<String>,
    #[serde(default)]
    pub(crate) read_roles: Vec<String>,
    #[serde(default)]
    pub(crate) write_roles: Vec<String>,
}

/// How the values of a column are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Text,
    Uuid,
    Int,
    Decimal,
    Bool,
    Date,
    DateTime,
    /// A list or an object.
    Json,
    /// Whatever a script saves: columns that nobody declared.
    Any,
}

impl Kind {
    /// What a column of that kind holds, for readers.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Text | Self::Uuid => "text",
            Self::Int => "integer",
            Self::Decimal => "number",
            Self::Bool => "boolean",
            Self::Date => "date",
            Self::DateTime => "date and time",
            Self::Json => "list or object",
            Self::Any => "anything",
        }
    }
}

/// Columns that hold the key of another table's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) columns: Vec<String>,
    pub(crate) table: String,
    /// Columns of the other table; its key when there are none.
    #[serde(default)]
    pub(crate) foreign: Vec<String>,
    #[serde(default)]
    pub(crate) on_delete: Option<Action>,
    #[serde(default)]
    pub(crate) on_update: Option<Action>,
}

impl Table {
    /// A table that a script makes by saving into it.
    pub(super) fn open(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            columns: vec![Column {
                counted: true,
                ..Column::any("id")
            }],
            ..Self::default()
        }
    }

    /// The table that a script declares.
    pub(super) fn declared(def: &TableDef) -> Self {
        let mut table = Self {
            name: def.name.clone(),
            columns: def.fields.iter().map(Column::declared).collect(),
            key: names(def, |field| field.key),
            match_key: names(def, |field| field.match_key),
            read_roles: def.read_roles.clone(),
            write_roles: def.write_roles.clone(),
            ..Self::default()
        };
        for field in &def.fields {
            if field.unique {
                table.uniques.push(vec![field.name.clone()]);
            }
            table.checks.extend(field.check.clone());
            if let Some(target) = &field.references {
                table.links.push(Link {
                    columns: vec![field.name.clone()],
                    table: target.table.clone(),
                    foreign: target.column.iter().cloned().collect(),
                    on_delete: target.on_delete,
                    on_update: target.on_update,
                });
            }
        }
        for constraint in &def.constraints {
            match constraint {
                Constraint::Key(columns) => table.key.clone_from(columns),
                Constraint::Unique(columns) => table.uniques.push(columns.clone()),
                Constraint::Check(condition) => table.checks.push(condition.clone()),
                Constraint::References {
                    columns,
                    target,
                    foreign,
                } => table.links.push(Link {
                    columns: columns.clone(),
                    table: target.table.clone(),
                    foreign: foreign.clone(),
                    on_delete: target.on_delete,
                    on_update: target.on_update,
                }),
            }
        }
        if let [key] = table.key.as_slice() {
            // A key of one column that is nothing else is filled by the server when a row comes without it.
            let key = key.to_lowercase();
            let links = table
                .links
                .iter()
                .any(|link| link.columns.iter().any(|name| name.to_lowercase() == key));
            if let Some(column) = table
                .columns
                .iter_mut()
                .find(|column| column.name.to_lowercase() == key)
            {
                column.counted |= !links && column.default.is_none() && matches!(column.kind, Kind::Int | Kind::Uuid);
            }
        }
        for column in &mut table.columns {
            let is_key = table.key.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
            column.not_null |= is_key;
        }
        table
    }

    /// The column called `name`, in any letter case.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        let name = name.to_lowercase();
        self.columns.iter().find(|column| column.name.to_lowercase() == name)
    }

    /// The columns by which a row is known: its key, else `id`.
    pub(crate) fn identity(&self) -> Vec<String> {
        if !self.key.is_empty() {
            return self.key.clone();
        }
        self.column("id")
            .map(|column| column.name.clone())
            .into_iter()
            .collect()
    }

    /// Every set of columns that no two rows may share.
    pub(super) fn unique_sets(&self) -> Vec<Vec<String>> {
        let mut sets: Vec<Vec<String>> = self.uniques.clone();
        if !self.key.is_empty() {
            sets.insert(0, self.key.clone());
        }
        sets
    }
}

impl Column {
    /// A column that takes whatever is saved.
    pub(super) fn any(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::Any,
            length: None,
            scale: None,
            not_null: false,
            counted: false,
            default: None,
            generated: None,
            read_roles: Vec::new(),
            write_roles: Vec::new(),
        }
    }

    fn declared(field: &FieldDef) -> Self {
        let kind = match &field.kind {
            _ if field.list => Kind::Json,
            FieldType::Integer | FieldType::BigInteger => Kind::Int,
            FieldType::Decimal | FieldType::Double => Kind::Decimal,
            FieldType::Boolean => Kind::Bool,
            FieldType::Date => Kind::Date,
            FieldType::DateTime => Kind::DateTime,
            FieldType::Uuid => Kind::Uuid,
            FieldType::Json => Kind::Json,
            FieldType::String | FieldType::Text | FieldType::Time | FieldType::Binary | FieldType::Other(_) => {
                Kind::Text
            }
        };
        let is_short = matches!(field.kind, FieldType::String | FieldType::Other(_));
        Self {
            name: field.name.clone(),
            kind,
            length: (kind == Kind::Text)
                .then(|| field.length.or(is_short.then_some(255)))
                .flatten(),
            scale: match field.kind {
                FieldType::Decimal if field.length.is_some() => field.precision.or(Some(0)),
                _ => field.precision,
            },
            not_null: field.not_null,
            counted: field.counted,
            default: field.default.clone(),
            generated: field.generated.clone(),
            read_roles: field.read_roles.clone(),
            write_roles: field.write_roles.clone(),
        }
    }
}

fn names(def: &TableDef, is: impl Fn(&FieldDef) -> bool) -> Vec<String> {
    def.fields
        .iter()
        .filter(|field| is(field))
        .map(|field| field.name.clone())
        .collect()
}

/// Refuses names that a table or column cannot have.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), Fault> {
    let starts_well = name.starts_with(|letter: char| letter.is_alphanumeric());
    let bad = |letter: char| letter.is_control() || matches!(letter, '"' | '\\' | '`' | '[' | ']');
    if name.is_empty() || name.len() > LONGEST_NAME || !starts_well || name.contains(bad) {
        let shown: String = name.chars().take(40).collect();
        let message = format!("{shown:?} cannot be the name of a {what}");
        return Err(Fault::new(FaultKind::Argument, message).hint(format!(
            "names begin with a letter and have at most {LONGEST_NAME} bytes, without quotes and brackets"
        )));
    }
    Ok(())
}
