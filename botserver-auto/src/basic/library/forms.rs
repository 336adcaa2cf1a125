//! Functions about what people enter in forms of web pages.

use super::{Function, arg, f};
use crate::basic::{
    hear, number,
    value::{Object, Outcome, Val, misfit},
};

pub(super) const FUNCTIONS: &[Function] = &[f("VALIDATE_FORM", 2, 2, validate), f("FORM_ERROR", 2, 2, error)];

/// `VALIDATE_FORM(fields, rules)`: `{ valid, errors }` with a message for each field that breaks a rule. Rules are an
/// object of texts such as `"required, email"` by the names of fields, or a list of fields that must be filled.
fn validate(args: &[Val]) -> Outcome<Val> {
    let empty = Object::default();
    let fields = match arg(args, 0) {
        Val::Object(fields) => fields,
        Val::Null => &empty,
        other => {
            return Err(misfit(format!(
                "the fields of a form are an object, not {}",
                other.type_name()
            )));
        }
    };
    let mut errors = Object::default();
    match arg(args, 1) {
        Val::List(names) => {
            for name in names.iter() {
                check(fields, &name.print()?, "required", &mut errors)?;
            }
        }
        Val::Object(rules) => {
            for (name, rules) in rules.iter() {
                check(fields, name, &rules.print()?, &mut errors)?;
            }
        }
        other => {
            return Err(misfit(format!(
                "rules for a form are an object or a list, not {}",
                other.type_name()
            ))
            .hint("write such as `{ email: \"required, email\" }`"));
        }
    }
    let mut result = Object::default();
    result.set("valid".into(), Val::Bool(errors.is_empty()))?;
    result.set("errors".into(), Val::Object(errors))?;
    Ok(Val::Object(result))
}

/// Notes the first rule that the field breaks.
fn check(fields: &Object, name: &str, rules: &str, errors: &mut Object) -> Outcome<()> {
    let value = fields.get(name).cloned().unwrap_or_default();
    let text = value.print()?;
    let text = text.trim();
    for rule in rules.split(['|', ',']).map(str::trim).filter(|rule| !rule.is_empty()) {
        let (rule, limit) = match rule.split_once([':', ' ']) {
            Some((rule, limit)) => (rule.to_lowercase(), limit.trim().parse::<usize>().ok()),
            None => (rule.to_lowercase(), None),
        };
        let letters = text.chars().count();
        let broken = match (rule.as_str(), limit) {
            ("required", _) => text.is_empty().then(|| "is required".to_owned()),
            // What is not required may be left out.
            _ if text.is_empty() => None,
            ("email", _) => hear::email(text).is_none().then(|| "must be a mail address".to_owned()),
            ("number" | "numeric", _) => number::looks_numeric(text)
                .is_none()
                .then(|| "must be a number".to_owned()),
            ("integer", _) => text
                .parse::<i64>()
                .is_err()
                .then(|| "must be a whole number".to_owned()),
            ("min", Some(least)) => (letters < least).then(|| format!("needs {least} characters or more")),
            ("max", Some(most)) => (letters > most).then(|| format!("may have {most} characters at most")),
            _ => {
                return Err(misfit(format!("there is no rule {rule:?} for the fields of a form"))
                    .hint("rules are required, email, number, integer, min:n and max:n"));
            }
        };
        if let Some(broken) = broken {
            return errors.set(name.into(), Val::text(format!("{name} {broken}")));
        }
    }
    Ok(())
}

/// `FORM_ERROR(result, field)`: the message about a field, empty when there is none.
fn error(args: &[Val]) -> Outcome<Val> {
    let name = arg(args, 1).print()?;
    let Val::Object(result) = arg(args, 0) else {
        return Ok(Val::text(""));
    };
    Ok(match result.get("errors") {
        Some(Val::Object(errors)) => errors.get(&name).cloned().unwrap_or_else(|| Val::text("")),
        _ => Val::text(""),
    })
}
