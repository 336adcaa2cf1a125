//! How arguments are read, by the signs in the shapes of keywords.

use botserver_auto::basic;
use botstate::dialog::FaultKind;

use crate::driver::{Talk, grammar};

/// Runs each script and compares what its keywords are given.
#[track_caller]
fn calls(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(script, expected)| (script, Talk::new(script).transcript(), expected))
        .filter(|(_, found, expected)| found.trim() != **expected)
        .map(|(script, found, expected)| format!("{script}\n  gave {found}  want {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_is_joined_to_a_filter_is_a_value() {
    calls(&[
        (
            "FIND \"t\", \"name=\" + username",
            r#"call FIND: table="t" filter=["name=","Ana",""]"#,
        ),
        (
            "x = 7\nFIND \"t\", \"id = '\" + x + \"' AND age > ${x + 1}\"",
            r#"call FIND: table="t" filter=["id = '",7,"' AND age > ",8,""]"#,
        ),
        (
            "FIND \"t\", \"a=\" & 1 & 2",
            r#"call FIND: table="t" filter=["a=",1,"",2,""]"#,
        ),
        (
            "x = 2\nFIND \"t\", x + 1 + \" < n\"",
            r#"call FIND: table="t" filter=["",3," < n"]"#,
        ),
        (
            "x = 2\nFIND \"t\", \"n > \" + (x + 1) + \" AND m = \" + x * 2",
            r#"call FIND: table="t" filter=["n > ",3," AND m = ",4,""]"#,
        ),
        ("FIND \"t\", \"a=1\"", r#"call FIND: table="t" filter=["a=1"]"#),
        (
            "FILTER(rows, \"a = \" + username)",
            r#"call FILTER: list={"name":"rows","value":null} filter=["a = ","Ana",""]"#,
        ),
    ]);
}

#[test]
fn columns_may_be_computed_from_what_rows_hold() {
    calls(&[
        (
            "q = 2\nUPDATE \"t\" SET stock = stock - q, seen = q WHERE id = 1",
            r#"call UPDATE: table="t" fields={"stock":null,"seen":2} filter=["id = ",1,""] computed={"stock":["(stock - ",2,")"]}"#,
        ),
        (
            "total = 5\nUPDATE \"t\" SET total = total + 1 WHERE id = 1",
            r#"call UPDATE: table="t" fields={"total":6} filter=["id = ",1,""]"#,
        ),
        (
            "UPDATE \"t\" SET name = UPPER(name), n = ROUND(-n * (2 + 1), 2) WHERE a = 1",
            r#"call UPDATE: table="t" fields={"name":null,"n":null} filter=["a = ",1,""] computed={"name":["UPPER(name)"],"n":["ROUND(((0 - n) * ",3,"), ",2,")"]}"#,
        ),
    ]);
}

#[test]
fn a_configuration_value_may_stand_inside_another_argument() {
    calls(&[(
        "SET HEADER \"A\" AS \"Bearer \" + GET \"config\", \"token\"",
        "call GET: source=\"config\" key=\"token\"\ncall SET HEADER: name=\"A\" value=\"Bearer \"",
    )]);
}

#[test]
fn a_value_from_elsewhere_is_one_value_whatever_it_contains() {
    let talk = Talk::new("HEAR f\nFIND \"t\", f").answer("a=1 OR 1=1");
    assert_eq!(
        talk.transcript(),
        "hear text\n> a=1 OR 1=1\ncall FIND: table=\"t\" filter=[\"\",\"a=1 OR 1=1\",\"\"]\n"
    );
    let talk = Talk::new("PARAM f\nDESCRIPTION \"d\"\nFIND \"t\", f").arg("f", "x = 1");
    assert_eq!(
        talk.transcript(),
        "call FIND: table=\"t\" filter=[\"\",\"x = 1\",\"\"]\n"
    );
    calls(&[
        (
            "f = UCASE(\"a=1\")\nFIND \"t\", f",
            r#"call FIND: table="t" filter=["","A=1",""]"#,
        ),
        (
            "f = \"a=1\"\nf = f + 1 - 1\nFIND \"t\", f",
            "fault: test.bas:2: \"a=11\" is not a number (VAL(text) reads the number that a text begins with)",
        ),
        (
            "FOR EACH f IN [\"a=1\"]\nFIND \"t\", f\nNEXT",
            r#"call FIND: table="t" filter=["","a=1",""]"#,
        ),
    ]);
}

#[test]
fn a_variable_that_holds_only_filter_texts_is_followed() {
    calls(&[
        (
            "x = \"1 OR 2\"\nf = \"a=\" + username\nf = f + \" AND b=\" + x\nFIND \"t\", f",
            r#"call FIND: table="t" filter=["a=","Ana"," AND b=","1 OR 2",""]"#,
        ),
        (
            "f = \"\"\nIF TRUE THEN\n  f = f + \"a=\" + username\nEND IF\nTALK f\nFIND \"t\", f",
            "bot: a=Ana\ncall FIND: table=\"t\" filter=[\"a=\",\"Ana\",\"\"]",
        ),
        (
            "f = \"a=${username}\"\ng = f\nFIND \"t\", \"(\" + g + \") AND c=1\"",
            r#"call FIND: table="t" filter=["(a=","Ana",") AND c=1"]"#,
        ),
        (
            "name = \"O'Brien AND x=1\"\nFIND \"t\", \"name='\" + name + \"'\"",
            r#"call FIND: table="t" filter=["name='","O'Brien AND x=1","'"]"#,
        ),
        (
            "f = \"id=\" + GET BOT MEMORY \"k\"\nFIND \"t\", f\nTALK f",
            "call GET BOT MEMORY: key=\"k\"\ncall FIND: table=\"t\" filter=[\"id=\",null,\"\"]\nbot: id=",
        ),
        (
            "SUB add(v)\n  f = f + \" AND b=\" + v\nEND SUB\nf = \"a=1\"\nadd(2)\nadd(3)\nFIND \"t\", f",
            r#"call FIND: table="t" filter=["a=1 AND b=",2," AND b=",3,""]"#,
        ),
        (
            "FIND \"t\", f\nf = \"a=1\"",
            r#"call FIND: table="t" filter=["",null,""]"#,
        ),
    ]);
}

#[test]
fn names_on_the_left_of_a_comparison_are_columns() {
    calls(&[
        (
            "email = \"a@b.c\"\nFIND \"users\" WHERE email = email",
            r#"call FIND: table="users" filter=["email = ","a@b.c",""]"#,
        ),
        (
            "m = 5\nFIND \"t\" WHERE total > m * 2 OR name LIKE \"%\" + username + \"%\"",
            r#"call FIND: table="t" filter=["total > ",10," OR name LIKE ","%Ana%",""]"#,
        ),
        (
            "FIND \"t\" WHERE (a = 1 OR b = 2) AND NOT c IN (1, \"x\") AND d BETWEEN 1 AND 2",
            r#"call FIND: table="t" filter=["(a = ",1," OR b = ",2,") AND NOT c IN (",1,", ","x",") AND d BETWEEN ",1," AND ",2,""]"#,
        ),
        (
            "FIND \"t\" WHERE a IS NOT NULL AND LOWER(t.name) = \"x\" AND DATEDIFF(NOW(), created_at) > 3 AND active",
            r#"call FIND: table="t" filter=["a IS NOT NULL AND LOWER(t.name) = ","x"," AND DATEDIFF(NOW(), created_at) > ",3," AND active"]"#,
        ),
        (
            "list = [1, 2]\nFIND \"t\" WHERE (price * quantity) >= 10 AND id NOT IN list",
            r#"call FIND: table="t" filter=["(price * quantity) >= ",10," AND id NOT IN ",[1,2],""]"#,
        ),
        (
            "FIND \"t\" WHERE \"a = \" + username + \" AND b = 1\"",
            r#"call FIND: table="t" filter=["a = ","Ana"," AND b = 1"]"#,
        ),
        (
            "f = \"a = \" + username\nFIND \"t\" WHERE f",
            r#"call FIND: table="t" filter=["a = ","Ana",""]"#,
        ),
        (
            "x = FIND \"t\"\n  WHERE \"status\" = 1\n  AND b <> NULL\n  ORDER BY name DESC, total\n  LIMIT 5\nTALK \"next\"",
            "call FIND: table=\"t\" filter=[\"status = \",1,\" AND b <> \",null,\"\"] order=\"name DESC, total\" limit=5\nbot: next",
        ),
        (
            "FIND \"t\" WHERE a = 1 FIRST ON crm",
            r#"call FIND: table="t" filter=["a = ",1,""] first=true connection=null"#,
        ),
        (
            "FIND ALL t WHERE a CONTAINS \"x\" AND b STARTS WITH \"y\"",
            r#"call FIND: table={"name":"t","value":null} filter=["a CONTAINS ","x"," AND b STARTS WITH ","y",""]"#,
        ),
    ]);
}

#[test]
fn a_bare_name_is_a_source_with_the_value_of_its_variable() {
    calls(&[
        ("FIND accounts", r#"call FIND: table={"name":"accounts","value":null}"#),
        (
            "FIND .Produtos, \"a=1\"",
            r#"call FIND: table={"name":".Produtos","value":null} filter=["a=1"]"#,
        ),
        (
            "x = FIND maria.Pedidos",
            r#"call FIND: table={"name":"maria.Pedidos","value":null}"#,
        ),
        (
            "rows = [{ a: 1 }]\nx = FILTER rows WHERE a = 1",
            r#"call FILTER: list={"name":"rows","value":[{"a":1}]} filter=["a = ",1,""]"#,
        ),
        (
            "o.items = [1]\nx = FILTER o.items WHERE a = 1",
            r#"call FILTER: list={"name":"o.items","value":[1]} filter=["a = ",1,""]"#,
        ),
        (
            "list = [1]\nFILTER list WHERE a = 1",
            r#"call FILTER: list={"name":"list","value":[1]} filter=["a = ",1,""]"#,
        ),
        ("FIND \"a.csv\"", r#"call FIND: table="a.csv""#),
        ("x = \"a\"\nFIND x + \".csv\"", r#"call FIND: table="a.csv""#),
        (
            "AGGREGATE sales SUM amount WHERE year = 2024",
            r#"call AGGREGATE: list={"name":"sales","value":null} what="SUM amount" filter=["year = ",2024,""]"#,
        ),
    ]);
}

#[test]
fn assignments_come_as_an_object() {
    calls(&[
        (
            "UPDATE \"t\" SET\n  name = \"x\",\n  total = 1 + 2,\n  \"order\" = NULL\nWHERE id = 7",
            r#"call UPDATE: table="t" fields={"name":"x","total":3,"order":null} filter=["id = ",7,""]"#,
        ),
        (
            "UPDATE t\n  SET status = \"won\", case = 1\n  WHERE id = 7\nTALK 1",
            "call UPDATE: table={\"name\":\"t\",\"value\":null} fields={\"status\":\"won\",\"case\":1} filter=[\"id = \",7,\"\"]\nbot: 1",
        ),
        (
            "INSERT INTO t WITH a AS 1, b = 2 OR 3",
            r#"call INSERT INTO: table={"name":"t","value":null} fields={"a":1,"b":2}"#,
        ),
        (
            "INSERT INTO \"t\"\n  VALUES { a: 1 }",
            r#"call INSERT INTO: table="t" value={"a":1}"#,
        ),
        (
            "MERGE INTO t ON id = 5 WITH a = 1, b = 2",
            r#"call MERGE: table={"name":"t","value":null} key={"id":5} fields={"a":1,"b":2}"#,
        ),
        (
            "r = [1]\nMERGE \".Produtos\" WITH r BY \"Id\"",
            r#"call MERGE: table=".Produtos" data=[1] key="Id""#,
        ),
    ]);
}

#[test]
fn named_values_know_what_they_are_called() {
    calls(&[(
        "id$ = 1\nc.name = \"x\"\nSAVE ROW \"t\", id$, c.name, LEN(\"ab\"), 5",
        r#"call SAVE ROW: table="t" values=[{"name":"id","value":1},{"name":"name","value":"x"},{"name":null,"value":2},{"name":null,"value":5}]"#,
    )]);
}

#[test]
fn arguments_may_stand_side_by_side() {
    calls(&[
        (
            "SET TIMER \"0 9 * * *\" \"jobs.bas\" \"daily\"",
            r#"call SET TIMER: cron="0 9 * * *" file="jobs.bas" argument="daily""#,
        ),
        (
            "SET TIMER \"0 9 * * *\" DATEADD(\"2026-01-01\", 1, \"day\"), \"jobs.bas\"",
            r#"call SET TIMER: cron="0 9 * * *" at="2026-01-02" file="jobs.bas""#,
        ),
        ("SET TIMER every 1 hour", r#"call SET TIMER: when="every 1 hour""#),
        ("SET TIMER \"every 1 hour\"", r#"call SET TIMER: cron="every 1 hour""#),
        (
            "t = 1\nimg = 2\nPOST TO INSTAGRAM AT t img, \"cap\"",
            r#"call POST TO: where={"name":"INSTAGRAM","value":null} time=1 image=2 caption="cap""#,
        ),
    ]);
}

#[test]
fn options_come_in_any_order() {
    calls(&[
        (
            "x = LLM \"p\"\n  WITH MAX_COST 5\n  WITH OPTIMIZE FOR \"cost\"\nTALK \"next\"",
            "call LLM: prompt=\"p\" cost=5 goal=\"cost\"\nbot: next",
        ),
        (
            "FIND \"t\" LIMIT 5 ORDER BY name",
            r#"call FIND: table="t" limit=5 order="name""#,
        ),
        (
            "ALERT \"x\" TO \"y\", ATTACHMENT \"f\", 1",
            r#"call ALERT: text="x" who="y" file="f" extra=1"#,
        ),
        ("ALERT \"x\" TO \"y\", 1", r#"call ALERT: text="x" who="y" extra=1"#),
        (
            "rows = FIND \"t\"\nWITH result\n  a = 1\nEND WITH\nTALK result.a",
            "call FIND: table=\"t\"\nbot: 1",
        ),
        (
            "rows = FIND \"t\"\nLIMIT = 5\nTALK limit",
            "call FIND: table=\"t\"\nbot: 5",
        ),
    ]);
}

#[test]
fn a_select_goes_up_to_the_end_of_its_logical_line() {
    calls(&[
        (
            "sales = [{ a: 1 }]\nyear = 2024\ndata = SELECT SUM(a * b) AS v, c FROM sales JOIN other ON sales.id = other.id\n  WHERE y = \"${year}\" AND c LIKE 'x%'\n  GROUP BY c\n  ORDER BY v DESC\nTALK \"next\"",
            "call SELECT: query=[\"SUM(a * b) AS v, c FROM sales JOIN other ON sales.id = other.id WHERE y = \",\"2024\",\" AND c LIKE 'x%' GROUP BY c ORDER BY v DESC\"] rows={\"sales\":[{\"a\":1}]}\nbot: next",
        ),
        ("x = SELECT * FROM t", r#"call SELECT: query=["* FROM t"] rows={}"#),
        (
            "x = SELECT COUNT(*) AS n,\n  MAX(b) AS \"Top Value\" FROM \"a.csv\"",
            r#"call SELECT: query=["COUNT(*) AS n, MAX(b) AS \"Top Value\" FROM ","a.csv",""] rows={}"#,
        ),
        ("SELECT CASE 1\nCASE 1\nTALK \"one\"\nEND SELECT", "bot: one"),
        ("select = 5\nTALK select + 1", "bot: 6"),
    ]);
}

#[test]
fn phrases_of_services_that_are_not_here_are_read_and_reported() {
    let script = "SEND SMS \"+55\", \"hi\"\nx = GET ATTENDANTS [\"online\"]\nRELAY SET 1, ON\nPOST TO INSTAGRAM \"a.png\", \"cap\"";
    let parsed = basic::parse("test.bas", script, &grammar());
    let found: Vec<String> = basic::check(&parsed, &basic::Known::default())
        .into_iter()
        .filter(|one| one.code == "B230")
        .map(|one| format!("{}: {}", one.line, one.title))
        .collect();
    assert_eq!(
        found,
        [
            "1: this server has no SMS service, so SEND SMS fails when it is reached",
            "2: this server has no service for attendants, so GET ATTENDANTS fails when it is reached",
            "3: this server has no sensors and displays, so RELAY SET fails when it is reached",
        ]
    );
    let talk = Talk::new("TRY\n  SEND SMS \"+55\", \"hi\"\nCATCH e\n  TALK \"no SMS: \" + e.kind\nEND TRY");
    assert_eq!(
        talk.fails(FaultKind::NotFound, "this server has no SEND SMS service")
            .transcript(),
        "call SEND SMS: phone=\"+55\" text=\"hi\"\nbot: no SMS: not_found\n"
    );
    calls(&[
        ("SUB validate(x)\nTALK x\nEND SUB\nvalidate(1)", "bot: 1"),
        ("answer = 5\nimage = 6\nTALK answer\nTALK image + 1", "bot: 5\nbot: 7"),
    ]);
}

#[test]
fn clauses_of_a_query_are_no_names_of_the_script() {
    let script = "FOR EACH order IN [1]\n  TALK order\nNEXT\ndata = SELECT id FROM t ORDER BY id\nTALK data";
    let parsed = basic::parse("a.bas", script, &grammar());
    let found = basic::check(&parsed, &basic::Known::default());

    assert!(found.is_empty(), "{found:#?}");
}
