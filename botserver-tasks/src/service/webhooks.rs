//! Requests from outside: webhooks that a script answers, and forms that scripts are told of.

mod signature;

use botlib::{Caller, Value, value::Map};
use botstate::{
    db,
    dialog::{Bot, TriggerKind},
    job::{Jobs as _, NewJob},
    run::{Channel, Order, Ran, Task},
};
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use super::TasksService;
use crate::{
    error::Error,
    jobs::events::{form_names, started},
    routes::webhook_names,
};

/// The longest name that a sender may give a request.
const LONGEST_ID: usize = 255;

/// A request to a webhook, as it came.
pub(crate) struct Request {
    pub(crate) bot: String,
    pub(crate) endpoint: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) params: Map,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: bytes::Bytes,
    pub(crate) body: Value,
}

/// What a script answers.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(String, String)>,
    /// Null for no body, a text for plain text, anything else is JSON.
    pub(crate) body: Value,
}

/// A form that was sent.
pub(crate) struct Posted {
    pub(crate) bot: String,
    pub(crate) form: String,
    pub(crate) fields: Value,
    pub(crate) metadata: Map,
    pub(crate) key: Option<String>,
}

impl TasksService {
    /// Runs the script that answers at this endpoint, once for each id that a sender gives.
    pub(crate) async fn webhook(&self, request: Request) -> Result<Answer, Error> {
        let bot = self.bot(&request.bot)?;
        let wanted = endpoint(&request.endpoint);
        let script = bot
            .triggers
            .iter()
            .find(|trigger| matches!(&trigger.kind, TriggerKind::Webhook { endpoint } if *endpoint == wanted))
            .map(|trigger| trigger.script.clone());
        let id = self.admit(&bot, &request)?;
        // After the signature, so that nobody finds out which endpoints there are.
        let script = script.ok_or(Error::UnknownEndpoint)?;
        let headers = headers(&request.headers);
        let order = Order {
            bot: bot.id,
            task: Task::Script {
                name: script,
                args: webhook_names(request.body, request.params, headers, &request.method, &request.path),
                names: Map::new(),
            },
            conversation: None,
            key: format!("webhook:{wanted}:{id}"),
            channel: Channel::Webhook,
            // Whoever asked has gone after that.
            limit: Some(self.patience),
            depth: 0,
        };
        let runner = self.runner.get().ok_or(Error::NotBuiltIn("conversations"))?;
        let ran = runner.run(order).await.map_err(Error::Failed)?;
        answer(ran)
    }

    /// Checks who sends, and gives the id of what is sent.
    fn admit(&self, bot: &Bot, request: &Request) -> Result<String, Error> {
        let secret = bot.settings.get("webhook-secret");
        let is_public = bot.settings.flag("webhook-public") == Some(true);
        let is_signed = request.headers.contains_key("webhook-signature");
        match secret {
            Some(secret) if is_signed || !is_public => {
                signature::check(secret, &request.headers, &request.raw, self.queue.clock.now())
            }
            _ if is_public => Ok(key(&request.headers).unwrap_or_else(|| Uuid::now_v7().to_string())),
            _ => Err(Error::NoSecret),
        }
    }

    /// Tells the scripts of a bot of a form; gives how many there are.
    pub(crate) async fn form(&self, caller: &Caller, posted: Posted) -> Result<usize, Error> {
        let bot = self.bot(&posted.bot)?;
        let is_person = matches!(caller.subject, botlib::Subject::Person(_));
        if bot.settings.flag("public") == Some(false) && !is_person {
            return Err(Error::NotPublic);
        }
        let names = form_names(&posted.fields, Value::Map(posted.metadata));
        let cause = posted.key.unwrap_or_else(|| Uuid::now_v7().to_string());
        let orders = started(
            &bot,
            &cause,
            &names,
            Channel::Form,
            0,
            |kind| matches!(kind, TriggerKind::Form { name } if name.eq_ignore_ascii_case(&posted.form)),
        );
        if orders.is_empty() {
            return Err(Error::UnknownEndpoint);
        }
        let (queue, org, count) = (self.queue.clone(), bot.org, orders.len());
        let now = queue.clock.now();
        self.queue
            .db
            .write(move |conn| {
                for order in orders {
                    queue.enqueue(NewJob::order(org, order, None, now))(conn)?;
                }
                Ok::<_, db::Error>(())
            })
            .await?;
        Ok(count)
    }
}

/// The endpoint as scripts declare it.
fn endpoint(text: &str) -> String {
    let lower = text.trim().to_lowercase().replace(' ', "-");
    lower
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect()
}

/// The id that a sender gives a request.
pub(crate) fn key(headers: &HeaderMap) -> Option<String> {
    let given = ["webhook-id", "idempotency-key"]
        .into_iter()
        .find_map(|name| headers.get(name))?;
    let text = given.to_str().ok()?.trim();
    (!text.is_empty() && text.len() <= LONGEST_ID).then(|| text.to_owned())
}

/// Headers as scripts see them. Those that prove who somebody is are not for scripts, which log and say things.
fn headers(all: &HeaderMap) -> Map {
    all.iter()
        .filter(|(name, _)| {
            !["authorization", "cookie", "webhook-signature", "proxy-authorization"].contains(&name.as_str())
        })
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), Value::text(value.to_str().ok()?))))
        .collect()
}

/// What a run means as an answer.
fn answer(ran: Ran) -> Result<Answer, Error> {
    if let Some(fault) = ran.fault {
        return Err(Error::Failed(fault));
    }
    if ran.waiting && ran.value.is_null() {
        return Err(Error::Waiting);
    }
    let plain = |status, body| Answer {
        status,
        headers: Vec::new(),
        body,
    };
    let mut map = match ran.value {
        Value::Null => return Ok(plain(StatusCode::NO_CONTENT, Value::Null)),
        Value::Map(map) => map,
        value => return Ok(plain(StatusCode::OK, value)),
    };
    // Variables result_… of a script that returns nothing.
    if map.iter().all(|(name, _)| name.starts_with("result")) {
        if let Some(result) = map.remove("result") {
            match result {
                Value::Map(inner) => map = inner,
                value => return Ok(plain(StatusCode::OK, value)),
            }
        } else {
            let bare = |name: &str| name.trim_start_matches("result_").to_owned();
            map = map.iter().map(|(name, value)| (bare(name), value.clone())).collect();
        }
    }
    let status = map.get("status").and_then(code);
    if status.is_some() {
        map.remove("status");
    }
    let status = status.unwrap_or(StatusCode::OK);
    let headers = match map.remove("headers") {
        Some(Value::Map(headers)) => headers
            .iter()
            .filter(|(name, _)| may_set(name))
            .map(|(name, value)| (name.to_owned(), value.to_string()))
            .collect(),
        Some(other) => {
            map.insert("headers", other);
            Vec::new()
        }
        None => Vec::new(),
    };
    let body = match map.remove("body") {
        Some(body) => body,
        None if map.is_empty() => Value::Null,
        None => Value::Map(map),
    };
    Ok(Answer { status, headers, body })
}

/// The status that a value stands for: a number that HTTP knows for answers.
fn code(value: &Value) -> Option<StatusCode> {
    let number: u16 = value.to_string().trim().parse().ok()?;
    (200..600)
        .contains(&number)
        .then(|| StatusCode::from_u16(number).ok())?
}

/// Headers that the server itself answers for stay its own.
fn may_set(name: &str) -> bool {
    const OWN: [&str; 8] = [
        "connection",
        "content-length",
        "content-security-policy",
        "date",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
        "upgrade",
    ];
    !OWN.iter().any(|own| own.eq_ignore_ascii_case(name))
}
