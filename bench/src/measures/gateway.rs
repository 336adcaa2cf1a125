//! The door for OpenAI's clients beside the provider itself: P14 and P15.

use std::time::Duration;

use super::{Rows, round};
use crate::{
    bots,
    goals::Goal,
    load::http::{Answered, post},
    plan::Plan,
    process::Part,
    report::{Row, Unit},
    server::Place,
};

/// Requests at once of P15.
const CROWD: usize = 64;
const PATH: &str = "/v1/chat/completions";

/// Measures the group.
pub(super) fn measure(place: &Place, plan: &Plan) -> anyhow::Result<Rows> {
    let mut middle =
        Row::new("P14", "gateway: added latency, p50, one at a time", Unit::Millis).goals(Goal::Under, [3.0, 0.4, 0.3]);
    let mut tail =
        Row::new("P14", "gateway: added latency, p99, one at a time", Unit::Millis).goals(Goal::Under, [3.0, 1.0, 0.3]);
    let mut rate = Row::new("P15", "gateway: requests a second, 64 at once", Unit::PerSecond)
        .beside("direct")
        .goals(Goal::Reaches, [0.12, 0.22, 0.33]);
    let mut cpu = Row::new("P15", "gateway: processor time of a request", Unit::Micros).beside("direct");
    let upstream = Part::start("model")?;
    let site = place.site()?;
    let url = format!("http://{}/v1", upstream.address);
    let (server, _) = site.start_with(&[
        ("BOTSERVER_LLM_URL", &url),
        ("BOTSERVER_LLM_MODEL", "m"),
        ("BOTSERVER_LOG", "warn"),
    ])?;
    let key = site.key()?;
    let body = format!(
        r#"{{"model":"{}","messages":[{{"role":"user","content":"8 0"}}]}}"#,
        bots::QUIET
    );
    let run = |address: &str, connections: usize| -> anyhow::Result<Answered> {
        post(address, PATH, &key, &body, connections, (plan.warmup, plan.measured))
    };
    for index in 0..plan.rounds {
        round("gateway", index, plan);
        let direct = run(&upstream.address, 1)?;
        let ours = site.explain(run(&server.address, 1))?;
        middle.add(ours.p50_ms - direct.p50_ms);
        tail.add(ours.p99_ms - direct.p99_ms);
        let before = upstream.process().cpu()?;
        let direct = run(&upstream.address, CROWD)?;
        let bare = per_request(upstream.process().cpu()?.saturating_sub(before), &direct, plan);
        let before = server.process.cpu()?;
        let ours = site.explain(run(&server.address, CROWD))?;
        cpu.add_beside(
            per_request(server.process.cpu()?.saturating_sub(before), &ours, plan),
            bare,
        );
        rate.add_beside(ours.rate, direct.rate);
    }
    server.process.stop()?;
    Ok(vec![middle, tail, rate, cpu])
}

/// Microseconds of a request: those of the warm-up are as many a second.
fn per_request(spent: Duration, answered: &Answered, plan: &Plan) -> f64 {
    let requests = answered.rate * (plan.measured + plan.warmup).as_secs_f64();
    spent.as_secs_f64() * 1e6 / requests.max(1.0)
}
