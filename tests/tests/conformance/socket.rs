//! The chat's socket, byte by byte: what breaks the protocol is answered with the code that says so (RFC 6455).

use std::time::{Duration, Instant};

use botserver_tests::client::{Chat, Visitor};
use botserver_tests::process::{Server, Setup};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_mins(1);
const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn broken_frames_end_the_socket_with_the_code_that_says_why() {
    let server = Setup::new().start().await.unwrap();
    let visitor = Visitor::arrive(&server.url(), "default").await.unwrap();
    let unmasked = b"\x81\x02{}".to_vec();
    let cases = [
        ("unmasked", unmasked, 1002),
        ("reserved bit", frame(0xF1, b"{}"), 1002),
        ("unknown opcode", frame(0x83, b"{}"), 1002),
        ("fragmented ping", frame(0x09, b"?"), 1002),
        ("fragmented close", frame(0x08, &1000_u16.to_be_bytes()), 1002),
        ("ping of 126 bytes", frame(0x89, &[0; 126]), 1002),
        ("continuation of nothing", frame(0x80, b"{}"), 1002),
        (
            "close code that is reserved",
            frame(0x88, &1005_u16.to_be_bytes()),
            1002,
        ),
        ("binary", frame(0x82, b"{}"), 1003),
        ("text that is not UTF-8", frame(0x81, b"{\xFF}"), 1007),
        ("text cut inside a character", frame(0x81, b"\xC3"), 1007),
        ("text of 1 MiB and a byte", frame(0x81, &vec![b'a'; MIB + 1]), 1009),
        ("fragments of more than 1 MiB", fragments(), 1009),
        ("frame that announces 4 GiB", announced(), 1009),
        ("farewell", frame(0x88, &1000_u16.to_be_bytes()), 1000),
    ];
    for (name, sent, code) in cases {
        let mut socket = open(&server, &visitor).await;

        // The server may close before it has all.
        let _ = socket.write_all(&sent).await;

        assert_eq!(closed(&mut socket).await, Some(code), "{name}");
    }
    let (_, mut chat) = Chat::start(&server.url(), "default").await.unwrap();
    chat.turn().await.expect("the server goes on");
}

#[tokio::test]
async fn text_of_a_mebibyte_and_any_fragments_are_read() {
    let server = Setup::new().start().await.unwrap();
    let visitor = Visitor::arrive(&server.url(), "default").await.unwrap();
    let mut socket = open(&server, &visitor).await;
    let mut large = br#"{"type":"ping","content":""#.to_vec();
    large.resize(MIB - 2, b'a');
    large.extend(b"\"}");

    socket.write_all(&frame(0x81, &large)).await.unwrap();
    for sent in [
        frame(0x01, b"{\"type\":"),
        frame(0x89, b"in between"),
        frame(0x80, b"\"ping\"}"),
    ] {
        socket.write_all(&sent).await.unwrap();
    }

    let pong = until(&mut socket, |opcode, _| opcode == 0xA).await.expect("a pong");
    assert_eq!(pong, b"in between");
    socket.write_all(&frame(0x88, &1001_u16.to_be_bytes())).await.unwrap();
    assert_eq!(closed(&mut socket).await, Some(1001));
}

#[tokio::test]
async fn wrong_handshakes_are_refused_with_problem_documents() {
    let server = Setup::new().start().await.unwrap();
    let visitor = Visitor::arrive(&server.url(), "default").await.unwrap();
    let sound = handshake(&server, &visitor);
    let cases = [
        (
            "sec-websocket-version: 13",
            "sec-websocket-version: 8",
            426,
            "http/upgrade-required",
        ),
        ("upgrade: websocket\r\n", "", 426, "http/upgrade-required"),
        (
            "connection: upgrade",
            "connection: keep-alive",
            400,
            "http/bad-handshake",
        ),
        ("dGhlIHNhbXBsZSBub25jZQ==", "no key", 400, "http/bad-handshake"),
        (
            "\r\n\r\n",
            "\r\norigin: https://evil.example\r\n\r\n",
            403,
            "http/origin-refused",
        ),
        ("/ws?", "/ws/nothing?", 404, "chat/unknown-bot"),
    ];
    for (part, instead, status, kind) in cases {
        assert!(sound.contains(part), "{sound}");
        let request = sound.replacen(part, instead, 1);

        let (head, body) = exchange(&server, &request).await;

        assert!(
            head.starts_with(&format!("http/1.1 {status} ")),
            "{request}{head}{body}"
        );
        assert!(
            head.contains("\r\ncontent-type: application/problem+json\r\n"),
            "{head}"
        );
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&problem["type"], &problem["status"]),
            (&kind.into(), &status.into()),
            "{body}"
        );
        assert_eq!(
            head.contains("\r\nsec-websocket-version: 13\r\n"),
            status == 426,
            "{head}"
        );
    }
}

#[tokio::test]
async fn handshake_at_a_byte_a_second_is_cut_off() {
    let server = Setup::new().start().await.unwrap();
    let visitor = Visitor::arrive(&server.url(), "default").await.unwrap();
    let request = handshake(&server, &visitor);
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let started = Instant::now();

    let mut answer = Vec::new();
    for byte in request.bytes() {
        let sent = socket.write_all(&[byte]).await;
        let ended = timeout(Duration::from_secs(1), socket.read_buf(&mut answer)).await;
        if sent.is_err() || matches!(ended, Ok(Ok(0) | Err(_))) {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_mins(2),
            "the handshake still goes on"
        );
    }

    assert!(
        started.elapsed() >= Duration::from_secs(9),
        "after {:?}",
        started.elapsed()
    );
    assert!(!answer.starts_with(b"HTTP/1.1 101"));
}

fn handshake(server: &Server, visitor: &Visitor) -> String {
    format!(
        "GET /ws?bot_name=default&session_id={} HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: botserver.v1, token.{}\r\n\r\n",
        visitor.session_id,
        server.address(),
        visitor.token
    )
}

/// Sends a request and reads its answer: the head in lower case, and the body.
async fn exchange(server: &Server, request: &str) -> (String, String) {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let head = head(&mut socket).await;
    let length = head.split("content-length: ").nth(1).expect("a length");
    let mut body = vec![0; length.split("\r\n").next().unwrap().parse().unwrap()];
    timeout(PATIENCE, socket.read_exact(&mut body)).await.unwrap().unwrap();
    (head, String::from_utf8(body).unwrap())
}

async fn head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, socket.read_u8()).await.expect("an answer").unwrap());
    }
    String::from_utf8(head).unwrap().to_lowercase()
}

async fn open(server: &Server, visitor: &Visitor) -> TcpStream {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    socket.write_all(handshake(server, visitor).as_bytes()).await.unwrap();
    let head = head(&mut socket).await;
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    socket
}

/// A frame of a client, masked with zeros, which change nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length @ 0..=125) => frame.push(0x80 | length.to_be_bytes()[1]),
        Ok(length) => {
            frame.push(0x80 | 0x7E);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 0x7F);
            frame.extend(u64::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A text in pieces that are too much together.
fn fragments() -> Vec<u8> {
    let half = vec![b'a'; MIB / 2 + 1];
    [frame(0x01, &half), frame(0x80, &half)].concat()
}

/// The head of a frame that is longer than any that comes.
fn announced() -> Vec<u8> {
    let mut frame = vec![0x81, 0xFF];
    frame.extend((1_u64 << 32).to_be_bytes());
    frame.extend([0; 4]);
    frame
}

/// The payload of the first frame of the server that `wanted` likes; none when the connection ends before.
async fn until(socket: &mut TcpStream, wanted: impl Fn(u8, &[u8]) -> bool) -> Option<Vec<u8>> {
    loop {
        let first = timeout(PATIENCE, socket.read_u8()).await.expect("a frame").ok()?;
        let length = match socket.read_u8().await.ok()? {
            0x7E => socket.read_u16().await.ok()?.into(),
            0x7F => socket.read_u64().await.ok()?,
            length => u64::from(length),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        socket.read_exact(&mut payload).await.ok()?;
        if wanted(first & 0x0F, &payload) {
            return Some(payload);
        }
    }
}

/// The code with which the server closes, once it has closed the connection, too.
async fn closed(socket: &mut TcpStream) -> Option<u16> {
    let farewell = until(socket, |opcode, _| opcode == 0x8).await?;
    let mut rest = Vec::new();
    let read = timeout(PATIENCE, socket.read_to_end(&mut rest)).await;
    assert_eq!(
        read.expect("the connection ends").unwrap(),
        0,
        "{rest:?} after the farewell"
    );
    Some(u16::from_be_bytes([*farewell.first()?, *farewell.get(1)?]))
}
