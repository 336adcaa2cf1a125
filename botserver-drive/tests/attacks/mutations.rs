//! Anything at all: documents with bytes changed and cut off, and noise under every name.

use std::path::PathBuf;

use proptest::{collection::vec, prelude::*, test_runner::Config};

use super::{MEMORY, Watch, read};

const NAMES: [&str; 13] = [
    "a.pdf", "a.docx", "a.pptx", "a.xlsx", "a.ods", "a.html", "a.md", "a.txt", "a.csv", "a.json", "a.xml", "a.rtf",
    "a.eml",
];

/// Small documents of every format.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let fixture = |name: &str| {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(name);
        std::fs::read(file).expect("a fixture")
    };
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("a.pdf", fixture("report.pdf")),
        ("b.pdf", fixture("printable.pdf")),
        ("a.docx", fixture("handbook.docx")),
        ("a.pptx", fixture("plan.pptx")),
        ("a.xlsx", fixture("stock.xlsx")),
        ("a.ods", fixture("members.ods")),
        (
            "a.html",
            text("<!doctype html><table><tr><th>a<td>b</table><ul><li>x<li>y</ul><pre>z"),
        ),
        (
            "a.md",
            text("# a\n\n- b\n  - c\n\n| d | e |\n|---|---|\n| f | g |\n\n```\nh\n```\n"),
        ),
        ("a.csv", text("a;b\n\"c\n\";d\n")),
        ("a.json", text("{\"a\": [1, {\"b\": null}], \"c\": \"\\ud83d\\ude00\"}")),
        (
            "a.xml",
            text("<?xml version=\"1.0\"?><a b=\"c\"><d>e</d><![CDATA[f]]>&#65;</a>"),
        ),
        (
            "a.rtf",
            text("{\\rtf1{\\fonttbl{\\f0\\fcharset204 A;}}\\u8364?\\'e9{\\*\\x y}\\trowd a\\cell\\row\\bin3 abc}"),
        ),
        (
            "a.eml",
            text(
                "From: a@b\r\nTo: c@d\r\nSubject: =?utf-8?b?w6k=?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ny\r\n--x--",
            ),
        ),
    ]
}

proptest! {
    #![proptest_config(Config { cases: 48, max_shrink_iters: 20, failure_persistence: None, ..Config::default() })]

    #[test]
    fn changed_documents_are_read_or_refused(
        which in 0_usize..13,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..24),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (name, mut bytes) = samples().swap_remove(which);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()) + 1);
        }
        let watch = Watch::start();

        let result = read(name, bytes);

        prop_assert!(watch.peak() <= MEMORY);
        if let Err(error) = result {
            prop_assert!(!error.to_string().contains("could not read the file"), "{error}");
        }
    }

    #[test]
    fn noise_is_read_or_refused(which in 0_usize..13, bytes in vec(any::<u8>(), 0..4096)) {
        let result = read(NAMES[which], bytes);

        if let Err(error) = result {
            prop_assert!(!error.to_string().contains("could not read the file"), "{error}");
        }
    }
}
