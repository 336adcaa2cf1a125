//! Turns a second, what they cost, and how long one takes when there is little to do: P1, P3, P5 and P6.

use super::{Rows, round};
use crate::{
    bots,
    client::{Client, Measured},
    disk,
    goals::Goal,
    number::median,
    plan::Plan,
    process::Part,
    protocol::{Run, Target},
    report::{self, Row, Unit},
    server::{Place, Site},
};

/// Connections in a closed loop with which the best rate under the limit is looked for.
const CONNECTIONS: [usize; 4] = [400, 200, 100, 50];
/// The number of connections of P6.
const OF_P6: usize = 200;
/// Connections that share the rate of P5.
const OF_P5: usize = 100;
/// What 99 of 100 turns must stay under for a rate to count, in milliseconds.
const LIMIT: f64 = 100.0;

struct Table {
    rate: Row,
    cpu: Row,
    client: Row,
    slowest: Row,
    quiet: Row,
    commits: Row,
}

impl Table {
    fn new(connections: usize) -> Self {
        let rate = format!("scripted durable turns at p99 < 100 ms, {connections} connections in a closed loop");
        Self {
            rate: Row::new("P1", rate, Unit::PerSecond)
                .beside("echo")
                .goals(Goal::Reaches, [0.08, 0.15, 0.30]),
            slowest: Row::new("P1", "p99 of these turns", Unit::Millis).beside("echo"),
            cpu: Row::new("P3", "server CPU a scripted turn", Unit::Micros)
                .beside("echo")
                .goals(Goal::Within, [12.0, 7.0, 4.0]),
            client: Row::new("P3", "load client CPU a turn", Unit::Micros).beside("echo"),
            quiet: Row {
                goals: Some(crate::goals::Goals {
                    floor: Goal::WithinAnd(4.0, 2.0),
                    target: Goal::WithinAnd(2.0, 1.0),
                    lead: Goal::WithinAnd(1.3, 1.0),
                }),
                ..Row::new("P5", "p50 of a durable turn at 10 % of the rate of P1", Unit::Millis)
                    .beside("synchronous write")
            },
            commits: Row::new(
                "P6",
                format!("acknowledged durable turns, {OF_P6} connections"),
                Unit::PerSecond,
            )
            .beside("SQLite commits of one row")
            .goals(Goal::Reaches, [5.0, 20.0, 50.0]),
        }
    }
}

/// Measures the group.
pub(super) fn measure(place: &Place, plan: &Plan) -> anyhow::Result<Rows> {
    let site = place.site()?;
    site.explain(measure_at(&site, place, plan))
}

fn measure_at(site: &Site, place: &Place, plan: &Plan) -> anyhow::Result<Rows> {
    let scratch = place.scratch()?;
    let (server, _) = site.start()?;
    let (echo, _) = Part::echo()?;
    let most = CONNECTIONS.iter().copied().fold(OF_P6, usize::max);
    let (mut talker, mut shouter) = (Client::start()?, Client::start()?);
    let bot = Target::Bot {
        name: bots::TALKING.to_owned(),
        greets: true,
    };
    talker.connect(&server.address, bot, most)?;
    shouter.connect(&echo.address, Target::Echo, most)?;
    let run = |active: usize, rate: Option<f64>| Run {
        rate,
        active,
        warmup: plan.warmup,
        measured: plan.measured,
    };

    let mut best = (CONNECTIONS.last().copied().unwrap_or(OF_P6), 0.0);
    for connections in CONNECTIONS {
        let tried = talker.run(&server.process, run(connections, None))?;
        report::note(&format!("turns: {connections} connections: {}", sentence(&tried)));
        if tried.flaw().is_none() && tried.ran.latency.p99 < LIMIT && tried.rate > best.1 {
            best = (connections, tried.rate);
        }
    }
    let connections = best.0;

    let mut table = Table::new(connections);
    for index in 0..plan.rounds {
        round("turns", index, plan);
        let ours = talker.run(&server.process, run(connections, None))?;
        let bare = shouter.run(echo.process(), run(connections, None))?;
        report::note(&format!("  server: {}\n  echo: {}", sentence(&ours), sentence(&bare)));
        table.rate.add_beside(ours.rate, bare.rate);
        table.slowest.add_beside(ours.ran.latency.p99, bare.ran.latency.p99);
        table.cpu.add_beside(ours.server_us, bare.server_us);
        table.client.add_beside(ours.client_us, bare.client_us);
        let flaw = ours.flaw().or_else(|| bare.flaw());
        table.cpu.spoil(flaw.clone());
        table.rate.spoil(flaw);

        let durable = if connections == OF_P6 {
            ours
        } else {
            talker.run(&server.process, run(OF_P6, None))?
        };
        table
            .commits
            .add_beside(durable.rate, disk::single_commits(scratch.path(), plan.measured / 2)?);
        table.commits.spoil(durable.flaw());
    }
    let p99 = median(&table.slowest.ours);
    table.rate.spoil((p99 >= LIMIT).then(|| format!("p99 was {p99:.0} ms")));
    let tenth = median(&table.rate.ours) / 10.0;
    for index in 0..plan.rounds {
        round("quiet turns", index, plan);
        let write = disk::synchronous_write(scratch.path(), plan.measured / 4)?;
        let ours = talker.run(&server.process, run(OF_P5, Some(tenth)))?;
        let again = disk::synchronous_write(scratch.path(), plan.measured / 4)?;
        report::note(&format!("  server: {}", sentence(&ours)));
        table
            .quiet
            .add_beside(ours.ran.latency.p50, f64::midpoint(write, again));
        table.quiet.spoil(ours.flaw());
    }
    talker.close()?;
    shouter.close()?;
    server.process.stop()?;
    Ok(vec![
        table.rate,
        table.slowest,
        table.cpu,
        table.client,
        table.quiet,
        table.commits,
    ])
}

/// A run in a sentence.
pub(super) fn sentence(measured: &Measured) -> String {
    let latency = measured.ran.latency;
    let errors = measured.flaw().map(|flaw| format!(", {flaw}")).unwrap_or_default();
    format!(
        "{:.0}/s, p50 {:.2} ms, p99 {:.2} ms, max {:.0} ms, {:.1} µs of server and {:.1} µs of client CPU each{errors}",
        measured.rate, latency.p50, latency.p99, latency.max, measured.server_us, measured.client_us
    )
}
