//! The bots' own tables through their dialogs, on both databases.

use botlib::{Value, value::Map};
use botstate::dialog::FaultKind;

use crate::support::{House, houses};

/// What a script says on each database; both must say the same.
async fn said(script: &str) -> Vec<String> {
    said_with(&[("a.gbai/start.bas", script)]).await
}

async fn said_with(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = Vec::new();
    for house in houses(files).await {
        all.push(house.said("a", "start").await);
    }
    let first = all.remove(0);
    for other in all {
        assert_eq!(first, other, "the databases differ");
    }
    first
}

/// The fault that a script ends with.
async fn fault(files: &[(&str, &str)]) -> (FaultKind, String) {
    let mut all = Vec::new();
    for house in houses(files).await {
        let fault = house.visitor("a").run("start", Map::new(), &[]).await.unwrap_err();
        all.push((fault.kind, fault.message));
    }
    let first = all.remove(0);
    assert!(all.iter().all(|other| other.0 == first.0), "{first:?} {all:?}");
    first
}

#[tokio::test]
async fn columns_are_computed_from_what_their_row_holds() {
    let script = r#"
SAVE "stock", { id: 1, name: "cup", left: 10, low: 2 }
SAVE "stock", { id: 2, name: "pot", left: 4, low: 2 }
sold = 3
n = UPDATE "stock" SET left = left - sold, name = UPPER(name) WHERE id = 1
TALK n
UPDATE "stock" SET low = left WHERE id = 2
FOR EACH row IN FIND "stock"
  TALK row.name + " " + row.left + " " + row.low
NEXT
WRITE "s.csv", "id,left\n1,5\n2,6\n"
UPDATE "s.csv" SET left = left * 2 WHERE id = 2
TALK READ "s.csv"
BEGIN TRANSACTION
UPDATE "stock" SET left = left + 1 WHERE id = 1
UPDATE "stock" SET left = left + 1 WHERE id = 1
COMMIT
row = FIND "stock", 1
TALK row.left
"#;

    assert_eq!(
        said(script).await,
        ["1", "CUP 7 2", "pot 4 4", "id,left\n1,5\n2,12\n", "9"]
    );
}

#[tokio::test]
async fn every_form_of_find_gives_rows_or_one_row() {
    let script = r#"
SAVE "people", { id: 1, name: "Ana", age: 30, city: "Rio" }
SAVE "people", { id: 2, name: "Bo", age: 17, city: "Oslo" }
SAVE "people", { id: 3, name: "Cy", age: 64, city: "Rio" }
city = "Rio"
people = FIND "people"
TALK "all " + COUNT(people)
rows = FIND "people", "city=" + city
TALK "filter " + COUNT(rows) + rows.name
rows = FIND "people", "city = '${city}' AND age > 40"
TALK "and " + rows.name
rows = FIND people WHERE city = city ORDER BY age DESC LIMIT 1
TALK "where " + rows.name
row = FIND "people" WHERE age < 18 FIRST
TALK "first " + row.name
row = FIND "people", "name", "Bo"
TALK "field " + row.city
row = FIND "people", "name", "Nobody"
TALK "none " + (row = NULL)
rows = FIND "people" WITH "name LIKE c"
TALK "with " + rows.name
rows = FIND ALL people WHERE age >= 30
TALK "every " + COUNT(rows)
rows = FIND ".people", "age IN (17, 64)"
TALK "dot " + COUNT(rows)
rows = FIND "PEOPLE", "NAME = Ana"
TALK "case " + rows.Name
rows = FIND "nothing", "x = 1"
TALK "missing " + COUNT(rows)
last = GET LAST "people"
TALK "last " + last.name
found = FIND people, "age > 60"
TALK "list " + found.name
"#;

    insta::assert_snapshot!(said(script).await.join("\n"), @r"
    all 3
    filter 2Ana
    and Cy
    where Cy
    first Bo
    field Oslo
    none true
    with Cy
    every 2
    dot 2
    case Ana
    missing 0
    last Cy
    list Cy
    ");
}

#[tokio::test]
async fn every_form_of_save_insert_update_and_delete_changes_rows() {
    let script = r#"
id = SAVE "items", { name: "tea", price: 2 }
again = SAVE "items", { id: id, price: 3 }
row = FIND "items", "id", id
TALK "upsert " + row.name + row.price + (id = again)
SAVE "items", 77, { name: "cake", price: 5 }
row = FIND "items", "id=77"
TALK "id " + row.name
name = "jam"
price = 4
SAVE "items", name, price
row = FIND "items", "name", "jam"
TALK "named " + row.price
SAVE "items" WITH name AS "oil", price = 9
rows = [{ name: "nut", price: 1 }, { name: "fig", price: 2 }]
ids = SAVE "items", rows
TALK "list " + COUNT(ids)
made = INSERT "items", { name: "rye", price: 6 }
TALK "insert " + made.name + ISNULL(made.id)
INSERT INTO "items" VALUES { name: "pea", price: 1 }
INSERT INTO "items" WITH name = "bun", price = 1
INSERT "items", name, price
count = UPDATE "items", "price = 1", { price: 1.5 }
TALK "update " + count
count = UPDATE "items", 77, { price: 50 }
TALK "by id " + count
count = UPDATE "items", 77, "name", "pie"
TALK "field " + count
count = UPDATE "items", 77, "name=tart"
row = FIND "items", 77
TALK "text " + count + row.name
count = UPDATE items SET price = 51, name = "pastry" WHERE id = 77
row = FIND "items", 77
TALK "set " + count + row.name + row.price
SET "items", "id=77", "name=roll"
row = FIND "items", 77
TALK "old " + row.name
price = 10
count = UPDATE "items", "id = 77", price
row = FIND "items", 77
TALK "variable " + row.price
count = DELETE "items", "price = 1.5"
TALK "delete " + count
count = DELETE FROM "items" WHERE name = "roll"
TALK "where " + count
count = DELETE "items", "name = nobody"
TALK "none " + count
rest = FIND "items"
TALK "left " + COUNT(rest)
u = UPDATE "nothing", "a = 1", { b: 2 }
d = DELETE "nothing", "a = 1"
TALK "no table " + u + d
"#;

    insta::assert_snapshot!(said(script).await.join("\n"), @r"
    upsert tea3true
    id cake
    named 4
    list 2
    insert ryefalse
    update 3
    by id 1
    field 1
    text 1tart
    set 1pastry51
    old roll
    variable 10
    delete 3
    where 1
    none 0
    left 6
    no table 00
    ");
}

#[tokio::test]
async fn merge_finds_rows_by_their_keys() {
    let script = r#"
rows = [{ sku: "a", stock: 1 }, { sku: "b", stock: 2 }]
c = MERGE "stock", rows, "sku"
TALK c.inserted + "/" + c.updated + "/" + c.unchanged + "/" + c.total
rows = [{ sku: "a", stock: 1 }, { sku: "b", stock: 5 }, { sku: "c", stock: 9, note: "x" }]
c = MERGE "stock" WITH rows BY "sku"
TALK c.inserted + "/" + c.updated + "/" + c.unchanged + "/" + c.total
MERGE INTO "stock" ON sku = "d" WITH stock = 4
MERGE INTO "stock" ON sku = "d" WITH stock = 6
row = FIND "stock", "sku", "d"
TALK row.stock
one = [1, 2]
two = [3]
both = MERGE one, two
TALK COUNT(both)
"#;

    insta::assert_snapshot!(said(script).await.join("\n"), @r"
    2/0/0/2
    1/1/1/3
    6
    3
    ");
}

#[tokio::test]
async fn values_come_back_as_they_were_saved() {
    let script = r#"
SAVE "values", { id: 1, whole: 12345678901, money: 0.10, text: "007", yes: TRUE, none: NULL, list: [1, "a"], map: { z: 1, a: 2 }, day: DATEVALUE("2030-05-13"), quote: "O'Neil \"x\" é 🙂" }
v = FIND "values", 1
TALK v.whole + 1
TALK v.money + 0.2
TALK v.text
TALK TYPEOF(v.yes) + TYPEOF(v.none) + TYPEOF(v.day)
TALK v.list[1] + TOJSON(v.map)
TALK v.quote
TALK YEAR(v.day)
"#;

    insta::assert_snapshot!(said(script).await.join("\n"), @r#"
    12345678902
    0.3
    007
    booleannulldate
    a{"z":1,"a":2}
    O'Neil "x" é 🙂
    2030
    "#);
}

const HOSTILE: [&str; 10] = [
    "x' OR '1'='1",
    "x\" OR \"1\"=\"1",
    "x'; DROP TABLE secrets; --",
    "x) OR (1=1",
    "1 OR 1=1",
    "%' OR '%'='",
    "\\' OR 1=1 --",
    "$1",
    "x' UNION SELECT * FROM secrets --",
    "a AND note = b",
];

#[tokio::test]
async fn no_value_changes_what_a_statement_means() {
    let script = r#"
PARAM x AS STRING
SAVE "secrets", { name: "a", note: "b" }
r = FIND "secrets", "name = '" + x + "'"
TALK COUNT(r)
r = FIND "secrets", "name=" + x
TALK COUNT(r)
r = FIND "secrets", "name = '${x}' AND note = '${x}'"
TALK COUNT(r)
r = FIND "secrets", "name LIKE '%" + x + "%'"
TALK COUNT(r)
r = FIND "secrets", "name IN ('" + x + "')"
TALK COUNT(r)
r = FIND "secrets", x
TALK COUNT(r)
r = FIND "secrets", "name", x
TALK COUNT(r)
r = FIND secrets WHERE name = x
TALK COUNT(r)
r = SEARCH "secrets", x
TALK COUNT(r)
r = UPDATE "secrets", "name=" + x, { note: "changed" }
TALK r
r = UPDATE "secrets", x, "note", "changed"
TALK r
r = DELETE "secrets", "name='" + x + "'"
TALK r
r = DELETE "secrets", x
TALK r
r = DELETE FROM secrets WHERE name = x
TALK r
SAVE "kept", { id: 1, text: x }
kept = FIND "kept", 1
TALK kept.text = x
r = FIND "kept", "text = '" + x + "'"
TALK COUNT(r)
SAVE "kept", { id: x, text: "by id" }
kept = FIND "kept", "id", x
TALK kept.text
UPDATE "kept", x, "text=" + x
kept = FIND "kept", "id", x
TALK kept.text = x
rest = FIND "secrets"
TALK COUNT(rest) + rest.note
"#;
    for house in houses(&[("a.gbai/start.bas", script)]).await {
        for value in HOSTILE {
            let mut visitor = house.visitor("a");
            let args = Map::from_iter([("x".to_owned(), Value::text(value))]);

            visitor.run("start", args, &[]).await.unwrap();

            let expected = "0 0 0 0 0 0 0 0 0 0 0 0 0 0 true 1 by id true 1b";
            assert_eq!(visitor.heard.join(" "), expected, "{value}");
            let clean = "DELETE \"secrets\"\nDELETE \"kept\"";
            house.write("a.gbai/clean.bas", clean);
            house
                .wait("the script", |house| house.bot("a").has_script("clean"))
                .await;
            house.said("a", "clean").await;
        }
    }
}

#[tokio::test]
async fn names_from_outside_cannot_reach_other_tables() {
    let script = "PARAM x AS STRING\nSAVE x, { a: 1 }\nrows = FIND x\nTALK COUNT(rows)";
    let names = [
        "_tables",
        "_ledger",
        "a\"; DROP TABLE b; --",
        "public.people",
        "bot_1.x",
        "main.sqlite_master",
        "",
    ];
    for house in houses(&[("a.gbai/start.bas", script)]).await {
        for name in names {
            let args = Map::from_iter([("x".to_owned(), Value::text(name))]);
            assert!(house.visitor("a").run("start", args, &[]).await.is_err(), "{name}");
        }
    }
}

#[tokio::test]
async fn bots_do_not_see_each_others_tables() {
    let files = [
        ("a.gbai/start.bas", "SAVE \"notes\", { text: \"mine\" }"),
        (
            "b.gbai/start.bas",
            "rows = FIND \"notes\"\nTALK COUNT(rows)\nSAVE \"notes\", { text: \"theirs\" }",
        ),
        ("a.gbai/read.bas", "rows = FIND \"notes\"\nTALK COUNT(rows) + rows.text"),
    ];
    for house in houses(&files).await {
        house.said("a", "start").await;

        assert_eq!(house.said("b", "start").await, ["0"]);
        assert_eq!(house.said("a", "read").await, ["1mine"]);
        let house: House = house.restart().await;
        assert_eq!(house.said("a", "read").await, ["1mine"], "rows outlive a restart");
    }
}

const SHOP: &str = r#"
TABLE customers
  id integer key
  name string(20) NOT NULL
  email string(50) UNIQUE
  level string DEFAULT 'new'
  secret string READ BY "admin" WRITE BY "admin"
END TABLE

TABLE orders
  id UUID PRIMARY KEY DEFAULT uuid_generate_v4()
  customer_id integer REFERENCES customers(id) ON DELETE CASCADE
  quantity integer CHECK (quantity > 0)
  price decimal(10,2)
  total decimal(10,2) GENERATED ALWAYS AS (quantity * price) STORED
  ordered date
  UNIQUE(customer_id, ordered)
END TABLE
"#;

#[tokio::test]
async fn declared_tables_give_values_and_keep_their_promises() {
    let script = r#"
made = INSERT "customers", { email: "a@b.c" }
TALK made.id + "|" + made.name + "|" + made.level
order = INSERT "orders", { customer_id: made.id, quantity: "2", price: 1.255, ordered: "13/05/2030", total: 99 }
TALK order.quantity + 1
TALK order.total
TALK order.ordered
TALK LEN(order.id)
rows = FIND "orders", "ordered >= 2030-05-13 AND total = 2.52"
TALK COUNT(rows)
UPDATE "orders", "quantity = 2", { quantity: 3 }
row = FIND "orders" FIRST
TALK row.total
SAVE "customers", { id: made.id, level: "old", extra: "x" }
row = FIND "customers", made.id
TALK row.level + row.email + row.extra
DELETE "customers", made.id
r = FIND "orders"
TALK COUNT(r)
"#;

    insta::assert_snapshot!(said_with(&[("a.gbai/tables.bas", SHOP), ("a.gbai/start.bas", script)]).await.join("\n"), @r"
    1||new
    3
    2.52
    2030-05-13
    36
    1
    3.78
    olda@b.cx
    0
    ");
}

#[tokio::test]
async fn what_a_table_does_not_allow_is_a_fault_and_changes_nothing() {
    let cases = [
        (
            "INSERT \"customers\", { email: \"x\" }\nINSERT \"customers\", { email: \"x\" }",
            FaultKind::Data,
        ),
        ("INSERT \"orders\", { quantity: 0 }", FaultKind::Data),
        ("INSERT \"orders\", { customer_id: 99 }", FaultKind::Data),
        (
            "INSERT \"customers\", { name: \"a name that is much too long for it\" }",
            FaultKind::Argument,
        ),
        ("INSERT \"orders\", { quantity: \"many\" }", FaultKind::Argument),
        (
            "c = INSERT \"customers\", { name: \"a\" }\nINSERT \"orders\", { customer_id: c.id, ordered: \"2030-01-01\" }\nINSERT \"orders\", { customer_id: c.id, ordered: \"2030-01-01\" }",
            FaultKind::Data,
        ),
    ];
    for (script, kind) in cases {
        let (found, message) = fault(&[("a.gbai/tables.bas", SHOP), ("a.gbai/start.bas", script)]).await;
        assert_eq!(found, kind, "{script}: {message}");
    }
}

#[tokio::test]
async fn closed_tables_take_declared_columns_only() {
    let closed = ("a.gbai/a.gbot/config.csv", "name,value\ntables-open,false\n");
    let new_table = fault(&[closed, ("a.gbai/start.bas", "SAVE \"fresh\", { a: 1 }")]).await;
    let new_column = fault(&[
        closed,
        ("a.gbai/tables.bas", SHOP),
        ("a.gbai/start.bas", "SAVE \"customers\", { nick: \"x\" }"),
    ])
    .await;

    assert_eq!((new_table.0, new_column.0), (FaultKind::NotFound, FaultKind::Data));
    insta::assert_snapshot!(format!("{}\n{}", new_table.1, new_column.1), @r"
    the bot has no table fresh
    the table customers has no column nick
    ");
}

#[tokio::test]
async fn connections_without_a_driver_say_so() {
    let settings = (
        "a.gbai/a.gbot/config.csv",
        "name,value\nconn-maria-server,db.example.com\n",
    );
    for script in [
        "rows = FIND \"maria.products\"",
        "SAVE \"maria.products\", { a: 1 }",
        "rows = FIND products ON maria",
    ] {
        let (kind, message) = fault(&[settings, ("a.gbai/start.bas", script)]).await;
        assert_eq!(kind, FaultKind::NotFound, "{script}: {message}");
        assert!(message.contains("maria") && message.contains("drivers"), "{message}");
    }
}

#[tokio::test]
async fn a_transaction_is_made_as_a_whole_or_not_at_all() {
    let script = r#"
INSERT "entries", { account: 1, amount: 100 }
BEGIN TRANSACTION
INSERT "entries", { account: 1, amount: -30 }
made = INSERT "entries", { account: 2, amount: 30 }
inside = FIND "entries"
TALK "inside " + COUNT(inside)
UPDATE "entries", made.id, { amount: 31 }
COMMIT TRANSACTION
row = FIND "entries", made.id
TALK "after " + row.amount
BEGIN TRANSACTION
DELETE "entries"
r = FIND "entries"
TALK "deleted " + COUNT(r)
ROLLBACK
r = FIND "entries"
TALK "back " + COUNT(r)
"#;

    insta::assert_snapshot!(said(script).await.join("\n"), @r"
    inside 3
    after 31
    deleted 0
    back 3
    ");
}

#[tokio::test]
async fn search_finds_words_and_their_likes() {
    let script = r#"
SAVE "books", { id: 1, title: "The Old Harbour", author: "José Pérez" }
SAVE "books", { id: 2, title: "New Harbours", author: "Ana" }
SAVE "books", { id: 3, title: "Gardens", author: "Bo" }
r = SEARCH "books", "harbour"
TALK COUNT(r)
found = SEARCH "books", "perez harbor"
TALK found.title
r = SEARCH "books", "harbour", 1
TALK COUNT(r)
found = AUTOCOMPLETE "books", "gar"
TALK found.title
r = SEARCH "books", "quantum"
TALK COUNT(r)
"#;

    insta::assert_snapshot!(said(script).await.join("\n"), @r"
    2
    The Old Harbour
    1
    Gardens
    0
    ");
}

#[tokio::test]
async fn objects_and_json_are_saved_as_they_are_and_texts_need_a_model() {
    let script = r#"
SAVE FROM UNSTRUCTURED "orders", { item: "tea", count: 2 }
SAVE_FROM_UNSTRUCTURED "orders", FORMAT #{ item: "milk" } AS JSON
SAVE FROM UNSTRUCTURED orders, "[{\"item\": \"rice\"}, {\"item\": \"salt\"}]"
FOR EACH order IN FIND "orders"
  TALK order.item + " " + order.count
NEXT
TRY
  SAVE FROM UNSTRUCTURED "orders", "two cakes, please"
CATCH problem
  TALK problem.message
END TRY
"#;
    assert_eq!(
        said(script).await,
        [
            "tea 2",
            "milk ",
            "rice ",
            "salt ",
            "no model is configured that could read the text"
        ]
    );
}

#[tokio::test]
async fn a_query_reads_the_tables_of_the_bot_and_takes_values_as_data() {
    let script = r#"
SAVE "sales", { item: "tea", total: 5 }
SAVE "sales", { item: "tea", total: 2 }
SAVE "sales", { item: "cake", total: 9 }
item = "tea"
rows = QUERY "SELECT item, SUM(total) AS sum FROM sales WHERE item = '" + item + "' GROUP BY item"
TALK COUNT(rows) + rows.item + rows.sum
hostile = "tea' OR '1'='1"
rows = QUERY "SELECT * FROM sales WHERE item = '" + hostile + "'"
TALK COUNT(rows)
"#;

    assert_eq!(said(script).await, ["1tea7", "0"]);
}

#[tokio::test]
async fn roles_decide_who_reads_and_writes_tables_and_fields() {
    let tables = "TABLE staff READ BY \"admin\" WRITE BY \"admin\"\n  name string\nEND TABLE\nTABLE guests\n  \
                  id integer key\n  name string\n  note string READ BY \"admin\" WRITE BY \"admin;operator\"\nEND TABLE";
    let fill = "INSERT \"staff\", { name: \"Ana\" }\nINSERT \"guests\", { name: \"Bo\", note: \"rude\" }\n\
                row = FIND \"guests\" FIRST\nTALK row.name + row.note";
    let attempt =
        |statement: &str| format!("TRY\n  {statement}\n  TALK \"done\"\nCATCH problem\n  TALK \"refused\"\nEND TRY\n");
    let try_all = [
        "x = FIND \"staff\"",
        "INSERT \"staff\", { name: \"Eve\" }",
        "x = QUERY \"SELECT name FROM staff\"",
        "UPDATE \"guests\", \"name = Bo\", { note: \"nice\" }",
        "INSERT \"guests\", { name: \"Cy\", note: \"x\" }",
        "INSERT \"guests\", { name: \"Cy\" }",
    ]
    .map(attempt)
    .concat();
    let look = format!(
        "row = FIND \"guests\" FIRST\nTALK row.name + \"|\" + row.note\nrows = FIND \"guests\", \"note = rude\"\n\
         TALK COUNT(rows)\nrows = SEARCH \"guests\", \"rude\"\nTALK COUNT(rows)\n{try_all}"
    );
    let files = [
        ("a.gbai/tables.bas", tables),
        ("a.gbai/fill.bas", fill),
        ("a.gbai/look.bas", look.as_str()),
    ];
    for house in houses(&files).await {
        assert_eq!(house.said("a", "fill").await, ["Borude"], "the server itself may");
        let caller = botlib::Caller::visitor(
            house.state.org,
            botlib::VisitorId::new(),
            house.bot("a").id,
            botlib::ConversationId::new(),
            botlib::RequestId::new(),
        );
        let mut visitor = house.visitor_as("a", caller);
        visitor.run("look", Map::new(), &[]).await.unwrap();

        assert_eq!(
            visitor.heard,
            [
                "Bo|", "0", "0", "refused", "refused", "refused", "refused", "refused", "done"
            ]
        );
    }
}
