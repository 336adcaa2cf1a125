//! Words from a model to a page, beside the same words read directly: P16 and P17.

use std::time::Duration;

use super::{Rows, round};
use crate::{
    bots,
    client::Client,
    goals::{Goal, Goals},
    plan::Plan,
    process::Part,
    protocol::{Streamed, Streams, Target},
    report::{self, Row, Unit},
    server::{Place, Site},
};

/// Streams at once for P16.
const FEW: usize = 20;
/// Streams at once for P17, and for its lead.
const MANY: [usize; 2] = [200, 400];
/// The time from one word to the next: 50 a second.
const PACE: Duration = Duration::from_millis(20);
/// What the longest gap may be, in milliseconds: ten paces.
const LONGEST_GAP: f64 = 200.0;

fn row(what: &str, limits: [f64; 3]) -> Row {
    let [floor, target, lead] = limits;
    Row {
        goals: Some(Goals {
            floor: Goal::WithinAnd(1.0, floor),
            target: Goal::WithinAnd(1.0, target),
            lead: Goal::WithinAnd(1.0, lead),
        }),
        ..Row::new("P16", what, Unit::Millis).beside("direct")
    }
}

/// Measures the group.
pub(super) fn measure(place: &Place, plan: &Plan) -> anyhow::Result<Rows> {
    let site = place.site()?;
    site.explain(measure_at(&site, plan))
}

fn measure_at(site: &Site, plan: &Plan) -> anyhow::Result<Rows> {
    let model = Part::start("model")?;
    let url = format!("http://{}/v1", model.address);
    let (server, _) = site.start_with(&[("BOTSERVER_LLM_URL", &url), ("BOTSERVER_LLM_MODEL", "m")])?;
    let mut client = Client::start()?;
    let bot = Target::Bot {
        name: bots::QUIET.to_owned(),
        greets: false,
    };
    let direct = Target::Model {
        name: "m".to_owned(),
        key: None,
    };
    let mut through = |address: &str, target: &Target, count: usize, words: u64| {
        let streamed = client.stream(&Streams {
            address: address.to_owned(),
            target: target.clone(),
            count,
            words,
            pace: PACE,
        })?;
        report::note(&format!("  {}", sentence(&streamed)));
        anyhow::Ok(streamed)
    };

    let mut first = row("p99 from a question to the first word, 20 streams", [10.0, 2.0, 0.5]);
    let mut typical = Row::new("P16", "p50 from a question to the first word", Unit::Millis).beside("direct");
    let mut gap = row("p99 of the gap between two words, 20 streams of 50/s", [5.0, 1.0, 0.3]);
    for index in 0..plan.rounds {
        round("streams", index, plan);
        let bare = through(&model.address, &direct, FEW, plan.words)?;
        let ours = through(&server.address, &bot, FEW, plan.words)?;
        first.add_beside(ours.first.p99, bare.first.p99);
        typical.add_beside(ours.first.p50, bare.first.p50);
        gap.add_beside(ours.gap.p99, bare.gap.p99);
        let flaw = ours.flaw().or_else(|| bare.flaw());
        first.spoil(flaw.clone());
        gap.spoil(flaw);
    }
    let mut rows = vec![first, typical, gap];
    for count in MANY {
        let mut lost = Row::new(
            "P17",
            format!("words lost or out of order, {count} streams of 50/s"),
            Unit::Count,
        )
        .beside("direct")
        .goals(Goal::Under, [0.0, 0.0, 0.0]);
        let mut longest = Row {
            goals: Some(Goals {
                floor: Goal::Under(f64::INFINITY),
                target: Goal::Under(LONGEST_GAP),
                lead: Goal::Under(LONGEST_GAP),
            }),
            ..Row::new("P17", format!("longest gap, {count} streams of 50/s"), Unit::Millis).beside("direct")
        };
        let mut cost = Row::new("P17", format!("server CPU a word, {count} streams"), Unit::Micros);
        report::note(&format!("{count} streams"));
        let bare = through(&model.address, &direct, count, plan.many_words)?;
        let before = server.process.cpu()?;
        let ours = through(&server.address, &bot, count, plan.many_words)?;
        let used = server.process.cpu()?.saturating_sub(before);
        lost.add_beside(ours.lost(), bare.lost());
        longest.add_beside(ours.gap.max, bare.gap.max);
        cost.add(used.as_secs_f64() * 1e6 / crate::number::float(ours.words.max(1)));
        lost.spoil(ours.flaw());
        rows.extend([lost, longest, cost]);
    }
    server.process.stop()?;
    Ok(rows)
}

/// A run in a sentence.
fn sentence(streamed: &Streamed) -> String {
    let (first, gap) = (streamed.first, streamed.gap);
    let errors = streamed.flaw().map(|flaw| format!(", {flaw}")).unwrap_or_default();
    format!(
        "{} words, first after p50 {:.2} p99 {:.2} ms, gaps p50 {:.2} p99 {:.2} max {:.0} ms{errors}",
        streamed.words, first.p50, first.p99, gap.p50, gap.p99, gap.max
    )
}
