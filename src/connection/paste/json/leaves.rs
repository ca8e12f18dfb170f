//! Values of a JSON document with their paths.

use serde_json::Value;

use crate::connection::paste::variables;

/// Further values are not looked at.
const MOST_VALUES: usize = 1024;

/// A value and where it stands: `Section:Key`.
pub(super) struct JsonLeaf {
    pub path: String,
    pub depth: usize,
    pub value: Value,
}

impl JsonLeaf {
    pub fn name(&self) -> &str {
        self.path.rsplit(':').next().unwrap_or_default()
    }
}

/// The values of a document, with the names of lists such as `[{"name": "X", "value": "v"}]` and `["X=v"]`.
pub(super) fn collect_leaves(value: &Value, path: &str, depth: usize, leaves: &mut Vec<JsonLeaf>) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}:{name}")
        }
    };
    if leaves.len() >= MOST_VALUES {
        return;
    }
    match value {
        Value::Object(members) => {
            if let (Some(Value::String(name)), Some(value @ Value::String(_))) =
                (members.get("name"), members.get("value"))
            {
                leaves.push(JsonLeaf {
                    path: below(name),
                    depth: depth + 1,
                    value: value.clone(),
                });
                return;
            }
            for (name, value) in members {
                collect_leaves(value, &below(name), depth + 1, leaves);
            }
        }
        Value::Array(items) => {
            for item in items {
                match item.as_str().and_then(|text| text.split_once('=')) {
                    Some((name, value)) if variables::is_name(name) => {
                        leaves.push(JsonLeaf {
                            path: below(name),
                            depth: depth + 1,
                            value: Value::String(value.to_owned()),
                        });
                    }
                    _ => collect_leaves(item, path, depth + 1, leaves),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            leaves.push(JsonLeaf {
                path: path.to_owned(),
                depth,
                value: value.clone(),
            });
        }
    }
}
