//! TABLE blocks in all their styles, as the data that a database is made from.

use botserver_auto::basic::{self, Action, Constraint, FieldType, Schema};

use crate::driver::grammar;

fn read(text: &str) -> (Schema, Vec<String>) {
    let parsed = basic::parse("tables.bas", text, &grammar());
    let found = parsed
        .diagnostics
        .iter()
        .map(|one| format!("{}:{} {}", one.code, one.line, one.title))
        .collect();
    let mut schema = parsed.schema();
    schema.resolve();
    (schema, found)
}

fn schema(text: &str) -> Schema {
    let (schema, found) = read(text);
    assert!(found.is_empty(), "{found:?}");
    schema
}

#[test]
fn native_fields_have_types_keys_and_roles() {
    let schema = schema(
        "TABLE Orders ON maria READ BY \"admin;sales\" WRITE BY \"admin\"\n\
         \x20 FIELD Id AS number key\n  Name string(80) ' the customer\n  Notes string(max)\n  Big number(10)\n\
         \x20 Price number(10, 2) READ BY \"sales\"\n  Paid boolean DEFAULT false\n  `At` datetime\n  Customer references Customers\n\
         REM a comment\nEND TABLE",
    );
    let table = &schema.tables[0];
    let field = |name: &str| table.field(name).unwrap();

    assert_eq!(
        (table.name.as_str(), table.connection.as_deref()),
        ("Orders", Some("maria"))
    );
    assert_eq!(table.read_roles, ["admin", "sales"]);
    assert_eq!(table.write_roles, ["admin"]);
    assert!(field("id").key);
    assert_eq!(
        (&field("name").kind, field("name").length),
        (&FieldType::String, Some(80))
    );
    assert_eq!(field("Notes").kind, FieldType::Text);
    assert_eq!(field("Big").kind, FieldType::BigInteger);
    assert_eq!(
        (&field("Price").kind, field("Price").length, field("Price").precision),
        (&FieldType::Decimal, Some(10), Some(2))
    );
    assert_eq!(field("Price").read_roles, ["sales"]);
    assert_eq!(field("Paid").default.as_deref(), Some("false"));
    assert_eq!(field("At").kind, FieldType::DateTime);
    assert_eq!(field("Customer").references.as_ref().unwrap().table, "Customers");
    assert_eq!(table.place, "tables.bas:1");
}

#[test]
fn old_native_fields_have_stars_and_tables_as_types() {
    let schema = schema(
        "TABLE Customers\n  Code string(20) key\nEND TABLE\nTABLE Prices\n  UnitPrice* double\n  Sku * string(max)\n  CustomerId Customers\n  Total double(10,2)\nEND TABLE",
    );
    let prices = schema.table("prices").unwrap();
    let customer = prices.field("CustomerId").unwrap();

    assert!(prices.field("UnitPrice").unwrap().match_key);
    assert!(prices.field("Sku").unwrap().match_key);
    assert_eq!(prices.field("UnitPrice").unwrap().kind, FieldType::Double);
    assert_eq!(prices.field("Total").unwrap().kind, FieldType::Decimal);
    assert_eq!((&customer.kind, customer.length), (&FieldType::String, Some(20)));
    let target = customer.references.as_ref().unwrap();
    assert_eq!(
        (target.table.as_str(), target.column.as_deref()),
        ("Customers", Some("Code"))
    );
}

#[test]
fn sql_fields_have_constraints() {
    let schema = schema(
        "TABLE lines\n\
         \x20 id UUID PRIMARY KEY DEFAULT uuid_generate_v4(),\n\
         \x20 order_id UUID NOT NULL REFERENCES orders(id) ON DELETE CASCADE,\n\
         \x20 state VARCHAR(20) NOT NULL DEFAULT 'open' CHECK (state IN ('open', \"won't\")),\n\
         \x20 email TEXT UNIQUE, -- where to\n\
         \x20 tags TEXT[] DEFAULT '{}',\n\
         \x20 price DECIMAL(12,2) DEFAULT 0.00,\n\
         \x20 quantity DOUBLE PRECISION,\n\
         \x20 seen TIMESTAMP WITH TIME ZONE DEFAULT NOW(),\n\
         \x20 total DECIMAL(12,2) GENERATED ALWAYS AS (\n    CASE WHEN quantity > 0\n      THEN price * quantity\n      ELSE 0\n    END\n  ) STORED,\n\
         \x20 number SERIAL,\n\
         \x20 data JSONB DEFAULT '{}'::jsonb,\n\
         \x20 PRIMARY KEY (id, number),\n  UNIQUE(order_id, email),\n  CONSTRAINT positive CHECK (price >= 0 AND (quantity > 0)),\n\
         \x20 FOREIGN KEY (order_id, email) REFERENCES orders(id, mail) ON UPDATE SET NULL\n\
         END TABLE;",
    );
    let table = &schema.tables[0];
    let field = |name: &str| table.field(name).unwrap();

    assert!(field("id").key);
    assert_eq!(field("id").default.as_deref(), Some("uuid_generate_v4()"));
    assert!(field("order_id").not_null);
    assert_eq!(
        field("order_id").references.as_ref().unwrap().on_delete,
        Some(Action::Cascade)
    );
    assert_eq!(field("state").default.as_deref(), Some("'open'"));
    assert_eq!(field("state").check.as_deref(), Some("state IN ('open', 'won''t')"));
    assert!(field("email").unique);
    assert!(field("tags").list);
    assert_eq!(field("tags").kind, FieldType::Text);
    assert_eq!(field("quantity").kind, FieldType::Double);
    assert_eq!(field("seen").default.as_deref(), Some("NOW()"));
    assert_eq!(
        field("total").generated.as_deref(),
        Some("CASE WHEN quantity > 0 THEN price * quantity ELSE 0 END")
    );
    assert!(field("number").counted);
    assert_eq!(field("data").default.as_deref(), Some("'{}'::jsonb"));
    assert_eq!(table.fields.len(), 11);
    assert_eq!(
        table.constraints[..3],
        [
            Constraint::Key(vec!["id".to_owned(), "number".to_owned()]),
            Constraint::Unique(vec!["order_id".to_owned(), "email".to_owned()]),
            Constraint::Check("price >= 0 AND (quantity > 0)".to_owned()),
        ]
    );
    let Constraint::References {
        columns,
        target,
        foreign,
    } = &table.constraints[3]
    else {
        panic!("{:?}", table.constraints[3])
    };
    assert_eq!((columns.len(), foreign.len()), (2, 2));
    assert_eq!(
        (target.table.as_str(), target.on_update),
        ("orders", Some(Action::SetNull))
    );
}

#[test]
fn indexes_and_views_stand_beside_tables() {
    let schema = schema(
        "TABLE t\n  a int\nEND TABLE\nCREATE INDEX idx_a ON t(a DESC, lower(b))\nCREATE UNIQUE INDEX ON t USING btree (a)\n  WHERE a > 0;\n\
         CREATE OR REPLACE VIEW open_t AS\n  SELECT a,\n    b\n  FROM t\n  WHERE x = 'it''s';\nTALK 1",
    );

    assert_eq!(schema.indexes[0].columns, ["a DESC", "lower(b)"]);
    assert_eq!(
        (
            schema.indexes[1].name.as_str(),
            schema.indexes[1].unique,
            schema.indexes[1].condition.as_deref()
        ),
        ("idx_t_a", true, Some("a > 0"))
    );
    assert_eq!(schema.views[0].name, "open_t");
    assert_eq!(schema.views[0].query, "SELECT a,\n    b\n  FROM t\n  WHERE x = 'it''s'");
}

#[test]
fn tables_may_stand_in_any_script() {
    let text = "PARAM name\nTABLE students\n  name string\nEND TABLE\nTALK \"Hello \" + name";
    let parsed = basic::parse("register.bas", text, &grammar());
    let program = basic::compile(&parsed).unwrap();

    assert_eq!(parsed.schema().tables.len(), 1);
    assert_eq!(
        crate::driver::Talk::of(program).arg("name", "Ana").transcript(),
        "bot: Hello Ana\n"
    );
}

#[test]
fn a_variable_called_table_is_a_variable() {
    assert_eq!(crate::driver::said("table = \"t\"\nTALK table"), "t");
}

#[test]
fn mistakes_in_a_definition_are_told() {
    assert_eq!(
        read("TABLE t\n  a int frob\n  a text\nEND TABLE\nTABLE u\nEND TABLE\nCREATE INDEX x OF t(a)").1,
        [
            "B240:2 `frob` is no part of a table's definition",
            "B243:3 the field a is declared twice",
            "B242:5 the table u has no fields",
            "B107:7 this index cannot be read",
        ]
    );
    assert_eq!(
        read("TABLE t\n  a int\nTABLE u\n  b int\nEND TABLE").1,
        ["B003:1 this block has no end"]
    );
}

#[test]
fn a_definition_reads_back_from_json() {
    let schema = schema(
        "TABLE t\n  a string(9) key\n  b decimal(3,1) NOT NULL CHECK (b > 0)\nEND TABLE\nCREATE INDEX i ON t(b)",
    );

    let text = serde_json::to_string(&schema).unwrap();

    assert_eq!(serde_json::from_str::<Schema>(&text).unwrap(), schema);
}
