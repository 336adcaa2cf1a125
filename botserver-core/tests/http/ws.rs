//! The transport of sockets, byte by byte.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::sockets::{PATIENCE, UPGRADE, connect, is_served, some, start};

/// An open socket of the echo.
async fn open() -> TcpStream {
    let (address, _lifecycle) = start(|_| ());
    let mut socket = connect(address, UPGRADE).await;
    assert!(some(&mut socket).await.starts_with("HTTP/1.1 101"));
    socket
}

/// A frame of a client, masked with zeros, which change nothing (RFC 6455, section 5.2).
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length => {
            frame.push(0x80 | 0x7E);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Everything until the server closes.
async fn bytes(mut socket: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut bytes)).await;
    read.expect("the server closes the connection")
        .expect("without a reset");
    bytes
}

/// The code of the close frame that ends `bytes`.
fn code(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [0x88, _, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

#[tokio::test]
async fn broken_frames_are_answered_with_the_code_that_says_why() {
    let cases = [
        ("unmasked", [&[0x81, 2][..], b"hi"].concat(), 1002),
        ("reserved bit", frame(0xC1, b"hi"), 1002),
        ("unknown opcode", frame(0x83, b"hi"), 1002),
        ("fragmented ping", frame(0x09, b""), 1002),
        ("long ping", frame(0x89, &[0; 126]), 1002),
        ("continuation of nothing", frame(0x80, b"hi"), 1002),
        (
            "message inside a message",
            [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
            1002,
        ),
        ("text that is not UTF-8", frame(0x81, &[0xFF]), 1007),
        ("too big a frame", frame(0x82, &[0; 1001]), 1009),
        (
            "too big a message",
            [frame(0x02, &[0; 600]), frame(0x80, &[0; 600])].concat(),
            1009,
        ),
    ];
    for (name, sent, expected) in cases {
        let mut socket = open().await;

        socket.write_all(&sent).await.unwrap();

        assert_eq!(code(&bytes(socket).await), Some(expected), "{name}");
    }
}

#[tokio::test]
async fn last_words_arrive_although_the_client_goes_on_sending() {
    let mut socket = open().await;

    socket.write_all(&frame(0x83, b"")).await.unwrap();
    for _ in 0..64 {
        socket.write_all(&[0; 16 * 1024]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    assert_eq!(code(&bytes(socket).await), Some(1002));
}

#[tokio::test]
async fn farewell_is_answered_with_the_same_code() {
    let mut socket = open().await;

    socket.write_all(&frame(0x88, &1000u16.to_be_bytes())).await.unwrap();

    assert_eq!(code(&bytes(socket).await), Some(1000));
}

#[tokio::test]
async fn client_that_does_not_hang_up_is_left_after_a_moment() {
    let (address, _lifecycle) = start(|options| options.max_connections = 1);
    let mut socket = connect(address, UPGRADE).await;
    assert!(some(&mut socket).await.starts_with("HTTP/1.1 101"));
    let started = Instant::now();

    socket.write_all(&frame(0x83, b"")).await.unwrap();
    while !is_served(address).await {
        assert!(started.elapsed() < PATIENCE, "the slot is never free");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn handshakes_that_are_wrong_are_refused_with_what_would_be_right() {
    let (address, _lifecycle) = start(|_| ());
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let cases = [
        (("upgrade: websocket\r\n", ""), "426", "http/upgrade-required"),
        (("version: 13", "version: 12"), "426", "http/upgrade-required"),
        (("sec-websocket-version: 13\r\n", ""), "426", "http/upgrade-required"),
        ((key, ""), "400", "http/bad-handshake"),
        (("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), "400", "http/bad-handshake"),
        (("connection: upgrade\r\n", ""), "400", "http/bad-handshake"),
    ];
    for ((part, instead), status, kind) in cases {
        assert!(UPGRADE.contains(part));
        let request = UPGRADE.replace(part, instead);

        let answer = some(&mut connect(address, &request).await).await.to_lowercase();

        assert!(answer.starts_with(&format!("http/1.1 {status}")), "{request}{answer}");
        assert!(answer.contains("content-type: application/problem+json"), "{answer}");
        assert!(answer.contains(kind), "{answer}");
        let tells = answer.contains("sec-websocket-version: 13\r\n") && answer.contains("upgrade: websocket\r\n");
        assert_eq!(tells, status == "426", "{answer}");
    }
}

/// The kernel holds back a small piece behind another until that one is acknowledged, for 40 ms, unless it is told
/// not to.
#[tokio::test]
async fn small_frames_leave_at_once() {
    let mut socket = open().await;
    let mut times = Vec::new();

    for _ in 0..100 {
        let started = Instant::now();
        socket
            .write_all(&[frame(0x81, b"a"), frame(0x81, b"b")].concat())
            .await
            .unwrap();
        let mut answer = [0; 6];
        socket.read_exact(&mut answer).await.unwrap();
        times.push(started.elapsed());
        assert_eq!(&answer, b"\x81\x01a\x81\x01b");
    }

    // Whatever else the machine does: of those held back not one would be quick, but for the first few.
    let quick = times[30..].iter().filter(|time| **time < Duration::from_millis(30));
    assert!(quick.count() > 10, "{times:?}");
}
