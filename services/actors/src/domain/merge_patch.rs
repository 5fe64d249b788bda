//! JSON merge patch (RFC 7396).

use serde_json::{Map, Value};

/// `target` with `patch` applied: null removes, objects go deep, everything else replaces.
pub fn apply(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut members = match target {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            let before = members.remove(name).unwrap_or(Value::Null);
            members.insert(name.clone(), apply(before, value));
        }
    }
    Value::Object(members)
}

/// The members of two objects that differ, by name.
pub fn changed(before: &Value, after: &Value) -> Vec<String> {
    let none = Map::new();
    let (before, after) = (before.as_object().unwrap_or(&none), after.as_object().unwrap_or(&none));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_removes_objects_go_deep_and_the_rest_replaces() {
        let before = json!({ "a": 1, "b": { "c": 2, "d": 3 }, "e": [1, 2] });
        let after = apply(before.clone(), &json!({ "a": null, "b": { "c": null }, "e": [3], "f": 4 }));
        assert_eq!(after, json!({ "b": { "d": 3 }, "e": [3], "f": 4 }));
        assert_eq!(changed(&before, &after), ["a", "b", "e", "f"]);
    }
}
