//! What a test finds when it begins, and what it finds remembered at its steps.

use anyhow::{Context as _, bail};
use botlib::Value;
use botstate::keyword::Turn as _;

use crate::trial::{
    backstage::Backstage,
    client::Visitor,
    expect::Remembered,
    file::{Step, Tables, Test},
    outcome::Outcome,
    stage::Stage,
};

/// Gives the bot what the test says it has.
pub(super) async fn prepare(stage: &Stage, test: &Test, visitor: &Visitor) -> anyhow::Result<()> {
    if !test.files.is_empty() {
        bail!("this build cannot serve the section `files`: take it out");
    }
    let server = stage.server()?;
    let mut backstage = Backstage::of(&server.state, stage.bot()?, visitor)?;
    for (place, memory) in [("BOT", &test.memory.bot), ("USER", &test.memory.user)] {
        let phrase = format!("SET {place} MEMORY");
        if !memory.is_empty() && !backstage.knows(&phrase) {
            let place = place.to_lowercase();
            bail!("this build cannot serve the section `memory: {place}`: it has no {phrase}");
        }
        for (key, value) in memory {
            let args = [("key", Value::text(key.as_str())), ("value", Value::from_json(value))];
            backstage.perform(&phrase, args).await?;
        }
    }
    for (table, rows) in &test.tables {
        for row in rows {
            let row = Value::from_json(&serde_json::Value::Object(row.clone()));
            let args = [("table", Value::text(table.as_str())), ("row", row)];
            let added = backstage.perform("INSERT INTO", args).await;
            added.with_context(|| format!("could not add a row to {table}"))?;
        }
    }
    if !test.session.is_empty() {
        for (key, value) in &test.session {
            let args = [("key", Value::text(key.as_str())), ("value", Value::from_json(value))];
            backstage.perform("SET SESSION", args).await?;
        }
        backstage.session().locale.clone_from(&test.locale);
        let session = backstage.session().clone();
        let (id, bot) = (visitor.session.parse()?, stage.bot()?);
        server
            .chat
            .prepare(backstage.caller(), &bot, id, &session)
            .await
            .context("could not prepare the conversation")?;
    }
    Ok(())
}

/// Refuses a step that this build cannot serve.
pub(super) fn check(step: &Step) -> anyhow::Result<()> {
    let needs = step.expect.needs();
    let missing: Vec<_> = needs.iter().map(|name| format!("`{name}`")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("this build cannot serve {}: take it out", missing.join(", "))
}

/// Looks up what is remembered under the keys that a step asks for.
pub(super) async fn recall(
    stage: &Stage,
    visitor: &Visitor,
    wanted: &Remembered,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
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
pub(super) async fn rows(
    stage: &Stage,
    visitor: &Visitor,
    wanted: &Tables,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
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
