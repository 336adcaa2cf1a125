//! Ten thousand idle sessions, and turns among them: P4, P7, P8, P13 and P26.

use std::{thread, time::Duration};

use super::{Rows, round, turns::sentence};
use crate::{
    bots,
    client::Client,
    disk,
    goals::{Goal, Goals},
    number::length,
    plan::Plan,
    process::{Part, Process},
    protocol::{Run, Target},
    report::{self, Row, Unit},
    server::{Place, Server},
    usage::Usage,
};

/// Turns a second among the idle sessions.
const RATE: f64 = 1000.0;
/// Visitors who make a server start the threads that it needs at all.
const FEW: usize = 100;
const KIB: f64 = 1024.0;

struct Table {
    slow: Row,
    slowest: Row,
    session: Row,
    quiet: Row,
    whole: Row,
    after: Row,
    threads: Row,
    dialog: Row,
    stored: Row,
    idle: Row,
}

impl Table {
    fn new(crowd: usize) -> Self {
        let at = format!("p99 of scripted durable turns, {RATE}/s over {crowd} sessions");
        let highest = format!("p99.9 of these turns, {RATE}/s over {crowd} sessions");
        Self {
            slow: Row::new("P4", at, Unit::Millis).goals(Goal::Under, [100.0, 25.0, 10.0]),
            slowest: Row {
                goals: Some(Goals {
                    floor: Goal::Under(f64::INFINITY),
                    target: Goal::Under(100.0),
                    lead: Goal::Under(100.0),
                }),
                ..Row::new("P4", highest, Unit::Millis)
            },
            session: Row::new(
                "P7",
                format!("RSS an idle session with a waiting dialog, {crowd} open"),
                Unit::KiB,
            )
            .beside("echo connection")
            .goals(Goal::Within, [4.0, 2.5, 1.5]),
            quiet: Row::new(
                "P7",
                format!("RSS an idle session without a dialog, {crowd} open"),
                Unit::KiB,
            )
            .beside("echo connection")
            .goals(Goal::Within, [4.0, 2.5, 1.5]),
            whole: Row::new(
                "P8",
                format!("whole server, {crowd} idle sessions with waiting dialogs"),
                Unit::Megabytes,
            )
            .goals(Goal::Under, [400e6, 200e6, 100e6]),
            after: Row::new("P8", "whole server after the turns of P4", Unit::Megabytes),
            threads: Row::new("P13", format!("threads that {crowd} waiting dialogs add"), Unit::Count)
                .goals(Goal::Under, [0.0, 0.0, 0.0]),
            dialog: Row::new("P13", "RSS that a waiting dialog adds to its session", Unit::KiB)
                .goals(Goal::Under, [16.0 * KIB, 8.0 * KIB, 4.0 * KIB]),
            stored: Row::new("P13", "state of a waiting dialog in the database", Unit::KiB)
                .goals(Goal::Under, [16.0 * KIB, 8.0 * KIB, 4.0 * KIB]),
            idle: Row::new("P26", "idle RSS, no session, all services compiled in", Unit::Megabytes)
                .beside("echo")
                .goals(Goal::Within, [16.0, 8.0, 4.0]),
        }
    }
}

/// Measures the group.
pub(super) fn measure(place: &Place, plan: &Plan) -> anyhow::Result<Rows> {
    let mut table = Table::new(plan.crowd);
    for index in 0..plan.rounds {
        round("crowd", index, plan);
        one_round(place, plan, &mut table)?;
    }
    Ok(vec![
        table.slow,
        table.slowest,
        table.session,
        table.quiet,
        table.whole,
        table.after,
        table.threads,
        table.dialog,
        table.stored,
        table.idle,
    ])
}

fn one_round(place: &Place, plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    let sessions = length(plan.crowd);
    let (echo, _) = Part::echo()?;
    let (before, after) = open(echo.process(), &echo.address, Target::Echo, plan, |_| Ok(()))?;
    let connection = (after.rss - before.rss) / sessions;
    let bare = before.rss;
    drop(echo);

    let site = place.site()?;
    let (server, _) = site.start()?;
    let quiet = Target::Bot {
        name: bots::QUIET.to_owned(),
        greets: false,
    };
    let opened = open(&server.process, &server.address, quiet, plan, |_| Ok(()));
    let (before, after) = site.explain(opened)?;
    let session = (after.rss - before.rss) / sessions;
    let idle = before.rss;
    table.idle.add_beside(idle, bare);
    table.quiet.add_beside(session, connection);
    server.process.stop()?;

    let site = place.site()?;
    let (server, _) = site.start()?;
    let talking = Target::Bot {
        name: bots::TALKING.to_owned(),
        greets: true,
    };
    let warm = site.explain(warm_threads(&server, &talking, plan))?;
    let run = Run {
        rate: Some(RATE),
        active: plan.crowd,
        warmup: plan.warmup,
        measured: plan.crowd_measured,
    };
    let opened = open(&server.process, &server.address, talking, plan, |client| {
        let turns = client.run(&server.process, run)?;
        report::note(&format!("  among the crowd: {}", sentence(&turns)));
        table.slow.add(turns.ran.latency.p99);
        table.slowest.add(turns.ran.latency.p999);
        table.slow.spoil(turns.flaw());
        table.slowest.spoil(turns.flaw());
        table.after.add(server.process.usage()?.rss);
        Ok(())
    });
    let (_, after) = site.explain(opened)?;
    let with_dialog = (after.rss - idle) / sessions;
    table.session.add_beside(with_dialog, connection);
    table.whole.add(after.rss);
    table.threads.add((after.threads - warm).max(0.0));
    table.dialog.add((with_dialog - session).max(0.0));
    server.process.stop()?;
    table.stored.add(disk::stored_dialog(&site.database()?)?);
    Ok(())
}

/// Threads of a server that has served a few visitors, who have gone. It keeps some of those that read the database,
/// for few visitors as well as for many.
fn warm_threads(server: &Server, target: &Target, plan: &Plan) -> anyhow::Result<f64> {
    let mut client = Client::start()?;
    client.connect(&server.address, target.clone(), FEW)?;
    client.close()?;
    thread::sleep(plan.settle);
    Ok(server.process.usage()?.threads)
}

/// Opens the crowd on a fresh process, then does `more` with it; usage before and with the idle crowd.
fn open(
    process: &Process,
    address: &str,
    target: Target,
    plan: &Plan,
    more: impl FnOnce(&mut Client) -> anyhow::Result<()>,
) -> anyhow::Result<(Usage, Usage)> {
    thread::sleep(plan.settle);
    let before = process.usage()?;
    let mut client = Client::start()?;
    let what = if matches!(target, Target::Echo) {
        "echo"
    } else {
        "server"
    };
    let within: Duration = client.connect(address, target, plan.crowd)?;
    let rate = length(plan.crowd) / within.as_secs_f64();
    thread::sleep(plan.settle);
    let after = process.usage()?;
    report::note(&format!(
        "  {what}: {} connections, {rate:.0} a second, {:.1} MB before and {:.1} MB with them",
        plan.crowd,
        before.rss / 1e6,
        after.rss / 1e6
    ));
    more(&mut client)?;
    client.close()?;
    Ok((before, after))
}
