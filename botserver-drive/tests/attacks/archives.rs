//! Archives: bombs of every kind, in documents that are archives.

use std::io::{Cursor, Write as _};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{refused, survived};

const TYPES: &str = r#"<Types xmlns="x"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;
const RELATIONS: &str = r#"<Relationships xmlns="x"><Relationship Id="r1" Type="http://x/officeDocument" Target="word/document.xml"/></Relationships>"#;

/// A Word document whose text part is written by `content`.
fn word(content: impl Fn(&mut dyn std::io::Write)) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .large_file(true);
    for (name, text) in [("[Content_Types].xml", TYPES), ("_rels/.rels", RELATIONS)] {
        zip.start_file(name, options).expect("an entry");
        zip.write_all(text.as_bytes()).expect("memory");
    }
    zip.start_file("word/document.xml", options).expect("an entry");
    content(&mut zip);
    zip.finish().expect("an archive").into_inner()
}

fn many(out: &mut dyn std::io::Write, text: &str, times: usize) {
    let block = text.repeat(1000);
    for _ in 0..times / 1000 {
        out.write_all(block.as_bytes()).expect("memory");
    }
}

#[test]
fn a_part_that_unpacks_to_a_gibibyte_is_refused() {
    let bomb = word(|out| many(out, &" ".repeat(1024), 1 << 20));

    insta::assert_snapshot!(refused("bomb.docx", bomb), @"the document has 1023 MiB packed into it, and 192 MiB is the limit");
}

#[test]
fn a_part_that_lies_about_its_size_is_refused() {
    let mut bomb = word(|out| many(out, "<p><r><t>x</t></r></p>", 20_000_000));
    // In the list of entries the size of the third is said to be small.
    let entry = bomb
        .windows(4)
        .rposition(|window| window == b"PK\x01\x02")
        .expect("a list");
    bomb[entry + 24..entry + 28].copy_from_slice(&1000_u32.to_le_bytes());

    let reason = refused("lies.docx", bomb);

    assert!(
        reason.contains("damaged") || reason.contains("is the limit"),
        "{reason}"
    );
}

#[test]
fn many_paragraphs_that_fit_unpacked_are_refused_for_their_cost() {
    let bomb = word(|out| {
        out.write_all(b"<document><body>").expect("memory");
        many(out, "<p><r><t>x</t></r></p>", 5_000_000);
        out.write_all(b"</body></document>").expect("memory");
    });

    survived("paragraphs.docx", bomb);
}

#[test]
fn entries_that_lie_over_each_other_are_refused() {
    let whole = word(|out| many(out, "<p>over and over</p>", 1_000_000));
    let start = whole
        .windows(4)
        .position(|window| window == b"PK\x01\x02")
        .expect("a list");
    let end = whole
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")
        .expect("an end");
    let entry = whole[..end]
        .windows(4)
        .rposition(|window| window == b"PK\x01\x02")
        .expect("an entry");
    // Each entry of the list is the same piece of the file under another name.
    let (mut list, mut count) = (whole[start..end].to_vec(), 3_u16);
    for number in 0..500 {
        let mut copy = whole[entry..end].to_vec();
        let name = format!("word/docu{number:04}.xml");
        copy[46..46 + 17].copy_from_slice(&name.as_bytes()[..17]);
        list.extend(copy);
        count += 1;
    }
    let mut bomb = whole[..start].to_vec();
    bomb.extend(&list);
    let mut tail = whole[end..].to_vec();
    tail[8..10].copy_from_slice(&count.to_le_bytes());
    tail[10..12].copy_from_slice(&count.to_le_bytes());
    tail[12..16].copy_from_slice(&u32::try_from(list.len()).expect("small").to_le_bytes());
    bomb.extend(tail);

    let reason = refused("overlap.docx", bomb);

    assert!(reason.contains("lie over each other"), "{reason}");
}

#[test]
fn an_archive_of_a_million_entries_is_refused_before_its_list_is_read() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, text) in [("[Content_Types].xml", TYPES), ("_rels/.rels", RELATIONS)] {
        zip.start_file(name, options).expect("an entry");
        zip.write_all(text.as_bytes()).expect("memory");
    }
    let small = zip.finish().expect("an archive").into_inner();
    let start = small
        .windows(4)
        .position(|window| window == b"PK\x01\x02")
        .expect("a list");
    let end = small
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")
        .expect("an end");
    let mut bomb = small[..start].to_vec();
    let mut list = small[start..end].to_vec();
    for number in 0..1_000_000_u32 {
        // An empty entry that stands at the beginning.
        list.extend(
            b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        );
        list.extend(format!("{number:07}").as_bytes());
    }
    let (count, size, place) = (1_000_002_u64, list.len() as u64, bomb.len() as u64);
    bomb.extend(list);
    let record = bomb.len() as u64;
    bomb.extend(b"PK\x06\x06");
    for number in [44_u64, 0x002d_002d, count, count, size, place] {
        // Versions and disks are four small fields in two of these numbers.
        if number == 0x002d_002d {
            bomb.extend(0x002d_002d_u32.to_le_bytes());
            bomb.extend([0; 8]);
        } else {
            bomb.extend(number.to_le_bytes());
        }
    }
    bomb.extend(b"PK\x06\x07\0\0\0\0");
    bomb.extend(record.to_le_bytes());
    bomb.extend(1_u32.to_le_bytes());
    bomb.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");

    insta::assert_snapshot!(refused("million.docx", bomb), @"the document has 1000002 parts, and 10000 parts is the limit");
}

#[test]
fn a_bomb_inside_a_message_is_refused() {
    let bomb = word(|out| many(out, &" ".repeat(1024), 1 << 20));
    let digits = bomb
        .iter()
        .map(|byte| format!("={byte:02X}"))
        .collect::<Vec<_>>()
        .concat();
    let lines: Vec<&str> = digits
        .as_bytes()
        .chunks(72)
        .map(|line| std::str::from_utf8(line).expect("digits"))
        .collect();
    let message = format!(
        "From: a@example.org\r\nTo: b@example.org\r\nSubject: bomb\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n\
         Content-Disposition: attachment; filename=bomb.docx\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n--b--\r\n",
        lines.join("=\r\n")
    );

    insta::assert_snapshot!(refused("bomb.eml", message.into_bytes()), @"the document has 1023 MiB packed into it, and 191 MiB is the limit");
}

#[test]
fn an_archive_in_an_archive_is_no_document() {
    let mut inner = word(|out| many(out, "0", 10_000_000));
    for level in 0..10 {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(format!("{level}.zip"), SimpleFileOptions::default())
            .expect("an entry");
        zip.write_all(&inner).expect("memory");
        inner = zip.finish().expect("an archive").into_inner();
    }

    assert!(refused("nested.docx", inner).starts_with("a ZIP archive cannot be read"));
}

#[test]
fn elements_without_end_in_a_word_document_are_refused() {
    let deep = word(|out| many(out, "<p>", 2_000_000));

    insta::assert_snapshot!(refused("deep.docx", deep), @"the document has parts nested too deep, and 100 levels is the limit");
}

#[test]
fn entities_in_a_word_document_are_refused() {
    let laughs = word(|out| {
        out.write_all(super::texts::laughs().as_bytes()).expect("memory");
    });

    assert!(refused("laughs.docx", laughs).contains("declares entities of its own"));
}

fn workbook(sheet: &str, strings: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    let parts = [
        (
            "[Content_Types].xml",
            r#"<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#,
        ),
        (
            "_rels/.rels",
            r#"<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#,
        ),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
    ];
    for (name, text) in parts {
        zip.start_file(name, options).expect("an entry");
        zip.write_all(text.as_bytes()).expect("memory");
    }
    zip.finish().expect("an archive").into_inner()
}

#[test]
fn cells_in_the_farthest_corners_cost_no_more_than_their_text() {
    let sheet = r#"<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData></worksheet>"#;

    survived("corners.xlsx", workbook(sheet, "<sst/>"));
}

#[test]
fn strings_that_are_used_a_million_times_are_refused() {
    let long = "x".repeat(30_000);
    let strings = format!("<sst><si><t>{long}</t></si></sst>");
    let rows = (1..=100_000)
        .map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#))
        .collect::<Vec<_>>()
        .concat();
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");

    insta::assert_snapshot!(refused("strings.xlsx", workbook(&sheet, &strings)), @"the document has more text than can be used, and 20000000 characters is the limit");
}

#[test]
fn rows_that_repeat_a_million_times_are_refused() {
    let content = r#"<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet><table:table table:name="A"><table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>bomb</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"#;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", r#"<manifest:manifest xmlns:manifest="m"/>"#),
        ("content.xml", content),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(text.as_bytes()).expect("memory");
    }

    let reason = refused("repeat.ods", zip.finish().expect("an archive").into_inner());

    assert!(
        reason.contains("is the limit") || reason.contains("damaged"),
        "{reason}"
    );
}
