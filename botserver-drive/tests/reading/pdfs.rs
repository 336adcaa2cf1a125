//! PDFs: from a program that makes them, and written by hand to the byte.

use std::io::Write as _;

use super::{fixture, read, shown, shown_fixture};

/// A file of those objects, the first of which is the catalog, with a table of where they are.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(out.len());
        out.extend(format!("{number} 0 obj\n").as_bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).as_bytes());
    for place in places {
        out.extend(format!("{place:010} 00000 n \n").as_bytes());
    }
    let size = objects.len() + 1;
    out.extend(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").as_bytes());
    out
}

fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let mut out = format!("<< {dictionary} /Length {} >>\nstream\n", content.len()).into_bytes();
    out.extend(content);
    out.extend(b"\nendstream");
    out
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).expect("memory");
    stream("/Filter /FlateDecode", &encoder.finish().expect("memory"))
}

/// One page with that content and those fonts.
fn page(fonts: &str, content: Vec<u8>, more: Vec<Vec<u8>>) -> Vec<u8> {
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << {fonts} >> >> >>"
        )
        .into_bytes(),
        content,
    ];
    objects.extend(more);
    pdf(&objects)
}

const HELVETICA: &str = "/F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>";

#[test]
fn a_report_keeps_headings_paragraphs_lists_tables_and_pages() {
    insta::assert_snapshot!(shown_fixture("report.pdf"));
}

#[test]
fn columns_are_read_one_after_the_other() {
    insta::assert_snapshot!(shown_fixture("columns.pdf"));
}

#[test]
fn a_document_that_only_its_owner_may_change_is_read() {
    let document = read("printable.pdf", fixture("printable.pdf")).expect("a PDF that everybody may read");

    assert!(format!("{:?}", document.blocks).contains("life vest"));
}

#[test]
fn packed_pages_with_western_letters_are_read() {
    let content = packed(
        b"BT /F1 12 Tf 72 700 Td (Caf\\351 \\223quoted\\224 \\200 50) Tj 0 -14 Td [(spa) -20 (ced) -400 (words)] TJ ET",
    );

    insta::assert_snapshot!(shown("a.pdf", page(HELVETICA, content, Vec::new())), @r"
    type: application/pdf

    <!-- page 1 -->

    Café “quoted” € 50 spaced words
    ");
}

#[test]
fn codes_of_two_bytes_are_read_by_their_map() {
    let map = b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange\n\
        2 beginbfchar <0003> <0020> <0010> <00660069> endbfchar\n\
        2 beginbfrange <0024> <0026> <0041> <0030> <0031> [<4f60> <597d>] endbfrange endcmap";
    let font = "/F1 5 0 R";
    let more = vec![
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Any /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts [7 0 R] >>".to_vec(),
        packed(map),
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Any /DW 600 /W [36 [700 700] 48 49 1000] >>".to_vec(),
    ];
    let content = stream(
        "",
        b"BT /F1 12 Tf 72 700 Td <0024002500260003001000030030> Tj <0031> Tj ET",
    );

    insta::assert_snapshot!(shown("a.pdf", page(font, content, more)), @r"
    type: application/pdf

    <!-- page 1 -->

    ABC fi 你好
    ");
}

#[test]
fn letters_with_names_of_their_own_are_read() {
    let font = "/F1 << /Type /Font /Subtype /Type1 /BaseFont /Any /Encoding << /Type /Encoding \
        /Differences [1 /H /e /l /o 10 /uni00E9 /u1F600 /ffi /odieresis.alt] >> >>";
    let content = stream("", b"BT /F1 12 Tf 72 700 Td <01020303040a0c0d> Tj ET");

    let document = read("a.pdf", page(font, content, Vec::new())).expect("a PDF");

    assert!(
        format!("{:?}", document.blocks).contains("Helloéffiö"),
        "{:?}",
        document.blocks
    );
}

#[test]
fn turned_pages_are_read_along_their_lines() {
    let content = stream(
        "",
        b"BT /F1 12 Tf 0 1 -1 0 100 100 Tm (along the side) Tj 0 -14 Td (second line) Tj ET",
    );

    let document = read("a.pdf", page(HELVETICA, content, Vec::new())).expect("a PDF");

    assert!(
        format!("{:?}", document.blocks).contains("along the side second line"),
        "{:?}",
        document.blocks
    );
}

#[test]
fn a_scan_says_that_it_is_one() {
    let picture = "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8";
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>".to_vec(),
        stream("", b"q 600 0 0 800 0 0 cm /I Do Q"),
        stream(picture, b"\x80"),
    ];

    let error = read("scan.pdf", pdf(&objects)).expect_err("no text").to_string();

    assert_eq!(
        error,
        "the PDF holds no text: it may be a scan; run a text recognition over it first"
    );
}

#[test]
fn a_file_whose_table_is_wrong_is_read_all_the_same() {
    let whole = page(
        HELVETICA,
        stream("", b"BT /F1 12 Tf 72 700 Td (still here) Tj ET"),
        Vec::new(),
    );
    let text = String::from_utf8_lossy(&whole).into_owned();
    let start = text.rfind("startxref").expect("a table");
    let broken = [
        &whole[..whole.len() - (text.len() - start)],
        b"startxref\n999999\n%%EOF\n",
    ]
    .concat();

    let document = read("a.pdf", broken).expect("a PDF");

    assert!(format!("{:?}", document.blocks).contains("still here"));
}
