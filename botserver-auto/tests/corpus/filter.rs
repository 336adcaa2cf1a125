//! As much of filters as the corpus needs: comparisons with AND between them.

use botlib::Value;

/// The filter as text, its values as JSON.
pub(crate) fn spelled(parts: &Value) -> String {
    let Value::List(parts) = parts else {
        return parts.to_string();
    };
    let spell = |(index, part): (usize, &Value)| {
        if index % 2 == 0 {
            part.to_string()
        } else {
            part.to_json().to_string()
        }
    };
    parts.iter().enumerate().map(spell).collect()
}

/// Whether `row` passes the filter.
pub(crate) fn passes(row: &Value, filter: &str) -> bool {
    filter.split(" AND ").all(|test| passes_one(row, test))
}

fn passes_one(row: &Value, test: &str) -> bool {
    for operator in ["<>", "!=", ">=", "<=", "=", ">", "<"] {
        let Some((column, wanted)) = test.split_once(operator) else {
            continue;
        };
        let wanted = wanted.trim().trim_matches(['\'', '"']);
        let found = member(row, column.trim()).to_string();
        let order = match (found.parse::<f64>(), wanted.parse::<f64>()) {
            (Ok(found), Ok(wanted)) => found.total_cmp(&wanted),
            _ => found.as_str().cmp(wanted),
        };
        return match operator {
            "=" => order.is_eq(),
            "<>" | "!=" => order.is_ne(),
            ">=" => order.is_ge(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_lt(),
        };
    }
    true
}

/// A member of a row, in any letter case.
pub(crate) fn member(row: &Value, name: &str) -> Value {
    let Value::Map(map) = row else { return Value::Null };
    let found = map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map_or(Value::Null, |(_, value)| value.clone())
}
