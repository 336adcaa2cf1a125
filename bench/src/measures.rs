//! What is measured.

mod audit;
mod authors;
mod crowd;
mod gateway;
mod knowledge;
mod language;
mod start;
mod streams;
mod turns;

use std::process::ExitCode;

use crate::{
    cli::{Cli, Group},
    goals::Reached,
    plan::Plan,
    report::{self, Row},
    server::Place,
};

/// Measures and prints the table.
pub(crate) fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    crate::usage::raise_file_limit();
    let plan = Plan::of(cli);
    let place = Place::of(cli)?;
    let wants = |group: Group| cli.only.is_empty() || cli.only.contains(&group);
    let mut rows = Vec::new();
    if wants(Group::Turns) {
        rows.extend(turns::measure(&place, &plan)?);
    }
    if wants(Group::Crowd) {
        rows.extend(crowd::measure(&place, &plan)?);
    }
    if wants(Group::Gateway) {
        rows.extend(gateway::measure(&place, &plan)?);
    }
    if wants(Group::Language) {
        rows.extend(language::measure(&plan)?);
    }
    if wants(Group::Knowledge) {
        rows.extend(knowledge::measure(&plan)?);
    }
    if wants(Group::Audit) {
        rows.extend(audit::measure(&plan)?);
    }
    if wants(Group::Start) {
        rows.extend(start::measure(&place, &plan)?);
    }
    if wants(Group::Streams) {
        rows.extend(streams::measure(&place, &plan)?);
    }
    if wants(Group::Authors) {
        rows.extend(authors::measure(&place, &plan)?);
    }
    rows.sort_by_key(|row| number(row.id));
    report::print(&report::table(&rows, cli.markdown))?;
    let is_valid = rows.iter().all(|row| row.flaw.is_none());
    let is_above = rows.iter().all(|row| row.reached() != Some(Reached::Nothing));
    Ok(if is_valid && (is_above || !cli.enforce) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// The order of the table: `P7` before `P10`.
fn number(id: &str) -> u32 {
    id.trim_start_matches('P').parse().unwrap_or(u32::MAX)
}

/// Says which round of what begins.
fn round(what: &str, round: usize, plan: &Plan) {
    report::note(&format!("{what}: round {} of {}", round + 1, plan.rounds));
}

/// Everything that a group found.
type Rows = Vec<Row>;
