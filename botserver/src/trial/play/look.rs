//! What a test finds kept when a step is over: memory, rows, files and plans.

use anyhow::Context as _;
use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::Turn as _,
};

use crate::trial::{
    backstage::Backstage,
    client::Visitor,
    expect::{Content, Expect, Plan, Remembered},
    file::Tables,
    outcome::Outcome,
    stage::Stage,
};

/// Looks up all that a step asks for.
pub(super) async fn look(
    stage: &Stage,
    visitor: &Visitor,
    expect: &Expect,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    if let Some(wanted) = &expect.memory {
        recall(stage, visitor, wanted, outcome).await?;
    }
    if let Some(wanted) = &expect.rows {
        rows(stage, visitor, wanted, outcome).await?;
    }
    for (path, wanted) in expect.files.iter().flatten() {
        let found = file(stage, visitor, path, wanted).await?;
        outcome.files.insert(path.clone(), found);
    }
    if let Some(wanted) = &expect.schedules {
        schedules(stage, wanted, outcome).await?;
    }
    Ok(())
}

/// Looks up what is remembered under the keys that a step asks for.
async fn recall(stage: &Stage, visitor: &Visitor, wanted: &Remembered, outcome: &mut Outcome) -> anyhow::Result<()> {
    let server = stage.server()?;
    let mut backstage = Backstage::of(&server.state, stage.bot()?, visitor)?;
    for (place, phrase, keys) in [
        ("bot", "GET BOT MEMORY", &wanted.bot),
        ("user", "GET USER MEMORY", &wanted.user),
    ] {
        for key in keys.keys() {
            let value = backstage.perform(phrase, [("key", Value::text(key.as_str()))]).await?;
            outcome.memory.insert(format!("{place} {key}"), value.to_json());
        }
    }
    if !wanted.session.is_empty() {
        let session = server
            .chat
            .session(backstage.caller(), visitor.session.parse()?)
            .await?;
        *backstage.session() = session;
        for key in wanted.session.keys() {
            let value = backstage
                .perform("GET SESSION", [("key", Value::text(key.as_str()))])
                .await?;
            outcome.memory.insert(format!("session {key}"), value.to_json());
        }
    }
    Ok(())
}

/// Looks up the rows of the tables that a step asks for.
async fn rows(stage: &Stage, visitor: &Visitor, wanted: &Tables, outcome: &mut Outcome) -> anyhow::Result<()> {
    let mut backstage = Backstage::of(&stage.server()?.state, stage.bot()?, visitor)?;
    for table in wanted.keys() {
        let found = backstage
            .perform("FIND ALL", [("source", Value::text(table.as_str()))])
            .await
            .with_context(|| format!("could not read {table}"))?;
        let rows = match found.to_json() {
            serde_json::Value::Null => serde_json::Value::Array(Vec::new()),
            rows => rows,
        };
        outcome.rows.insert(table.clone(), rows);
    }
    Ok(())
}

/// The text or the rows of a file; null when there is none.
async fn file(stage: &Stage, visitor: &Visitor, path: &str, wanted: &Content) -> anyhow::Result<serde_json::Value> {
    let mut backstage = Backstage::of(&stage.server()?.state, stage.bot()?, visitor)?;
    let args = [("path", Value::text(path)), ("table", Value::Bool(true))];
    let wanted_args = if wanted.is_rows() { 2 } else { 1 };
    let found = backstage.perform("READ", args.into_iter().take(wanted_args)).await;
    match found {
        Ok(content) => Ok(content.to_json()),
        Err(error) => match error.downcast_ref::<Fault>() {
            Some(fault) if fault.kind == FaultKind::NotFound => Ok(serde_json::Value::Null),
            _ => Err(error.context(format!("could not read the file {path}"))),
        },
    }
}

/// Looks up what is planned. A rule that means the same times as one that the step writes for the same script is told
/// in the step's words.
async fn schedules(stage: &Stage, wanted: &[Plan], outcome: &mut Outcome) -> anyhow::Result<()> {
    let (tasks, bot) = (&stage.server()?.tasks, stage.bot()?);
    let mut planned = tasks.list_planned(&bot).await?;
    for one in &mut planned {
        let of_script = wanted
            .iter()
            .filter(|plan| plan.script.eq_ignore_ascii_case(&one.script));
        for when in of_script.filter_map(|plan| plan.when.as_ref()) {
            let is_same = tasks.is_same_rule(&bot, when, &one.when);
            if is_same.with_context(|| format!("could not read when {} is to run", one.script))? {
                one.when.clone_from(when);
            }
        }
    }
    outcome.schedules = planned;
    Ok(())
}
