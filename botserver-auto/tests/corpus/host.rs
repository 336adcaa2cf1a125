//! The services around a script, in memory.

use std::collections::HashMap;

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, HostCall};

use crate::{
    filter::{member, passes, spelled},
    talk::Talk,
};

/// Arguments that are filters.
const FILTERS: [&str; 3] = ["filter", "query", "fourth"];

/// Tables, memories and replies.
pub(crate) struct Host {
    talk: Talk,
    tables: HashMap<String, Vec<Value>>,
    kept: HashMap<String, Value>,
    ids: u32,
}

impl Host {
    pub(crate) fn new(mut talk: Talk) -> Self {
        let tables = std::mem::take(&mut talk.tables);
        Self {
            tables: tables
                .into_iter()
                .map(|(name, rows)| (name.to_lowercase(), rows))
                .collect(),
            talk,
            kept: HashMap::new(),
            ids: 0,
        }
    }

    pub(crate) fn talk(&mut self) -> &mut Talk {
        &mut self.talk
    }

    /// The call as the transcript shows it.
    pub(crate) fn show(call: &HostCall) -> String {
        let args: Vec<String> = call
            .args
            .0
            .iter()
            .map(|(name, value)| {
                let shown = match value {
                    Value::List(_) if FILTERS.contains(&name) => spelled(value),
                    Value::Map(map) if source(map).is_some() => source(map).unwrap_or_default(),
                    _ => value.to_json().to_string(),
                };
                format!("{name}={shown}")
            })
            .collect();
        format!("call {} {}", call.keyword, args.join(" "))
            .trim_end()
            .to_owned()
    }

    /// What the keyword gives: the next reply to it, else what this memory knows.
    pub(crate) fn perform(&mut self, call: &HostCall) -> Result<Value, Fault> {
        let reply = self
            .talk
            .replies
            .iter()
            .position(|(keyword, _)| keyword == call.keyword);
        if let Some(reply) = reply.and_then(|at| self.talk.replies.remove(at)) {
            return reply.1;
        }
        let arg = |name: &str| call.args.0.get(name).cloned().unwrap_or_default();
        let area = call.keyword.trim_start_matches("GET ").trim_start_matches("SET ");
        let key = |name: &str| format!("{area}/{}/{}", arg("id"), text(&arg(name)));
        Ok(match call.keyword {
            "SET BOT MEMORY" | "SET USER MEMORY" | "SET SESSION" => {
                self.kept.insert(key("key"), arg("value"));
                Value::Null
            }
            "GET BOT MEMORY" | "GET USER MEMORY" => {
                self.kept.get(&key("key")).cloned().unwrap_or_else(|| Value::text(""))
            }
            "GET SESSION" => self.kept.get(&key("key")).cloned().unwrap_or_default(),
            "SET" => {
                self.kept.insert(format!("path/{}", arg("name")), arg("value"));
                Value::Null
            }
            "GET" => self
                .kept
                .get(&format!("path/{}", arg("source")))
                .cloned()
                .unwrap_or_default(),
            "REMEMBER" | "CACHE SET" => {
                self.kept.insert(format!("span/{}", text(&arg("key"))), arg("value"));
                Value::Null
            }
            "RECALL" | "CACHE GET" => self
                .kept
                .get(&format!("span/{}", text(&arg("key"))))
                .cloned()
                .unwrap_or_default(),
            "FIND" | "FILTER" => self.find(call),
            "SAVE" | "INSERT INTO" => self.save(call),
            "UPDATE" | "DELETE" | "DELETE FROM" => Value::Int(1),
            "LLM" | "REWRITE" => Value::text(format!(
                "[{}]",
                text(&arg("prompt")).chars().take(40).collect::<String>()
            )),
            _ => Value::Null,
        })
    }

    fn find(&self, call: &HostCall) -> Value {
        let arg = |name: &str| call.args.0.get(name).cloned().unwrap_or_default();
        let rows = match arg("source") {
            Value::List(rows) => rows,
            Value::Map(map) if matches!(map.get("value"), Some(Value::List(_))) => match map.get("value") {
                Some(Value::List(rows)) => rows.clone(),
                _ => Vec::new(),
            },
            other => self
                .tables
                .get(&text(&other).to_lowercase())
                .cloned()
                .unwrap_or_default(),
        };
        let filter = spelled(&arg("filter"));
        let field = text(&arg("field"));
        let mut found: Vec<Value> = rows
            .into_iter()
            .filter(|row| filter.is_empty() || passes(row, &filter))
            .filter(|row| field.is_empty() || member(row, &field).to_string() == arg("value").to_string())
            .collect();
        let order = text(&arg("order"));
        let mut words = order.split_whitespace();
        if let Some(column) = words.next() {
            let number = |row: &Value| member(row, column).to_string().parse::<f64>().ok();
            found.sort_by(|a, b| match (number(a), number(b)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                _ => member(a, column).to_string().cmp(&member(b, column).to_string()),
            });
            if words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc")) {
                found.reverse();
            }
        }
        if let Ok(limit) = text(&arg("limit")).parse() {
            found.truncate(limit);
        }
        if arg("first") == Value::Bool(true) {
            return found.into_iter().next().unwrap_or_default();
        }
        Value::List(found)
    }

    fn save(&mut self, call: &HostCall) -> Value {
        let arg = |name: &str| call.args.0.get(name).cloned().unwrap_or_default();
        let mut row = Map::new();
        for value in [arg("row"), arg("fields")] {
            if let Value::Map(fields) = value {
                row = fields;
            }
        }
        if let Value::List(values) = arg("values") {
            for value in &values {
                match (member(value, "name"), member(value, "value")) {
                    (_, Value::Map(fields)) if values.len() == 1 => row = fields,
                    (Value::Text(name), value) => {
                        row.insert(&name, value);
                    }
                    _ => {}
                }
            }
        }
        self.ids += 1;
        if row.get("id").is_none() {
            row.insert("id", Value::Int(i64::from(self.ids)));
        }
        let rows = self.tables.entry(text(&arg("table")).to_lowercase()).or_default();
        rows.push(Value::Map(row.clone()));
        Value::Map(row)
    }
}

/// The name of a place where rows are, when `map` is one.
fn source(map: &Map) -> Option<String> {
    match (map.len(), map.get("name"), map.get("value")) {
        (2, Some(Value::Text(name)), Some(_)) => Some(name.clone()),
        _ => None,
    }
}

/// A value as the name of something.
fn text(value: &Value) -> String {
    match value {
        Value::Map(map) => source(map).unwrap_or_else(|| value.to_string()),
        other => other.to_string(),
    }
}
