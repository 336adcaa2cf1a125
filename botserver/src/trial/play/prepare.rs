//! What a test finds when it begins.

use anyhow::{Context as _, bail};
use botlib::Value;
use botstate::keyword::Turn as _;

use crate::trial::{
    backstage::Backstage,
    client::Visitor,
    file::{Step, Test},
    stage::Stage,
};

/// Gives the bot what the test says it has.
pub(super) async fn prepare(stage: &Stage, test: &Test, visitor: &Visitor) -> anyhow::Result<()> {
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
    for (path, content) in &test.files {
        let args = [
            ("path", Value::text(path.as_str())),
            ("value", Value::from_json(content)),
        ];
        let written = backstage.perform("WRITE", args).await;
        written.with_context(|| format!("could not write the file {path}"))?;
    }
    for planned in &test.schedules {
        let given = planned.args.iter().map(Value::from_json).collect();
        let args = [
            ("when", Value::text(planned.when.as_str())),
            ("file", Value::text(planned.script.as_str())),
            ("args", Value::List(given)),
        ];
        let set = backstage.perform("SET SCHEDULE", args).await;
        set.with_context(|| format!("could not schedule {}", planned.script))?;
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
