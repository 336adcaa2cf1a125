//! The listening socket and its connections.
//!
//! HTTP/1.1 only: TLS and HTTP/2 belong to the proxy in front, and WebSocket runs over HTTP/1.1. A connection that
//! became a socket keeps none of the buffers of HTTP, so that idle visitors cost little.

mod connection;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use botstate::{Lifecycle, config::HttpConfig};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::ServiceExt as _;

use self::connection::Connection;
use crate::Peer;

/// Connections that the kernel keeps until they are accepted: a reconnect storm must not be refused.
const BACKLOG: i32 = 4096;
/// The longest that a client may take for the head of a request, and that a connection may be idle.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// The longest head; hyper takes no less than 8 KiB.
const HEAD_BYTES: usize = 16 * 1024;
/// How long the server waits after a failed accept, so that a lack of descriptors does not eat a processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The answer to a connection that is one too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
    retry-after: 1\r\nconnection: close\r\ncontent-length: 102\r\n\r\n\
    {\"type\":\"server/overloaded\",\"title\":\"The server is full, try again soon\",\"status\":503,\"retry_after\":1}";

/// The server could not listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error(
        "could not listen on {0}: the port is in use; stop the other server or choose another port with BOTSERVER_PORT"
    )]
    InUse(SocketAddr, #[source] io::Error),
    /// The process may not listen there.
    #[error("could not listen on {0}: not allowed; choose a port above 1023 with BOTSERVER_PORT")]
    NotAllowed(SocketAddr, #[source] io::Error),
    /// The machine has no such address.
    #[error(
        "could not listen on {0}: this machine does not have that address; set BOTSERVER_HOST to one of its own, or to 0.0.0.0 for all"
    )]
    NoSuchAddress(SocketAddr, #[source] io::Error),
    /// Anything else.
    #[error("could not listen on {0}")]
    Other(SocketAddr, #[source] io::Error),
}

/// Listens on `host` and `port`; port 0 takes a free one.
///
/// # Errors
/// When that is not possible, with a remedy.
pub fn bind(host: IpAddr, port: u16) -> Result<TcpListener, BindError> {
    let address = SocketAddr::new(host, port);
    listen(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address, error),
        io::ErrorKind::PermissionDenied => BindError::NotAllowed(address, error),
        io::ErrorKind::AddrNotAvailable => BindError::NoSuchAddress(address, error),
        _ => BindError::Other(address, error),
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Lets a new server take the port over from one that has just ended; a live one still holds it.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.ip() == IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Limits of a server.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// Connections at once, sockets included. One more is answered with 503.
    pub max_connections: usize,
    /// The longest that a client may take for the head of a request.
    pub head_deadline: Duration,
}

impl From<&HttpConfig> for ServeOptions {
    fn from(http: &HttpConfig) -> Self {
        Self {
            max_connections: http.max_connections,
            head_deadline: HEAD_DEADLINE,
        }
    }
}

/// Answers connections of `listener` with `router` until `lifecycle` drains.
///
/// Then it accepts no more and tells open connections to finish: [`Lifecycle::shutdown`] waits for them, and closes
/// what is left when its grace is over.
pub async fn serve(listener: TcpListener, router: Router, options: ServeOptions, lifecycle: Lifecycle) {
    raise_file_limit();
    let draining = lifecycle.draining();
    let slots = Arc::new(Semaphore::new(options.max_connections));
    let server = Server {
        router,
        options,
        lifecycle,
    };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = draining.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => match Arc::clone(&slots).try_acquire_owned() {
                Ok(slot) => server.start(stream, peer, slot),
                Err(_) => turn_away(&stream),
            },
            Err(error) => {
                tracing::warn!("could not accept a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One try, without waiting: the answer fits into the empty buffer of a new connection.
fn turn_away(stream: &TcpStream) {
    metrics::counter!("http_connections_refused_total").increment(1);
    if let Err(error) = stream.try_write(FULL) {
        tracing::debug!("could not tell a client that the server is full: {error}");
    }
}

struct Server {
    router: Router,
    options: ServeOptions,
    lifecycle: Lifecycle,
}

impl Server {
    /// Serves one connection in a task of its own. `slot` is free again when the connection is closed.
    fn start(&self, stream: TcpStream, peer: SocketAddr, slot: OwnedSemaphorePermit) {
        // Small frames must leave at once instead of waiting for the acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("a connection stays with delayed sending: {error}");
        }
        let router = self
            .router
            .clone()
            .map_request(move |mut request: http::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(Peer(peer));
                request.map(axum::body::Body::new)
            });
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.options.head_deadline)
            .max_buf_size(HEAD_BYTES)
            .half_close(false);
        let io = TokioIo::new(Connection::new(stream, slot, self.lifecycle.clone()));
        let connection = http
            .serve_connection(io, TowerToHyperService::new(router))
            .with_upgrades();
        let (draining, stopping) = (self.lifecycle.draining(), self.lifecycle.stopping());
        self.lifecycle.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = draining.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        ended = connection.as_mut() => ended,
                        () = stopping.cancelled() => return,
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!("a connection ended early: {error}");
            }
        });
    }
}

/// Takes as many descriptors as the system lets this process have: each socket is one.
fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        if limit.current < limit.maximum || limit.maximum.is_none() {
            let raised = Rlimit {
                current: limit.maximum,
                maximum: limit.maximum,
            };
            if let Err(error) = setrlimit(Resource::Nofile, raised) {
                tracing::debug!("the limit of open files stays as it is: {error}");
            }
        }
    }
}
