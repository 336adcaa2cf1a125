//! The formatter: one canonical form, comments where they were.

use botserver_auto::basic;

use crate::driver::grammar;

fn format(text: &str) -> String {
    basic::format_source(text, &grammar()).unwrap_or_else(|errors| panic!("{text}\n{:#?}", errors.first()))
}

/// Formats each script of a table, twice, and compares.
#[track_caller]
fn table(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(text, expected)| {
            let found = format(text);
            let again = format(&found);
            let twice = if again == found {
                String::new()
            } else {
                format!("\n-- twice\n{again}")
            };
            let right = found == *expected && twice.is_empty();
            (!right).then(|| format!("-- from\n{text}\n-- found\n{found}\n-- want\n{expected}{twice}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_block_has_one_beginning_and_one_end() {
    table(&[
        (
            "if (x == 1) then\ntalk 1\nelse if x <> 2 then\ntalk 2\nelse\ntalk 3\nendif",
            "IF x = 1 THEN\n  TALK 1\nELSEIF x <> 2 THEN\n  TALK 2\nELSE\n  TALK 3\nEND IF\n",
        ),
        (
            "IF a THEN TALK 1 ELSE TALK 2",
            "IF a THEN\n  TALK 1\nELSE\n  TALK 2\nEND IF\n",
        ),
        (
            "if a > 1 {\n talk 1\n} else { talk 2 }",
            "IF a > 1 THEN\n  TALK 1\nELSE\n  TALK 2\nEND IF\n",
        ),
        (
            "FOR EACH x IN list DO\nTALK x\nEND FOR",
            "FOR EACH x IN list\n  TALK x\nNEXT\n",
        ),
        (
            "for x in list last 3\nbreak\nnext x",
            "FOR EACH x IN list LAST 3\n  BREAK\nNEXT\n",
        ),
        (
            "FOR i = 1 TO 9 STEP 2\nTALK i\nNEXT i",
            "FOR i = 1 TO 9 STEP 2\n  TALK i\nNEXT\n",
        ),
        ("WHILE a DO\na = 0\nWEND", "WHILE a\n  a = 0\nEND WHILE\n"),
        (
            "DO UNTIL a\na = 1\nLOOP\nDO\nEXIT DO\nLOOP WHILE b",
            "DO UNTIL a\n  a = 1\nLOOP\nDO\n  EXIT DO\nLOOP WHILE b\n",
        ),
        (
            "SWITCH x\nCASE 1, 2: TALK 1\nCASE 3 TO 5\nCASE IS > 5\nTALK 2\nDEFAULT\nEND SWITCH",
            "SELECT CASE x\n  CASE 1, 2\n    TALK 1\n  CASE 3 TO 5\n  CASE IS > 5\n    TALK 2\n  CASE ELSE\nEND SELECT\n",
        ),
        (
            "SUB a(x)\nEXIT SUB\nEND SUB\nSUB b()\nRETURN 1\nEND SUB\nCALL a(1)\nb",
            "SUB a(x)\n  EXIT SUB\nEND SUB\nFUNCTION b\n  RETURN 1\nEND FUNCTION\nCALL a(1)\nCALL b\n",
        ),
        (
            "WITH o\nname = 1\nx = name\nEND WITH\nWITH p\n.a = 1\nEND WITH",
            "WITH o\n  name = 1\n  x = name\nEND WITH\nWITH p\n  .a = 1\nEND WITH\n",
        ),
        (
            "try\nthrow 1\ncatch e\ntalk e.message\nend try",
            "TRY\n  THROW 1\nCATCH e\n  TALK e.message\nEND TRY\n",
        ),
    ]);
}

#[test]
fn values_are_written_one_way() {
    table(&[
        ("LET x=1;SET y.z = x&&!y||z!=3", "x = 1\ny.z = x AND NOT y OR z <> 3\n"),
        (
            "x = #{ \"a\": 1, 'b c': [1,2,], d }",
            "x = { a: 1, \"b c\": [1, 2], d: d }\n",
        ),
        ("x = NEW OBJECT\ny = NEW ARRAY\nz = null", "x = {}\ny = []\nz = NULL\n"),
        ("x = a?.b[ 0 ] % 2 + -1", "x = a.b[0] MOD 2 + -1\n"),
        ("x = ((a + b)) * (c)", "x = (a + b) * c\n"),
        ("x = ucase( left$(s,2) )", "x = UCASE(LEFT$(s, 2))\n"),
        (
            "x = FORMAT(a,\"0.00\")\ny = \"$\" + format b as \"0\" + \"!\"",
            "x = FORMAT(a, \"0.00\")\ny = \"$\" + FORMAT b AS \"0\" + \"!\"\n",
        ),
        (
            "x = NOT a IS NULL ? \"f\" : \"it's ${b}\"",
            "x = a IS NOT NULL ? \"f\" : \"it's ${b}\"\n",
        ),
        (
            "x = (GET \"session.y\") OR \"web\"\nx = y IN (1,2)",
            "x = GET \"session.y\" OR \"web\"\nx = y IN [1, 2]\n",
        ),
        ("x = \"a\n  b\"\nTALK x", "x = \"a\n  b\"\nTALK x\n"),
    ]);
}

#[test]
fn keywords_have_one_form() {
    table(&[
        (
            "set bot memory \"k\" as 1\nx = get bot memory(\"k\")",
            "SET BOT MEMORY \"k\", 1\nx = GET BOT MEMORY \"k\"\n",
        ),
        (
            "save_from_unstructured \"t\", FORMAT x AS JSON",
            "SAVE FROM UNSTRUCTURED \"t\", TOJSON(x)\n",
        ),
        ("remember \"k\" , v", "REMEMBER \"k\" = v\n"),
        (
            "hear x as STRING with \"Name?\" default \"-\"\nHEAR y\nz = HEAR\nHEAR m AS \"A\", \"B\"",
            "HEAR x AS TEXT WITH \"Name?\" DEFAULT \"-\"\nHEAR y\nz = HEAR\nHEAR m AS MENU \"A\", \"B\"\n",
        ),
        (
            "PARAM unit AS \"celsius\", \"kelvin\"\nparam n like 3 as int optional description \"How many\"",
            "PARAM unit AS STRING ENUM [\"celsius\", \"kelvin\"]\nPARAM n AS INT LIKE 3 DESCRIPTION \"How many\" OPTIONAL\n",
        ),
        (
            "push list, 1\nunshift list, 2\nexit",
            "APPEND list, 1\nPREPEND list, 2\nEXIT\n",
        ),
        (
            "x = LLM \"a\" + b\n  WITH OPTIMIZE FOR \"cost\"",
            "x = LLM \"a\" + b WITH OPTIMIZE FOR \"cost\"\n",
        ),
        (
            "x = { a: GET SESSION(\"id\", \"k\") }",
            "x = { a: GET SESSION(\"id\", \"k\") }\n",
        ),
        (
            "rows = FIND accounts where owner=me AND age >= 3\n order by name desc limit 3",
            "rows = FIND accounts WHERE owner = me AND age >= 3 ORDER BY name desc LIMIT 3\n",
        ),
        (
            "UPDATE accounts\nSET name = n,\n age = 3\nWHERE id = id",
            "UPDATE accounts SET name = n, age = 3 WHERE id = id\n",
        ),
    ]);
}

#[test]
fn comments_and_blank_lines_stay() {
    table(&[
        (
            "' one\n\n\n\nREM two\n  # three\nx = 1 ' four\n   // five\n\ny = 2 // six\n' seven",
            "' one\n\nREM two\n# three\nx = 1 ' four\n// five\n\ny = 2 // six\n' seven\n",
        ),
        (
            "IF a THEN ' why\n' inside\nTALK 1\n  ' last\nELSE ' or\nTALK 2\n' end\nEND IF ' done",
            "IF a THEN ' why\n  ' inside\n  TALK 1\n  ' last\nELSE ' or\n  TALK 2\n  ' end\nEND IF ' done\n",
        ),
        (
            "IF a THEN\n  TALK 1\n' about b\nELSEIF b THEN ' b\n  TALK 2\nEND IF",
            "IF a THEN\n  TALK 1\n' about b\nELSEIF b THEN ' b\n  TALK 2\nEND IF\n",
        ),
        (
            "x = [\n  1, ' one\n  ' before two\n  2 ' two\n  ' end\n]",
            "x = [\n  1, ' one\n  ' before two\n  2 ' two\n  ' end\n]\n",
        ),
        ("x = a AND ' left\nb", "x = a AND ' left\n    b\n"),
        (
            "SELECT CASE x\n' about 1\nCASE 1 ' one\nTALK 1\n  ' after\nCASE ELSE ' rest\nTALK 2\nEND SELECT",
            "SELECT CASE x\n  ' about 1\n  CASE 1 ' one\n    TALK 1\n    ' after\n  CASE ELSE ' rest\n    TALK 2\nEND SELECT\n",
        ),
        (
            "x = {\n  ' the name\n  name: n,\n  age: 3 ' years\n}",
            "x = {\n  ' the name\n  name: n,\n  age: 3 ' years\n}\n",
        ),
        ("x = f( ' what\n  1)", "x = f( ' what\n  1\n)\n"),
        (
            "TRY ' t\nx = 1\nCATCH e ' c\nx = 2\nEND TRY ' d\nDO ' loop\nx = 1\n' before\nLOOP ' again",
            "TRY ' t\n  x = 1\nCATCH e ' c\n  x = 2\nEND TRY ' d\nDO ' loop\n  x = 1\n  ' before\nLOOP ' again\n",
        ),
        ("", ""),
        ("\n\n' only\n\n", "' only\n"),
    ]);
}

#[test]
fn text_blocks_are_nobodys_but_their_authors() {
    table(&[
        (
            "IF a THEN\nbegin talk\n   Hello ${name},\n     ' no comment\n\n  bye\nend talk\nEND IF",
            "IF a THEN\n  BEGIN TALK\n   Hello ${name},\n     ' no comment\n\n  bye\n  END TALK\nEND IF\n",
        ),
        (
            "begin system prompt\nBe kind.\nend system prompt\nadd tool \"x\"",
            "BEGIN SYSTEM PROMPT\nBe kind.\nEND SYSTEM PROMPT\nADD TOOL \"x\"\n",
        ),
    ]);
}

#[test]
fn long_lines_break_where_they_may() {
    let long = "a".repeat(40);
    table(&[
        (
            &format!("x = \"{long}\" + \"{long}\" + \"{long}\""),
            &format!("x = \"{long}\" + \"{long}\" +\n    \"{long}\"\n"),
        ),
        (
            &format!("SEND MAIL \"{long}\", \"{long}\", \"{long}\""),
            &format!("SEND MAIL \"{long}\",\n    \"{long}\",\n    \"{long}\"\n"),
        ),
        (
            &format!("SAVE \"t\", {{ a: \"{long}\", b: \"{long}\", c: 3 }}"),
            &format!("SAVE \"t\", {{\n  a: \"{long}\",\n  b: \"{long}\",\n  c: 3\n}}\n"),
        ),
        ("x = { a: 1,\n  b: 2 }", "x = { a: 1, b: 2 }\n"),
        ("x = {\n  a: 1, b: 2 }", "x = {\n  a: 1,\n  b: 2\n}\n"),
        ("x = a + _\n  b", "x = a + b\n"),
    ]);
}

#[test]
fn declarations_keep_their_lines() {
    table(&[
        (
            "table  accounts on maria\nid integer key\n      name string(80)\n' of the bank\n\nend table\nCREATE INDEX i ON accounts(name)",
            "TABLE accounts on maria\n  id integer key\n        name string(80)\n  ' of the bank\n\nEND TABLE\nCREATE INDEX i ON accounts(name)\n",
        ),
        (
            "begin mail customer.email\nSubject: Hello ${name}\n\n  Dear you\nend mail",
            "BEGIN MAIL customer.email\nSubject: Hello ${name}\n\n  Dear you\nEND MAIL\n",
        ),
    ]);
}

#[test]
fn what_starts_without_a_person_is_written_one_way() {
    table(&[
        ("set schedule every 1 hour", "SET SCHEDULE \"every 1 hour\"\n"),
        (
            "SET SCHEDULE \"0 8 * * *\" \"report.bas\" \"daily\"",
            "SET SCHEDULE \"0 8 * * *\", \"report.bas\", \"daily\"\n",
        ),
        ("webhook \"orders\"", "WEBHOOK \"orders\"\n"),
        (
            "on insert of \"orders\" ' new\ntalk 1\n' end\nend on",
            "ON INSERT OF \"orders\" ' new\n  TALK 1\n  ' end\nEND ON\n",
        ),
        (
            "on \"paid\"\ntalk 1\nend on",
            "ON EVENT \"paid\" DO\n  TALK 1\nEND ON\n",
        ),
        (
            "schedule in 5 minute do\ntalk 1\nend schedule",
            "SCHEDULE IN 5 MINUTES DO\n  TALK 1\nEND SCHEDULE\n",
        ),
        (
            "x = 1\nagain:\ngoto again\non error goto again",
            "x = 1\nagain:\nGOTO again\nON ERROR GOTO again\n",
        ),
        ("dim a(3), b$ as string", "DIM a(3), b$ AS STRING\n"),
        (
            "step 1: bot \"a\" \"b\"\n  timeout 30\n on timeout: approve",
            "STEP 1: BOT \"a\" \"b\"\n  TIMEOUT 30\n  ON TIMEOUT: approve\n",
        ),
        (
            "begin transaction\nx = 1\ncommit",
            "BEGIN TRANSACTION\nx = 1\nCOMMIT TRANSACTION\n",
        ),
    ]);
}

#[test]
fn a_script_with_errors_is_refused_with_all_of_them() {
    let errors = basic::format_source("TLAK 1\nIF x THEN\nTALK 2", &grammar()).unwrap_err();

    let codes: Vec<&str> = errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, ["B103", "B121"]);
}

#[test]
fn line_ends_and_marks_of_other_systems_are_left_out() {
    assert_eq!(
        format("\u{feff}x = 1\r\n\r\n' c\r\nTALK x\r\n"),
        "x = 1\n\n' c\nTALK x\n"
    );
}
