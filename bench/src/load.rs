//! The load client: a crowd of connections that take turns as they are told.

mod campaign;
mod door;
pub(crate) mod http;
mod line;
mod streams;

use std::{
    io::{BufRead, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::protocol::{Answer, Order, Ran, Run, Target};
use campaign::Campaign;
use door::Door;
use line::Line;

/// Connections that are opened at the same time.
const OPENING: usize = 64;
/// How much longer than planned a run may take before the client gives up on it.
const GRACE: Duration = Duration::from_mins(1);

/// What all connections are to do.
#[derive(Clone)]
enum Phase {
    /// Wait.
    Idle,
    /// Take turns.
    Run(Arc<Campaign>),
    /// Close.
    Close,
}

/// Obeys the orders on the standard input until it ends.
pub(crate) fn obey() -> anyhow::Result<()> {
    crate::usage::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut crowd = Crowd::new();
    for order in std::io::stdin().lock().lines() {
        let order = serde_json::from_str(&order?).context("read an order")?;
        let answer = runtime.block_on(crowd.carry_out(order));
        let answer = answer.unwrap_or_else(|error| Answer::Failed(format!("{error:#}")));
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&answer)?)?;
    }
    runtime.shutdown_background();
    Ok(())
}

/// The open connections.
struct Crowd {
    phase: watch::Sender<Phase>,
    lines: JoinSet<()>,
}

impl Crowd {
    fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Idle),
            lines: JoinSet::new(),
        }
    }

    async fn carry_out(&mut self, order: Order) -> anyhow::Result<Answer> {
        match order {
            Order::Connect { address, target, count } => {
                let within = self.connect(&address, &target, count).await?;
                Ok(Answer::Connected { within })
            }
            Order::Run(run) => Ok(Answer::Ran(self.run(run).await?)),
            Order::Stream(streams) => Ok(Answer::Streamed(streams::run(streams).await?)),
            Order::Close => {
                self.phase.send_replace(Phase::Close);
                while self.lines.join_next().await.is_some() {}
                self.phase.send_replace(Phase::Idle);
                Ok(Answer::Closed)
            }
        }
    }

    async fn connect(&mut self, address: &str, target: &Target, count: usize) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        let next = Arc::new(AtomicUsize::new(0));
        let mut opening = JoinSet::new();
        let (opened, mut lines) = mpsc::unbounded_channel();
        for _ in 0..OPENING.min(count) {
            let (next, opened) = (Arc::clone(&next), opened.clone());
            let mut door = Door::new(address, target);
            opening.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok(());
                    }
                    let line = door
                        .open(number)
                        .await
                        .with_context(|| format!("open connection {number}"))?;
                    // The receiver outlives all senders.
                    let _ = opened.send(line);
                }
            });
        }
        drop(opened);
        while let Some(line) = lines.recv().await {
            self.lines.spawn(Line::live(line, self.phase.subscribe()));
        }
        while let Some(ended) = opening.join_next().await {
            let ended: anyhow::Result<()> = ended?;
            ended?;
        }
        Ok(begin.elapsed())
    }

    async fn run(&mut self, run: Run) -> anyhow::Result<Ran> {
        ensure!(
            run.active <= self.lines.len(),
            "only {} connections are open",
            self.lines.len()
        );
        let (finished, mut ends) = mpsc::unbounded_channel();
        let campaign = Arc::new(Campaign::new(run, finished));
        self.phase.send_replace(Phase::Run(Arc::clone(&campaign)));
        let all = async {
            for _ in 0..run.active {
                ends.recv().await;
            }
        };
        let limit = run.warmup + run.measured + GRACE;
        let in_time = tokio::time::timeout(limit, all).await;
        self.phase.send_replace(Phase::Idle);
        in_time.with_context(|| format!("turns were still running after {limit:?}"))?;
        Ok(campaign.result())
    }
}
