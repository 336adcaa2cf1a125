use botlib::value::Map;
use chrono::{DateTime, FixedOffset};
use serde_json::json;

use super::*;
use crate::basic::tabular::rows;

fn now() -> DateTime<FixedOffset> {
    "2030-05-13T09:00:00Z".parse().unwrap()
}

fn table(json: &serde_json::Value) -> Vec<Map> {
    rows(Value::from_json(json))
}

fn sources(query: &Query) -> Vec<Vec<Map>> {
    let orders = json!([
        {"id": 1, "customer": 7, "total": 10.5, "state": "open"},
        {"id": 2, "customer": "7", "total": 4.5, "state": "paid"},
        {"id": 3, "customer": 8, "total": 1, "state": "open"},
        {"id": 4, "customer": 9, "total": null, "state": "void"},
    ]);
    let customers = json!([{"id": 7, "name": "Ana"}, {"id": 8, "name": "Bo"}]);
    query
        .tables()
        .iter()
        .map(|found| match &found.source {
            Source::Name(name) if name == "orders" => table(&orders),
            Source::Name(name) if name == "customers" => table(&customers),
            Source::Name(_) => Vec::new(),
            Source::Value(value) => rows(value.clone()),
        })
        .collect()
}

fn select(parts: &[Value]) -> Result<String, String> {
    let query = Query::parse(&Value::List(parts.to_vec())).map_err(|fault| fault.message)?;
    let sources = sources(&query);
    let outer = Map::from_iter([("rate".to_owned(), Value::Int(2))]);
    let rows = query.run(sources, &outer, &now()).map_err(|fault| fault.message)?;
    Ok(Value::List(rows.into_iter().map(Value::Map).collect())
        .to_json()
        .to_string())
}

fn select_text(text: &str) -> String {
    select(&[Value::text(text)]).unwrap_or_else(|message| message)
}

#[test]
fn queries_of_every_form_are_answered() {
    for (query, expected) in [
        ("id FROM orders WHERE state = 'open'", r#"[{"id":1},{"id":3}]"#),
        (
            "SELECT id AS n, total * rate AS twice FROM orders WHERE id < 3",
            r#"[{"n":1,"twice":21},{"n":2,"twice":9}]"#,
        ),
        ("* FROM customers", r#"[{"id":7,"name":"Ana"},{"id":8,"name":"Bo"}]"#),
        (
            "SELECT id FROM orders WHERE total > limit - 1 AND order = 3 OR id=limit ORDER BY limit LIMIT 1",
            "[]",
        ),
        ("SELECT limit, id FROM orders LIMIT 1", r#"[{"limit":null,"id":1}]"#),
        (
            "SUM(total) AS s, COUNT(*) AS n, COUNT(total) c FROM orders",
            r#"[{"s":16,"n":4,"c":3}]"#,
        ),
        ("SUM(total * 2) + 1 AS s FROM orders", r#"[{"s":33}]"#),
        ("count(*) FROM nothing", r#"[{"count":0}]"#),
        (
            "customer, SUM(total) AS s FROM orders GROUP BY customer HAVING SUM(total) > 0 ORDER BY s DESC",
            r#"[{"customer":7,"s":15},{"customer":8,"s":1}]"#,
        ),
        (
            "c.name, o.total FROM orders o JOIN customers c ON o.customer = c.id ORDER BY total",
            r#"[{"name":"Bo","total":1},{"name":"Ana","total":4.5},{"name":"Ana","total":10.5}]"#,
        ),
        (
            "orders.id, name FROM orders LEFT JOIN customers AS c ON orders.customer = c.id AND c.name = 'Bo' ORDER BY 1 LIMIT 3",
            r#"[{"id":1,"name":null},{"id":2,"name":null},{"id":3,"name":"Bo"}]"#,
        ),
        (
            "c.* FROM orders JOIN customers c ON c.id = customer WHERE orders.id = 1",
            r#"[{"id":7,"name":"Ana"}]"#,
        ),
        (
            "DISTINCT state FROM orders ORDER BY state LIMIT 2 OFFSET 1",
            r#"[{"state":"paid"},{"state":"void"}]"#,
        ),
        (
            "MIN(total) AS low, MAX(state) AS top, AVG(total) AS mean FROM orders WHERE customer = 7",
            r#"[{"low":4.5,"top":"paid","mean":7.5}]"#,
        ),
        ("COUNT(DISTINCT customer) AS n FROM orders", r#"[{"n":3}]"#),
        (
            "CASE WHEN total > 4 THEN 'big' ELSE 'small' END AS size FROM orders WHERE total IS NOT NULL",
            r#"[{"size":"big"},{"size":"big"},{"size":"small"}]"#,
        ),
        (
            "a.id, b.id AS other FROM customers a, customers b WHERE a.id < b.id",
            r#"[{"id":7,"other":8}]"#,
        ),
        (
            "state, COUNT(*) AS n FROM orders GROUP BY 1 ORDER BY 2 DESC, state LIMIT 1",
            r#"[{"state":"open","n":2}]"#,
        ),
        (
            "UPPER(name) AS n FROM customers ORDER BY name DESC",
            r#"[{"n":"BO"},{"n":"ANA"}]"#,
        ),
    ] {
        assert_eq!(select_text(query), expected, "{query}");
    }
}

#[test]
fn a_value_in_a_query_is_never_code() {
    let hostile = Value::text("open' OR 1 = 1 --");

    let found = select(&[
        Value::text("id FROM orders WHERE state = "),
        hostile,
        Value::text(" AND id > 0"),
    ]);

    assert_eq!(found.unwrap(), "[]");
    let from = Value::from_json(&json!([{"x": 1}, {"x": 2}]));
    let found = select(&[Value::text("SUM(x) AS s FROM "), from, Value::text("")]);
    assert_eq!(found.unwrap(), r#"[{"s":3}]"#);
}

#[test]
fn what_is_no_query_is_refused_with_a_reason() {
    for query in [
        "",
        "id",
        "FROM orders",
        "id FROM",
        "id FROM orders WHERE",
        "id FROM orders GROUP",
        "id FROM orders ORDER BY (",
        "id FROM orders RIGHT JOIN customers ON 1 = 1",
        "id, FROM orders",
        "id FROM orders UNION SELECT 1",
        "id FROM orders LIMIT x",
        "SUM(state) AS s FROM orders",
    ] {
        assert!(select(&[Value::text(query)]).is_err(), "{query}");
    }
}

#[test]
fn a_join_that_would_never_end_is_a_fault() {
    let many = Value::List((0..2_000).map(Value::Int).collect());
    let parts = [
        Value::text("a.value FROM "),
        many.clone(),
        Value::text(" a, "),
        many,
        Value::text(" b"),
    ];

    assert!(select(&parts).unwrap_err().contains("more than"));
}
