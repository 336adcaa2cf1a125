//! Requests one after the other on connections that stay open.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use hdrhistogram::Histogram;

use crate::number::float;

/// What one run found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    /// Answers a second.
    pub(crate) rate: f64,
    /// The middle latency, in milliseconds.
    pub(crate) p50_ms: f64,
    /// The latency that one in a hundred exceeds, in milliseconds.
    pub(crate) p99_ms: f64,
}

/// Posts `body` to `path` from `connections` at once, as fast as answers come.
///
/// # Errors
/// When an answer is not 200: the figures would mean nothing.
pub(crate) fn post(
    address: &str,
    path: &str,
    key: &str,
    body: &str,
    connections: usize,
    (warmup, measured): (Duration, Duration),
) -> anyhow::Result<Answered> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (begin, failed) = (Instant::now() + warmup, AtomicBool::new(false));
    let end = begin + measured;
    let (request, failed) = (request.as_str(), &failed);
    let histograms = thread::scope(|scope| {
        let clients: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(move || {
                    let outcome = one(address, request, begin, end, failed);
                    if outcome.is_err() {
                        failed.store(true, Ordering::Relaxed);
                    }
                    outcome
                })
            })
            .collect();
        let ended = clients.into_iter().map(|client| match client.join() {
            Ok(outcome) => outcome,
            Err(_) => bail!("a client of the load broke off"),
        });
        ended.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let mut all = Histogram::<u64>::new(3)?;
    for histogram in histograms {
        all.add(histogram)?;
    }
    Ok(Answered {
        rate: float(all.len()) / measured.as_secs_f64(),
        p50_ms: float(all.value_at_quantile(0.5)) / 1e6,
        p99_ms: float(all.value_at_quantile(0.99)) / 1e6,
    })
}

fn one(
    address: &str,
    request: &str,
    begin: Instant,
    end: Instant,
    failed: &AtomicBool,
) -> anyhow::Result<Histogram<u64>> {
    let mut histogram = Histogram::<u64>::new(3)?;
    let stream = TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let sent = Instant::now();
        if sent >= end || failed.load(Ordering::Relaxed) {
            return Ok(histogram);
        }
        writer.write_all(request.as_bytes())?;
        read(&mut reader, &mut line, &mut body)?;
        if sent >= begin {
            histogram.record(u64::try_from(sent.elapsed().as_nanos()).unwrap_or(u64::MAX))?;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>, line: &mut String, body: &mut Vec<u8>) -> anyhow::Result<()> {
    line.clear();
    reader.read_line(line)?;
    let is_good = line.starts_with("HTTP/1.1 200");
    let status = line.trim().to_owned();
    let mut length = None;
    loop {
        line.clear();
        ensure!(reader.read_line(line)? > 0, "the connection ended: {status}");
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    body.resize(length.context("an answer without a length")?, 0);
    reader.read_exact(body)?;
    ensure!(is_good, "{status}: {}", String::from_utf8_lossy(body));
    Ok(())
}
