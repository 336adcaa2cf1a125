//! Requests of scripts to the outside: what is refused, and what is not sent along.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, extract::Request, response::IntoResponse, routing::any};
use botserver_core::outbound::{Lookup, Outbound, OutboundError, OutboundPolicy, OutboundRequest, OutboundResponse};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use parking_lot::Mutex;

/// A server on loopback that counts who comes, and tells what it was sent.
struct Canary {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Canary {
    #[expect(clippy::disallowed_methods, reason = "the peer outlives no test")]
    async fn start(host: &str) -> Self {
        let listener = tokio::net::TcpListener::bind((host, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let router = Router::new().fallback(any(move |request: Request| answer(request, Arc::clone(&log))));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, seen }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().clone()
    }
}

async fn answer(request: Request, seen: Arc<Mutex<Vec<String>>>) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let text = |name| {
        parts
            .headers
            .get(name)
            .map_or("-", |value: &http::HeaderValue| value.to_str().unwrap())
    };
    seen.lock().push(format!(
        "{} {} authorization {} body {}",
        parts.method,
        parts.uri.path(),
        text(header::AUTHORIZATION),
        String::from_utf8_lossy(&body)
    ));
    let query = parts.uri.query().unwrap_or_default().to_owned();
    match parts.uri.path() {
        "/redirect" => (StatusCode::FOUND, [(header::LOCATION, query)]).into_response(),
        "/see-other" => (StatusCode::SEE_OTHER, [(header::LOCATION, query)]).into_response(),
        "/keep" => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, query)]).into_response(),
        "/loop" => (StatusCode::FOUND, [(header::LOCATION, "/loop")]).into_response(),
        "/large" => "x".repeat(5000).into_response(),
        "/endless" => axum::body::Body::from_stream(futures::stream::repeat_with(|| {
            Ok::<_, io::Error>(Bytes::from_static(&[b'x'; 1000]))
        }))
        .into_response(),
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            "late".into_response()
        }
        "/missing" => StatusCode::NOT_FOUND.into_response(),
        _ => "hello".into_response(),
    }
}

/// Names with their answers, one list for each time that they are asked for.
#[derive(Default)]
struct Names(HashMap<&'static str, Vec<Vec<IpAddr>>>, AtomicUsize);

impl Names {
    fn of(names: &[(&'static str, &[&[&str]])]) -> Arc<dyn Lookup> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        let names = names
            .iter()
            .map(|(name, answers)| (*name, answers.iter().map(parse).collect()));
        Arc::new(Self(names.collect(), AtomicUsize::new(0)))
    }
}

#[async_trait]
impl Lookup for Names {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.1.fetch_add(1, Ordering::SeqCst);
        let answers = self
            .0
            .get(host)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(answers[asked.min(answers.len() - 1)].clone())
    }
}

fn policy(networks: &[&str]) -> OutboundPolicy {
    OutboundPolicy {
        allow_networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
        timeout: Duration::from_mins(1),
        ..OutboundPolicy::default()
    }
}

async fn get(outbound: &Outbound, url: &str) -> Result<OutboundResponse, OutboundError> {
    outbound.send(OutboundRequest::new(Method::GET, url)).await
}

#[tokio::test]
async fn no_spelling_of_a_private_address_reaches_it() {
    let canary = Canary::start("127.0.0.1").await;
    let port = canary.address.port();
    let outbound = Outbound::new(policy(&[])).unwrap();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "0177.0.0.01",
        "00000177.0.0.1",
        "127.000.000.001",
        "%31%32%37.0.0.1",
        "127%2e0%2e0%2e1",
        "１２７.0.0.1",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "%6cocalhost",
        "ｌｏｃａｌｈｏｓｔ",
        "0",
        "0.0.0.0",
        "0x0",
        "00",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[0000::0001]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[100::1]",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "10.0.0.1",
        "10.1",
        "172.16.0.1",
        "192.168.1.1",
        "192.168.257",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.0.170",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
    ];
    assert!(hosts.len() >= 60);
    for host in hosts {
        for port in [port, 80] {
            let url = format!("http://{host}:{port}/");
            match get(&outbound, &url).await {
                Err(OutboundError::Private { .. }) => {}
                // Not every system knows the name with its dot.
                Err(OutboundError::UnknownHost(..)) if host == "localhost." => {}
                other => panic!("{url} gave {other:?}"),
            }
        }
    }
    assert_eq!(canary.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn only_plain_web_addresses_are_fetched() {
    let outbound = Outbound::new(policy(&["127.0.0.0/8"])).unwrap();
    let cases = [
        ("file:///etc/passwd", "file: addresses"),
        ("gopher://127.0.0.1/", "gopher: addresses"),
        ("ftp://127.0.0.1/", "ftp: addresses"),
        ("unix:/run/docker.sock", "unix: addresses"),
        ("data:text/plain,hi", "data: addresses"),
        ("javascript:alert(1)", "javascript: addresses"),
        ("http+unix://run/", "http+unix: addresses"),
        ("//127.0.0.1/", "is not a URL"),
        ("/etc/passwd", "is not a URL"),
        ("http://", "is not a URL"),
        ("http://[::1", "is not a URL"),
        ("http://1.2.3.4.5/", "is not a URL"),
        ("http://256.256.256.256/", "is not a URL"),
        ("http://user:pass@127.0.0.1/", "must not hold a user name"),
        ("http://8.8.8.8@127.0.0.1/", "must not hold a user name"),
        ("http://8.8.8.8:22/", "port 22 of 8.8.8.8"),
        ("https://1.1.1.1:6379/", "port 6379 of 1.1.1.1"),
    ];
    for (url, message) in cases {
        let error = get(&outbound, url).await.unwrap_err();
        assert!(error.to_string().contains(message), "{url} gave {error}");
        assert!(error.is_refusal(), "{url} gave {error}");
    }
}

#[tokio::test]
async fn name_with_a_private_address_is_refused_even_beside_a_public_one() {
    let canary = Canary::start("127.0.0.1").await;
    let names = Names::of(&[
        ("inside.example", &[&["127.0.0.1"]]),
        ("mixed.example", &[&["8.8.8.8", "127.0.0.1"]]),
        ("mapped.example", &[&["::ffff:127.0.0.1"]]),
        ("metadata.example", &[&["169.254.169.254"]]),
    ]);
    let outbound = Outbound::with_lookup(policy(&[]), &names).unwrap();
    for name in ["inside.example", "mixed.example", "mapped.example", "metadata.example"] {
        let error = get(&outbound, &format!("http://{name}:{}/", canary.address.port()))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, OutboundError::Private { host, .. } if host == name),
            "{error:?}"
        );
    }
    assert_eq!(canary.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn name_that_changes_its_answer_is_checked_on_every_connection() {
    let inside = Canary::start("127.0.0.2").await;
    let outside = Canary::start("127.0.0.1").await;
    // 127.0.0.1 plays the public internet here, 127.0.0.2 what must not be reached.
    let names = Names::of(&[("rebind.example", &[&["127.0.0.1"], &["127.0.0.2"]])]);
    let outbound = Outbound::with_lookup(policy(&["127.0.0.1/32"]), &names).unwrap();

    let first = get(&outbound, &format!("http://rebind.example:{}/", outside.address.port()))
        .await
        .unwrap();
    let second = get(&outbound, &format!("http://rebind.example:{}/", inside.address.port()))
        .await
        .unwrap_err();

    assert_eq!(first.body, "hello");
    assert!(matches!(second, OutboundError::Private { .. }), "{second:?}");
    assert_eq!(inside.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn redirect_to_a_private_address_is_refused() {
    let inside = Canary::start("127.0.0.2").await;
    let outside = Canary::start("127.0.0.1").await;
    let names = Names::of(&[("inside.example", &[&["127.0.0.2"]])]);
    let outbound = Outbound::with_lookup(policy(&["127.0.0.1/32"]), &names).unwrap();
    let port = inside.address.port();
    for target in [
        format!("http://127.0.0.2:{port}/"),
        format!("http://0x7f000002:{port}/"),
        format!("//127.2:{port}/"),
        format!("http://inside.example:{port}/"),
        format!("http://[::ffff:127.0.0.2]:{port}/"),
    ] {
        let error = get(&outbound, &outside.url(&format!("/redirect?{target}")))
            .await
            .unwrap_err();
        assert!(
            matches!(error, OutboundError::Private { .. }),
            "{target} gave {error:?}"
        );
    }
    let error = get(&outbound, &outside.url("/redirect?file:///etc/passwd"))
        .await
        .unwrap_err();
    assert!(matches!(error, OutboundError::Scheme(_)), "{error:?}");
    assert_eq!(inside.seen(), Vec::<String>::new());
}

/// Every way to write an IPv4 address in one to four numbers, each decimal, octal or hexadecimal.
fn spellings(address: [u8; 4]) -> Vec<String> {
    let write: [fn(u64) -> String; 3] = [|n| n.to_string(), |n| format!("0{n:o}"), |n| format!("0x{n:x}")];
    let mut found = Vec::new();
    for count in 1..=4_usize {
        let mut parts: Vec<u64> = address.iter().take(count - 1).map(|byte| u64::from(*byte)).collect();
        let rest = address.iter().skip(count - 1);
        parts.push(rest.fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        for choice in 0..3_usize.pow(u32::try_from(count).unwrap()) {
            let written = parts
                .iter()
                .enumerate()
                .map(|(place, part)| write[choice / 3_usize.pow(u32::try_from(place).unwrap()) % 3](*part));
            found.push(written.collect::<Vec<_>>().join("."));
        }
    }
    found
}

/// Hosts that are, or lead to, the canary on 127.0.0.2 or something else that is not public.
fn closed_hosts() -> Vec<String> {
    let mut hosts = spellings([127, 0, 0, 2]);
    hosts.extend(spellings([169, 254, 169, 254]));
    for embedded in ["127.0.0.2", "7f00:2", "10.0.0.1", "169.254.169.254", "a9fe:a9fe"] {
        for prefix in [
            "::ffff:",
            "::",
            "64:ff9b::",
            "::ffff:0:",
            "64:ff9b:1::",
            "0:0:0:0:0:ffff:",
        ] {
            hosts.push(format!("[{prefix}{embedded}]"));
        }
    }
    let names = [
        "metadata.google.internal",
        "metadata.goog",
        "instance-data.ec2.internal",
        "metadata.azure.internal",
        "127.0.0.2.nip.example",
        "mixed.example",
        "mapped.example",
        "six.example",
    ];
    hosts.extend(names.map(str::to_owned));
    hosts.extend(["user@127.0.0.2", "example.com@127.0.0.2", "example.com:80@127.0.0.2"].map(str::to_owned));
    hosts
}

#[tokio::test]
async fn two_hundred_closed_addresses_are_reached_neither_directly_nor_by_redirects() {
    let inside = Canary::start("127.0.0.2").await;
    let outside = Canary::start("127.0.0.1").await;
    let names = Names::of(&[
        ("metadata.google.internal", &[&["169.254.169.254"]]),
        ("metadata.goog", &[&["169.254.169.254"]]),
        ("instance-data.ec2.internal", &[&["169.254.169.254"]]),
        ("metadata.azure.internal", &[&["169.254.169.254"]]),
        ("127.0.0.2.nip.example", &[&["127.0.0.2"]]),
        ("mixed.example", &[&["127.0.0.1", "127.0.0.2"]]),
        ("mapped.example", &[&["::ffff:127.0.0.2"]]),
        ("six.example", &[&["::1"]]),
    ]);
    // 127.0.0.1 plays the public internet here.
    let outbound = Outbound::with_lookup(policy(&["127.0.0.1/32"]), &names).unwrap();
    let port = inside.address.port();
    let hosts = closed_hosts();
    assert!(hosts.len() >= 200, "{}", hosts.len());
    for host in &hosts {
        let target = format!("http://{host}:{port}/");
        for url in [target.clone(), outside.url(&format!("/redirect?{target}"))] {
            match get(&outbound, &url).await {
                Err(OutboundError::Private { .. } | OutboundError::Credentials) => {}
                other => panic!("{url} gave {other:?}"),
            }
        }
    }
    for trick in [
        "http:\\\\127.0.0.2",
        "http:127.0.0.2",
        "http:///127.0.0.2",
        "ht\ntp://127.0.0.2",
        "http://127.0.0.2\t",
    ] {
        let url = format!("{trick}:{port}/");
        assert!(get(&outbound, &url).await.is_err(), "{url:?}");
    }
    assert_eq!(inside.seen(), Vec::<String>::new());
    assert_eq!(
        outside.seen().len(),
        hosts.len(),
        "each redirect was asked for once, and no more"
    );
}

fn with_key(method: Method, url: String) -> OutboundRequest {
    let mut request = OutboundRequest::new(method, url);
    request
        .headers
        .insert(header::AUTHORIZATION, "Bearer key".parse().unwrap());
    request
}

#[tokio::test]
async fn headers_stay_with_the_host_they_were_meant_for() {
    let (first, second) = (Canary::start("127.0.0.1").await, Canary::start("127.0.0.1").await);
    let outbound = Outbound::new(policy(&["127.0.0.0/8"])).unwrap();

    outbound
        .send(with_key(Method::GET, first.url("/redirect?/here")))
        .await
        .unwrap();
    outbound
        .send(with_key(
            Method::GET,
            first.url(&format!("/redirect?{}", second.url("/there"))),
        ))
        .await
        .unwrap();

    assert_eq!(first.seen()[1], "GET /here authorization Bearer key body ");
    assert_eq!(second.seen(), ["GET /there authorization - body "]);
}

#[tokio::test]
async fn bodies_are_never_handed_to_another_host() {
    let (first, second) = (Canary::start("127.0.0.1").await, Canary::start("127.0.0.1").await);
    let outbound = Outbound::new(policy(&["127.0.0.0/8"])).unwrap();
    let post = |url| OutboundRequest {
        body: Bytes::from_static(b"secret"),
        ..with_key(Method::POST, url)
    };

    outbound.send(post(first.url("/keep?/here"))).await.unwrap();
    outbound.send(post(first.url("/see-other?/done"))).await.unwrap();
    let error = outbound
        .send(post(first.url(&format!("/keep?{}", second.url("/there")))))
        .await
        .unwrap_err();

    assert_eq!(first.seen()[1], "POST /here authorization Bearer key body secret");
    assert_eq!(first.seen()[3], "GET /done authorization Bearer key body ");
    assert!(matches!(error, OutboundError::Elsewhere(_)), "{error:?}");
    assert_eq!(second.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn redirects_answers_and_waiting_have_an_end() {
    let canary = Canary::start("127.0.0.1").await;
    let waiting = |timeout| {
        let limits = OutboundPolicy {
            max_bytes: 4000,
            timeout,
            ..policy(&["127.0.0.0/8"])
        };
        Outbound::new(limits).unwrap()
    };
    let cases = [
        ("/loop", "gave up after 5 redirects"),
        ("/large", "the answer is larger than 4000 bytes"),
        ("/endless", "the answer is larger than 4000 bytes"),
        ("/slow", "no answer within 0.5 s"),
    ];
    for (path, message) in cases {
        let outbound = waiting(match path {
            "/slow" => Duration::from_millis(500),
            _ => Duration::from_mins(1),
        });
        assert_eq!(
            get(&outbound, &canary.url(path)).await.unwrap_err().to_string(),
            message,
            "{path}"
        );
    }
    assert_eq!(canary.seen().iter().filter(|line| line.contains("/loop")).count(), 6);
}

#[tokio::test]
async fn headers_of_the_connection_cannot_be_set() {
    let canary = Canary::start("127.0.0.1").await;
    let outbound = Outbound::new(policy(&["127.0.0.0/8"])).unwrap();
    for name in [
        header::HOST,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
        header::UPGRADE,
    ] {
        let mut request = OutboundRequest::new(Method::GET, canary.url("/"));
        request.headers.insert(name.clone(), "1".parse().unwrap());
        assert!(
            matches!(outbound.send(request).await, Err(OutboundError::Header(_))),
            "{name}"
        );
    }
}

#[tokio::test]
async fn error_statuses_are_answers_and_unknown_names_are_errors() {
    let canary = Canary::start("127.0.0.1").await;
    let outbound = Outbound::with_lookup(policy(&["127.0.0.0/8"]), &Names::of(&[])).unwrap();

    assert_eq!(get(&outbound, &canary.url("/missing")).await.unwrap().status, 404);
    let unknown = get(&outbound, "http://nowhere.example/?key=secret").await.unwrap_err();
    assert_eq!(unknown.to_string(), "could not find nowhere.example");
}
