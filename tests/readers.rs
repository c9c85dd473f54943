//! What we write, a reader of YAML 1.1 reads back as it was.
#![allow(clippy::panic, reason = "tests fail by panicking")]

mod kit;

use proptest::prelude::*;
use serde_json::{Map, Value};

fn round_trip(value: &Value) -> Value {
    let text = openclaw::render::yaml::write(value);
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn nasty_texts_come_back_as_values_and_as_keys() {
    for text in kit::nasty() {
        let mut map = Map::new();
        map.insert(text.clone(), Value::String(text.clone()));
        map.insert("list".to_owned(), serde_json::json!([text, [text], {"a": text}]));
        let value = Value::Object(map);
        assert_eq!(round_trip(&value), value, "{text:?}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~\n\t]{0,40}",
        "[0-9_.:eExo+-]{1,12}",
        proptest::sample::select(kit::nasty()),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((texts(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_reads_back_equal(value in values()) {
        prop_assert_eq!(round_trip(&value), value);
    }

    #[test]
    fn writing_is_a_function_of_the_value(value in values()) {
        let text = openclaw::render::yaml::write(&value);
        prop_assert_eq!(openclaw::render::yaml::write(&round_trip(&value)), text);
    }
}
