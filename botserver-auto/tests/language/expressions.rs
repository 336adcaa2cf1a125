//! Values and operators: sections 1.3 to 1.5, decisions D1 to D6 and D12.

use crate::driver::{said, table, values};

#[test]
fn operators_bind_as_the_reference_says() {
    values(&[
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("2 ^ 3 ^ 1", "8"),
        ("-2 ^ 2", "4"),
        ("7 MOD 4", "3"),
        ("7 % 4 + 1", "4"),
        ("10 - 3 - 2", "5"),
        ("1 + 1 = 2", "true"),
        ("NOT 1 = 2", "true"),
        ("1 = 2 OR 2 = 2 AND 3 = 3", "true"),
        ("1 = 1 ? \"a\" : \"b\"", "a"),
        ("0 ? 1 : 0 ? 2 : 3", "3"),
        ("1 < 2 && !(2 < 1)", "true"),
        ("\"a\" & 1 & 2", "a12"),
        ("1 == 1 AND 1 <> 2 AND 1 != 2", "true"),
        ("+3", "3"),
    ]);
}

#[test]
fn numbers_are_exact_and_print_plainly() {
    values(&[
        ("0.1 + 0.2", "0.3"),
        ("10 / 4", "2.5"),
        ("10 / 5", "2"),
        ("1 / 3 * 3 > 0.99", "true"),
        ("9223372036854775807 + 1", "9223372036854775808"),
        ("1.50", "1.5"),
        ("100 * 1.1", "110"),
        ("5 MOD 0", "0"),
    ]);
}

#[test]
fn plus_concatenates_when_a_text_is_there() {
    values(&[
        ("\"5\" + 3", "53"),
        ("5 + \"3\"", "53"),
        ("\"5\" - 3", "2"),
        ("\"2\" * \"3\"", "6"),
        ("\"a\" + NULL + \"b\"", "ab"),
        ("NULL + 5", "5"),
        ("\"x\" + TRUE", "xtrue"),
        ("[1] + [2]", "[1,2]"),
        ("\"t: \" + 1.50 + \" \" + [1]", "t: 1.5 [1]"),
    ]);
}

#[test]
fn or_gives_the_first_true_operand() {
    values(&[
        ("NULL OR \"Unknown\"", "Unknown"),
        ("\"\" OR 0 OR \"x\"", "x"),
        ("\"a\" OR \"b\"", "a"),
        ("(missing OR 0) + 1", "1"),
        ("missing.interest OR \"our services\"", "our services"),
        ("0 ?? 5", "0"),
        ("NULL ?? 5", "5"),
        ("1 = 1 OR 1 = 2", "true"),
    ]);
}

#[test]
fn null_and_nothing_follow_d1() {
    values(&[
        ("missing IS NULL", "true"),
        ("missing IS NOT NULL ? \"a\" : \"b\"", "b"),
        ("missing = \"\"", "true"),
        ("missing = NULL", "true"),
        ("0 = NULL", "false"),
        ("[] = NULL", "true"),
        ("[] IS NULL", "true"),
        ("[1] <> NULL", "true"),
        ("NULL < 1", "false"),
        ("NULL >= NULL", "false"),
        ("\"\" IS EMPTY", "true"),
        ("\"x\" IS NOT EMPTY", "true"),
        ("missing.a.b IS NULL", "true"),
    ]);
}

#[test]
fn equality_follows_d5_and_d6() {
    values(&[
        ("\"5.0\" = 5", "true"),
        ("\"012345\" = \"12345\"", "false"),
        ("\"+5\" = 5", "false"),
        ("\"a\" = \"A\"", "false"),
        ("\"abc\" LIKE \"B\"", "true"),
        ("\"abc\" LIKE \"A%\"", "true"),
        ("\"abc\" NOT LIKE \"x*\"", "true"),
        ("\"Abc\" CONTAINS \"a\"", "false"),
        ("\"abc\" STARTS WITH \"ab\"", "true"),
        ("\"abc\" ENDS WITH \"bc\"", "true"),
        ("NOT (\"abc\" CONTAINS \"z\")", "true"),
        ("TRUE = \"true\"", "true"),
        ("[1, \"2\"] = [\"1\", 2]", "true"),
        ("\"b\" > \"a\"", "true"),
        ("\"10\" > \"9\"", "true"),
    ]);
}

#[test]
fn membership_and_ranges() {
    values(&[
        ("2 IN (1, 2)", "true"),
        ("3 NOT IN (1, 2)", "true"),
        ("\"a\" IN [\"b\", \"a\"]", "true"),
        ("\"k\" IN {k: 1}", "true"),
        ("5 BETWEEN 1 AND 5", "true"),
        ("5 BETWEEN 6 AND 9 OR 1 = 1", "true"),
        ("5 NOT BETWEEN 6 AND 9", "true"),
        ("1 IN (\"1\")", "true"),
    ]);
}

#[test]
fn members_elements_and_methods() {
    table(&[
        (
            "o = { Sku: 5, \"b c\": { d: [1, 2] } }\nTALK o.sku + o[\"b c\"].d[1]",
            "7",
        ),
        ("o = #{ a: #{ b: 1 } }\nTALK o?.a?.b\nTALK o?.x?.y", "1|"),
        ("TALK \"  héllo \".trim().length", "5"),
        ("TALK \"abc\".toUpperCase().contains(\"B\")", "true"),
        (
            "rows = [{ n: 1 }, { n: 2 }]\nTALK rows.n + rows.count + rows.length + rows.size",
            "7",
        ),
        ("rows = [{ n: 1 }]\nTALK rows[0].n\nTALK rows[9].n IS NULL", "1|true"),
        ("TALK [3, 1, 2].sort().join(\"-\")", "1-2-3"),
        ("TALK {a: 1}.a", "1"),
        ("k = 1\nTALK [5, 6, 7][k + 1]", "7"),
        ("o = { a: 1 }\nTALK o[\"A\"]", "1"),
        ("x = { name }\nname = 1\nTALK TOJSON({ name })", "{\"name\":1}"),
    ]);
}

#[test]
fn both_ways_of_writing_objects_keep_their_order() {
    table(&[
        ("TALK { z: 1, \"a\": [1, { b: 2 }], }", "{\"z\":1,\"a\":[1,{\"b\":2}]}"),
        ("TALK #{ z: 1, a: #{} }", "{\"z\":1,\"a\":{}}"),
        (
            "x = NEW OBJECT\nx.a = 1\ny = CREATE OBJECT\nz = NEW ARRAY\nTALK x\nTALK y\nTALK z",
            "{\"a\":1}|{}|[]",
        ),
    ]);
}

#[test]
fn texts_interpolate() {
    table(&[
        ("item.id = 7\nTALK \"id = ${item.id}\"", "id = 7"),
        ("a = [{ p: { id: 3 } }]\nk = 0\nTALK \"v: ${a[k].p.id}!\"", "v: 3!"),
        ("TALK \"${TOJSON({a: 1})} ${FORMAT(5, \"0.00\")}\"", "{\"a\":1} 5.00"),
        ("TALK \"${\\\"a\\\" + 1}\"", "a1"),
        (
            "amount = 5\nTALK \"for ${{amount}} {name} $5\"",
            "for ${{amount}} {name} $5",
        ),
        ("TALK \"a\\n\\\"b\\\"\\t\\\\\"", "a|\"b\"\t\\"),
        ("TALK \"keep ${resumo de historico)}\"", "keep ${resumo de historico)}"),
        ("TALK \"\" + \"${1}${2}\"", "12"),
    ]);
}

#[test]
fn truth_of_values() {
    for (value, expected) in [
        ("0", "no"),
        ("\"\"", "no"),
        ("[]", "no"),
        ("{}", "no"),
        ("NULL", "no"),
        ("FALSE", "no"),
        ("\"false\"", "yes"),
        ("\"0\"", "yes"),
        ("[0]", "yes"),
        ("0.0", "no"),
        ("0.1", "yes"),
    ] {
        assert_eq!(
            said(&format!("x = {value}\nIF x THEN TALK \"yes\" ELSE TALK \"no\"")),
            expected,
            "{value}"
        );
    }
}

#[test]
fn dates_are_values() {
    values(&[
        ("NOW()", "2026-03-09 14:05:07"),
        ("today", "2026-03-09"),
        ("NOW() + HOURS(24)", "2026-03-10 14:05:07"),
        ("NOW() + 15 * 60", "2026-03-09 14:20:07"),
        ("TODAY() - DAYS(30)", "2026-02-07"),
        ("NOW() - TODAY()", "50707"),
        ("TODAY() = \"2026-03-09\"", "true"),
        ("TODAY() > \"2026-01-01\"", "true"),
        ("NOW().hour", "14"),
        ("\"at \" + TODAY()", "at 2026-03-09"),
    ]);
    assert_eq!(said("today = 5\nTALK today\nTALK TODAY()"), "5|2026-03-09");
}

#[test]
fn names_that_surround_the_run_are_there() {
    values(&[
        ("username", "Ana"),
        ("user.message", "hi"),
        ("USER.EMAIL", "ana@example.com"),
    ]);
}

#[test]
fn long_chains_do_not_nest() {
    let plus = format!("TALK {}", vec!["1"; 3_000].join(" + "));
    let ors = format!(
        "x = FALSE\nIF {} OR TRUE THEN TALK \"t\"",
        vec!["x"; 1_000].join(" OR ")
    );

    assert_eq!((said(&plus).as_str(), said(&ors).as_str()), ("3000", "t"));
}
