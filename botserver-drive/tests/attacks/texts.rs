//! Texts: nesting, entities, lines without end, and what costs a parser more than it is long.

use botstate::document::Limits;

use super::{patient, refused, refused_within, survived};

/// Ten entities, each ten times the one before.
pub(crate) fn laughs() -> String {
    let mut text = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol0 \"lol\">".to_owned();
    for level in 1..10 {
        let before = format!("&lol{};", level - 1).repeat(10);
        text.extend(["<!ENTITY lol", &level.to_string(), " \"", &before, "\">"]);
    }
    text + "]><lolz>&lol9;</lolz>"
}

#[test]
fn entities_that_grow_are_refused() {
    insta::assert_snapshot!(refused("laughs.xml", laughs().into_bytes()), @"the XML file is damaged: it declares entities of its own, which are never expanded");
}

#[test]
fn deep_nesting_is_refused_in_every_format() {
    let deep = |open: &str| open.repeat(1_000_000).into_bytes();
    let rtf = [b"{\\rtf1 ".as_slice(), &deep("{")].concat();
    let page = [b"<!doctype html><body>".as_slice(), &deep("<div>")].concat();

    for (name, bytes) in [
        ("deep.xml", deep("<a>")),
        ("deep.json", deep("[")),
        ("objects.json", deep("{\"a\":")),
        ("deep.html", page),
        ("deep.rtf", rtf),
    ] {
        // A page is a tree before it is looked at, and so deep a one takes its parser all its time.
        let limits = if name == "deep.html" {
            Limits::default()
        } else {
            patient()
        };
        let reason = refused_within(name, bytes, limits);
        let slow = name == "deep.html" && reason.contains("10 s is the limit");
        assert!(slow || reason.contains("nested too deep"), "{name}: {reason}");
    }
    let quotes = format!("{}text", "> ".repeat(100_000));
    assert!(refused("deep.md", quotes.into_bytes()).contains("nested too deep"));
}

#[test]
fn a_line_without_end_is_refused() {
    let cells = "a,".repeat(16 << 20).into_bytes();
    insta::assert_snapshot!(refused("line.csv", cells), @"the document has a line of 33554432 bytes, and a row of 1048576 bytes is the limit");
    let open = [b"a,\"".as_slice(), &b"x\n".repeat(8 << 20)].concat();
    assert!(refused("quote.csv", open).contains("is the limit"));
    let words = b"word ".repeat(12 << 20);
    assert!(refused("line.txt", words).contains("is the limit"));
}

#[test]
fn values_that_take_more_memory_than_their_text_are_refused() {
    let numbers = format!("[{}0]", "0,".repeat(30 << 20));
    let reason = refused("numbers.json", numbers.into_bytes());
    assert!(reason.contains("is the limit"), "{reason}");
    let lists = format!("[{}[]]", "[],".repeat(20 << 20));
    let reason = refused("lists.json", lists.into_bytes());
    assert!(reason.contains("is the limit"), "{reason}");
}

#[test]
fn pages_that_cost_their_parser_more_than_they_are_long_end_in_time() {
    // Every paragraph opens all that was left open before it again.
    let open = (0..3_000)
        .map(|number| format!("<b a{number}>"))
        .collect::<Vec<_>>()
        .concat();
    let page = format!("<!doctype html><body>{open}{}", "<p>x".repeat(20_000));
    survived("formatting.html", page.into_bytes());
    let tables = format!("<!doctype html><body>{}", "<table><tr><td>".repeat(40));
    survived(
        "tables.html",
        format!("{tables}{}", "<b><i><u><a>".repeat(200_000)).into_bytes(),
    );
    let brackets = format!("{}x{}", "[".repeat(200_000), "](".repeat(200_000));
    survived("brackets.md", brackets.into_bytes());
    let stars = "*a _b ".repeat(200_000);
    survived("stars.md", stars.into_bytes());
}

#[test]
fn a_million_attributes_end_in_time() {
    let attributes = (0..1_000_000)
        .map(|number| format!(" a{number}=\"x\""))
        .collect::<Vec<_>>()
        .concat();
    survived("attributes.xml", format!("<a{attributes}>x</a>").into_bytes());
    survived(
        "attributes.html",
        format!("<!doctype html><body><p{attributes}>x</p>").into_bytes(),
    );
}

#[test]
fn a_message_of_a_million_parts_is_refused() {
    let head = "From: a@example.org\r\nTo: b@example.org\r\nSubject: many\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    let parts = "--b\r\n\r\nx\r\n".repeat(1_000_000);

    let reason = refused("parts.eml", format!("{head}{parts}--b--\r\n").into_bytes());

    assert!(reason.contains("is the limit"), "{reason}");
}
