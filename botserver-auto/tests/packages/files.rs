//! Keywords about files.

use botlib::value::Map;
use botstate::dialog::FaultKind;

use crate::support::{House, houses};

async fn said(house: &House, script: &str) -> Vec<String> {
    house.said("a", script).await
}

#[tokio::test]
async fn values_are_written_in_the_form_of_the_ending_and_read_back() {
    let script = "rows = [{ name: \"tea\", price: 2.50 }, { name: \"cake\", price: 4 }]\n\
        WRITE \"a.csv\", rows\nTALK READ \"a.csv\"\n\
        WRITE rows TO \"a.xlsx\"\nback = READ \"a.xlsx\" AS TABLE\nTALK back[1].price\n\
        WRITE \"a.json\", rows\nback = IMPORT \"a.json\"\nTALK back.name\n\
        WRITE \"a.txt\", \"one\\ntwo\\n\"\nWRITE \"three\" TO \"a.txt\" APPEND\nTALK READ \"a.txt\" AS LINES\n\
        WRITE { name: \"pie\", price: 1 } TO \"a.csv\" APPEND\nback = READ \"a.csv\" AS TABLE\nTALK back.count + back[2].name\n\
        WRITE \"a.yaml\", { a: 1 }\nTALK READ \"a.yaml\"\nWRITE \"x.xlsx\", EXCEL(rows)\nback = IMPORT \"x.xlsx\"\nTALK back.price\n\
        EXPORT \"b.tsv\", rows\nTALK READ \"b.tsv\" AS LINES\nTALK GET \"a.txt\"\nTALK (GET \"none.txt\") IS NULL";
    for house in houses(&[("a.gbai/start.bas", script)]).await {
        assert_eq!(
            said(&house, "start").await,
            [
                "name,price\ntea,2.5\ncake,4\n",
                "4",
                "tea",
                "[\"one\",\"two\",\"three\"]",
                "3pie",
                "a: 1\n",
                "2.5",
                "[\"name\\tprice\",\"tea\\t2.5\",\"cake\\t4\"]",
                "one\ntwo\nthree",
                "true"
            ]
        );
    }
}

#[tokio::test]
async fn files_are_copied_moved_listed_and_removed() {
    let script = "WRITE \"in/a.txt\", \"tea\"\nWRITE \"in/b.pdf\", \"x\"\nWRITE \"in/deep/c.txt\", \"y\"\n\
        COPY \"in/a.txt\" TO \"out/\"\nTALK READ \"out/a.txt\"\nMOVE \"in/a.txt\", \"in/d.txt\"\n\
        FOR EACH f IN (LIST \"in/\")\nTALK f\nNEXT\n\
        TALK JOIN(LIST \"in\" FILTER \"*.txt\" RECURSIVE, \",\")\n\
        TALK JOIN(LIST \"in\" RECURSIVE WHERE size < 3 AND extension = \"txt\", \",\")\n\
        files = DIR \"in\"\nTALK files.count + files[1].name + files[1].size + files[1].path\nTALK LEN(files[1].md5)\n\
        TALK TYPEOF(files[1].modified)\nTALK DELETE_FILE(\"in/d.txt\")\nTALK DELETE FILE \"in/d.txt\"\nTALK READ \"pack.txt\"";
    let files = [
        ("a.gbai/start.bas", script),
        ("a.gbai/a.gbdrive/pack.txt", "from the package"),
    ];
    for house in houses(&files).await {
        assert_eq!(
            said(&house, "start").await,
            [
                "tea",
                "b.pdf",
                "d.txt",
                "deep",
                "d.txt,c.txt",
                "c.txt",
                "2d.txt3in/d.txt",
                "32",
                "date-time",
                "true",
                "false",
                "from the package"
            ]
        );
    }
}

#[tokio::test]
async fn archives_take_their_arguments_in_either_order() {
    let script = "WRITE \"in/a.txt\", \"tea\"\nWRITE \"in/b.txt\", \"cake\"\nfiles = DIR \"in\"\n\
        COMPRESS files, \"one.zip\"\nCOMPRESS \"two.zip\", \"in/*.txt\"\nCOMPRESS [\"in/a.txt\"] TO \"three.zip\"\n\
        FOR EACH name IN [\"one\", \"two\", \"three\"]\nout = EXTRACT name + \".zip\", \"out/\" + name\nTALK out.count + out[0].path\nNEXT\n\
        TALK READ \"out/two/b.txt\"\nEXTRACT \"one.zip\" TO \"x\"\nTALK READ \"x/a.txt\"";
    let house = House::new(&[("a.gbai/start.bas", script)]).await;

    assert_eq!(
        said(&house, "start").await,
        ["2out/one/a.txt", "2out/two/a.txt", "1out/three/a.txt", "cake", "tea"]
    );
}

#[tokio::test]
async fn files_are_sent_and_kept_once_for_the_conversation() {
    let script = "WRITE \"menu.txt\", \"tea\"\nSEND FILE \"menu.txt\", \"Our menu\"\ncode = QR CODE \"https://example.com\", 128\n\
        TALK code.type + \" \" + code.path\nSEND FILE code\nDOWNLOAD \"menu.txt\" AS \"today.txt\"\nkept = UPLOAD \"menu.txt\" TO \"old/\"\nTALK kept.path + \" \" + kept.md5";
    for house in houses(&[("a.gbai/start.bas", script)]).await {
        let mut visitor = house.visitor("a");
        visitor.keep().await;
        visitor.run("start", Map::new(), &[]).await.unwrap();

        assert_eq!(
            visitor.heard,
            [
                "Our menu [menu.txt]",
                "image/png qr/c984d06aafbecf6b.png",
                " [c984d06aafbecf6b.png]",
                " [today.txt]",
                "old/menu.txt 7239ea2b5dc943f61f3c0a0276c20974"
            ]
        );
    }
}

#[tokio::test]
async fn paths_that_lead_elsewhere_fault() {
    let files = [
        ("a.gbai/up.bas", "x = READ \"../b.gbai/secret.txt\""),
        ("a.gbai/root.bas", "WRITE \"/etc/x\", 1"),
        ("a.gbai/none.bas", "x = READ \"none.txt\""),
        ("a.gbai/secret.bas", "HEAR x AS PASSWORD\nWRITE \"a.txt\", x"),
        ("a.gbai/list.bas", "HEAR x AS PASSWORD\nWRITE \"a.json\", { k: x }"),
    ];
    let house = House::new(&files).await;
    let kind = async |script: &str, answers: &[&str]| {
        let mut visitor = house.visitor("a");
        visitor.run(script, Map::new(), answers).await.unwrap_err().kind
    };

    assert_eq!(kind("up", &[]).await, FaultKind::Argument);
    assert_eq!(kind("root", &[]).await, FaultKind::Argument);
    assert_eq!(kind("none", &[]).await, FaultKind::NotFound);
    assert_eq!(kind("secret", &["correct horse"]).await, FaultKind::Argument);
    assert_eq!(kind("list", &["correct horse"]).await, FaultKind::Argument);
}

#[tokio::test]
async fn secure_links_open_the_file_until_they_expire_and_nothing_else() {
    use tower::ServiceExt as _;
    let script = "WRITE \"a b.txt\", \"tea\"\nTALK GENERATE SECURE LINK \"a b.txt\" EXPIRES 7 DAYS\nTALK DOWNLOAD \"a b.txt\" AS LINK\n\
        kept = UPLOAD \"a b.txt\" TO \"a b.txt\"\nTALK kept.url";
    let house = House::new(&[("a.gbai/start.bas", script)]).await;
    let app = botserver_core::App::new(&house.state)
        .routes(house.mount.routes())
        .build();
    let get = async |address: String| {
        let request = http::Request::get(&address).body(axum::body::Body::empty()).unwrap();
        let response = app.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    };

    let links = said(&house, "start").await;
    assert_eq!(links.len(), 3);
    for link in links {
        assert_eq!(get(link.clone()).await, (200, "tea".to_owned()), "{link}");
        assert_eq!(get(link.replace("path=a+b", "path=a+c")).await.0, 404);
        let expires = link
            .split("expires=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned();
        assert_eq!(get(link.replace(&expires, "99999999999")).await.0, 404);
        assert_eq!(get(link.replace(&expires, "1")).await.0, 404);
        assert_eq!(get(link.split("&expires").next().unwrap().to_owned()).await.0, 404);
    }
}

#[tokio::test]
async fn data_keywords_work_on_files_of_every_kind() {
    for ending in ["csv", "tsv", "xlsx", "json"] {
        let script = "SAVE \"FILE\", { id: 1, name: \"tea\", price: 2.50, code: \"007\" }\n\
            INSERT INTO \"FILE\" VALUES { name: \"cake\", price: 4 }\nINSERT \"FILE\", { name: \"pie\", price: 1 }\n\
            rows = FIND \"FILE\"\nTALK rows.count + rows[1].id\nTALK rows.code\n\
            found = FIND \"FILE\", \"price > 2 AND name LIKE 'c%'\"\nTALK found.name\n\
            one = FIND \"FILE\", \"name\", \"pie\"\nTALK one.id\n\
            first = FIND \"FILE\" WHERE price < 3 ORDER BY price DESC LIMIT 1 FIRST\nTALK first.name\n\
            TALK UPDATE(\"FILE\", \"name = 'tea'\", { price: 3 })\nUPDATE \"FILE\" SET price = 9 WHERE name = \"cake\"\n\
            TALK AGGREGATE \"SUM\", \"FILE\", \"price\"\nSAVE \"FILE\", { id: 1, price: 5 }\n\
            TALK AGGREGATE \"FILE\" SUM price\ncounts = MERGE \"FILE\", [{ id: 1, price: 5 }, { id: 9, price: 2 }], \"id\"\n\
            TALK counts.inserted + counts.updated + counts.unchanged\nTALK DELETE(\"FILE\", \"price > 4\")\n\
            DELETE FROM \"FILE\" WHERE name = \"pie\"\nrows = FIND \"FILE\"\nTALK rows.id\nDELETE \"FILE\"\n\
            rows = FIND \"FILE\"\nTALK rows IS NULL\nTALK UPDATE(\"FILE\", \"a = 1\", { a: 2 })"
            .replace("FILE", &format!("stock.{ending}"));
        let house = House::new(&[("a.gbai/start.bas", &script)]).await;

        assert_eq!(
            said(&house, "start").await,
            [
                "5", "007", "cake", "3", "tea", "1", "13", "15", "2", "2", "9", "true", "0"
            ],
            "{ending}"
        );
    }
}

#[tokio::test]
async fn a_bare_name_means_the_table_if_there_is_one_else_the_file() {
    let script = "rows = FIND prices\nTALK rows.price\nSAVE \"prices\", { name: \"pie\", price: 3 }\n\
        rows = FIND \"prices\"\nTALK rows.count\nTALK READ \"prices.csv\" AS LINES\nSAVE \"guests\", { name: \"Ana\" }\n\
        guests = FIND guests\nTALK guests.name\nx = SELECT COUNT(*) AS n FROM guests\nTALK x.n\n\
        both = FILTER guests, \"name = 'Ana'\"\nTALK both.count\nitem = DIR \"\"\nDELETE item[0]\nTALK UBOUND(DIR(\"\"))";
    let files = [
        ("a.gbai/start.bas", script),
        ("a.gbai/a.gbdata/prices.csv", "name,price\ntea,2.50\n"),
    ];
    for house in houses(&files).await {
        assert_eq!(
            said(&house, "start").await,
            [
                "2.5",
                "2",
                "[\"name,price\",\"tea,2.5\",\"pie,3\"]",
                "Ana",
                "1",
                "1",
                "0"
            ]
        );
        let original = std::fs::read_to_string(house.path("a.gbai/a.gbdata/prices.csv")).unwrap();
        assert_eq!(original, "name,price\ntea,2.50\n");
    }
}

#[tokio::test]
async fn a_variable_that_is_called_like_a_keyword_is_deleted_by_its_value() {
    let script = "WRITE \"a.txt\", \"x\"\nFOR EACH file IN DIR \"\"\nDELETE file\nNEXT\nTALK UBOUND(DIR(\"\"))\n\
                  WRITE \"b.csv\", \"n\\n2\\n1\"\nz = { rows: FIND \"b.csv\" ORDER BY n, q: 5 }\nTALK z.rows.n + \"|\" + z.q";
    let house = House::new(&[("a.gbai/start.bas", script)]).await;

    assert_eq!(said(&house, "start").await, ["0", "1|5"]);
}
