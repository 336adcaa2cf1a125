//! TABLE blocks in native and SQL style, and the statements for indexes and views beside them.

mod pieces;

use pieces::{Piece, PieceKind, lines, sql};

use super::{Parser, Token};
use crate::basic::{
    table::{Action, Constraint, FieldDef, FieldType, IndexDef, Reference, TableDef, ViewDef},
    tree::{Name, StmtKind},
};

/// Words that begin a clause after a field's type.
const CLAUSES: [&str; 20] = [
    "KEY",
    "PRIMARY",
    "NOT",
    "NULL",
    "REQUIRED",
    "UNIQUE",
    "DEFAULT",
    "CHECK",
    "REFERENCES",
    "GENERATED",
    "READ",
    "WRITE",
    "AUTO_INCREMENT",
    "AUTOINCREMENT",
    "IDENTITY",
    "CONSTRAINT",
    "COLLATE",
    "COMMENT",
    "DESCRIPTION",
    "LABEL",
];

/// The pieces of a line that are not read yet.
struct Line<'a, 'b> {
    block: &'a str,
    pieces: &'b [Piece<'a>],
    at: usize,
}

impl<'a> Line<'a, '_> {
    fn peek(&self) -> Option<Piece<'a>> {
        self.pieces.get(self.at).copied()
    }

    fn next(&mut self) -> Option<Piece<'a>> {
        let piece = self.peek()?;
        self.at += 1;
        Some(piece)
    }

    fn is(&self, ahead: usize, word: &str) -> bool {
        self.pieces.get(self.at + ahead).is_some_and(|piece| piece.is(word))
    }

    fn take(&mut self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().all(|(ahead, word)| self.is(ahead, word));
        if found {
            self.at += words.len();
        }
        found
    }

    fn name(&mut self) -> Option<String> {
        let piece = self.peek()?;
        matches!(piece.kind, PieceKind::Word | PieceKind::Quoted).then(|| {
            self.at += 1;
            piece.plain()
        })
    }

    /// What is inside the brackets that begin here, as SQL.
    fn inside(&mut self) -> Option<(usize, usize)> {
        if !self.is(0, "(") {
            return None;
        }
        let start = self.at + 1;
        let mut depth = 0_usize;
        while let Some(piece) = self.next() {
            match piece.text {
                "(" => depth += 1,
                ")" if depth == 1 => return Some((start, self.at - 1)),
                ")" => depth -= 1,
                _ => {}
            }
        }
        Some((start, self.at))
    }

    fn sql_inside(&mut self) -> Option<String> {
        let (start, end) = self.inside()?;
        Some(sql(self.block, self.pieces.get(start..end).unwrap_or_default()))
    }

    /// The items between the commas inside the brackets that begin here.
    fn items(&mut self) -> Option<Vec<String>> {
        let (start, end) = self.inside()?;
        let inner = self.pieces.get(start..end).unwrap_or_default();
        let mut items = Vec::new();
        let (mut depth, mut from) = (0_usize, 0);
        for (index, piece) in inner.iter().enumerate() {
            match piece.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                "," if depth == 0 => {
                    items.push(item(self.block, inner.get(from..index).unwrap_or_default()));
                    from = index + 1;
                }
                _ => {}
            }
        }
        items.push(item(self.block, inner.get(from..).unwrap_or_default()));
        items.retain(|item| !item.is_empty());
        Some(items)
    }

    /// SQL up to the next clause.
    fn expression(&mut self) -> String {
        let start = self.at;
        while let Some(piece) = self.peek() {
            if self.at > start && CLAUSES.iter().any(|clause| piece.is(clause)) {
                break;
            }
            if self.inside().is_none() {
                self.at += 1;
            }
        }
        sql(self.block, self.pieces.get(start..self.at).unwrap_or_default())
    }

    /// `"admin;sales"` after READ BY or WRITE BY.
    fn roles(&mut self) -> Vec<String> {
        let Some(piece) = self.next() else { return Vec::new() };
        let text = piece.plain();
        text.split([';', ','])
            .map(|role| role.trim().to_owned())
            .filter(|role| !role.is_empty())
            .collect()
    }

    fn reference(&mut self) -> Option<Reference> {
        let table = self.name()?;
        let columns = self.items();
        let mut reference = Reference {
            table,
            column: columns.and_then(|columns| columns.into_iter().next()),
            on_delete: None,
            on_update: None,
        };
        loop {
            if self.take(&["ON", "DELETE"]) {
                reference.on_delete = self.action();
            } else if self.take(&["ON", "UPDATE"]) {
                reference.on_update = self.action();
            } else {
                return Some(reference);
            }
        }
    }

    fn action(&mut self) -> Option<Action> {
        const ACTIONS: [(&[&str], Action); 5] = [
            (&["CASCADE"], Action::Cascade),
            (&["SET", "NULL"], Action::SetNull),
            (&["SET", "DEFAULT"], Action::SetDefault),
            (&["RESTRICT"], Action::Restrict),
            (&["NO", "ACTION"], Action::NoAction),
        ];
        ACTIONS
            .iter()
            .find(|(words, _)| self.take(words))
            .map(|(_, action)| *action)
    }
}

/// A column's name without its quotes, or an expression.
fn item(block: &str, pieces: &[Piece<'_>]) -> String {
    match pieces {
        [only] => only.plain(),
        many => sql(block, many),
    }
}

impl Parser<'_> {
    /// A `TABLE … END TABLE` block.
    pub(super) fn table(&mut self, token: Token) -> StmtKind {
        let block = self.text_of(token);
        let lines = lines(block);
        let mut table = TableDef {
            place: self.declared(token),
            ..TableDef::default()
        };
        for (index, pieces) in lines.iter().enumerate() {
            let ended = pieces.iter().rposition(|piece| !matches!(piece.text, "," | ";"));
            let mut line = Line {
                block,
                pieces: pieces.get(..ended.map_or(0, |last| last + 1)).unwrap_or_default(),
                at: 0,
            };
            if index == 0 {
                self.table_header(&mut line, &mut table, token.start);
            } else if let Some(constraint) = constraint(&mut line) {
                table.constraints.push(constraint);
                self.rest_of_field(&line, token.start);
            } else {
                self.field(&mut line, &mut table, token.start);
            }
        }
        if table.fields.is_empty() {
            let warning = self.warning("B242", token.span(), format!("the table {} has no fields", table.name));
            self.warn(warning.help("write one field a line, such as `name string(80)`"));
        }
        StmtKind::Table(Box::new(table))
    }

    fn declared(&self, token: Token) -> String {
        format!("{}:{}", self.source.name(), self.source.line(token.start))
    }

    fn table_header(&mut self, line: &mut Line<'_, '_>, table: &mut TableDef, base: usize) {
        line.at = 1;
        table.name = line.name().unwrap_or_default();
        loop {
            if line.take(&["ON"]) {
                table.connection = line.name();
            } else if line.take(&["READ", "BY"]) {
                table.read_roles = line.roles();
            } else if line.take(&["WRITE", "BY"]) {
                table.write_roles = line.roles();
            } else {
                break;
            }
        }
        self.rest_of_field(line, base);
    }

    /// Says that what is left of a line means nothing.
    fn rest_of_field(&mut self, line: &Line<'_, '_>, base: usize) {
        let Some(first) = line.peek() else { return };
        let end = line.pieces.last().map_or(first.range(), Piece::range).end;
        let title = format!("`{}` is no part of a table's definition", first.text);
        let warning = self.warning("B240", base + first.start..base + end, title);
        self.warn(warning.label("left out").help(
            "a field is written `name type(length) key NOT NULL UNIQUE DEFAULT x CHECK (…) REFERENCES t(c) READ BY \"role\"`",
        ));
    }

    fn field(&mut self, line: &mut Line<'_, '_>, table: &mut TableDef, base: usize) {
        if line.is(0, "FIELD")
            && line.pieces.len() > 2
            && line.pieces.get(1).is_some_and(|piece| piece.kind != PieceKind::Sign)
        {
            line.at += 1;
        }
        let begin = line.peek();
        let Some(name) = line.name() else {
            self.rest_of_field(line, base);
            return;
        };
        if let (Some(before), Some(piece)) = (table.field(&name), begin) {
            let title = format!("the field {} is declared twice", before.name);
            let span = base + piece.start..base + piece.range().end;
            let warning = self.warning("B243", span, title);
            self.warn(warning.help("the first line counts: remove this one"));
            return;
        }
        let mut field = FieldDef {
            name,
            ..FieldDef::default()
        };
        field.match_key = line.take(&["*"]);
        line.take(&["AS"]);
        self.field_type(line, &mut field, base);
        clauses(line, &mut field);
        self.rest_of_field(line, base);
        table.fields.push(field);
    }

    fn field_type(&mut self, line: &mut Line<'_, '_>, field: &mut FieldDef, base: usize) {
        let clause = line
            .peek()
            .is_none_or(|piece| CLAUSES.iter().any(|clause| piece.is(clause)));
        if clause {
            return;
        }
        let Some(piece) = line.next() else { return };
        let word = piece.plain();
        let _ = line.take(&["PRECISION"]) || line.take(&["VARYING"]);
        let sizes = line.items().unwrap_or_default();
        let unbounded = sizes.first().is_some_and(|size| size.eq_ignore_ascii_case("max"));
        field.length = sizes.first().and_then(|size| size.parse().ok());
        field.precision = sizes.get(1).and_then(|size| size.parse().ok());
        let _ =
            line.take(&["WITH", "TIME", "ZONE"]) || line.take(&["WITHOUT", "TIME", "ZONE"]) || line.take(&["UNSIGNED"]);
        field.list = line.take(&["[]"]);
        let upper = word.to_ascii_uppercase();
        field.counted = upper.ends_with("SERIAL");
        field.kind = kind(&upper, sizes.len(), unbounded).unwrap_or_else(|| {
            self.types.push(Name {
                text: word.clone(),
                span: base + piece.start..base + piece.range().end,
            });
            FieldType::Other(word)
        });
    }

    /// A `CREATE INDEX` or `CREATE VIEW` statement.
    pub(super) fn sql_statement(&mut self, token: Token) -> StmtKind {
        let block = self.text_of(token);
        let pieces: Vec<Piece<'_>> = lines(block).into_iter().flatten().collect();
        let ended = pieces.iter().rposition(|piece| piece.text != ";");
        let mut line = Line {
            block,
            pieces: pieces.get(..ended.map_or(0, |last| last + 1)).unwrap_or_default(),
            at: 1,
        };
        let place = self.declared(token);
        let unique = line.take(&["UNIQUE"]);
        if line.take(&["INDEX"]) {
            let _ = line.take(&["CONCURRENTLY"]);
            let _ = line.take(&["IF", "NOT", "EXISTS"]);
            if let Some(index) = index(&mut line, unique, place) {
                self.rest_of_field(&line, token.start);
                return StmtKind::Index(Box::new(index));
            }
            let error = self.error("B107", token.span(), "this index cannot be read");
            self.diagnostics
                .push(error.help("write `CREATE INDEX name ON table(column, …)`"));
            return StmtKind::Broken;
        }
        let _ = line.take(&["OR", "REPLACE"]);
        let _ = line.take(&["MATERIALIZED"]);
        let _ = line.take(&["VIEW"]);
        let _ = line.take(&["IF", "NOT", "EXISTS"]);
        let name = line.name();
        let from = line.pieces.get(line.at + 1).map(|piece| piece.start);
        if let (Some(name), true, Some(from)) = (name, line.take(&["AS"]), from) {
            let query = block
                .get(from..)
                .unwrap_or_default()
                .trim()
                .trim_end_matches(';')
                .trim();
            let query = query.to_owned();
            return StmtKind::View(Box::new(ViewDef { name, query, place }));
        }
        let error = self.error("B107", token.span(), "this view cannot be read");
        self.diagnostics
            .push(error.help("write `CREATE VIEW name AS SELECT …`"));
        StmtKind::Broken
    }
}

fn clauses(line: &mut Line<'_, '_>, field: &mut FieldDef) {
    loop {
        if line.take(&["PRIMARY", "KEY"]) || line.take(&["KEY"]) || line.take(&["PRIMARY"]) {
            field.key = true;
        } else if line.take(&["NOT", "NULL"]) || line.take(&["REQUIRED"]) {
            field.not_null = true;
        } else if line.take(&["UNIQUE"]) {
            field.unique = true;
        } else if line.take(&["DEFAULT"]) {
            field.default = Some(line.expression()).filter(|text| !text.is_empty());
        } else if line.take(&["CHECK"]) {
            field.check = line.sql_inside();
        } else if line.take(&["REFERENCES"]) {
            field.references = line.reference();
        } else if line.take(&["GENERATED"]) {
            let _ = line.take(&["ALWAYS"]) || line.take(&["BY", "DEFAULT"]);
            let _ = line.take(&["AS"]);
            if line.take(&["IDENTITY"]) {
                field.counted = true;
                let _ = line.inside();
            } else {
                field.generated = line.sql_inside();
            }
            let _ = line.take(&["STORED"]) || line.take(&["VIRTUAL"]);
        } else if line.take(&["READ", "BY"]) {
            field.read_roles = line.roles();
        } else if line.take(&["WRITE", "BY"]) {
            field.write_roles = line.roles();
        } else if line.take(&["AUTO_INCREMENT"]) || line.take(&["AUTOINCREMENT"]) || line.take(&["IDENTITY"]) {
            field.counted = true;
            let _ = line.inside();
        } else if line.take(&["CONSTRAINT"])
            || line.take(&["COLLATE"])
            || line.take(&["COMMENT"])
            || line.take(&["DESCRIPTION"])
            || line.take(&["LABEL"])
        {
            // Names and words for people change nothing.
            line.at += 1;
        } else if !line.take(&["NULL"]) {
            return;
        }
    }
}

fn constraint(line: &mut Line<'_, '_>) -> Option<Constraint> {
    if line.is(0, "CONSTRAINT") && line.pieces.len() > 2 {
        line.at += 2;
    }
    let begin = line.at;
    if line.take(&["PRIMARY", "KEY", "("]) {
        line.at -= 1;
        return line.items().map(Constraint::Key);
    }
    if line.take(&["UNIQUE", "("]) {
        line.at -= 1;
        return line.items().map(Constraint::Unique);
    }
    if line.take(&["CHECK", "("]) {
        line.at -= 1;
        return line.sql_inside().map(Constraint::Check);
    }
    if line.take(&["FOREIGN", "KEY"]) {
        let columns = line.items().unwrap_or_default();
        line.take(&["REFERENCES"]);
        let table = line.at;
        line.at += 1;
        let foreign = line.items().unwrap_or_default();
        line.at = table;
        let target = line.reference()?;
        return Some(Constraint::References {
            columns,
            target,
            foreign,
        });
    }
    line.at = begin;
    None
}

fn index(line: &mut Line<'_, '_>, unique: bool, place: String) -> Option<IndexDef> {
    let name = if line.is(0, "ON") { None } else { line.name() };
    if !line.take(&["ON"]) {
        return None;
    }
    let table = line.name()?;
    let mut method = if line.take(&["USING"]) { line.name() } else { None };
    let columns = line.items()?;
    if line.take(&["USING"]) {
        method = line.name();
    }
    let condition = if line.take(&["WHERE"]) {
        let rest = line.pieces.get(line.at..).unwrap_or_default();
        line.at = line.pieces.len();
        Some(sql(line.block, rest))
    } else {
        None
    };
    Some(IndexDef {
        name: name.unwrap_or_else(|| format!("idx_{table}_{}", columns.join("_"))),
        table,
        columns,
        unique,
        method,
        condition,
        place,
    })
}

fn kind(word: &str, sizes: usize, unbounded: bool) -> Option<FieldType> {
    Some(match word {
        "STRING" | "VARCHAR" | "NVARCHAR" | "CHAR" | "CHARACTER" | "NCHAR" if unbounded => FieldType::Text,
        "STRING" | "VARCHAR" | "NVARCHAR" | "CHAR" | "CHARACTER" | "NCHAR" | "EMAIL" | "PHONE" | "URL" | "FILE" => {
            FieldType::String
        }
        "TEXT" | "CLOB" | "LONGTEXT" | "MEDIUMTEXT" | "NTEXT" => FieldType::Text,
        "NUMBER" | "DOUBLE" | "FLOAT" | "NUMERIC" if sizes > 1 => FieldType::Decimal,
        "NUMBER" if sizes == 1 => FieldType::BigInteger,
        "NUMBER" | "INTEGER" | "INT" | "SMALLINT" | "TINYINT" | "INT2" | "INT4" | "SERIAL" | "SMALLSERIAL" => {
            FieldType::Integer
        }
        "BIGINT" | "INT8" | "LONG" | "BIGSERIAL" => FieldType::BigInteger,
        "DECIMAL" | "NUMERIC" | "MONEY" | "CURRENCY" => FieldType::Decimal,
        "DOUBLE" | "FLOAT" | "REAL" | "FLOAT4" | "FLOAT8" => FieldType::Double,
        "BOOLEAN" | "BOOL" | "BIT" => FieldType::Boolean,
        "DATE" => FieldType::Date,
        "TIME" | "TIMETZ" => FieldType::Time,
        "DATETIME" | "TIMESTAMP" | "TIMESTAMPTZ" | "DATETIME2" => FieldType::DateTime,
        "GUID" | "UUID" | "UNIQUEIDENTIFIER" => FieldType::Uuid,
        "JSON" | "JSONB" | "OBJECT" | "MAP" | "ARRAY" | "LIST" => FieldType::Json,
        "BINARY" | "VARBINARY" | "BLOB" | "BYTEA" | "IMAGE" => FieldType::Binary,
        _ => return None,
    })
}
