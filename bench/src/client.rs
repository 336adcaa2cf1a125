//! The load client, as the measures see it.

use std::{
    io::{BufRead, BufReader, Write},
    process::{ChildStdin, ChildStdout},
    time::Duration,
};

use anyhow::{Context, bail};

use crate::{
    number::float,
    process::Process,
    protocol::{Answer, Order, Ran, Run, Streamed, Streams, Target},
};

/// A load client in a process of its own.
pub(crate) struct Client {
    process: Process,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// A run with the processor time that it took.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// What the client saw.
    pub(crate) ran: Ran,
    /// Turns a second.
    pub(crate) rate: f64,
    /// Microseconds of processor time of the server a turn.
    pub(crate) server_us: f64,
    /// Microseconds of processor time of the client a turn.
    pub(crate) client_us: f64,
}

impl Client {
    /// Starts a client that has no connections yet.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let (process, input, output) = Process::part("load")?;
        Ok(Self { process, input, output })
    }

    /// Opens connections; how long it took.
    pub(crate) fn connect(&mut self, address: &str, target: Target, count: usize) -> anyhow::Result<Duration> {
        let address = address.to_owned();
        match self.order(&Order::Connect { address, target, count })? {
            Answer::Connected { within } => Ok(within),
            other => bail!("expected connections, got {other:?}"),
        }
    }

    /// Takes turns against `server`, whose processor time is read before and after.
    pub(crate) fn run(&mut self, server: &Process, run: Run) -> anyhow::Result<Measured> {
        let (server_before, client_before) = (server.cpu()?, self.process.cpu()?);
        let answer = self.order(&Order::Run(run))?;
        let (server_after, client_after) = (server.cpu()?, self.process.cpu()?);
        let Answer::Ran(ran) = answer else {
            bail!("expected a run, got {answer:?}")
        };
        let each = |before: Duration, after: Duration| {
            after.saturating_sub(before).as_secs_f64() * 1e6 / float(ran.total.max(1))
        };
        Ok(Measured {
            rate: float(ran.counted) / run.measured.as_secs_f64(),
            server_us: each(server_before, server_after),
            client_us: each(client_before, client_after),
            ran,
        })
    }

    /// Reads answers word by word.
    pub(crate) fn stream(&mut self, streams: &Streams) -> anyhow::Result<Streamed> {
        match self.order(&Order::Stream(streams.clone()))? {
            Answer::Streamed(streamed) => Ok(streamed),
            other => bail!("expected words, got {other:?}"),
        }
    }

    /// Closes all connections.
    pub(crate) fn close(&mut self) -> anyhow::Result<()> {
        match self.order(&Order::Close)? {
            Answer::Closed => Ok(()),
            other => bail!("expected closed connections, got {other:?}"),
        }
    }

    fn order(&mut self, order: &Order) -> anyhow::Result<Answer> {
        writeln!(self.input, "{}", serde_json::to_string(order)?)?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match serde_json::from_str(&line).context("the load client ended")? {
            Answer::Failed(why) => bail!("the load client failed: {why}"),
            answer => Ok(answer),
        }
    }
}

impl Measured {
    /// What makes the run worthless, if anything.
    pub(crate) fn flaw(&self) -> Option<String> {
        let ran = &self.ran;
        if ran.errors == 0 && ran.unsent == 0 && ran.counted > 0 {
            return None;
        }
        let first = ran.first_error.as_deref().unwrap_or("no turn ended");
        Some(format!("{} errors, {} unsent: {first}", ran.errors, ran.unsent))
    }
}
