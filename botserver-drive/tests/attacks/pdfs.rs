//! PDFs: streams that grow, circles, and pages without end.

use std::io::Write as _;

use super::{refused, survived};

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

/// A packed stream of `times` times the text.
fn packed(dictionary: &str, text: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let block = text.repeat(1024);
    for _ in 0..times / 1024 {
        encoder.write_all(&block).expect("memory");
    }
    let content = encoder.finish().expect("memory");
    let mut out = format!(
        "<< {dictionary} /Filter /FlateDecode /Length {} >>\nstream\n",
        content.len()
    )
    .into_bytes();
    out.extend(content);
    out.extend(b"\nendstream");
    out
}

fn plain(dictionary: &str, text: &str) -> Vec<u8> {
    format!("<< {dictionary} /Length {} >>\nstream\n{text}\nendstream", text.len()).into_bytes()
}

const FONT: &str = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>";

fn page(content: Vec<u8>, resources: &str, more: Vec<Vec<u8>>) -> Vec<u8> {
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!("<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << {FONT} {resources} >> >>").into_bytes(),
        content,
    ];
    objects.extend(more);
    pdf(&objects)
}

#[test]
fn a_page_that_unpacks_to_a_gibibyte_is_refused() {
    let bomb = page(packed("", &[b' '; 1024], 1 << 20), "", Vec::new());

    assert!(refused("bomb.pdf", bomb).contains("is the limit"));
}

#[test]
fn a_page_that_draws_without_end_is_refused() {
    let letters = page(
        packed("", b"BT /F1 9 Tf 1 0 0 1 9 9 Tm (abcdefgh) Tj ET\n", 1 << 20),
        "",
        Vec::new(),
    );
    assert!(refused("letters.pdf", letters).contains("is the limit"));
    let moves = page(packed("", b"1 0 0 1 0 0 cm\n", 4 << 20), "", Vec::new());
    let reason = refused("moves.pdf", moves);
    assert!(
        reason.contains("is the limit") || reason.contains("no text"),
        "{reason}"
    );
}

#[test]
fn forms_that_draw_themselves_end() {
    let form = "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /A 5 0 R >> >>";
    let twice = page(
        plain("", "/A Do"),
        "/XObject << /A 5 0 R >>",
        vec![plain(form, &"/A Do ".repeat(40))],
    );

    let reason = refused("forms.pdf", twice);

    assert!(
        reason.contains("is the limit") || reason.contains("no text"),
        "{reason}"
    );
}

#[test]
fn pages_in_a_circle_end() {
    let circle = pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 99999999 /Parent 3 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 99999999 /Parent 2 0 R >>".to_vec(),
    ]);

    let reason = refused("circle.pdf", circle);

    assert!(reason.contains("damaged") || reason.contains("no text"), "{reason}");
}

#[test]
fn more_pages_than_a_book_has_are_refused() {
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        Vec::new(),
        plain("", "BT /F1 9 Tf (x) Tj ET"),
    ];
    let kids: Vec<String> = (0..6_000).map(|number| format!("{} 0 R", number + 4)).collect();
    objects[1] = format!(
        "<< /Type /Pages /Kids [{}] /Count 6000 /Resources << {FONT} >> >>",
        kids.join(" ")
    )
    .into_bytes();
    objects.extend((0..6_000).map(|_| b"<< /Type /Page /Parent 2 0 R /Contents 3 0 R >>".to_vec()));

    let reason = refused("pages.pdf", pdf(&objects));

    assert!(
        reason == "the document has more than 5000 pages, and 5000 pages is the limit" || reason.contains("10 s"),
        "{reason}"
    );
}

#[test]
fn circles_in_objects_end() {
    let circle = pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 2 0 R >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources 6 0 R >>".to_vec(),
        b"4 0 R".to_vec(),
        b"[5 0 R 5 0 R 4 0 R]".to_vec(),
        b"6 0 R".to_vec(),
    ]);
    survived("objects.pdf", circle);
    let mut loops = pdf(&[b"<< /Type /Catalog /Pages 2 0 R >>".to_vec()]);
    let table = loops
        .windows(4)
        .rposition(|window| window == b"xref")
        .map_or(0, |at| at - 5);
    let place = loops.windows(5).position(|window| window == b"xref\n").unwrap_or(table);
    let text = format!("trailer\n<< /Size 2 /Root 1 0 R /Prev {place} >>\nstartxref\n{place}\n%%EOF\n");
    loops.extend(text.as_bytes());
    survived("previous.pdf", loops);
}

#[test]
fn deep_nesting_is_no_danger_to_the_stack() {
    let deep = |open: &str| page(plain("", &open.repeat(500_000)), "", Vec::new());
    survived("arrays.pdf", deep("["));
    survived("dictionaries.pdf", deep("<</A "));
    let object = format!("{}1", "[".repeat(1_000_000)).into_bytes();
    survived(
        "object.pdf",
        pdf(&[b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(), object]),
    );
}

#[test]
fn maps_of_letters_without_end_are_read_to_a_limit() {
    let map = "1 begincodespacerange <00000000> <ffffffff> endcodespacerange 1 beginbfrange <00000000> <ffffffff> <0041> endbfrange";
    let font = "<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts [7 0 R] >>";
    let below = "<< /Type /Font /Subtype /CIDFontType2 /W [0 4294967295 500 1 9999999 2] >>";
    let mut objects = page(
        plain("", "BT /F2 9 Tf <00410042> Tj ET"),
        "",
        vec![font.as_bytes().to_vec(), plain("", map), below.as_bytes().to_vec()],
    );
    let name = objects.windows(4).position(|window| window == b"/F1 ").expect("a font");
    // The same length, so that the table stays right.
    objects[name..name + 4].copy_from_slice(b"/F2 ");

    survived("map.pdf", objects);
}
