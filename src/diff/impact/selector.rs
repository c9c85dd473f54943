//! Label selectors by what they demand: whether one selects all that another one does.

use std::collections::BTreeSet;

use serde_json::Value;

use super::list;

/// What a selector demands; nothing selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selector(BTreeSet<Demand>);

/// What is demanded of the label of one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Demand {
    In(String, BTreeSet<String>),
    NotIn(String, BTreeSet<String>),
    Exists(String),
    Absent(String),
}

impl Selector {
    /// Reads a selector.
    pub(super) fn of(selector: &Value) -> Self {
        let labels = selector["matchLabels"].as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut found: BTreeSet<Demand> = labels
            .map(|(key, value)| Demand::In(key.clone(), BTreeSet::from([text(value)])))
            .collect();
        for expression in list(&selector["matchExpressions"]) {
            let (key, values) = (text(&expression["key"]), list(&expression["values"]));
            let values: BTreeSet<String> = values.map(text).collect();
            found.insert(match expression["operator"].as_str() {
                Some("In") => Demand::In(key, values),
                Some("NotIn") => Demand::NotIn(key, values),
                Some("DoesNotExist") => Demand::Absent(key),
                _ => Demand::Exists(key),
            });
        }
        Self(found)
    }

    /// Whether it selects everything that the other one does. It may say no where that takes more
    /// than one demand of the other one to see.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.0.iter().all(|demand| other.0.iter().any(|own| own.implies(demand)))
    }

    /// Whether it demands nothing.
    pub(super) fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns it as kubectl writes selectors.
    pub(super) fn text(&self) -> String {
        let values =
            |set: &BTreeSet<String>| set.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let one = |demand: &Demand| match demand {
            Demand::In(key, set) if set.len() == 1 => format!("{key}={}", values(set)),
            Demand::In(key, set) => format!("{key} in ({})", values(set)),
            Demand::NotIn(key, set) => format!("{key} notin ({})", values(set)),
            Demand::Exists(key) => key.clone(),
            Demand::Absent(key) => format!("!{key}"),
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(",")
    }
}

impl Demand {
    /// Whether what meets this demand meets the other one.
    fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::In(key, own), Self::In(known, all)) => key == known && own.is_subset(all),
            (Self::In(key, own), Self::NotIn(known, not)) => key == known && own.is_disjoint(not),
            (Self::NotIn(key, own), Self::NotIn(known, not)) => key == known && not.is_subset(own),
            (Self::In(key, _) | Self::Exists(key), Self::Exists(known))
            | (Self::Absent(key), Self::Absent(known) | Self::NotIn(known, _)) => key == known,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_selector_covers_what_demands_at_least_as_much() {
        let labels = |labels: Value| Selector::of(&json!({"matchLabels": labels}));
        let expression = |operator: &str, values: &[&str]| {
            Selector::of(
                &json!({"matchExpressions": [{"key": "a", "operator": operator, "values": values}]}),
            )
        };
        for (broad, narrow) in [
            (labels(json!({})), labels(json!({"a": "1"}))),
            (labels(json!({"a": "1"})), labels(json!({"a": "1", "b": "2"}))),
            (expression("In", &["1", "2"]), labels(json!({"a": "1"}))),
            (expression("Exists", &[]), labels(json!({"a": "1"}))),
            (expression("Exists", &[]), expression("In", &["1", "2"])),
            (expression("NotIn", &["3"]), labels(json!({"a": "1"}))),
            (expression("NotIn", &["3"]), expression("NotIn", &["3", "4"])),
            (expression("NotIn", &["3"]), expression("DoesNotExist", &[])),
        ] {
            assert!(broad.covers(&narrow), "{} {}", broad.text(), narrow.text());
            assert!(!narrow.covers(&broad), "{} {}", narrow.text(), broad.text());
        }
        let [one, same] = [labels(json!({"a": "1"})), expression("In", &["1"])];
        assert!(one.covers(&same) && same.covers(&one));
        assert!(
            !expression("NotIn", &["1"]).covers(&one) && !one.covers(&labels(json!({"b": "1"})))
        );
    }
}
