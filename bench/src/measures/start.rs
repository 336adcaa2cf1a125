//! From start to ready: P25.

use super::{Rows, round};
use crate::{
    goals::Goal,
    plan::Plan,
    process::Part,
    report::{Row, Unit},
    server::Place,
};

/// Starts in each round, so that one that the disk held up does not count for much.
const STARTS: usize = 3;

/// Measures the group.
pub(super) fn measure(place: &Place, plan: &Plan) -> anyhow::Result<Rows> {
    let mut first = Row::new("P25", "spawn to ready, first start", Unit::Millis)
        .beside("echo")
        .goals(Goal::Under, [3000.0, 1000.0, 500.0]);
    let mut again = Row::new("P25", "spawn to ready, migrated database", Unit::Millis)
        .beside("echo")
        .goals(Goal::Under, [1000.0, 300.0, 100.0]);
    for index in 0..plan.rounds {
        round("start", index, plan);
        for _ in 0..STARTS {
            let site = place.site()?;
            for row in [&mut first, &mut again] {
                let (server, ours) = site.start()?;
                server.process.stop()?;
                let (_echo, bare) = Part::echo()?;
                row.add_beside(ours.as_secs_f64() * 1000.0, bare.as_secs_f64() * 1000.0);
            }
        }
    }
    Ok(vec![first, again])
}
