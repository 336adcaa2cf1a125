//! Messages and what is attached to them.

use super::{fixture, read, shown};

/// Bytes in base64, in lines.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for (number, chunk) in bytes.chunks(3).enumerate() {
        let bits = chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = *DIGITS
                .get(((bits >> (18 - 6 * place)) & 63) as usize)
                .expect("six bits");
            out.push(if place > chunk.len() { '=' } else { char::from(digit) });
        }
        if number % 19 == 18 {
            out.push_str("\r\n");
        }
    }
    out
}

#[test]
fn a_message_has_people_a_text_and_attachments() {
    let sheet = base64(&fixture("members.ods"));
    let text = format!(
        "From: Ana Lima <ana@example.org>\r\nTo: team@example.org\r\nSubject: =?utf-8?q?Pre=C3=A7os?= de maio\r\n\
         Date: Mon, 3 May 2027 09:30:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=xx\r\n\r\n\
         --xx\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         Bom dia,\r\n\r\nos pre=E7os mudaram.\r\n--xx\r\n\
         Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"members.ods\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{sheet}\r\n--xx\r\n\
         Content-Type: image/png\r\nContent-Disposition: attachment; filename=\"logo.png\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--xx--\r\n",
        base64(b"\x89PNG\r\n\x1a\n\0\0\0\0")
    );
    insta::assert_snapshot!(shown("letter.eml", text));
}

#[test]
fn a_message_in_a_message_is_read_and_the_tenth_is_not() {
    let mut text = "From: a@example.org\r\nTo: b@example.org\r\nSubject: innermost\r\n\r\nThe core.\r\n".to_owned();
    let wrap = |inner: &str, number: usize| {
        format!(
            "From: a@example.org\r\nTo: b@example.org\r\nSubject: level {number}\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=b{number}\r\n\r\n--b{number}\r\nContent-Type: message/rfc822\r\n\r\n\
             {inner}\r\n--b{number}--\r\n"
        )
    };
    text = wrap(&text, 1);
    let two = read("two.eml", &text).expect("a message in a message");
    assert!(format!("{:?}", two.blocks).contains("The core."));

    for number in 2..10 {
        text = wrap(&text, number);
    }
    let ten = read("ten.eml", &text).expect_err("too deep");

    assert_eq!(
        ten.to_string(),
        "the document has messages inside each other, and 5 messages deep is the limit"
    );
}
