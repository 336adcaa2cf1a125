//! Questions of readers over the bots' tables, on both databases: what each may ask, and what nobody may.

use botlib::{Caller, PersonId, RequestId, Role, SessionId};
use botstate::{dialog::FaultKind, rows::Selected};

use crate::support::{House, houses};

const TABLES: &str = "TABLE staff READ BY \"admin\" WRITE BY \"admin\"\n  name string\n  wage number(8,2)\nEND TABLE\n\
                      TABLE guests\n  id integer key\n  name string\n  nights integer\n  note string READ BY \"admin\"\nEND TABLE";

const FILL: &str = "INSERT \"staff\", #{ name: \"Canary\", wage: 10 }\n\
                    INSERT \"guests\", #{ id: 1, name: \"Ana\", nights: 2, note: \"canary one\" }\n\
                    INSERT \"guests\", #{ id: 2, name: \"Bo\", nights: 5, note: \"canary two\" }\n\
                    WRITE \"secret.csv\", \"id,word\\n1,canary\\n\"";

fn person(house: &House, role: Role) -> Caller {
    Caller::person(
        house.state.org,
        PersonId::new(),
        role,
        SessionId::new(),
        RequestId::new(),
    )
}

async fn filled() -> Vec<House> {
    let files = [
        ("a.gbai/tables.bas", TABLES),
        ("a.gbai/start.bas", FILL),
        ("b.gbai/start.bas", "TALK 1"),
    ];
    let houses = houses(&files).await;
    for house in &houses {
        house.said("a", "start").await;
    }
    houses
}

async fn ask(house: &House, bot: &str, reader: &Caller, query: &str) -> Result<String, (FaultKind, String)> {
    let tables = house.state.ports.tables.clone().unwrap();
    let selected = tables.select(&house.bot(bot), reader, query).await;
    let Selected { rows, .. } = selected.map_err(|fault| (fault.kind, fault.message))?;
    let rows: Vec<String> = rows
        .into_iter()
        .map(|row| botlib::Value::Map(row).to_json().to_string())
        .collect();
    Ok(rows.join(" "))
}

#[tokio::test]
async fn a_reader_is_told_of_tables_and_columns_that_he_may_read() {
    for house in filled().await {
        let tables = house.state.ports.tables.clone().unwrap();
        let told = async |bot: &str, reader: Caller| {
            let outlines = tables.outlines(&house.bot(bot), &reader).await.unwrap();
            let each = outlines.into_iter().map(|table| {
                let columns = table.columns.into_iter().map(|(name, kind)| format!("{name} {kind}"));
                format!("{}({})", table.name, columns.collect::<Vec<_>>().join(", "))
            });
            each.collect::<Vec<_>>().join(" ")
        };

        assert_eq!(
            told("a", person(&house, Role::Member)).await,
            "guests(id integer, name text, nights integer)"
        );
        assert_eq!(
            told("a", person(&house, Role::Admin)).await,
            "guests(id integer, name text, nights integer, note text) staff(name text, wage number)"
        );
        assert_eq!(told("b", person(&house, Role::Admin)).await, "");
    }
}

#[tokio::test]
async fn queries_are_answered_with_the_roles_of_their_reader() {
    for house in filled().await {
        let (member, admin) = (person(&house, Role::Member), person(&house, Role::Admin));

        for (query, expected) in [
            ("SELECT name FROM guests WHERE nights > 2", r#"{"name":"Bo"}"#),
            (
                "select count(*) AS n, SUM(g.nights) AS total from Guests g;",
                r#"{"n":2,"total":7}"#,
            ),
            (
                "SELECT name AS who FROM guests ORDER BY who DESC LIMIT 1",
                r#"{"who":"Bo"}"#,
            ),
            (
                "SELECT * FROM guests WHERE id = 1",
                r#"{"id":1,"name":"Ana","nights":2}"#,
            ),
            (
                "SELECT nights, COUNT(*) AS n FROM guests GROUP BY nights HAVING COUNT(*) > 0 ORDER BY n, nights",
                r#"{"nights":2,"n":1} {"nights":5,"n":1}"#,
            ),
        ] {
            assert_eq!(
                ask(&house, "a", &member, query).await.as_deref(),
                Ok(expected),
                "{query}"
            );
        }
        let all = ask(
            &house,
            "a",
            &admin,
            "SELECT note FROM guests JOIN staff ON wage > nights WHERE staff.name = 'Canary'",
        )
        .await;
        assert_eq!(all.as_deref(), Ok(r#"{"note":"canary one"} {"note":"canary two"}"#));
    }
}

#[tokio::test]
async fn whatever_is_no_query_over_readable_tables_is_refused_and_changes_nothing() {
    for house in filled().await {
        let (member, admin) = (person(&house, Role::Member), person(&house, Role::Admin));

        for query in [
            "DELETE FROM guests",
            "UPDATE guests SET nights = 0",
            "SELECT name FROM guests; DROP TABLE guests",
            "SELECT name FROM guests UNION SELECT name FROM staff",
            "SELECT name FROM (SELECT * FROM staff) x",
            "SELECT load_extension('x') FROM guests",
            "SELECT name FROM 'secret.csv'",
            "SELECT name FROM secret.csv",
            "SELECT name FROM other.guests",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "PRAGMA table_info(guests)",
            "name FROM guests",
            "SELECT COUNT(*) AS n FROM guests HAVING n > 0",
            "SELECT name FROM guests ORDER BY nothing",
            "",
        ] {
            let refused = ask(&house, "a", &admin, query).await;
            assert!(refused.is_err(), "{query}: {refused:?}");
        }
        // What is hidden and what is not there look the same.
        for (hidden, absent) in [
            ("SELECT name FROM staff", "SELECT name FROM nobody"),
            ("SELECT note FROM guests", "SELECT nota FROM guests"),
            (
                "SELECT name FROM guests WHERE note LIKE 'canary%'",
                "SELECT name FROM guests WHERE nota LIKE 'canary%'",
            ),
            (
                "SELECT name FROM guests ORDER BY note",
                "SELECT name FROM guests ORDER BY nota",
            ),
            ("SELECT MAX(note) AS m FROM guests", "SELECT MAX(nota) AS m FROM guests"),
            (
                "SELECT g.name FROM guests g JOIN guests h ON g.note = h.note",
                "SELECT g.name FROM guests g JOIN guests h ON g.nota = h.nota",
            ),
            ("SELECT secret FROM _ledger", "SELECT secret FROM _nobody"),
            ("SELECT word FROM secret", "SELECT word FROM nobody"),
        ] {
            let hidden = ask(&house, "a", &member, hidden).await.unwrap_err();
            let absent = ask(&house, "a", &member, absent).await.unwrap_err();
            assert_eq!(hidden.0, FaultKind::NotFound);
            let plain = |text: &str| {
                ["_ledger", "_nobody", "staff", "nobody", "note", "nota", "secret"]
                    .iter()
                    .fold(text.to_owned(), |text, word| text.replace(word, "X"))
            };
            assert_eq!(plain(&hidden.1), plain(&absent.1));
        }
        let left = ask(
            &house,
            "a",
            &member,
            "SELECT COUNT(*) AS n, SUM(nights) AS nights FROM guests",
        )
        .await;
        assert_eq!(left.as_deref(), Ok(r#"{"n":2,"nights":7}"#));
    }
}
