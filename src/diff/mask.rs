//! Hides what Secrets hold, as kubectl does: a value that differs is told by its marker alone.

use serde_json::{Map, Value};

/// Stands for a value that is the same on both sides, or on one side only.
const SAME: &str = "***";
/// Stands for a value that changes, and for what it becomes.
const DIFFERENT: [&str; 2] = ["*** (before)", "*** (after)"];

/// Returns both sides with no value of a Secret in them; other kinds as they are.
pub(super) fn secrets(
    mut old: Option<Value>,
    mut new: Option<Value>,
) -> (Option<Value>, Option<Value>) {
    let is_secret =
        |side: &Option<Value>| side.as_ref().is_some_and(|side| side["kind"] == "Secret");
    if !is_secret(&old) && !is_secret(&new) {
        return (old, new);
    }
    for field in ["data", "stringData"] {
        let [mut left, mut right] = [&mut old, &mut new].map(|side| {
            let value = side.as_mut().and_then(|side| side.get_mut(field));
            value.map(std::mem::take)
        });
        hide(left.as_mut(), right.as_mut());
        for (side, hidden) in [(&mut old, left), (&mut new, right)] {
            if let (Some(side), Some(hidden)) = (side.as_mut(), hidden) {
                side[field] = hidden;
            }
        }
    }
    for side in [&mut old, &mut new].into_iter().flatten() {
        if let Some(annotations) =
            side.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut)
        {
            // It repeats the whole object, data included.
            annotations.remove(super::live::LAST_APPLIED);
        }
    }
    (old, new)
}

fn hide(left: Option<&mut Value>, right: Option<&mut Value>) {
    let empty = Map::new();
    let keys = |side: Option<&Value>| side.and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (keys(left.as_deref()), keys(right.as_deref()));
    let sides = [(left, &before, &after, 0), (right, &after, &before, 1)];
    for (side, own, other, marker) in sides {
        let Some(side) = side else { continue };
        // What is no map is no data that a Secret can have, and may be a value all the same.
        let own = if side.is_object() { own } else { &empty };
        let hidden = own.iter().map(|(key, value)| {
            let is_changed = other.get(key).is_some_and(|other| other != value);
            let word = if is_changed { DIFFERENT[marker] } else { SAME };
            (key.clone(), Value::from(word))
        });
        *side = if side.is_object() { Value::Object(hidden.collect()) } else { Value::from(SAME) };
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_of_a_secret_is_never_told_and_whether_it_changes_is() {
        let secret =
            |data: Value, text: Value| json!({"kind": "Secret", "data": data, "stringData": text});
        let (old, new) = secrets(
            Some(secret(
                json!({"a": "canary1", "b": "canary2", "gone": "canary3"}),
                json!("canary4"),
            )),
            Some(secret(
                json!({"a": "canary1", "b": "canary5", "come": "canary6"}),
                json!({"c": "canary7"}),
            )),
        );
        let expected =
            secret(json!({"a": "***", "b": "*** (before)", "gone": "***"}), json!("***"));
        assert_eq!(old, Some(expected));
        let expected =
            secret(json!({"a": "***", "b": "*** (after)", "come": "***"}), json!({"c": "***"}));
        assert_eq!(new, Some(expected));
        let alone = secrets(None, Some(secret(json!({"a": "canary"}), json!(null)))).1.unwrap();
        assert!(!alone.to_string().contains("canary"), "{alone}");
    }

    #[test]
    fn what_was_applied_last_is_no_way_around() {
        let applied = json!({"kind": "Secret", "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"data\": \"canary\"}", "a": "b"}}});
        let (old, new) = secrets(Some(applied), None);
        assert_eq!(
            (old, new),
            (Some(json!({"kind": "Secret", "metadata": {"annotations": {"a": "b"}}})), None)
        );
    }

    #[test]
    fn other_kinds_stay_as_they_are() {
        let map = Some(json!({"kind": "ConfigMap", "data": {"a": "b"}}));
        assert_eq!(secrets(map.clone(), None), (map, None));
    }
}
