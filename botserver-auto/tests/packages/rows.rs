//! Keywords about rows: FILTER, MAP, AGGREGATE, JOIN, GROUP BY, PIVOT, SORT, FILL, SELECT.

use crate::support::House;

const ROWS: &str = "orders = [{ id: 1, customer: 7, total: 10.50, state: \"open\" }, \
    { id: 2, customer: \"7\", total: 4.50, state: \"paid\" }, { id: 3, customer: 8, total: 1, state: \"open\" }]\n\
    people = [{ customer: 7, name: \"Ana\" }, { customer: 8, name: \"Bo\" }]\n";

/// Runs each script after the rows and compares what it says.
async fn says(cases: &[(&str, &str)]) {
    let files: Vec<(String, String)> = cases
        .iter()
        .enumerate()
        .map(|(index, (script, _))| (format!("a.gbai/s{index}.bas"), format!("{ROWS}{script}")))
        .chain([(
            "a.gbai/a.gbdata/items.csv".to_owned(),
            "sku,price,code\ntea,2.50,007\ncake,4,008\n".to_owned(),
        )])
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let house = House::new(&files).await;
    let mut wrong = Vec::new();
    for (index, (script, expected)) in cases.iter().enumerate() {
        let mut visitor = house.visitor("a");
        let result = visitor.run(&format!("s{index}"), botlib::value::Map::new(), &[]).await;
        let said = match result {
            Ok(_) => visitor.heard.join("|"),
            Err(fault) => format!("{}|fault: {fault}", visitor.heard.join("|")),
        };
        if said != *expected {
            wrong.push(format!("{script}\n  said {said}\n  want {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test]
async fn filter_in_every_form() {
    says(&[
        ("x = FILTER orders, \"total > 4\"\nTALK x.count", "2"),
        ("x = FILTER(orders, \"state = 'open' AND total < 5\")\nTALK x.id", "3"),
        ("x = FILTER orders WHERE total >= 4.5\nTALK x[1].id", "2"),
        (
            "wanted = \"open' OR 1=1\"\nx = FILTER orders, \"state = '\" + wanted + \"'\"\nTALK x.count",
            "0",
        ),
        ("x = FILTER orders, \"item.total > 10\"\nTALK x.id", "1"),
        ("x = FILTER [1, 5, 9], \"value > 4\"\nTALK x", "[5,9]"),
        ("x = FILTER \"items.csv\", \"price > 3\"\nTALK x.sku", "cake"),
        ("x = FILTER missing, \"a = 1\"\nTALK x IS NULL", "true"),
        ("x = FILTER items, \"code = '007'\"\nTALK x.sku", "tea"),
    ])
    .await;
}

#[tokio::test]
async fn map_in_every_form() {
    says(&[
        ("TALK MAP(orders, \"id\")", "[1,2,3]"),
        ("TALK MAP(orders, \"'#' + item.id\")", "[\"#1\",\"#2\",\"#3\"]"),
        (
            "x = MAP people, \"name->title, customer -> id\"\nTALK x[0]",
            "{\"id\":7,\"title\":\"Ana\"}",
        ),
        ("rate = 2\nTALK MAP orders WITH total * rate", "[21,9,2]"),
        ("TALK MAP(orders, \"total * 2\")", "[21,9,2]"),
    ])
    .await;
}

#[tokio::test]
async fn aggregate_in_every_order() {
    says(&[
        ("TALK AGGREGATE \"SUM\", orders, \"total\"", "16"),
        ("TALK AGGREGATE(\"AVG\", orders, \"total\", \"customer = 7\")", "7.5"),
        ("TALK AGGREGATE \"COUNT\", orders, \"id\", \"state = 'open'\"", "2"),
        ("TALK AGGREGATE orders SUM total", "16"),
        ("TALK AGGREGATE orders SUM total WHERE state = \"open\"", "11.5"),
        ("TALK AGGREGATE orders COUNT", "3"),
        ("TALK AGGREGATE \"items.csv\", \"SUM(price)\", \"code = '008'\"", "4"),
        ("TALK AGGREGATE \"items\", \"COUNT\", \"sku\"", "2"),
        ("TALK AGGREGATE \"MAX\", orders, \"state\"", "paid"),
        ("TALK AGGREGATE \"MIN\", orders, \"total\"", "1"),
        ("TALK AGGREGATE \"SUM\", [], \"total\"", "0"),
    ])
    .await;
}

#[tokio::test]
async fn rows_are_joined_grouped_and_pivoted() {
    says(&[
        (
            "x = JOIN orders, people, \"customer\"\nTALK x.count\nTALK x[2].name + x[2].total",
            "3|Bo1",
        ),
        (
            "x = JOIN orders WITH people ON customer = customer\nTALK x[1].name",
            "Ana",
        ),
        ("x = JOIN [1, 2], \"-\"\nTALK x", "1-2"),
        (
            "g = GROUP BY orders, \"state\"\nTALK g.open.count\nTALK g[\"paid\"].id",
            "2|2",
        ),
        (
            "g = GROUP_BY(orders, \"state\")\nFOR EACH name IN g\nTALK name\nNEXT",
            "open|paid",
        ),
        (
            "g = GROUP BY orders, \"state\", \"SUM(total) AS sum, COUNT(*) AS n\"\nTALK g",
            "[{\"state\":\"open\",\"sum\":11.5,\"n\":2},{\"state\":\"paid\",\"sum\":4.5,\"n\":1}]",
        ),
        (
            "TALK PIVOT orders, \"state\", \"total\"",
            "[{\"state\":\"open\",\"total\":11.5},{\"state\":\"paid\",\"total\":4.5}]",
        ),
        (
            "TALK PIVOT orders, \"customer\", \"state\", \"total\"",
            "[{\"customer\":7,\"open\":10.5,\"paid\":4.5},{\"customer\":8,\"open\":1,\"paid\":0}]",
        ),
        (
            "TALK PIVOT orders ROWS customer COLUMNS state VALUES COUNT(id)",
            "[{\"customer\":7,\"open\":1,\"paid\":1},{\"customer\":8,\"open\":1,\"paid\":0}]",
        ),
    ])
    .await;
}

#[tokio::test]
async fn rows_are_sorted_and_their_ends_taken() {
    says(&[
        ("x = SORT orders BY \"total\" ASC\nTALK MAP(x, \"id\")", "[3,2,1]"),
        ("x = SORT orders BY total DESC\nTALK MAP(x, \"id\")", "[1,2,3]"),
        ("x = SORT orders, \"total\"\nTALK MAP(x, \"id\")", "[3,2,1]"),
        ("x = SORT(orders, \"total\", \"DESC\")\nTALK MAP(x, \"id\")", "[1,2,3]"),
        ("x = SORT [3, 1, 2]\nTALK x", "[1,2,3]"),
        ("x = SORT \"items.csv\" BY \"price\" DESC\nTALK x.sku", "cake"),
        ("TALK FIRST(orders).id + LAST(orders).id", "4"),
        (
            "x = FIRST orders\nTALK x.id\ny = FIRST orders, 2\nTALK y.count\nTALK LAST(orders, \"id\")",
            "1|2|3",
        ),
    ])
    .await;
}

#[tokio::test]
async fn fill_puts_rows_into_templates() {
    says(&[
        (
            "x = FILL people, { text: \"Dear {{name}}!\", id: \"{{customer}}\" }\nTALK x",
            "[{\"text\":\"Dear Ana!\",\"id\":7},{\"text\":\"Dear Bo!\",\"id\":8}]",
        ),
        ("TALK FILL \"for ${{amount}} {{nothing}}.\", { amount: 5 }", "for $5 ."),
        ("TALK FILL(0, 3)", "[0,0,0]"),
        (
            "WRITE \"t.md\", \"Hi {{name}}\"\nFILL \"t.md\", { name: \"Ana\" } TO \"out/ana.md\"\nTALK READ \"out/ana.md\"",
            "Hi Ana",
        ),
    ])
    .await;
}

#[tokio::test]
async fn select_queries_variables_and_files() {
    says(&[
        ("x = SELECT SUM(total) AS s FROM orders WHERE state = 'open'\nTALK x.s", "11.5"),
        (
            "x = SELECT p.name, SUM(o.total) AS s FROM orders o JOIN people p ON o.customer = p.customer\n  GROUP BY p.name\n  ORDER BY s DESC\nTALK x",
            "[{\"name\":\"Ana\",\"s\":15},{\"name\":\"Bo\",\"s\":1}]",
        ),
        ("state = \"x\"\nwanted = \"paid' OR 1=1\"\nx = SELECT id FROM orders WHERE state = \"${wanted}\"\nTALK x.count", "0"),
        ("x = SELECT sku FROM \"items.csv\" WHERE price > 3\nTALK x.sku", "cake"),
        ("x = SELECT i.sku FROM items i ORDER BY i.price LIMIT 1\nTALK x.sku", "tea"),
    ])
    .await;
}
