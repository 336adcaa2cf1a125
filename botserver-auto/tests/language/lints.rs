//! What looks like a mistake, as authors see it. Each test is named after the finding.

use std::collections::HashSet;

use botserver_auto::basic::{self, Known};

use crate::driver::grammar;

fn rendered(text: &str) -> String {
    let parsed = basic::parse("test.bas", text, &grammar());
    let known = Known {
        scripts: Some(HashSet::from(["start".to_owned(), "send-report".to_owned()])),
        tables: Some(HashSet::from(["customers".to_owned()])),
        ..Known::default()
    };
    basic::check(&parsed, &known)
        .iter()
        .map(|diagnostic| diagnostic.render(false))
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// Codes without their texts, for what must be silent.
fn codes(text: &str) -> Vec<&'static str> {
    let parsed = basic::parse("test.bas", text, &grammar());
    basic::check(&parsed, &Known::default())
        .iter()
        .map(|one| one.code)
        .collect()
}

#[test]
fn tools_and_scripts_that_are_not_there() {
    insta::assert_snapshot!(rendered(
        "ADD TOOL \"send-reprt\"\nADD TOOL \"weather\"\nCALL \"send-repor.bas\"\nADD TOOL \"x.gbdialog/start.bas\"\nCALL \"/crm/x\""
    ));
}

#[test]
fn heads_of_scripts() {
    insta::assert_snapshot!(rendered(
        "PARAM password\nPARAM a\nDESCRIPTION \"one\"\nDESCRIPTION \"two\"\nIF a = password THEN\n  SET SCHEDULE \"0 8 * * *\", \"start.bas\"\nEND IF\nCALL s\nSUB s\n  PARAM b\n  TALK b\nEND SUB"
    ));
}

#[test]
fn the_hole_that_is_no_expression_is_the_one_underlined() {
    insta::assert_snapshot!(rendered("x = 1\nTALK \"a of b ${x} and ${a of b)} and ${x}\""));
}

#[test]
fn rows_of_a_loop_are_copies() {
    insta::assert_snapshot!(rendered(
        "rows = [{ v: 1 }, { v: 2 }]\nFOR EACH row IN rows\n  row.v = 9\nNEXT\nTALK rows\nFOR EACH row IN rows\n  row.v = 9\n  TALK row.v\nNEXT"
    ));
}

#[test]
fn services_of_the_own_server_and_transactions() {
    insta::assert_snapshot!(rendered(
        "BEGIN TRANSACTION\nCALL \"/crm/leads/add\", { a: 1 }\nCALL \"send-report\"\nCOMMIT\nIF x IS NULL\n  TALK 1\nEND IF"
    ));
}

#[test]
fn a_script_without_statements() {
    insta::assert_snapshot!(rendered("' nothing yet\n"));
}

#[test]
fn variables_and_subs_that_nobody_uses() {
    insta::assert_snapshot!(rendered(
        "total = 1\ntoatl = total + 1\nTALK total\nSUB help_me\n  TALK 1\nEND SUB\nSUB two(a, b)\n  TALK a + b\nEND SUB\ntwo(1)\n\
         PARAM city\nDESCRIPTION \"d\"\nTALK ctiy"
    ));
}

#[test]
fn members_that_are_spelled_in_two_ways() {
    insta::assert_snapshot!(rendered(
        "o = { customer: 1, state: 2 }\nTALK o.custmer\nTALK o.customer + o.state + o.staet\nTALK o.item + o.items + o.line1 + o.line2"
    ));
}

#[test]
fn fields_of_a_with_block_are_no_variables() {
    insta::assert_snapshot!(rendered(
        "WITH order\n  amount = 5\nEND WITH\nTALK amount\nTALK order.amount"
    ));
}

#[test]
fn comparisons_that_are_always_the_same() {
    insta::assert_snapshot!(rendered(
        "n = \"x\"\nIF LEN(n) > \"Daily Update\" THEN TALK 1\nIF n < NULL THEN TALK 2\nIF 1 = 2 THEN TALK 3\nIF n = n THEN TALK 4\n\
         IF TRUE THEN TALK 5\nIF n = 1 AND n = 1 THEN TALK 6\nIF n LIKE \"abc\" THEN TALK 7\nIF n = 1 THEN\n  TALK 8\nELSE IF n = 1 THEN\n  TALK 9\nEND IF\n\
         IF 1 < n < 3 THEN TALK 10\nTALK n BETWEEN 5 AND 1"
    ));
}

#[test]
fn calculations_that_cannot_work() {
    insta::assert_snapshot!(rendered(
        "n = 5\nTALK n * \"two\"\nTALK n / 0\nTALK n - n\nTALK n + 0\nn = n\nTALK { a: 1, a: 2 }\nUCASE(\"x\")\nTALK + n\nTALK DATEADD(TODAY(), 1, \"fortnight\")\n\
         TALK DATEADD(TODAY(), \"day\", 1)\nTALK DATEDIFF(TODAY(), NOW(), \"day\")"
    ));
}

#[test]
fn loops_that_never_end_or_never_run() {
    insta::assert_snapshot!(rendered(
        "list = [1, 2]\nindex = 1\nDO WHILE index < UBOUND(list)\n  TALK index\nLOOP\nWHILE TRUE\n  index = index + 1\nWEND\nFOR i = 5 TO 1\n  TALK i\nNEXT\n\
         FOR i = 1 TO UBOUND(list)\n  TALK list[i]\nNEXT\nFOR i = 1 TO 3 STEP 0\nTALK 1\nNEXT"
    ));
}

#[test]
fn statements_that_are_never_reached() {
    insta::assert_snapshot!(rendered(
        "x = 1\nIF x = 1 THEN\n  EXIT\n  TALK 1\nEND IF\nFOR i = 1 TO 2\n  EXIT FOR\n  TALK 2\nNEXT\nIF x = 2 THEN\n  RETURN 1\nELSE\n  RETURN 2\nEND IF\nTALK 3"
    ));
}

#[test]
fn choices_that_are_there_twice() {
    insta::assert_snapshot!(rendered(
        "x = 1\nSELECT CASE x\nCASE 1, 2\nTALK 1\nCASE 2\nTALK 2\nEND SELECT\nTALK x = 1 ? x : x"
    ));
}

#[test]
fn transactions_hold_nobody_up() {
    insta::assert_snapshot!(rendered(
        "BEGIN TRANSACTION\nHEAR x\nPOST \"https://example.com\", x\nBEGIN TRANSACTION\nCALL \"start.bas\"\nCOMMIT\nROLLBACK\nBEGIN TRANSACTION\ny = 1\nTALK y"
    ));
}

#[test]
fn tables_with_unknown_types() {
    insta::assert_snapshot!(rendered(
        "TABLE orders\n  id number key\n  buyer Customers\n  what strnig(20)\nEND TABLE"
    ));
}

#[test]
fn texts_that_are_no_scripts() {
    insta::assert_snapshot!(rendered(
        "Dear customer,\n\nthank you for your message of last week.\nWe will answer as soon as we can.\n\nBest regards\nThe team of the shop"
    ));
}

#[test]
fn values_that_stand_outside_of_a_text() {
    insta::assert_snapshot!(rendered("products = [1]\nTALK \"List: \" ${TOYAML(products)}"));
}

#[test]
fn phrases_of_structures_are_known() {
    insta::assert_snapshot!(rendered(
        "GOTOO x\nBEGIN TALKK\nSET SHEDULE \"x\"\nEND SHEDULE\nON INSRT OF \"t\"\nEND ON"
    ));
}

#[test]
fn numbers_that_are_appended_and_letters_of_another_case() {
    insta::assert_snapshot!(rendered(
        "i = 1\nTALK \"Item \" + i + 1\nTALK i + 1 + \" items\"\nTALK \"a\" + (i + 1)\nIF LCASE(i) = \"Yes\" THEN TALK 1\nIF UCASE(i) CONTAINS \"no\" THEN TALK 2\nTALK ROUND(i, )"
    ));
}

#[test]
fn loops_that_leave_the_first_element_out() {
    insta::assert_snapshot!(rendered(
        "list = [1, 2]\nindex = 1\nDO WHILE index < UBOUND(list)\n  TALK list[index]\n  index = index + 1\nLOOP"
    ));
}

#[test]
fn tools_without_a_name() {
    insta::assert_snapshot!(rendered(
        "DESCRIPTION \"one\"\nRETURN 1\n\nDESCRIPTION \"two\"\nRETURN 2"
    ));
}

#[test]
fn tables_that_are_not_declared() {
    insta::assert_snapshot!(rendered(
        "x = FIND \"custmers\"\ny = FIND \"customers\"\nz = FIND \"orders.csv\"\nSAVE \"custommers\", x\nTALK y + z"
    ));
}

#[test]
fn schedules_that_cannot_be_read() {
    insta::assert_snapshot!(rendered(
        "SET SCHEDULE every 1 hor\nSET SCHEDULE \"* * 8\"\nSET SCHEDULE \"every weekday at 9am\"\nSET SCHEDULE \"1 * * * * *\"\nDIM a(2)\na() = 1\nTALK a(1)\nx = 1\nSET BOT MEMORY \"k\", + x"
    ));
}

#[test]
fn keywords_that_stand_twice() {
    insta::assert_snapshot!(rendered("x = GET GET BOT MEMORY \"k\"\nTALK x"));
}

#[test]
fn what_is_right_is_silent() {
    let silent: [&str; 13] = [
        "i = 0\nDO WHILE i < 3\n  i = i + 1\nLOOP\nTALK i",
        "DO\n  HEAR x\n  TALK x\nLOOP",
        "again:\nTALK 1\nGOTO again",
        "x = GET \"https://example.com\"\nTALK x.items + x.item",
        "FOR EACH c IN [1]\n  TALK c\nNEXT\nRETURN 1\ndone:\nTALK 2",
        "HEAR anything WITH \"Press enter\"\nTALK \"on\"",
        "list = []\nAPPEND list, 1\nTALK UBOUND(list)\nFOR i = 0 TO UBOUND(list) - 1\n  TALK list[i]\nNEXT",
        "WEBHOOK \"x\"\nresult_status = 200\nresult_body = body",
        "BEGIN TRANSACTION\nx = 1\nIF x = 1 THEN\n  COMMIT\nELSE\n  ROLLBACK\nEND IF",
        "DESCRIPTION \"a\"\nRETURN 1\n' Second\nDESCRIPTION \"b\"\nRETURN 2",
        "IF ISEMPTY(\"\") AND NOT FALSE THEN TALK 1",
        "TALK DATEADD(TODAY(), 1, \"day\")\nTALK DATEDIFF(\"day\", TODAY(), NOW())",
        "n = 1\nWHILE TRUE\n  n = n + 1\n  IF n > 3 THEN EXIT WHILE\nWEND",
    ];
    for text in silent {
        let found: Vec<&str> = codes(text).into_iter().filter(|code| *code != "B230").collect();
        assert!(found.is_empty(), "{found:?} in\n{text}");
    }
}

#[test]
fn what_existing_scripts_do_and_mean_is_no_mistake() {
    for script in [
        "slip = NEW OBJECT\nfarm = \"a\"\nWITH slip\n  farm = farm\n  .town = farm\nEND WITH\nTALK slip.farm + slip.town",
        "train = \"LM1\"\nUPDATE \"wagons\", 1, \"train\", train",
        "UPDATE t SET a = 1 WHERE id = 1\nrows = [{ a: 1, b: 2 }]\ns = SELECT b, a FROM rows\nTALK s",
        "PARAM n AS INTEGER DEFAULT 5 LIKE 3\nDESCRIPTION \"x\"\nTALK n",
    ] {
        assert_eq!(rendered(script), "", "{script}");
    }
}
