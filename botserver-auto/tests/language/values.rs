//! Values line by line: sections 1.3 and 6 (G6 to G9), decisions D1 to D6 and D12.

use botlib::{Secret, Value};

use crate::driver::{Talk, said, table, values};

const ROWS: &str = "rows = [{ sku: \"a\", price: 2.50 }, { sku: \"b\", price: 4 }]\n";

fn with_rows(cases: &[(&str, &str)]) {
    let scripts: Vec<(String, &str)> = cases
        .iter()
        .map(|(expression, expected)| (format!("{ROWS}TALK {expression}"), *expected))
        .collect();
    let cases: Vec<(&str, &str)> = scripts.iter().map(|(script, said)| (script.as_str(), *said)).collect();
    table(&cases);
}

#[test]
fn a_missing_size_inside_a_path_is_null() {
    table(&[
        ("item = { n: 1 }\nTALK item?.size?.width IS NULL", "true"),
        ("item = { n: 1, m: 2 }\nTALK item.size", "2"),
        ("item = { size: { width: 4 } }\nTALK item?.size?.width", "4"),
        (
            "rows = [{ size: { width: 4 } }]\nTALK rows.size.width\nTALK rows.size",
            "4|1",
        ),
    ]);
}

#[test]
fn g8_a_row_set_acts_as_list_and_as_its_first_record() {
    with_rows(&[
        ("rows.sku", "a"),
        ("rows.SKU + rows[1].Sku", "ab"),
        ("rows.count + rows.length + rows.size", "6"),
        ("rows[1].price", "4"),
        ("rows[\"sku\"]", "a"),
        ("rows.price * 2", "5"),
        ("rows.missing IS NULL", "true"),
        ("rows[7].price IS NULL", "true"),
        ("rows IS NOT NULL", "true"),
        ("IIF(rows, \"some\", \"none\")", "some"),
        ("TYPEOF(rows)", "list"),
    ]);
    assert_eq!(
        said(&format!(
            "{ROWS}FOR EACH r IN rows\nTALK r.sku\nNEXT\nFOR EACH r IN rows LAST 1\nTALK r.sku\nNEXT"
        )),
        "a|b|b"
    );
}

#[test]
fn g8_members_of_a_row_that_is_named_like_a_size_are_the_row_sets() {
    with_rows(&[("rows.count", "2"), ("UBOUND(rows)", "2")]);
    table(&[("row = { count: 9, size: \"XL\" }\nTALK row.count + row.size", "9XL")]);
}

#[test]
fn g9_ubound_is_a_count() {
    values(&[
        ("UBOUND([4, 5, 6])", "3"),
        ("UBOUND([])", "0"),
        ("UBOUND(nothing)", "0"),
        ("LBOUND([1])", "0"),
        ("COUNT({ a: 1, b: 2 })", "2"),
        ("SIZE(\"ação\")", "4"),
    ]);
}

#[test]
fn d1_null_and_row_sets_without_rows() {
    let none = "rows = []\n";
    let cases = [
        ("rows = NULL", "true"),
        ("rows <> NULL", "false"),
        ("rows IS NULL", "true"),
        ("rows IS NOT NULL", "false"),
        ("NOT rows", "true"),
        ("rows.name IS NULL", "true"),
        ("rows.name = \"\"", "true"),
        ("rows.count", "0"),
        ("unset = \"\"", "true"),
        ("unset <> \"\"", "false"),
        ("unset < 1 OR unset > 1 OR unset <= 0 OR unset >= 0", "false"),
        ("unset.a.b.c IS NULL", "true"),
        ("unset?.a IS NULL", "true"),
        ("0 = NULL", "false"),
        ("FALSE = NULL", "false"),
        ("NULL = NULL", "true"),
    ];
    let scripts: Vec<(String, &str)> = cases
        .iter()
        .map(|(expression, expected)| (format!("{none}TALK {expression}"), *expected))
        .collect();
    let cases: Vec<(&str, &str)> = scripts.iter().map(|(script, said)| (script.as_str(), *said)).collect();
    table(&cases);
    assert_eq!(said("FOR EACH x IN unset\nTALK x\nNEXT\nTALK \"end\""), "end");
}

#[test]
fn d3_plus_concatenates_with_text_and_the_others_convert() {
    values(&[
        ("\"1\" + 1", "11"),
        ("1 + \"1\"", "11"),
        ("1 + 1 + \"1\"", "21"),
        ("NULL + \"a\"", "a"),
        ("NULL + 1", "1"),
        ("\"6\" - \"2\"", "4"),
        ("\"6\" / \"4\"", "1.5"),
        ("\"7\" MOD \"4\"", "3"),
        ("\"2\" ^ \"3\"", "8"),
        ("NULL - 3", "-3"),
        ("VAL(\"5\") + 1", "6"),
        ("\"5\" & 1", "51"),
        ("TRUE & \"!\"", "true!"),
        ("[1, 2] + [3]", "[1,2,3]"),
        ("[1] + 2", "[1,2]"),
        ("\"list: \" + [1]", "list: [1]"),
    ]);
    table(&[("a = [1]\nb = a + [2]\nTALK a\nTALK b", "[1]|[1,2]")]);
}

#[test]
fn d5_numeric_texts_are_equal_as_numbers_and_codes_as_texts() {
    values(&[
        ("\"5\" = 5", "true"),
        ("\"5.0\" = \"5\"", "true"),
        ("\" 5\" = 5", "true"),
        ("\"012345\" = \"12345\"", "false"),
        ("\"012345\" = 12345", "false"),
        ("\"+5\" = \"5\"", "false"),
        ("\"1234567890123456\" = \"1234567890123456.0\"", "false"),
        ("\"-5\" = -5", "true"),
        ("\"1e3\" = 1000", "false"),
        ("\"a1\" = \"a1\"", "true"),
        ("\"10\" > \"9\"", "true"),
        ("\"010\" > \"9\"", "false"),
        ("TRUE = 1", "true"),
        ("\"true\" = TRUE", "true"),
        ("0 = \"\"", "false"),
    ]);
}

#[test]
fn d6_letter_case_counts_except_where_patterns_are() {
    table(&[
        (
            "SELECT CASE \"a\"\nCASE \"A\"\nTALK 1\nCASE ELSE\nTALK 2\nEND SELECT",
            "2",
        ),
        ("TALK \"Red car\" CONTAINS \"red\"", "false"),
        ("TALK \"Red car\" STARTS WITH \"red\"", "false"),
        ("TALK \"Red car\" ENDS WITH \"CAR\"", "false"),
        ("TALK \"Red car\" LIKE \"red*\"", "true"),
        ("TALK \"Red car\" ILIKE \"%CAR\"", "true"),
        ("TALK \"Red car\" LIKE \"D C\"", "true"),
        ("TALK \"a\" <> \"A\"", "true"),
    ]);
}

#[test]
fn numbers_are_decimals_and_money_does_not_surprise() {
    values(&[
        ("0.1 + 0.2 = 0.3", "true"),
        ("1.1 * 3", "3.3"),
        ("19.99 * 100", "1999"),
        ("4.35 * 100", "435"),
        ("1.005 * 1000", "1005"),
        ("10 / 4", "2.5"),
        ("1 / 8", "0.125"),
        ("100 - 99.9", "0.1"),
        ("7.5 MOD 2", "1.5"),
        ("-7 MOD 3", "-1"),
        ("MOD(7, 0)", "0"),
        ("1.1 ^ 2", "1.21"),
        ("1.01 ^ 12 = 1.126825030131969720661201", "true"),
        ("2 ^ -2", "0.25"),
        ("2 ^ 0.5 > 1.41421 AND 2 ^ 0.5 < 1.41422", "true"),
        ("0 ^ 0", "1"),
        ("9 ^ 0.5", "3"),
        ("SUM([0.1, 0.2, 0.3])", "0.6"),
        ("AVG([0.1, 0.2])", "0.15"),
        ("ROUND(2.675, 2)", "2.68"),
        ("ROUND(-0.5)", "-1"),
        ("INT(-0.5)", "-1"),
        ("CINT(0.5) + CINT(1.5)", "3"),
        ("1000000000000 * 1000000000000", "1000000000000000000000000"),
        ("0.00000001", "0.00000001"),
        ("5.0", "5"),
        ("TYPEOF(10 / 5) + TYPEOF(2.5)", "integernumber"),
    ]);
}

#[test]
fn dates_move_in_the_bots_zone() {
    values(&[
        ("NOW()", "2026-03-09 14:05:07"),
        ("TODAY()", "2026-03-09"),
        ("TODAY", "2026-03-09"),
        ("NOW() + HOURS(24)", "2026-03-10 14:05:07"),
        ("NOW() - DAYS(30)", "2026-02-07 14:05:07"),
        ("NOW() + 15 * 60", "2026-03-09 14:20:07"),
        ("TODAY() + DAYS(1)", "2026-03-10"),
        ("TODAY() + 3600", "2026-03-09 01:00:00"),
        ("NOW() > TODAY()", "true"),
        ("TODAY() = \"2026-03-09\"", "true"),
        ("\"2026-03-10\" > TODAY()", "true"),
        ("NOW() - TODAY()", "50707"),
        (
            "TYPEOF(NOW()) + TYPEOF(TODAY()) + TYPEOF(HOURS(1))",
            "date-timedateduration",
        ),
        ("HOURS(1) + MINUTES(30)", "5400"),
        ("HOURS(2).minutes", "120"),
        ("DAYS(2) > HOURS(47)", "true"),
        ("NOW_UTC()", "2026-03-09 17:05:07"),
    ]);
}

#[test]
fn a_day_later_keeps_the_time_of_day_when_clocks_change() {
    let talk = |script: &str| {
        let transcript = Talk::new(script).zone("America/New_York").transcript();
        transcript
            .lines()
            .map(|line| line.trim_start_matches("bot: ").to_owned())
            .collect::<Vec<_>>()
    };

    // On 8 March 2026 the clocks of New York went from 2:00 to 3:00.
    assert_eq!(
        talk(
            "TALK DATEADD(\"2026-03-07 12:00\", 1, \"day\")\nTALK DATEADD(\"2026-03-07 12:00\", 24, \"hour\")\n\
              TALK DATEDIFF(\"hour\", \"2026-03-08 00:00\", \"2026-03-09 00:00\")\n\
              TALK DATEDIFF(\"day\", \"2026-03-08\", \"2026-03-09\")\nTALK NOW()\n\
              TALK DATEADD(\"2026-03-07 02:30\", 1, \"day\") IS NULL"
        ),
        [
            "2026-03-08 12:00:00",
            "2026-03-08 13:00:00",
            "23",
            "1",
            "2026-03-09 13:05:07",
            "false"
        ]
    );
}

#[test]
fn date_times_have_members() {
    values(&[
        ("NOW().year + NOW().month + NOW().day", "2038"),
        ("NOW().hour + \":\" + NOW().minute + \":\" + NOW().second", "14:5:7"),
        ("NOW().weekday + NOW().weekday_name", "2Monday"),
        ("NOW().month_name", "March"),
        ("NOW().timestamp", "1773075907"),
        ("NOW().formatted", "2026-03-09 14:05:07"),
        ("NOW().date + \" \" + NOW().time", "2026-03-09 14:05:07"),
        ("NOW().iso", "2026-03-09T14:05:07-03:00"),
        ("TODAY().iso", "2026-03-09"),
        ("NOW().quarter + NOW().day_of_year", "69"),
        ("NOW().is_weekend", "false"),
        ("NOW().is_pm + NOW().ampm", "truePM"),
        ("NOW().hour12", "2"),
    ]);
    table(&[(
        "d = NOW()\nTALK d.Year\nd2 = TODAY()\nTALK d2.weekday_name",
        "2026|Monday",
    )]);
}

#[test]
fn errors_are_values() {
    table(&[
        (
            "e = ERROR(\"no tea\")\nTALK e.message + e.code + e.kind",
            "no tea4001raised",
        ),
        ("e = ERROR(\"no tea\", 4010)\nTALK e.code", "4010"),
        (
            "TALK IS_ERROR(ERROR(\"x\"))\nTALK IS_ERROR({ error: \"text\" })\nTALK IS_ERROR(1)",
            "true|false|false",
        ),
        ("TALK TYPEOF(ERROR(\"x\"))", "error"),
        ("TALK GET_ERROR_MESSAGE(ERROR(\"x\"))", "x"),
        (
            "TRY\nTHROW \"boom\"\nCATCH e\nTALK IS_ERROR(e)\nTALK e.message + \" \" + e.kind + \" \" + e.code\nEND TRY",
            "true|boom raised 4001",
        ),
        (
            "TRY\nx = 1 / 0\nCATCH e\nTALK e.kind + \" \" + e.code\nEND TRY",
            "argument 4000",
        ),
        (
            "ON ERROR RESUME NEXT\nx = 1 / 0\nIF ERROR THEN TALK ERROR_MESSAGE\nTALK ERR_NUMBER()\nCLEAR ERROR\nTALK ERR_NUMBER() IS NULL",
            "division by zero|4000|true",
        ),
    ]);
}

fn with_secret(script: &str) -> String {
    Talk::new(&format!("key = GET \"u\"\n{script}"))
        .returns(Value::Secret(Secret::new("s3cret")))
        .transcript()
        .lines()
        .skip(1)
        .collect::<Vec<_>>()
        .join("|")
}

#[test]
fn secrets_are_neither_said_nor_joined_nor_turned_into_text() {
    for script in [
        "TALK key",
        "TALK \"key: \" + key",
        "TALK \"key: ${key}\"",
        "x = key & \"!\"",
        "x = LEFT(key, 2)",
        "x = UCASE(key)",
        "x = JOIN([key], \",\")",
        "x = STR(key)",
        "x = HASH(key)",
        "x = TOYAML({ k: key })",
        "x = CSV([{ k: key }])",
        "x = XML({ k: key })",
        "x = FORMAT(key)",
        "x = CONTAINS(key, \"s\")",
        "x = REPLACE(key, \"s\", \"\")",
        "x = LEN(key)",
    ] {
        let said = with_secret(script);
        assert!(
            said.starts_with("fault: ") && !said.contains("s3cret"),
            "{script} said {said}"
        );
    }
    assert_eq!(with_secret("TALK JSON({ k: key })"), "bot: {\"k\":null}");
    assert_eq!(
        with_secret("TALK TYPEOF(key)\nTALK key = \"s3cret\"\nTALK key IS NULL"),
        "bot: secret|bot: false|bot: false"
    );
}

#[test]
fn lists_count_from_zero_and_grow_at_their_end() {
    table(&[
        ("a = []\na[0] = \"x\"\na[UBOUND(a)] = \"y\"\nTALK a", "[\"x\",\"y\"]"),
        ("a[0] = 1\na[1] = 2\nTALK a", "[1,2]"),
        ("a = NEW ARRAY\nPUSH a, 1\nAPPEND a, 2\na.PUSH(3)\nTALK a", "[1,2,3]"),
        ("a = [1, 2]\nb = a\nb[0] = 9\nTALK a\nTALK b", "[1,2]|[9,2]"),
        ("a = ARRAY(1, 2, 3)\nTALK a[1] + a[9]", "2"),
        ("a = [[1, 2], [3]]\nTALK a[0][1]", "2"),
    ]);
}

#[test]
fn objects_keep_their_order_and_are_found_in_any_case() {
    table(&[
        (
            "o = { zeta: 1, Alpha: 2 }\no.mid = 3\nTALK o",
            "{\"zeta\":1,\"Alpha\":2,\"mid\":3}",
        ),
        (
            "o = { Sku: \"x\" }\no.sku = \"y\"\nTALK o\nTALK o.SKU",
            "{\"Sku\":\"y\"}|y",
        ),
        ("o = NEW OBJECT\no.a.b = 1\nTALK o", "{\"a\":{\"b\":1}}"),
        ("o = #{ a: 1, }\nTALK o[\"A\"]", "1"),
        ("o = {}\nk = \"x\" + 1\no[k] = 2\nTALK o.x1", "2"),
        ("o = CREATE OBJECT\nTALK o IS EMPTY", "true"),
    ]);
}

#[test]
fn truth_is_having_something() {
    for (value, expected) in [
        ("NULL", "no"),
        ("FALSE", "no"),
        ("0", "no"),
        ("0.0", "no"),
        ("\"\"", "no"),
        ("[]", "no"),
        ("{}", "no"),
        ("\"false\"", "yes"),
        ("\"0\"", "yes"),
        ("-1", "yes"),
        ("[0]", "yes"),
        ("NOW()", "yes"),
    ] {
        assert_eq!(
            said(&format!(
                "x = {value}\nIF x THEN\nTALK \"yes\"\nELSE\nTALK \"no\"\nEND IF"
            )),
            expected,
            "{value}"
        );
    }
}

#[test]
fn d12_printing() {
    values(&[
        ("TRUE", "true"),
        ("1.500", "1.5"),
        ("100000000000000000000.0", "100000000000000000000"),
        ("0.0000001", "0.0000001"),
        ("TODAY()", "2026-03-09"),
        ("NOW()", "2026-03-09 14:05:07"),
        ("{ a: [1, \"x\", NULL, TRUE, 1.50] }", "{\"a\":[1,\"x\",null,true,1.5]}"),
        ("NULL + \"\"", ""),
        ("ROUND(0.5) + ROUND(1.5) + ROUND(-1.5)", "1"),
        ("[TODAY()]", "[\"2026-03-09\"]"),
    ]);
}

#[test]
fn files_have_members() {
    assert_eq!(
        Talk::new("HEAR f AS FILE\nTALK f.name + \" \" + f.size + \" \" + f.url + \" \" + f.path + \" \" + f.extension\nTALK f.md5 IS NULL")
            .file("a.pdf", "application/pdf")
            .transcript(),
        "hear file\n> \nbot: a.pdf 3 /files/a.pdf /files/a.pdf pdf\nbot: true\n"
    );
}
