//! Files that are not what they are named, and files that are nothing that is read.

use super::{fixture, read};

#[test]
fn bytes_decide_what_a_file_is() {
    let document = read("notes.txt", fixture("report.pdf")).expect("a PDF");

    assert_eq!(document.media_type, "application/pdf");
    assert!(
        document
            .warnings
            .iter()
            .any(|warning| warning == "notes.txt is named as a text file, and is a PDF")
    );
    let document = read("stock.docx", fixture("stock.xlsx")).expect("a workbook");
    assert!(document.media_type.ends_with("spreadsheetml.sheet"));
    let document = read("page", "<!DOCTYPE html><p>Words on a page</p>").expect("a page");
    assert_eq!(document.media_type, "text/html");
}

#[test]
fn what_is_not_read_is_refused_with_what_it_is() {
    let refused = |name: &str, bytes: &[u8]| read(name, bytes).expect_err("refused").to_string();

    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a.txt", zip::write::SimpleFileOptions::default())
        .expect("an entry");
    let zip = zip.finish().expect("an archive").into_inner();
    let old = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 600]].concat();
    let locked: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let locked = [old.as_slice(), &locked].concat();

    insta::assert_snapshot!(
        [
            refused("picture.docx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
            refused("setup.pdf", b"MZ\x90\0\x03\0\0\0"),
            refused("page.pdf", b"<html><body>Not found</body></html>"),
            refused("archive.docx", &zip),
            refused("old.docx", &old),
            refused("locked.xlsx", &locked),
            refused("locked.pdf", &fixture("protected.pdf")),
            refused("empty.txt", b""),
            refused("blank.txt", b" \n \n"),
            refused("noise.txt", &[7, 0, 255, 3, 0, 0, 1]),
            refused("cut.docx", &fixture("handbook.docx")[..20_000]),
        ]
        .join("\n")
    );
}

#[test]
fn a_file_that_is_not_there_says_so() {
    let source = botstate::document::Source::File("/nowhere/at/all.pdf".into());
    let reader = super::reader();
    let missing = botstate::document::Extractor::extract(&reader, source, botstate::document::Limits::default());

    let error = super::block_on(missing).expect_err("no file").to_string();

    assert!(
        error.starts_with("could not read the file: /nowhere/at/all.pdf: "),
        "{error}"
    );
}
