//! The server through real sockets.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use botserver_core::{BindError, Handles, ServeOptions, bind, serve};
use botstate::Lifecycle;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{app, go_on, handles, sleeping};

const LOOPBACK: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

pub(crate) fn start(change: impl FnOnce(&mut ServeOptions)) -> (SocketAddr, Lifecycle) {
    start_with(change, |_| ())
}

fn start_with(
    change: impl FnOnce(&mut ServeOptions),
    change_handles: impl FnOnce(&mut Handles),
) -> (SocketAddr, Lifecycle) {
    let lifecycle = Lifecycle::new();
    let listener = bind(LOOPBACK, 0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut options = ServeOptions::from(&handles().http);
    change(&mut options);
    let app = app(|handles| {
        handles.lifecycle = lifecycle.clone();
        change_handles(handles);
    });
    lifecycle.spawn(serve(listener, app.router, options, lifecycle.clone()));
    (address, lifecycle)
}

pub(crate) async fn connect(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// The longest that anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Everything until the server closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    read.expect("the server closes the connection").unwrap();
    String::from_utf8(bytes).unwrap()
}

/// What comes next, at least one byte.
pub(crate) async fn some(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await;
    let length = read.expect("an answer comes").unwrap();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[tokio::test]
async fn drain_finishes_the_request_in_flight_and_accepts_no_other() {
    let (address, lifecycle) = start(|_| ());
    let in_flight = connect(address, "GET /api/sleep/401 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let idle = connect(address, "").await;
    sleeping(401).await;

    let shutdown = tokio::join!(lifecycle.shutdown(PATIENCE), rest(in_flight));

    assert!(shutdown.0, "every task ended by itself");
    assert!(
        shutdown.1.starts_with("HTTP/1.1 200 OK") && shutdown.1.ends_with("\r\n\r\n401"),
        "{}",
        shutdown.1
    );
    assert_eq!(rest(idle).await, "");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn drain_closes_what_does_not_finish_in_time() {
    let (address, lifecycle) = start(|_| ());
    let endless = connect(address, "GET /api/sleep/600000 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleeping(600_000).await;

    lifecycle.shutdown(Duration::from_millis(200)).await;

    assert_eq!(rest(endless).await, "");
}

#[tokio::test]
async fn slow_and_silent_heads_are_cut_off() {
    let (address, _lifecycle) = start(|options| options.head_deadline = Duration::from_millis(300));
    for head in ["", "GET / HTTP/1.1\r\nhost: a\r\n", "GET / HT", "P"] {
        let started = Instant::now();
        let stream = connect(address, head).await;

        let answer = rest(stream).await;

        assert!(!answer.contains("200 OK"), "{answer}");
        assert!(
            started.elapsed() >= Duration::from_millis(250),
            "closed after {:?}",
            started.elapsed()
        );
    }
}

#[tokio::test]
async fn dripping_head_does_not_extend_the_deadline() {
    let (address, _lifecycle) = start(|options| options.head_deadline = Duration::from_millis(400));
    let mut stream = connect(address, "GET / HTTP/1.1\r\n").await;
    let started = Instant::now();

    while stream.write_all(b"x: 1\r\n").await.is_ok() {
        assert!(started.elapsed() < PATIENCE, "the head may still go on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn enormous_head_is_refused() {
    let (address, _lifecycle) = start(|_| ());
    let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(15 * 1024));
    assert!(
        some(&mut connect(address, &head).await)
            .await
            .starts_with("HTTP/1.1 200")
    );

    let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "x".repeat(17 * 1024));
    assert!(
        some(&mut connect(address, &head).await)
            .await
            .starts_with("HTTP/1.1 431")
    );
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_at_once() {
    let (address, _lifecycle) = start(|options| options.max_connections = 1);
    let mut first = connect(address, "GET /api/orders/1 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(some(&mut first).await.starts_with("HTTP/1.1 200"));

    let refused = rest(TcpStream::connect(address).await.unwrap()).await;

    let (head, body) = refused.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 503") && head.contains("retry-after: 1"),
        "{head}"
    );
    assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
    assert_eq!(
        serde_json::from_str::<botlib::Problem>(body).unwrap().kind,
        "server/overloaded"
    );
    drop(first);
    let freed = Instant::now();
    while !is_served(address).await {
        assert!(freed.elapsed() < PATIENCE, "the slot is never free again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether there is room for one more connection.
pub(crate) async fn is_served(address: SocketAddr) -> bool {
    let mut stream = connect(address, "GET /api/orders/1 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut status = [0; 12];
    // Whoever is turned away may be reset before the answer is read.
    stream.read_exact(&mut status).await.is_ok() && status == *b"HTTP/1.1 200"
}

#[tokio::test]
async fn malformed_http_is_refused_and_harms_nobody() {
    let (address, _lifecycle) = start(|_| ());
    for garbage in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = rest(connect(address, garbage).await).await;
        assert!(!answer.contains("200 OK"), "{garbage:?} gave {answer}");
    }
    let mut sane = connect(address, "GET /api/orders/1 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(some(&mut sane).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn port_in_use_is_explained() {
    let taken = bind(LOOPBACK, 0).unwrap();
    let address = taken.local_addr().unwrap();

    let error = bind(LOOPBACK, address.port()).unwrap_err();

    assert!(matches!(error, BindError::InUse(..)));
    assert_eq!(
        error.to_string(),
        format!(
            "could not listen on {address}: the port is in use; stop the other server or choose another port with BOTSERVER_PORT"
        )
    );
}

#[tokio::test]
async fn foreign_address_is_explained() {
    let error = bind("192.0.2.1".parse().unwrap(), 0).unwrap_err();

    assert!(error.to_string().contains("set BOTSERVER_HOST"), "{error}");
}

pub(crate) const UPGRADE: &str = "GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// The text `hi`, masked with zeros, and as it comes back (RFC 6455, section 5.2).
const HI: (&[u8], &[u8]) = (&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'], &[0x81, 2, b'h', b'i']);

async fn says_hi_back(socket: &mut TcpStream) {
    socket.write_all(HI.0).await.unwrap();
    assert_eq!(some(socket).await.as_bytes(), String::from_utf8_lossy(HI.1).as_bytes());
}

#[tokio::test]
async fn socket_outlives_the_deadlines_of_requests_and_keeps_its_slot() {
    let brief = |options: &mut ServeOptions| {
        options.max_connections = 1;
        options.head_deadline = Duration::from_secs(1);
    };
    let (address, _lifecycle) = start_with(brief, |handles| {
        handles.http.request_timeout = Duration::from_secs(1);
    });
    let mut socket = connect(address, UPGRADE).await;
    assert!(some(&mut socket).await.starts_with("HTTP/1.1 101"));

    tokio::time::sleep(Duration::from_millis(2500)).await;

    says_hi_back(&mut socket).await;
    let refused = rest(TcpStream::connect(address).await.unwrap()).await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
}

#[tokio::test]
async fn draining_leaves_sockets_to_their_owner() {
    let (address, lifecycle) = start(|_| ());
    let mut socket = connect(address, UPGRADE).await;
    assert!(some(&mut socket).await.starts_with("HTTP/1.1 101"));

    lifecycle.shutdown(Duration::from_millis(200)).await;

    says_hi_back(&mut socket).await;
}

#[tokio::test]
async fn socket_from_a_page_of_another_site_is_refused() {
    let (address, _lifecycle) = start(|_| ());
    let foreign = UPGRADE.replace("host: a\r\n", "host: a\r\norigin: https://evil.example\r\n");

    assert!(
        some(&mut connect(address, &foreign).await)
            .await
            .starts_with("HTTP/1.1 403")
    );
}

#[tokio::test]
async fn event_stream_arrives_piece_by_piece_and_outlives_the_deadline() {
    let (address, _lifecycle) = start_with(
        |_| (),
        |handles| handles.http.request_timeout = Duration::from_millis(50),
    );
    let request = "GET /events?wait HTTP/1.1\r\nhost: a\r\naccept-encoding: br, gzip\r\nconnection: close\r\n\r\n";

    let mut stream = connect(address, request).await;
    // The others do not come before this one was read.
    let mut first = some(&mut stream).await;
    while !first.contains("data: 1 x") {
        first += &some(&mut stream).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    go_on();
    let all = first.clone() + &rest(stream).await;

    assert!(!first.contains("data: 2"), "{first}");
    assert!(
        !all.contains("content-encoding") && all.contains("data: 1 x") && all.contains("data: 3 x"),
        "{all}"
    );
}
