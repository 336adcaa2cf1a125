//! `ORCHESTRATE WORKFLOW` and its steps: bots that work one after the other or side by side, approvals, delays.

use std::sync::Arc;

use botlib::{
    Value,
    value::Map,
    wire::{InputKind, InputSpec},
};
use botstate::{
    conversation::Workflow,
    db,
    dialog::{Bot, Fault, FaultKind},
    job::NewJob,
    keyword::{Args, Class, Keyword, Turn},
    run::{Channel, Order, Task},
};

use super::{
    Entry, Kit,
    events::publish_event,
    name, seconds, span,
    talk::{ask, late},
};
use crate::{
    jobs::{RUN_LIMIT, parallel::Parallel},
    service::approval_link,
    store::waits::{self, APPROVAL, Row},
    worker::at,
};

/// How long a step of a bot may take that names no time.
const STEP: f64 = 300.0;
/// How long an approval is waited for that names no time: a week.
const APPROVAL_WAIT: f64 = 7.0 * 24.0 * 3600.0;
/// Branches of a step.
const MOST: usize = 16;

pub(super) fn keywords(kit: Option<&Kit>) -> Vec<Keyword> {
    let entry = |phrase, shapes, summary, example, work| {
        Entry {
            phrase,
            shapes,
            class: Class::Write,
            summary,
            example,
            work,
        }
        .keyword(kit)
    };
    vec![
        entry(
            "ORCHESTRATE WORKFLOW",
            &["name"],
            "Begins a workflow: the STEP lines after it run one after the other and outlive a restart.",
            "ORCHESTRATE WORKFLOW \"refund\"",
            |kit, turn, args| Box::pin(begin(kit, turn, args)),
        ),
        entry(
            "STEP BOT",
            &["number, bot, task[, timeout[, on_timeout]]"],
            "Lets a bot do a task: its script of that name, else its answer to the task and the results so far.",
            "ORCHESTRATE WORKFLOW \"refund\"\nTALK \"Begun\"",
            |kit, turn, args| Box::pin(bot(kit, turn, args)),
        ),
        entry(
            "STEP PARALLEL",
            &["number, branches[, timeout[, on_timeout]]"],
            "Lets several bots work side by side and goes on when all are done.",
            "ORCHESTRATE WORKFLOW \"offer\"\nTALK \"Begun\"",
            |kit, turn, args| Box::pin(parallel(kit, turn, args)),
        ),
        entry(
            "STEP APPROVAL",
            &["number, from[, timeout[, on_timeout]]"],
            "Waits until somebody approves: the visitor, when it is FROM \"user\", else whoever gets the signed link of the \
             event approval_requested.",
            "ORCHESTRATE WORKFLOW \"refund\"\nTALK \"Begun\"",
            |kit, turn, args| Box::pin(approval(kit, turn, args)),
        ),
        entry(
            "STEP DELAY",
            &["seconds"],
            "Waits so many seconds, over restarts as well.",
            "ORCHESTRATE WORKFLOW \"reminder\"\nTALK \"Begun\"",
            |kit, turn, args| Box::pin(delay(kit, turn, args)),
        ),
    ]
}

async fn begin(_: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let name = name(&mut args, "name", "a workflow's name")?;
    turn.session().workflow = Some(Workflow {
        name,
        ..Workflow::default()
    });
    Ok(Value::Null)
}

async fn bot(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let number = args.text("number")?;
    let bot = kit.bot(turn, &name(&mut args, "bot", "a bot's name")?)?;
    let task = args.text("task")?;
    let seconds = seconds(&mut args, "timeout", STEP)?;
    // With ON TIMEOUT the workflow goes on without a result.
    let late = args.take("on_timeout").is_null().then(|| late(&bot, seconds));
    let cause = turn.idempotency_key().to_owned();
    let order = work(turn, &bot, &cause, &task);
    let reply = kit.suspend(turn, seconds, late, None, Some(label(&number, &bot.name)))?;
    let org = turn.bot().org;
    kit.enqueue(turn, NewJob::order(org, order, Some(reply), kit.now()));
    Ok(Value::Null)
}

async fn parallel(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let number = args.text("number")?;
    let Value::List(branches) = args.take("branches") else {
        return Err(Fault::new(FaultKind::Argument, "a parallel step needs branches"));
    };
    if branches.len() > MOST {
        return Err(Fault::new(
            FaultKind::Limit,
            format!("a parallel step may have {MOST} branches"),
        ));
    }
    let mut orders = Vec::new();
    for branch in branches {
        let Value::Map(branch) = branch else { continue };
        let text = |key: &str| branch.get(key).map(ToString::to_string).unwrap_or_default();
        let bot = kit.bot(turn, &text("bot"))?;
        let cause = format!("{}:{}", turn.idempotency_key(), text("name"));
        orders.push((text("name"), work(turn, &bot, &cause, &text("task"))));
    }
    let seconds = seconds(&mut args, "timeout", STEP)?;
    let late = args.take("on_timeout").is_null().then(|| {
        Fault::new(
            FaultKind::Network,
            format!("not all branches were done within {seconds} s"),
        )
    });
    let reply = kit.suspend(turn, seconds, late, None, Some(label(&number, "parallel")))?;
    let (org, id) = (turn.bot().org, turn.bot().id);
    let job = Parallel { orders, reply }.job(org, id, kit.now());
    kit.enqueue(turn, job);
    Ok(Value::Null)
}

async fn approval(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let number = args.text("number")?;
    let from = args.text("from")?.trim().to_owned();
    let seconds = seconds(&mut args, "timeout", APPROVAL_WAIT)?;
    let on_timeout = match args.take("on_timeout") {
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let late = (!goes_on(&on_timeout)).then(|| {
        Fault::new(
            FaultKind::Permission,
            format!("nobody approved step {number} within {seconds} s"),
        )
    });
    let is_visitor = ["", "user", "visitor", "customer"].contains(&from.to_lowercase().as_str());
    let hear = is_visitor.then(|| {
        let spec = InputSpec {
            kind: InputKind::Boolean,
            ..InputSpec::default()
        };
        let message = format!("the visitor did not approve step {number}");
        (spec, Fault::new(FaultKind::Permission, message))
    });
    let reply = kit.suspend(turn, seconds, late, hear, Some(label(&number, "approval")))?;
    if is_visitor {
        return Ok(Value::Null);
    }
    let token = reply.token.unwrap_or_default();
    let expires_at = kit.now() + span(seconds)?;
    let link = approval_link(kit.db(), &kit.base, &token).await.map_err(|error| {
        Fault::new(
            FaultKind::Data,
            format!("could not make the link for the approval: {error}"),
        )
    })?;
    let workflow = turn.session().workflow.as_ref().map(|workflow| workflow.name.clone());
    let data: Map = [
        ("from".to_owned(), Value::text(from.as_str())),
        ("link".to_owned(), Value::text(link)),
        ("workflow".to_owned(), workflow.map_or(Value::Null, Value::text)),
        ("step".to_owned(), Value::text(number)),
        ("expires_at".to_owned(), Value::text(expires_at.to_rfc3339())),
    ]
    .into_iter()
    .collect();
    let row = Row {
        token,
        org_id: turn.bot().org.into(),
        bot_id: reply.bot.into(),
        event: format!("{APPROVAL}{from}"),
        conversation_id: reply.conversation.into(),
        expires_at: at(expires_at),
        created_at: at(kit.now()),
    };
    turn.write(Box::new(move |conn: &mut db::Connection| waits::create(conn, &row)));
    publish_event(kit, turn, "approval_requested".to_owned(), Value::Map(data))?;
    Ok(Value::Null)
}

async fn delay(kit: &Kit, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
    let seconds = seconds(&mut args, "seconds", 0.0)?;
    kit.suspend(turn, seconds, None, None, None)?;
    Ok(Value::Null)
}

/// Whether the words after ON TIMEOUT let the workflow go on.
fn goes_on(words: &str) -> bool {
    let words = words.to_uppercase();
    ["APPROVE", "CONTINUE", "SKIP", "PROCEED", "ACCEPT"]
        .iter()
        .any(|word| words.split_whitespace().next() == Some(word))
}

fn label(number: &str, what: &str) -> String {
    format!("{number} ({what})")
}

/// The order by which a bot does its task of a workflow.
fn work(turn: &mut dyn Turn, bot: &Arc<Bot>, cause: &str, task: &str) -> Order {
    let workflow = turn.session().workflow.clone().unwrap_or_default();
    let script = task.trim().to_lowercase().replace([' ', '_'], "-");
    let named = bot
        .scripts
        .iter()
        .find(|name| name.replace('_', "-") == script && *name != "start");
    let Some(script) = named else {
        let results: Vec<String> = workflow
            .results
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(label, value)| format!("- step {label}: {value}"))
            .collect();
        let text = if results.is_empty() {
            task.to_owned()
        } else {
            format!("{task}\n\nResults so far:\n{}", results.join("\n"))
        };
        return ask(turn, bot, cause, text, Vec::new());
    };
    let results: Map = workflow.results.into_iter().collect();
    Order {
        task: Task::Script {
            name: script.clone(),
            args: Map::new(),
            names: [
                ("workflow".to_owned(), Value::text(workflow.name)),
                ("results".to_owned(), Value::Map(results)),
            ]
            .into_iter()
            .collect(),
        },
        channel: Channel::Bot,
        limit: Some(RUN_LIMIT),
        ..ask(turn, bot, cause, String::new(), Vec::new())
    }
}
