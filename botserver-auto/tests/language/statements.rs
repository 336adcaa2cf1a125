//! Statements and blocks: section 1.6 and 1.8 of the reference.

use crate::driver::{Talk, said, table};

#[test]
fn comments_are_left_out() {
    table(&[
        (
            "' one\nTALK 1 ' two\nREM three\n# four\n// five\nTALK \"a // b\" // six",
            "1|a // b",
        ),
        ("REMEMBERED = 3\nTALK REMEMBERED", "3"),
        ("x = #{ a: 1 }\nTALK x.a", "1"),
        ("x = 'f'\nTALK x + '/' ' comment", "f/"),
        ("rem = 5\nTALK rem", "5"),
    ]);
}

#[test]
fn assignments_of_every_form() {
    table(&[
        ("x = 1\nLET y = 2\nSET z = 3\nTALK x + y + z", "6"),
        ("Set HEADER = 4\nTALK header", "4"),
        ("name$ = \"a\"\nTALK name", "a"),
        ("a.b.c = 1\na.b.d = 2\nTALK TOJSON(a)", "{\"b\":{\"c\":1,\"d\":2}}"),
        ("a[0] = 1\na[1] = 2\na[UBOUND(a)] = 3\nTALK a", "[1,2,3]"),
        ("SET x.items[0].name = \"n\"\nTALK x", "{\"items\":[{\"name\":\"n\"}]}"),
        ("x[\"a b\"] = 1\nTALK x", "{\"a b\":1}"),
        ("a = [1]\nb = a\nb[0] = 2\nTALK a\nTALK b", "[1]|[2]"),
        ("TALK = 5\nx = TALK + 1\nTALK x", "6"),
        (
            "list = [1]\ncase = 2\nline = 3\nmessage = 4\nTALK case + line + message + UBOUND(list)",
            "10",
        ),
        ("if = 5\nnext = if\nTALK next", "5"),
    ]);
}

#[test]
fn an_operator_before_the_sign_changes_what_is_there() {
    table(&[
        ("x = 1\nx += 2\nx *= 10\nx -= 5\nx /= 5\nTALK x", "5"),
        ("s = \"a\"\ns &= \"b\"\ns += 1 + 2\nTALK s", "ab12"),
        ("a.n = 1\na.n += 4\nb[0] = 2\nb[0] -= 1\nTALK a.n + b[0]", "6"),
        ("x = 10\nx -= 2 - 1\nTALK x", "9"),
        ("x = 5\nIF x > 1 THEN x += 1\nTALK x", "6"),
        ("x += 3\nTALK x", "3"),
    ]);
}

#[test]
fn an_if_may_lack_its_then() {
    table(&[("x = 2\nIF x = 2\n  TALK \"two\"\nELSE\n  TALK \"else\"\nEND IF", "two")]);
}

#[test]
fn if_in_every_form() {
    table(&[
        ("IF 1 = 1 THEN\nTALK \"y\"\nELSE\nTALK \"n\"\nEND IF", "y"),
        (
            "x = 2\nIF x = 1 THEN\nTALK 1\nELSEIF x = 2 THEN\nTALK 2\nELSE\nTALK 3\nENDIF",
            "2",
        ),
        (
            "x = 3\nif (x = 1) THEN\nTALK 1\nELSE IF x = 2 THEN\nTALK 2\nELSE\nTALK 3\nend if",
            "3",
        ),
        (
            "IF 1 THEN TALK \"a\" ELSE TALK \"b\"\nIF 0 THEN TALK \"c\" ELSE TALK \"d\"",
            "a|d",
        ),
        ("IF 0 THEN TALK \"c\"\nTALK \"e\"", "e"),
        (
            "x = 2\nif x > 1 {\n TALK \"big\"\n} else if x > 0 {\n TALK \"one\"\n} else { TALK \"no\" }",
            "big",
        ),
        ("IF NOT missing THEN\nTALK \"none\"\nEND IF", "none"),
        ("IF 1 THEN x = 1\nELSE\nx = 2\nEND IF\nTALK x", "1"),
        ("x = 1\nIF x = 1 AND\n x < 2 THEN\nTALK \"ok\"\nEND IF", "ok"),
    ]);
}

#[test]
fn loops_over_lists_end_in_every_way() {
    table(&[
        ("FOR EACH x IN [1, 2] DO\nTALK x\nEND FOR", "1|2"),
        ("FOR EACH x IN [1, 2]\nTALK x\nNEXT", "1|2"),
        ("FOR EACH x IN [1, 2]\nTALK x\nNEXT x", "1|2"),
        ("FOR x IN [1, 2, 3] LAST 2 DO\nTALK x\nEND FOR", "2|3"),
        ("FOR EACH x IN [1, 2, 3] LAST 1\nTALK x\nNEXT", "3"),
        ("FOR EACH case IN [5] DO\nTALK case\nNEXT case", "5"),
        (
            "FOR EACH line IN [5]\nFOR EACH file IN [6]\nTALK line + file\nNEXT file\nNEXT line",
            "11",
        ),
        ("FOR EACH x IN missing\nTALK x\nNEXT\nTALK \"end\"", "end"),
        ("FOR EACH k IN {a: 1, b: 2}\nTALK k\nNEXT", "a|b"),
        ("x = 9\nFOR EACH x IN [1]\ny = x\nNEXT\nTALK x + y", "10"),
        (
            "total = 0\nFOR EACH x IN [1, 2, 3]\ntotal = total + x\nNEXT\nTALK total",
            "6",
        ),
    ]);
}

#[test]
fn counting_loops() {
    table(&[
        ("FOR i = 1 TO 3\nTALK i\nNEXT", "1|2|3"),
        ("FOR i = 3 TO 1 STEP -1\nTALK i\nNEXT i", "3|2|1"),
        ("FOR i = 0 TO 1 STEP 0.5\nTALK i\nNEXT", "0|0.5|1"),
        ("FOR i = 2 TO 1\nTALK i\nNEXT\nTALK \"end\"", "end"),
        (
            "s = 0\nFOR i = 1 TO 10\nIF i = 3 THEN CONTINUE\nIF i = 6 THEN EXIT FOR\ns = s + i\nNEXT\nTALK s",
            "12",
        ),
        (
            "FOR i = 1 TO 5\nTALK i\nIF i = 2 THEN BREAK\nNEXT\nTALK \"end \" + i",
            "1|2|end 2",
        ),
        ("s = 0\nFOR i = \"1\" TO \"3\"\ns = s + i\nNEXT\nTALK s", "6"),
        (
            "FOR i = 1 TO 3\nFOR j = 1 TO 3\nIF j = 2 THEN EXIT FOR\nTALK i * 10 + j\nNEXT\nNEXT",
            "11|21|31",
        ),
    ]);
}

#[test]
fn while_and_do_in_every_form() {
    table(&[
        ("x = 0\nWHILE x < 2\nx = x + 1\nWEND\nTALK x", "2"),
        ("x = 0\nWHILE x < 2 DO\nx = x + 1\nTALK x\nEND WHILE", "1|2"),
        ("ok = false\nWHILE ok = false\nok = true\nWEND\nTALK ok", "true"),
        ("x = 0\nDO WHILE x < 2\nx = x + 1\nLOOP\nTALK x", "2"),
        ("x = 0\nDO UNTIL x = 2\nx = x + 1\nTALK x\nLOOP", "1|2"),
        ("x = 5\nDO\nx = x + 1\nLOOP WHILE x < 3\nTALK x", "6"),
        ("x = 5\nDO\nx = x + 1\nTALK x\nLOOP UNTIL x > 6", "6|7"),
        ("x = 0\nDO\nx = x + 1\nIF x = 4 THEN EXIT DO\nLOOP\nTALK x", "4"),
        ("x = 0\nDO\nx = x + 1\nTALK x\nIF x = 2 THEN EXIT LOOP\nLOOP", "1|2"),
        (
            "x = 0\ny = 0\nDO\nx = x + 1\nIF x = 2 THEN CONTINUE\ny = y + 1\nLOOP UNTIL x = 3\nTALK y",
            "2",
        ),
        (
            "x = 0\nDO WHILE x < 9\nx = x + 1\nIF x = 3 THEN BREAK\nLOOP UNTIL x = 5\nTALK x",
            "3",
        ),
        (
            "FOR i = 1 TO 3\nx = 0\nWHILE TRUE\nx = x + 1\nIF x = 2 THEN EXIT FOR\nWEND\nNEXT\nTALK i + x",
            "3",
        ),
    ]);
}

#[test]
fn select_compares_with_values_ranges_and_conditions() {
    let grade = |n: &str| {
        said(&format!(
            "SELECT CASE {n}\nCASE 1, 2\nTALK \"low\"\nCASE 3 TO 5\nTALK \"mid\"\nCASE IS > 100\nTALK \"huge\"\nCASE ELSE\nTALK \"other\"\nEND SELECT"
        ))
    };

    assert_eq!(
        [grade("2"), grade("4"), grade("101"), grade("50")],
        ["low", "mid", "huge", "other"]
    );
    table(&[
        ("SELECT \"a\"\nCASE \"A\": TALK 1\nCASE \"a\": TALK 2\nEND SELECT", "2"),
        (
            "SWITCH 3\nCASE 1, 3\nTALK \"odd\"\nDEFAULT\nTALK \"none\"\nEND SWITCH",
            "odd",
        ),
        (
            "SWITCH 4\nCASE 1, 3\nx = \"odd\"\nCASE ELSE\nx = \"none\"\nEND SWITCH\nTALK x",
            "none",
        ),
    ]);
}

#[test]
fn procedures_have_their_own_parameters_and_share_the_rest() {
    table(&[
        ("CALL hello\nSUB hello\nTALK \"hi\"\nEND SUB", "hi"),
        (
            "CALL hello(\"Ana\")\nSUB hello(who)\nTALK \"hi \" + who\nEND SUB",
            "hi Ana",
        ),
        (
            "total = 1\nCALL add(4)\nTALK total\nSUB add(n)\ntotal = total + n\nEND SUB",
            "5",
        ),
        ("TALK twice(4) + 1\nFUNCTION twice(n)\nRETURN n * 2\nEND FUNCTION", "9"),
        (
            "TALK fact(5)\nFUNCTION fact(n)\nIF n < 2 THEN RETURN 1\nRETURN n * fact(n - 1)\nEND FUNCTION",
            "120",
        ),
        ("n = 9\nCALL s(1)\nTALK n\nSUB s(n)\nn = 5\nEND SUB", "9"),
        (
            "CALL s\nTALK \"after\"\nSUB s\nTALK \"in\"\nIF TRUE THEN EXIT SUB\nTALK \"never\"\nEND SUB",
            "in|after",
        ),
        ("greet\nSUB greet\nTALK \"hi\"\nEND SUB", "hi"),
        (
            "TALK missing(1)\nFUNCTION missing(a, b)\nRETURN a + \":\" + b\nEND FUNCTION",
            "1:",
        ),
        (
            "x = 1\nx = f(x) + f(x)\nTALK x\nFUNCTION f(a)\nx = x + 10\nRETURN x\nEND FUNCTION",
            "32",
        ),
    ]);
}

#[test]
fn a_value_before_a_call_is_taken_before_it() {
    assert_eq!(
        said("x = 1\nTALK x + change() + x\nFUNCTION change()\nx = 5\nRETURN 10\nEND FUNCTION"),
        "16"
    );
}

#[test]
fn return_and_exit_end_the_script() {
    let ends = |script: &str| Talk::new(script).transcript();

    assert_eq!(ends("TALK 1\nRETURN 5"), "bot: 1\ndone: 5\n");
    assert_eq!(ends("RETURN { \"a\": 1 }"), "done: {\"a\":1}\n");
    assert_eq!(
        ends("x = 2\nRETURN WITH a AS x, b AS x + 1"),
        "done: {\"a\":2,\"b\":3}\n"
    );
    assert_eq!(ends("CALL s\nTALK 2\nSUB s\nEXIT\nEND SUB"), "");
    assert_eq!(ends("IF TRUE THEN\nEND\nEND IF\nTALK 2"), "");
}

#[test]
fn with_blocks_make_objects() {
    table(&[
        (
            "name = \"N\"\nWITH x\nid = 1\nname = name\nEND WITH\nTALK x",
            "{\"id\":1,\"name\":\"N\"}",
        ),
        ("x = { a: 1 }\nWITH x\n.b = 2\nEND WITH\nTALK x", "{\"a\":1,\"b\":2}"),
        ("WITH x\na = 1\nEND WITH\nx.b = 2\nTALK x", "{\"a\":1,\"b\":2}"),
        (
            "WITH order\ntotal = 10\nitems.first = \"i\"\nEND WITH\nTALK order",
            "{\"total\":10,\"items\":{\"first\":\"i\"}}",
        ),
    ]);
}

#[test]
fn text_blocks_are_taken_as_they_are() {
    let script =
        "name = \"Ana\"\nBEGIN TALK\n  # Hello ${name}\n\n  ' not a comment\n  IF this THEN that ${1 + 1}\nEND TALK";

    assert_eq!(
        Talk::new(script).transcript(),
        "bot: # Hello Ana\n\n' not a comment\nIF this THEN that 2\n"
    );
}

#[test]
fn a_system_prompt_is_a_call() {
    let script = "IF TRUE THEN\nBEGIN SYSTEM PROMPT\nYou serve ${username}.\nEND SYSTEM PROMPT\nEND IF";

    assert_eq!(
        Talk::new(script).transcript(),
        "call SET SYSTEM PROMPT: text=\"You serve Ana.\"\n"
    );
}

#[test]
fn talk_alone_is_an_empty_line_and_print_is_a_call() {
    assert_eq!(
        Talk::new("TALK\nTALK \"\"\nPRINT 1 + 1").transcript(),
        "bot: \nbot: \ncall PRINT: text=2\n"
    );
}

#[test]
fn list_commands_change_the_list() {
    table(&[
        ("APPEND a, 1\nPUSH a, 2\nUNSHIFT a, 0\nTALK a", "[0,1,2]"),
        ("a.push(1)\na.push(2)\nx = a.pop()\nTALK x + \":\" + TOJSON(a)", "2:[1]"),
        ("a = [1, 2, 3, 4]\na.splice(1, 2)\nTALK a", "[1,4]"),
        (
            "o.list = []\no.list.PUSH(5)\nAPPEND o.list, 6\nTALK o",
            "{\"list\":[5,6]}",
        ),
        ("a = [1]\nb = PUSH(a, 2)\nTALK a\nTALK b", "[1]|[1,2]"),
        ("o = { a: 1, b: 2 }\no.remove(\"a\")\nTALK o", "{\"b\":2}"),
    ]);
}

#[test]
fn lines_go_on_after_commas_operators_and_underscores() {
    table(&[
        ("x = [1,\n 2,\n 3\n]\nTALK x", "[1,2,3]"),
        ("x = 1 +\n 2 _\n + 3\nTALK x", "6"),
        (
            "x = {\n \"a\": 1,\n b: { c: 2 },\n}\nTALK x",
            "{\"a\":1,\"b\":{\"c\":2}}",
        ),
        ("TALK LEFT(\n \"abc\",\n 2\n)", "ab"),
        ("TALK \"a\nb\"", "a|b"),
    ]);
}

#[test]
fn names_may_be_anything_that_other_languages_reserve() {
    table(&[
        (
            "let = 1\nfn = 2\nvar = 3\nswitch = 4\nTALK let + fn + var + switch",
            "10",
        ),
        (
            "this = 1\nwhile_ = 2\nloop1 = 3\nprint = 4\nTALK this + while_ + loop1 + print",
            "10",
        ),
        ("preço = 2\nTALK PREÇO * 2", "4"),
        ("v_x = 1\nx = 2\nTALK v_x + x", "3"),
        ("f_len = 1\nTALK f_len + LEN(\"ab\")", "3"),
        ("SUB_total = 1\nend_date = 2\nTALK sub_total + end_date", "3"),
    ]);
}

#[test]
fn the_body_of_a_block_may_be_empty() {
    table(&[
        (
            "IF TRUE THEN\nEND IF\nFOR i = 1 TO 2\nNEXT\nFOR EACH x IN [1]\nNEXT\nTALK i",
            "3",
        ),
        (
            "SELECT CASE 1\nCASE 1\nCASE ELSE\nEND SELECT\nSELECT CASE 1\nEND SELECT\nTALK 1",
            "1",
        ),
        ("", ""),
    ]);
}

#[test]
fn keywords_with_comma_lists_stand_in_headers() {
    let script = "FOR EACH r IN FIND \"t\", \"a=1\" LAST 1\nTALK r\nNEXT\nIF GET \"config\", \"k\" THEN TALK 2";

    assert_eq!(
        Talk::new(script)
            .json(&serde_json::json!([1, 2]))
            .returns(1)
            .transcript(),
        "call FIND: table=\"t\" filter=[\"a=1\"]\nbot: 2\ncall GET: source=\"config\" key=\"k\"\nbot: 2\n"
    );
}
