//! One change to an object, for tests that plant a fault.

use serde_json::Value;

/// Puts a value at a pointer, or removes what is there.
pub fn change(object: &mut Value, at: &str, put: Option<Value>) {
    let (parent, key) = at.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    let old = match (object.pointer_mut(parent), put) {
        (Some(Value::Object(fields)), Some(value)) => fields.insert(key, value).unwrap_or_default(),
        (Some(Value::Object(fields)), None) => {
            fields.remove(&key).unwrap_or_else(|| panic!("no {at}"))
        }
        (Some(Value::Array(list)), Some(value)) => {
            std::mem::replace(&mut list[key.parse::<usize>().unwrap()], value)
        }
        (Some(Value::Array(list)), None) => list.remove(key.parse().unwrap()),
        _ => panic!("no {parent}"),
    };
    assert_ne!(object.pointer(at), Some(&old), "{at}: nothing changed");
}
