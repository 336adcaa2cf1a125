//! A connection that frees its slot when it closes, gives up on a client that does not read, and closes so that the
//! last words arrive.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use botstate::Lifecycle;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    runtime::Handle,
    sync::OwnedSemaphorePermit,
    time::Sleep,
};

/// The longest that a write may wait for the client to read.
const WRITE_DEADLINE: Duration = Duration::from_secs(30);
/// How long a closed connection waits for the client to close it, too.
const LINGER: Duration = Duration::from_secs(1);

/// A TCP connection. It outlives HTTP when it becomes a WebSocket, and so does its slot.
pub(super) struct Connection {
    /// Absent only while the connection is dropped.
    stream: Option<TcpStream>,
    stuck: Option<Pin<Box<Sleep>>>,
    /// Whether the client has closed its side, or the connection is broken.
    is_over: bool,
    lifecycle: Lifecycle,
    slot: Option<OwnedSemaphorePermit>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, slot: OwnedSemaphorePermit, lifecycle: Lifecycle) -> Self {
        metrics::gauge!("http_connections").increment(1.0);
        Self {
            stream: Some(stream),
            stuck: None,
            is_over: false,
            lifecycle,
            slot: Some(slot),
        }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let stream = self.stream.as_mut().map(Pin::new);
        stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Passes `written` on, and fails when writes have been waiting for too long.
    fn within_deadline<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let stuck = self
            .stuck
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_DEADLINE)));
        ready!(stuck.as_mut().poll(cx));
        self.is_over = true;
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        metrics::gauge!("http_connections").decrement(1.0);
        let stopping = self.lifecycle.stopping();
        let Some(stream) = self.stream.take().filter(|_| !self.is_over) else {
            return;
        };
        if stopping.is_cancelled() || Handle::try_current().is_err() {
            return;
        }
        let slot = self.slot.take();
        self.lifecycle.spawn(async move {
            let _slot = slot;
            let _ = stopping
                .run_until_cancelled(tokio::time::timeout(LINGER, linger(stream)))
                .await;
        });
    }
}

/// Closes the sending side and reads until the client does the same.
///
/// The kernel answers what a client sends to a closed connection with a reset, which may overtake what was sent last:
/// the refusal of a body, or the frame that says why a socket ends.
async fn linger(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut waste = [0; 512];
    while stream.read(&mut waste).await? > 0 {}
    Ok(())
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (before, room) = (buf.filled().len(), buf.remaining());
        let read = ready!(self.stream()?.poll_read(cx, buf));
        self.is_over |= read.is_err() || (room > 0 && buf.filled().len() == before);
        Poll::Ready(read)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream()?.poll_write(cx, data);
        self.within_deadline(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream()?.poll_write_vectored(cx, data);
        self.within_deadline(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
}
