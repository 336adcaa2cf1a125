//! Members and elements: reading, setting, changing in place.

use chrono::{Datelike, Timelike};
use rhai::Dynamic;

use super::{
    number::{self, whole},
    value::{List, Object, Outcome, Val, dynamic, misfit, val},
};

/// The member or element `key` of `base`; null when there is none.
pub(crate) fn get(base: &Val, key: &Val) -> Outcome<Val> {
    Ok(match base {
        Val::Null => Val::Null,
        Val::List(list) => element(list, key)?,
        Val::Object(object) => member(object, key)?,
        Val::Text(text) => match key {
            Val::Text(name) if is_size(name) => text.chars().count().into(),
            Val::Int(_) | Val::Decimal(_) => {
                let letter = position(key).and_then(|index| text.chars().nth(index));
                letter.map_or(Val::Null, |letter| Val::text(letter.to_string()))
            }
            _ => return Err(no_member(base, key)),
        },
        Val::Date(_) | Val::DateTime(_) => date_member(base, key)?,
        Val::Duration(span) => match key.print()?.to_lowercase().as_str() {
            "seconds" | "total_seconds" => Val::Int(span.num_seconds()),
            "minutes" => Val::Int(span.num_minutes()),
            "hours" => Val::Int(span.num_hours()),
            "days" => Val::Int(span.num_days()),
            _ => return Err(no_member(base, key)),
        },
        Val::File(file) => match key.print()?.to_lowercase().as_str() {
            "url" | "link" => Val::text(file.url.as_str()),
            "path" => Val::text(file.path.as_deref().unwrap_or(&file.url)),
            "modified" => file.modified.map_or(Val::Null, Val::DateTime),
            "md5" => file.md5.as_deref().map_or(Val::Null, Val::from),
            "extension" => Val::text(file.name.rsplit_once('.').map_or("", |(_, ending)| ending)),
            "name" | "filename" | "localname" => Val::text(file.name.as_str()),
            "mime" | "type" | "mime_type" => Val::text(file.mime.as_str()),
            "size" | "length" => Val::Int(i64::try_from(file.size_bytes).unwrap_or(i64::MAX)),
            _ => Val::Null,
        },
        Val::Bool(_) | Val::Int(_) | Val::Decimal(_) | Val::Secret(_) => return Err(no_member(base, key)),
    })
}

/// The same without taking a list or object out of its variable.
pub(crate) fn get_in(root: &Dynamic, keys: &[Val]) -> Outcome<Val> {
    let Some((first, rest)) = keys.split_first() else {
        return Ok(val(root));
    };
    // Only at the end of a path a missing `size` tells how many there are: `item.size.width` asks for a member.
    if !rest.is_empty()
        && let Val::Text(name) = first
        && is_size(name)
    {
        let own = if let Some(object) = root.read_lock::<Object>() {
            object.get(name).cloned()
        } else if let Some(list) = root.read_lock::<List>() {
            match list.get(0) {
                Some(Val::Object(row)) => row.get(name).cloned(),
                _ => None,
            }
        } else {
            None
        };
        return match own {
            Some(own) => rest.iter().try_fold(own, |found, key| get(&found, key)),
            None => Ok(Val::Null),
        };
    }
    let mut found = if let Some(object) = root.read_lock::<Object>() {
        member(&object, first)?
    } else if let Some(list) = root.read_lock::<List>() {
        element(&list, first)?
    } else {
        get(&val(root), first)?
    };
    for key in rest {
        found = get(&found, key)?;
    }
    Ok(found)
}

fn is_size(name: &str) -> bool {
    ["length", "count", "size", "len"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word))
}

fn position(key: &Val) -> Option<usize> {
    whole(key, "the index")
        .ok()
        .and_then(|index| usize::try_from(index).ok())
}

fn element(list: &List, key: &Val) -> Outcome<Val> {
    Ok(match key {
        Val::Text(name) if number::looks_numeric(name).is_none() => {
            if is_size(name) {
                return Ok(list.len().into());
            }
            // A row set answers with its first row.
            match list.get(0) {
                Some(Val::Object(row)) => row.get(name).cloned().unwrap_or_default(),
                None => Val::Null,
                Some(_) => return Err(no_member(&Val::List(list.clone()), key)),
            }
        }
        _ => position(key)
            .and_then(|index| list.get(index))
            .cloned()
            .unwrap_or_default(),
    })
}

fn member(object: &Object, key: &Val) -> Outcome<Val> {
    let name = key.print()?;
    Ok(match object.get(&name) {
        Some(value) => value.clone(),
        None if is_size(&name) => object.len().into(),
        None => Val::Null,
    })
}

fn date_member(base: &Val, key: &Val) -> Outcome<Val> {
    let name = key.print()?.to_lowercase();
    let moment = super::dates::moment(base)?;
    let number = |part: u32| Val::Int(i64::from(part));
    Ok(match name.as_str() {
        "year" => Val::Int(i64::from(moment.year())),
        "month" => number(moment.month()),
        "day" => number(moment.day()),
        "hour" => number(moment.hour()),
        "minute" => number(moment.minute()),
        "second" => number(moment.second()),
        "weekday" => number(moment.weekday().num_days_from_sunday() + 1),
        "weekday_name" => Val::text(moment.format("%A").to_string()),
        "month_name" => Val::text(moment.format("%B").to_string()),
        "day_of_year" => number(moment.ordinal()),
        "quarter" => number(moment.month0() / 3 + 1),
        "millisecond" => number(moment.timestamp_subsec_millis()),
        "week" => number(moment.iso_week().week()),
        "timestamp" => Val::Int(moment.timestamp()),
        "date" => Val::Date(moment.date_naive()),
        "time" => Val::text(moment.format("%H:%M:%S").to_string()),
        "iso" if matches!(base, Val::Date(_)) => base.print()?.into(),
        "iso" => Val::text(moment.to_rfc3339()),
        "formatted" => base.print()?.into(),
        "is_weekend" => Val::Bool(moment.weekday().num_days_from_monday() >= 5),
        "hour12" => number(moment.hour12().1),
        "is_pm" => Val::Bool(moment.hour12().0),
        "ampm" => Val::text(if moment.hour12().0 { "PM" } else { "AM" }),
        _ => return Err(no_member(base, key)),
    })
}

fn no_member(base: &Val, key: &Val) -> botstate::dialog::Fault {
    let name = key.print().unwrap_or_default();
    let fault = misfit(format!("{} has no member {:?}", base.type_name(), name.as_str()));
    match base {
        Val::Text(_) => fault.hint("if the text is JSON, read it with `value = JSON PARSE text` first"),
        _ => fault,
    }
}

/// Sets the part of `root` that `keys` lead to; missing objects and lists on the way are made.
pub(crate) fn set_in(root: &mut Dynamic, keys: &[Val], value: Val) -> Outcome<()> {
    change_in(root, keys, |slot| {
        *slot = value;
        Ok(())
    })
}

/// Changes the part of `root` that `keys` lead to.
pub(crate) fn change_in(root: &mut Dynamic, keys: &[Val], change: impl FnOnce(&mut Val) -> Outcome<()>) -> Outcome<()> {
    let mut change = Some(change);
    let mut run = |slot: &mut Val| change.take().map_or(Ok(()), |change| change(slot));
    if let Some((first, rest)) = keys.split_first() {
        if let Some(mut object) = root.write_lock::<Object>() {
            return object.change(first.print()?, |slot| descend(slot, rest, &mut run));
        }
        if let Some(mut list) = root.write_lock::<List>() {
            let index = index(&list, first)?;
            return list.change(index, |slot| descend(slot, rest, &mut run));
        }
    } else if let Some(mut list) = root.write_lock::<List>() {
        let mut value = Val::List(std::mem::take(&mut *list));
        let changed = run(&mut value);
        if let Val::List(back) = value {
            *list = back;
        }
        return changed;
    }
    let mut value = val(root);
    let changed = descend(&mut value, keys, &mut run);
    *root = dynamic(value);
    changed
}

fn index(list: &List, key: &Val) -> Outcome<usize> {
    if let Val::Text(name) = key
        && number::looks_numeric(name).is_none()
    {
        return Err(misfit(format!(
            "a list of {} elements has no member {:?} to set",
            list.len(),
            name.as_str()
        ))
        .hint("set a member of one element: `list[0].name = …`"));
    }
    position(key).ok_or_else(|| misfit("the index of a list must be a whole number from 0"))
}

fn descend(slot: &mut Val, keys: &[Val], run: &mut dyn FnMut(&mut Val) -> Outcome<()>) -> Outcome<()> {
    let Some((first, rest)) = keys.split_first() else {
        return run(slot);
    };
    if matches!(slot, Val::Null) {
        *slot = match first {
            Val::Int(_) | Val::Decimal(_) => Val::List(List::default()),
            _ => Val::Object(Object::default()),
        };
    }
    match slot {
        Val::Object(object) => object.change(first.print()?, |slot| descend(slot, rest, run)),
        Val::List(list) => {
            let index = index(list, first)?;
            list.change(index, |slot| descend(slot, rest, run))
        }
        other => Err(
            misfit(format!("{} has no members that could be set", other.type_name()))
                .hint("make it an object first: `name = NEW OBJECT`"),
        ),
    }
}

/// Methods that change what they are called on.
pub(crate) const METHODS: [(&str, &str); 14] = [
    ("push", "push"),
    ("append", "push"),
    ("add", "push"),
    ("pop", "pop"),
    ("shift", "shift"),
    ("unshift", "unshift"),
    ("prepend", "unshift"),
    ("insert", "insert"),
    ("splice", "splice"),
    ("remove", "remove"),
    ("delete", "remove"),
    ("clear", "clear"),
    ("removeat", "removeat"),
    ("remove_at", "removeat"),
];

/// Calls a method that changes the part of `root` that `keys` lead to; gives what the method gives.
pub(crate) fn mutate(root: &mut Dynamic, keys: &[Val], method: &str, args: &[Val]) -> Outcome<Val> {
    let mut result = Val::Null;
    change_in(root, keys, |slot| {
        result = apply(slot, method, args)?;
        Ok(())
    })?;
    Ok(result)
}

fn apply(slot: &mut Val, method: &str, args: &[Val]) -> Outcome<Val> {
    if matches!(slot, Val::Null) {
        *slot = Val::List(List::default());
    }
    let first = args.first().cloned().unwrap_or_default();
    match (slot, method) {
        (Val::Object(object), "remove") => Ok(object.remove(&first.print()?)),
        (Val::Object(object), "clear") => {
            *object = Object::default();
            Ok(Val::Null)
        }
        (Val::List(list), "push") => {
            for item in args {
                list.push(item.clone())?;
            }
            Ok(list.len().into())
        }
        (Val::List(list), "pop") => Ok(list.pop()),
        (Val::List(list), "shift") => list.edit(|items| if items.is_empty() { Val::Null } else { items.remove(0) }),
        (Val::List(list), "unshift") => {
            list.edit(|items| drop(items.splice(0..0, args.iter().cloned())))?;
            Ok(list.len().into())
        }
        (Val::List(list), "clear") => {
            *list = List::default();
            Ok(Val::Null)
        }
        (Val::List(list), "remove") => list.edit(|items| {
            let found = items.iter().position(|item| super::operators::equal(item, &first));
            found.map_or(Val::Null, |index| items.remove(index))
        }),
        (Val::List(list), "removeat") => {
            let index = position(&first);
            list.edit(|items| {
                index
                    .filter(|index| *index < items.len())
                    .map_or(Val::Null, |index| items.remove(index))
            })
        }
        (Val::List(list), "insert") => {
            let index = position(&first).unwrap_or(0);
            let item = args.get(1).cloned().unwrap_or_default();
            list.edit(|items| items.insert(index.min(items.len()), item))?;
            Ok(Val::Null)
        }
        (Val::List(list), "splice") => {
            let start = position(&first).unwrap_or(0).min(list.len());
            let left = list.len() - start;
            let count = args.get(1).map_or(Ok(left), |count| {
                whole(count, "the count").map(|count| usize::try_from(count).unwrap_or(0).min(left))
            })?;
            let fresh = args.get(2..).unwrap_or_default().to_vec();
            let removed = list.edit(|items| items.splice(start..start + count, fresh).collect::<Vec<_>>())?;
            Ok(Val::List(List::new(removed)?))
        }
        (other, _) => Err(misfit(format!("{} has no method {method}", other.type_name()))),
    }
}
