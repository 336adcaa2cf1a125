//! The function library and FORMAT: sections 2.11 to 2.15.

use crate::driver::{said, table, values};

#[test]
fn functions_for_texts_count_characters() {
    values(&[
        ("LEN(\"héé\")", "3"),
        ("LEFT(\"áéí\", 2)", "áé"),
        ("RIGHT(\"áéí\", 2)", "éí"),
        ("MID(\"abcdef\", 2, 3)", "bcd"),
        ("MID(\"abc\", 2)", "bc"),
        ("UCASE(\"ação\") + LCASE(\"ÇÃ\")", "AÇÃOçã"),
        ("UCASE$(\"a\")", "A"),
        ("CAPITALIZE(\"ana maria\")", "Ana maria"),
        (
            "\"[\" + TRIM(\"  a \") + LTRIM(\" b\") + RTRIM(\"c \") + \"]\"",
            "[abc]",
        ),
        ("REPLACE(\"a-b-c\", \"-\", \"+\")", "a+b+c"),
        ("INSTR(\"ação x\", \"x\")", "6"),
        ("INSTR(3, \"abcabc\", \"a\")", "4"),
        ("INSTR(\"abc\", \"\")", "0"),
        ("SPLIT(\"a,b\", \",\")", "[\"a\",\"b\"]"),
        ("JOIN([1, 2], \"; \")", "1; 2"),
        ("CONTAINS([1, 2], 2)", "true"),
        ("ASC(\"A\") + CHR(66)", "65B"),
        ("VAL(\"12.5 kg\") + VAL(\"x\")", "12.5"),
        ("STR(5) + CSTR(1.50)", "51.5"),
        ("CINT(\"2.5\")", "3"),
        ("CBOOL(\"false\")", "false"),
        ("EXTRACT_BETWEEN(\"a[b]c\", \"[\", \"]\")", "b"),
        ("EXTRACT_BEFORE(\"a@b\", \"@\") + EXTRACT_AFTER(\"a@b\", \"@\")", "ab"),
        ("IS NUMERIC(\"1.5\")", "true"),
        ("ISNUMERIC(\"a\")", "false"),
        ("LEN(HASH(\"a\"))", "64"),
    ]);
}

#[test]
fn functions_for_numbers() {
    values(&[
        ("ABS(-2.5)", "2.5"),
        ("INT(-2.5)", "-3"),
        ("FIX(-2.5)", "-2"),
        ("FLOOR(2.7) + CEILING(2.1)", "5"),
        ("ROUND(2.5)", "3"),
        ("ROUND(-2.5)", "-3"),
        ("ROUND(2.345, 2)", "2.35"),
        ("ROUND(1234, -2)", "1200"),
        ("SGN(-4)", "-1"),
        ("SQR(16)", "4"),
        ("POW(2, 10)", "1024"),
        ("MOD(7, 0)", "0"),
        ("LOG10(1000)", "3"),
        ("ROUND(PI(), 4)", "3.1416"),
        ("MIN(3, 1, 2)", "1"),
        ("MAX([3, 9, 2])", "9"),
        ("SUM([1, 2, 3.5])", "6.5"),
        ("AVG([1, 2])", "1.5"),
        ("SUM([{ v: 1 }, { v: 4 }], \"v\")", "5"),
        ("AVG([])", "0"),
        ("RANDOM(5) < 5", "true"),
        ("RANDOM(3, 3)", "3"),
    ]);
}

#[test]
fn chance_replays_with_its_seed() {
    let script = "TALK RANDOM(1, 1000000) + \"/\" + GUID()\nTALK RANDOM(1, 1000000)";

    let first = said(script);

    assert_eq!(first, said(script));
    let (a, b) = first.split_once('|').unwrap();
    assert!(!a.starts_with(&format!("{b}/")), "two draws differ: {first}");
}

#[test]
fn functions_for_dates() {
    values(&[
        ("YEAR(NOW()) + MONTH(NOW()) + DAY(NOW())", "2038"),
        ("HOUR(NOW())", "14"),
        ("WEEKDAY(\"2026-03-09\")", "2"),
        ("DATEADD(\"2026-01-31\", 1, \"month\")", "2026-02-28"),
        ("DATEADD(TODAY(), \"days\", 3)", "2026-03-12"),
        ("DATEADD(\"hour\", 2, NOW())", "2026-03-09 16:05:07"),
        ("DATEADD(\"2024-02-29\", 1, \"year\")", "2025-02-28"),
        ("DATEDIFF(\"day\", \"2026-03-01\", \"2026-03-09\")", "8"),
        ("DATEDIFF(\"2026-03-01\", \"2026-03-09\", \"day\")", "8"),
        ("DATEDIFF(\"2026-03-09\", \"2026-03-01\")", "8"),
        ("DATEDIFF(\"2026-01-31\", \"2026-02-28\", \"month\")", "0"),
        ("EOMONTH(\"2026-02-10\")", "2026-02-28"),
        ("ISDATE(\"31/12/2026\")", "true"),
        ("ISDATE(\"32/12/2026\")", "false"),
        ("FORMAT_DATE(\"2026-12-31\", \"DD/MM/YYYY\")", "31/12/2026"),
        ("DAYS_BETWEEN(\"2026-03-01\", \"2026-03-03\")", "2"),
        ("DATEVALUE(\"09/03/2026\")", "2026-03-09"),
        ("QUARTER(TODAY())", "1"),
    ]);
    assert_eq!(said("d = DATEADD today, \"days\", 2\nTALK d"), "2026-03-11");
}

#[test]
fn functions_for_lists() {
    values(&[
        ("UBOUND([1, 2, 3])", "3"),
        ("COUNT(missing)", "0"),
        ("ARRAY(1, 2, 3, 4)", "[1,2,3,4]"),
        ("RANGE(1, 5, 2)", "[1,3,5]"),
        ("CONCAT([1], [2])", "[1,2]"),
        ("FLATTEN([1, [2, [3]]])", "[1,2,3]"),
        ("REVERSE([1, 2])", "[2,1]"),
        ("SORT([3, 1, 2], \"DESC\")", "[3,2,1]"),
        ("SORT([{ a: 2 }, { a: 1 }], \"a\")", "[{\"a\":1},{\"a\":2}]"),
        ("UNIQUE([1, 2, 1])", "[1,2]"),
        ("SLICE([1, 2, 3, 4], 1, 3)", "[2,3]"),
        ("TAKE([1, 2, 3], 2)", "[1,2]"),
        ("CHUNK([1, 2, 3], 2)", "[[1,2],[3]]"),
        ("INDEX_OF([5, 6], 6)", "1"),
        ("IN_ARRAY(2, [1, 2])", "true"),
        ("FIRST([4, 5])", "4"),
        ("LAST([{ n: 1 }, { n: 2 }], \"n\")", "2"),
        ("MID([1, 2, 3], 1, 2)", "[2,3]"),
        ("KEYS({ a: 1 })", "[\"a\"]"),
        ("FILL(0, 3)", "[0,0,0]"),
    ]);
    assert_eq!(said("rows = [4, 5]\nx = FIRST rows\nTALK x"), "4");
}

#[test]
fn functions_for_types_and_choices() {
    values(&[
        (
            "TYPEOF(1) + TYPEOF(1.5) + TYPEOF(\"\") + TYPEOF(NULL)",
            "integernumbertextnull",
        ),
        ("ISARRAY([])", "true"),
        ("ISEMPTY(\"\")", "true"),
        ("ISNULL(missing)", "true"),
        ("IIF(1 > 2, \"a\", \"b\")", "b"),
        ("IF(\"x\", 1, 2)", "1"),
        ("NVL(NULL, 5)", "5"),
        ("COALESCE(NULL, NULL, 3)", "3"),
        ("CHOOSE(2, \"a\", \"b\")", "b"),
        ("JSON PARSE \"[1, 2]\"", "[1,2]"),
        (
            "PARSE_JSON(\"{\\\"b\\\": 1.5, \\\"a\\\": null}\")",
            "{\"b\":1.5,\"a\":null}",
        ),
        ("JSON({ a: TODAY() })", "{\"a\":\"2026-03-09\"}"),
        ("LEN(UUID())", "36"),
        ("ERROR(\"bad\").message", "bad"),
    ]);
}

#[test]
fn format_takes_its_three_forms() {
    table(&[
        (
            "total = 1234.5\nTALK \"$\" + FORMAT total AS \"#,##0.00\" + \"!\"",
            "$1,234.50!",
        ),
        ("TALK FORMAT(1234.5, \"#,##0\")", "1,235"),
        ("TALK FORMAT(5)", "5"),
        ("TALK FORMAT (7 - 2) AS \"000\"", "005"),
        ("TALK FORMAT DATEADD(\"2026-01-01\", 1, \"day\") AS \"DD/MM\"", "02/01"),
        ("x = FORMAT today, \"YYYYMMDD\"\nTALK x", "20260309"),
        ("x = FORMAT NOW() AS \"DD/MM/YYYY HH:mm\"\nTALK x", "09/03/2026 14:05"),
        ("TALK FORMAT {a: 1} AS JSON", "{\"a\":1}"),
        ("TALK FORMAT(\"2026-03-09\", \"MMMM yyyy\")", "March 2026"),
        ("TALK \"${FORMAT(2.5, \"n\")}\"", "2.50"),
        ("TALK FORMAT(\"abc\", \">\")", "ABC"),
        ("TALK FORMAT(NULL, \"0.00\") + \"|\"", "|"),
    ]);
}
