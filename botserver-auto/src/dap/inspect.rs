//! Frames, variables and values as the protocol shows them.

use botlib::Value;
use serde_json::{Value as Json, json};

use super::debuggee::Debuggee;
use crate::basic::{Machine, VariableView};

/// A procedure that is being run: which script, and how deep in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The script's number, the first that was started has 0.
    pub(super) machine: usize,
    /// The procedure's number, the innermost has 0.
    pub(super) depth: usize,
}

/// What the debugger may ask the inside of.
#[derive(Debug, Clone)]
enum Handle {
    Params(Place),
    Locals(Place),
    Globals(Place),
    Ambient(Place),
    Parts(Value),
}

/// Numbers that were handed out since the dialog stood still.
#[derive(Debug, Default)]
pub(super) struct Handles(Vec<Handle>);

/// All procedures that are being run, the innermost first.
pub(super) fn places(debuggee: &Debuggee) -> Vec<Place> {
    let machines = debuggee.stack.iter().enumerate().rev();
    machines
        .flat_map(|(machine, running)| (0..running.stack().len()).map(move |depth| Place { machine, depth }))
        .collect()
}

/// The answer to `stackTrace`.
pub(super) fn frames(debuggee: &Debuggee, request: &Json) -> Json {
    let all = places(debuggee);
    let number = |name: &str| request[name].as_u64().and_then(|number| usize::try_from(number).ok());
    let start = number("startFrame").unwrap_or(0);
    let count = number("levels").filter(|levels| *levels > 0).unwrap_or(all.len());
    let frames: Vec<Json> = all
        .iter()
        .enumerate()
        .skip(start)
        .take(count)
        .filter_map(|(id, place)| {
            let machine = debuggee.stack.get(place.machine)?;
            let view = machine.stack().into_iter().nth(place.depth)?;
            let name = if view.procedure.is_empty() {
                view.file.clone()
            } else {
                view.procedure
            };
            let path = debuggee.path(&view.file).map(|path| path.display().to_string());
            Some(json!({
                "id": id + 1,
                "name": name,
                "line": view.line,
                "column": 1,
                "source": { "name": view.file, "path": path },
            }))
        })
        .collect();
    json!({ "stackFrames": frames, "totalFrames": all.len() })
}

impl Handles {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn add(&mut self, handle: Handle) -> usize {
        self.0.push(handle);
        self.0.len()
    }

    /// The answer to `scopes`.
    pub(super) fn scopes(&mut self, debuggee: &Debuggee, place: Place) -> Json {
        let Some(machine) = debuggee.stack.get(place.machine) else {
            return json!({ "scopes": [] });
        };
        let mut scopes = Vec::new();
        let globals = machine.globals();
        let locals = machine.locals(place.depth);
        let mut add = |name: &str, hint: &str, handle: Handle, count: usize, expensive: bool| {
            scopes.push(json!({
                "name": name,
                "presentationHint": hint,
                "variablesReference": self.add(handle),
                "namedVariables": count,
                "expensive": expensive,
            }));
        };
        if !locals.is_empty() {
            add("Local", "locals", Handle::Locals(place), locals.len(), false);
        }
        let count = |wanted: fn(&VariableView) -> bool| globals.iter().filter(|variable| wanted(variable)).count();
        let params = count(is_param);
        if params > 0 {
            add("Parameters", "arguments", Handle::Params(place), params, false);
        }
        add("Variables", "globals", Handle::Globals(place), count(is_plain), false);
        let ambient = count(is_ambient);
        if ambient > 0 {
            add("Surroundings", "registers", Handle::Ambient(place), ambient, false);
        }
        json!({ "scopes": scopes })
    }

    /// The answer to `variables`.
    pub(super) fn variables(&mut self, debuggee: &Debuggee, reference: usize) -> Result<Json, String> {
        let handle = reference.checked_sub(1).and_then(|index| self.0.get(index)).cloned();
        let handle = handle.ok_or("the dialog went on, so these values are gone")?;
        let machine = |place: Place| debuggee.stack.get(place.machine);
        let globals = |place: Place, wanted: fn(&VariableView) -> bool| {
            let all = machine(place).map(Machine::globals).unwrap_or_default();
            named(all.into_iter().filter(wanted).collect())
        };
        let values = match handle {
            Handle::Params(place) => globals(place, is_param),
            Handle::Globals(place) => globals(place, is_plain),
            Handle::Ambient(place) => globals(place, is_ambient),
            Handle::Locals(place) => named(machine(place).map(|it| it.locals(place.depth)).unwrap_or_default()),
            Handle::Parts(Value::List(items)) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| (index.to_string(), item))
                .collect(),
            Handle::Parts(Value::Map(map)) => map.into_iter().collect(),
            Handle::Parts(_) => Vec::new(),
        };
        let variables: Vec<Json> = values
            .into_iter()
            .map(|(name, value)| {
                let mut shown = self.value(&value);
                if let Some(members) = shown.as_object_mut() {
                    let text = members.remove("result").unwrap_or_default();
                    members.insert("value".to_owned(), text);
                    members.insert("evaluateName".to_owned(), name.as_str().into());
                    members.insert("name".to_owned(), name.into());
                }
                shown
            })
            .collect();
        Ok(json!({ "variables": variables }))
    }

    /// Whether variables of the innermost procedure or of the script are behind a number, so that they can be changed.
    pub(super) fn is_changeable(&self, reference: usize) -> bool {
        let handle = reference.checked_sub(1).and_then(|index| self.0.get(index));
        match handle {
            Some(Handle::Locals(place)) => place.depth == 0,
            Some(Handle::Params(_) | Handle::Globals(_)) => true,
            _ => false,
        }
    }

    /// The script whose variables are behind a number.
    pub(super) fn machine(&self, reference: usize) -> Option<usize> {
        match self.0.get(reference.checked_sub(1)?)? {
            Handle::Locals(place) | Handle::Params(place) | Handle::Globals(place) | Handle::Ambient(place) => {
                Some(place.machine)
            }
            Handle::Parts(_) => None,
        }
    }

    /// A value with its type, and with a number when there is something inside.
    pub(super) fn value(&mut self, value: &Value) -> Json {
        let (named, indexed) = match value {
            Value::List(items) => (0, items.len()),
            Value::Map(map) => (map.len(), 0),
            _ => (0, 0),
        };
        let reference = if named + indexed > 0 {
            self.add(Handle::Parts(value.clone()))
        } else {
            0
        };
        json!({
            "result": shown(value),
            "type": value.type_name(),
            "variablesReference": reference,
            "namedVariables": named,
            "indexedVariables": indexed,
        })
    }
}

fn named(variables: Vec<VariableView>) -> Vec<(String, Value)> {
    variables
        .into_iter()
        .map(|variable| (variable.name, variable.value))
        .collect()
}

fn is_param(variable: &VariableView) -> bool {
    variable.parameter
}

fn is_plain(variable: &VariableView) -> bool {
    !variable.parameter && !variable.ambient
}

fn is_ambient(variable: &VariableView) -> bool {
    variable.ambient && !variable.parameter
}

/// A value in one line: texts in quotes, so that they are told from numbers; secrets stay what they are.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(true) => "TRUE".to_owned(),
        Value::Bool(false) => "FALSE".to_owned(),
        Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        other => other.to_string(),
    }
}
