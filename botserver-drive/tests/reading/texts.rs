//! Formats that are text.

use super::{read, shown};

#[test]
fn a_page_is_its_main_content() {
    let page = r#"<!doctype html><html lang="pt"><head><title>Passeios de barco</title><style>p { color: red }</style>
        <script>track("visitor")</script></head><body><nav><a href="/">Home</a><a href="/x">Contato</a></nav>
        <main><h1>Passeios</h1><p>Saímos <b>todos</b> os dias<br>às nove.</p>
        <ul><li>Colete incluído<ul><li>também infantil</li></ul></li><li>Seguro</li></ul><ol start="3"><li>Pague</li></ol>
        <table><caption>Preços</caption><tr><th>Barco</th><th>Preço</th></tr><tr><td>Caiaque</td><td>25</td></tr></table>
        <pre>linha um
  linha dois</pre><dl><dt>Depósito</dt><dd>Cinquenta</dd></dl><p hidden>nunca</p></main>
        <footer>© 2027</footer></body></html>"#;
    insta::assert_snapshot!(shown("page.html", page));
}

#[test]
fn a_page_without_a_main_part_is_all_but_what_surrounds_it() {
    let page = "<html><body><header>Logo</header><div><h2>News</h2>plain words <span>inside</span></div><aside>ads</aside></body></html>";
    insta::assert_snapshot!(shown("page.html", page));
}

#[test]
fn a_page_in_an_old_encoding_is_read_by_what_it_says() {
    let page = b"<html><head><meta charset=\"windows-1251\"><title>x</title></head><body><p>\xcf\xf0\xe8\xe2\xe5\xf2</p></body></html>";

    let document = read("page.html", page).expect("a page");

    assert!(format!("{:?}", document.blocks).contains("Привет"));
}

#[test]
fn markdown_keeps_its_structure() {
    let text = "---\ntitle: \"Boat rules\"\nlang: en\n---\n# Rules\n\nBe *kind* to `others`.\nAlways.\n\n1. First\n2. Second\n   - inner\n\n\
        | Boat | Price |\n|---|---|\n| Kayak | 25 |\n\n```sh\nls -l\n```\n\n> quoted\n\nNote[^1].\n\n[^1]: The note.\n\n<div><p>inside HTML</p></div>\n";
    insta::assert_snapshot!(shown("rules.md", text));
}

#[test]
fn a_text_has_paragraphs_underlined_headings_and_pages() {
    let text =
        "Handbook\n========\n\nFirst line\nsecond line.\n\nPrices\n------\n\nTwenty euros.\n\u{c}On the second page.\n";
    insta::assert_snapshot!(shown("book.txt", text));
}

#[test]
fn texts_in_any_encoding_are_read() {
    let words = "Přátelé, dnes večer bude v přístavu veliká slavnost a všichni jsou srdečně zváni na čerstvé ryby.";
    let (eastern, _, _) = encoding_of("windows-1250").encode(words);
    let marked: Vec<u8> = [0xfe, 0xff]
        .into_iter()
        .chain(words.encode_utf16().flat_map(u16::to_be_bytes))
        .collect();
    let german = "Die Größe der Boote hängt von der Länge ab; für größere Gäste gibt es längere Ruder.";
    let (western, _, _) = encoding_of("windows-1252").encode(german);

    for (bytes, expected) in [
        (eastern.as_ref(), words),
        (&marked, words),
        (western.as_ref(), german),
        (words.as_bytes(), words),
    ] {
        let document = read("note.txt", bytes).expect("a text");
        assert!(
            format!("{:?}", document.blocks).contains(expected),
            "{:?}",
            document.blocks
        );
    }
    let english: Vec<u8> = "The boats leave at nine."
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(format!("{:?}", read("note.txt", english).expect("a text").blocks).contains("leave at nine"));
}

fn encoding_of(label: &str) -> &'static encoding_rs::Encoding {
    encoding_rs::Encoding::for_label(label.as_bytes()).expect("an encoding")
}

#[test]
fn rows_of_cells_have_a_header_where_the_first_row_names_them() {
    insta::assert_snapshot!(shown("prices.csv", "Boat;Price\nKayak;\"25,50\"\n\"Canoe; \"\"big\"\"\";70\n"), @r#"
    type: text/csv

    | Boat | Price |
    | --- | --- |
    | Kayak | 25,50 |
    | Canoe; "big" | 70 |
    "#);
    insta::assert_snapshot!(shown("numbers.csv", "1,2\n3,4\n"), @r"
    type: text/csv

    |  |  |
    | --- | --- |
    | 1 | 2 |
    | 3 | 4 |
    ");
}

#[test]
fn json_is_sections_of_values_and_tables_of_records() {
    let text = r#"{"shop": "Riverside", "open": true, "tags": ["boats", "bikes"],
        "boats": [{"name": "Kayak", "price": 25}, {"name": "Canoe", "seats": 3}],
        "address": {"street": "Quay 1", "geo": {"lat": 1.5}}}"#;
    insta::assert_snapshot!(shown("shop.json", text));
    insta::assert_snapshot!(shown("rows.jsonl", "{\"a\": 1}\n{\"a\": 2, \"b\": \"x\"}\n"), @r"
    type: application/json

    | a | b |
    | --- | --- |
    | 1 |  |
    | 2 | x |
    ");
}

#[test]
fn xml_is_named_values_and_paragraphs() {
    let text = r#"<?xml version="1.0" encoding="UTF-8"?><catalog xml:lang="en"><title>Boats</title>
        <boat id="7"><name>Kayak &amp; paddle</name><price>25</price></boat>
        <note>Ask <b>Ana</b> first.</note></catalog>"#;
    insta::assert_snapshot!(shown("boats.xml", text));
}

#[test]
fn rtf_is_read_with_its_encodings_lists_and_tables() {
    let text = br"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}}
{\stylesheet{\s1 heading 1;}{\s0 Normal;}}{\info{\title Boat rules}{\author Nobody}}
\pard\s1 Rules\par\pard Caf\'e9 and \u8364?50 \f1 \'cf\'f0\f0\par
{\*\generator Nothing;}\pard{\listtext 1.\tab}\ls1 First thing\par
\trowd\trhdr\cellx100\cellx200\intbl Boat\cell Price\cell\row\trowd\cellx100\cellx200\intbl Kayak\cell 25\cell\row
\pard\page After the page {\v hidden}break.\par}";
    insta::assert_snapshot!(shown("rules.rtf", text));
}
